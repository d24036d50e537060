# SlowOnly R50, 4 frames, every 16th one, features of clips instead of scores.
_base_ = ['../../_base_/models/slowonly_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/random_resized_224_val_256.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=4, frame_interval=16, num_clips=10, test_mode=True)
train_dataloader = val_dataloader = val_evaluator = None
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(backbone=dict(pretrained=None), cls_head=None,
             test_cfg=dict(_delete_=True, feature_extraction=True))
