# SlowFast R50, 4x16, Kinetics-400, videos, to try on videos of one's own.
_base_ = ['../../_base_/models/slowfast_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/random_resized_224.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=32, frame_interval=2, num_clips=10, test_mode=True)
train_dataloader = val_dataloader = val_evaluator = None
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
