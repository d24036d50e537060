# SlowFast R50, 8x8, with ACRN, from Kinetics-400, AVA v2.1.
_base_ = ['../../_base_/models/slowfast_r50_detection.py',
          '../../_base_/datasets/ava21_rawframe.py', '../../_base_/augments/rescale_256_boxes.py',
          '../../_base_/schedules/sgd_boxes_cosine_10e.py', '../../_base_/runtime.py']
clip = dict(type='SampleAVAFrames', clip_len=32, frame_interval=2)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=6, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(resample_rate=4, speed_ratio=4, slow_pathway=dict(fusion_kernel=7)),
             roi_head=dict(shared_head=dict(type='ACRNHead', in_channels=4608, out_channels=2304)))
load_from = ('https://download.openmmlab.com/mmaction/recognition/slowfast/slowfast_r50_8x8x1_256e_kinetics400_rgb/'
             'slowfast_r50_8x8x1_256e_kinetics400_rgb_20200716-73547d2b.pth')
published = [dict(table='mmaction2_ava_v2.1', row='SlowFast R50 8x8, ACRN', mean_ap=27.1)]
