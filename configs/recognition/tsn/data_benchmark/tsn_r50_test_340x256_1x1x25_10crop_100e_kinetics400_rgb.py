# TSN R50, 25 frames, Kinetics-400, 340x256 pixels, ten crops, test only.
_base_ = ['../../../_base_/models/tsn_r50.py', '../../../_base_/datasets/kinetics400_rawframe.py',
          '../../../_base_/augments/random_resized_224_ten_crop.py', '../../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=25, test_mode=True)
train_dataloader = val_dataloader = val_evaluator = None
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
