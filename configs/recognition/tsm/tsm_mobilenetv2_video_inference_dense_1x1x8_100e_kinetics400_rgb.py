# TSM in MobileNetV2, 8 frames sampled densely, Kinetics-400, videos, to try on videos of one's own.
_base_ = ['../../_base_/models/tsm_mobilenet_v2.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/random_resized_224.py', '../../_base_/runtime.py']
clip = dict(type='DenseSampleFrames', clip_len=1, frame_interval=1, num_clips=8, test_mode=True)
train_dataloader = val_dataloader = val_evaluator = None
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
