# TSN R50, 25 frames, features of clips instead of scores.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/random_resized_224_val_256.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=25, test_mode=True)
train_dataloader = val_dataloader = val_evaluator = None
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(cls_head=None, test_cfg=dict(_delete_=True, feature_extraction=True))
