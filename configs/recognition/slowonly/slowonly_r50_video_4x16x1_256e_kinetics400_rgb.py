# SlowOnly R50 4x16, Kinetics-400, from scratch.
_base_ = ['../../_base_/models/slowonly_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/random_resized_224.py',
          '../../_base_/schedules/sgd_cosine_256e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=4, frame_interval=16, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=24, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment,
    *_base_.pack]))
model = dict(backbone=dict(pretrained=None), cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.3))
param_scheduler = [dict(type='CosineAnnealingLR', T_max=256, eta_min=0, by_epoch=True, begin=0,
                        end=256)]
