# SlowFast R50, 4x16, boxes beside the whole frame, from Kinetics-400, AVA v2.1.
_base_ = ['../../_base_/models/slowfast_r50_detection.py',
          '../../_base_/datasets/ava21_rawframe.py', '../../_base_/augments/rescale_256_boxes.py',
          '../../_base_/schedules/sgd_boxes_20e.py', '../../_base_/runtime.py']
clip = dict(type='SampleAVAFrames', clip_len=32, frame_interval=2)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=9, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(roi_head=dict(bbox_roi_extractor=dict(with_global=True),
                           bbox_head=dict(in_channels=4608)))
optim_wrapper = dict(optimizer=dict(lr=0.1125))    # 9 clips a GPU, by the linear rule
load_from = ('https://download.openmmlab.com/mmaction/recognition/slowfast/slowfast_r50_4x16x1_256e_kinetics400_rgb/'
             'slowfast_r50_4x16x1_256e_kinetics400_rgb_20210722-04e43ed4.pth')
published = [dict(table='mmaction2_ava_v2.1', row='SlowFast R50 4x16, context', mean_ap=25.4)]
