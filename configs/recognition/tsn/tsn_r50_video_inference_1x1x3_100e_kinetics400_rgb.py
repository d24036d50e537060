# TSN R50, 25 frames, Kinetics-400, videos, to try on videos of one's own.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/random_resized_224_ten_crop.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=25, test_mode=True)
reader = [dict(type='OpenCVInit', num_threads=1)]
decode = [dict(type='OpenCVDecode')]
train_dataloader = val_dataloader = val_evaluator = None
test_dataloader = dict(dataset=dict(pipeline=[
    *reader, clip, *decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
