# TSM in MobileNetV2, 8 segments sampled densely, Kinetics-400, from videos.
_base_ = ['../../_base_/models/tsm_mobilenet_v2.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/multi_scale_224_three_crop.py',
          '../../_base_/schedules/sgd_tsm_100e.py', '../../_base_/runtime.py']
clip = dict(type='DenseSampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(weight_decay=0.00002))
