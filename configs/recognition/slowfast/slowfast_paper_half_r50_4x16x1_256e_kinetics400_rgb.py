# SlowFast R50, 4x16, Kinetics-400, the fast pathway sees pictures of half size, beta 1/4.
_base_ = ['../../_base_/models/slowfast_paper_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/rescale_224_test_256.py',
          '../../_base_/schedules/sgd_warmup_cosine_256e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=32, frame_interval=2, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(fast_input='half', channel_ratio=4,
                           fast_pathway=dict(base_channels=16)),
             cls_head=dict(in_channels=2560, num_classes=_base_.num_classes))
