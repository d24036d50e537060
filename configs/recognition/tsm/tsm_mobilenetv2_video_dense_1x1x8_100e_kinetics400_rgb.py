# TSM in MobileNetV2, dense sampling, Kinetics-400.
_base_ = ['../../_base_/models/tsm_mobilenet_v2.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/multi_scale_224.py', '../../_base_/schedules/sgd_tsm_50e.py',
          '../../_base_/runtime.py']
clip = dict(type='DenseSampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
three_crop = [dict(type='Resize', scale=(-1, 256)), dict(type='ThreeCrop', crop_size=256)]
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *three_crop, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(max_epochs=100)
optim_wrapper = dict(optimizer=dict(weight_decay=0.00002))
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, begin=0, end=100, milestones=[40, 80],
                        gamma=0.1)]
