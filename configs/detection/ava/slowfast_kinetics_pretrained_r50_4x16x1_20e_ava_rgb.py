# SlowFast R50, 4x16, from Kinetics-400, AVA v2.1.
_base_ = ['../../_base_/models/slowfast_r50_detection.py',
          '../../_base_/datasets/ava21_rawframe.py', '../../_base_/augments/rescale_256_boxes.py',
          '../../_base_/schedules/sgd_boxes_20e.py', '../../_base_/runtime.py']
clip = dict(type='SampleAVAFrames', clip_len=32, frame_interval=2)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=9, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
optim_wrapper = dict(optimizer=dict(lr=0.1125))    # 9 clips a GPU, by the linear rule
load_from = ('https://download.openmmlab.com/mmaction/recognition/slowfast/slowfast_r50_4x16x1_256e_kinetics400_rgb/'
             'slowfast_r50_4x16x1_256e_kinetics400_rgb_20210722-04e43ed4.pth')
published = [dict(table='mmaction2_ava_v2.1', row='SlowFast R50 4x16', mean_ap=24.4),
             dict(table='slowfast_paper_ava_v2.1', row='SlowFast R-50 4x16 8', mean_ap=24.2)]
