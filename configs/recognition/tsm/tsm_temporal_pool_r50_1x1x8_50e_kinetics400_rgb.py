# TSM R50, 8 segments, half the frames after the first stage, Kinetics-400.
_base_ = ['../../_base_/models/tsm_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/multi_scale_224.py', '../../_base_/schedules/sgd_tsm_50e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(backbone=dict(temporal_pool=True),
             cls_head=dict(num_classes=_base_.num_classes, temporal_pool=True))
