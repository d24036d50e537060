# R(2+1)D R34, 8 frames, every eighth one, Kinetics-400, videos, to try on videos of one's own.
_base_ = ['../../_base_/models/r2plus1d_r34.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/random_resized_224.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=8, num_clips=10, test_mode=True)
train_dataloader = val_dataloader = val_evaluator = None
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(act_cfg=dict(type='ReLU')),
             cls_head=dict(num_classes=_base_.num_classes))
