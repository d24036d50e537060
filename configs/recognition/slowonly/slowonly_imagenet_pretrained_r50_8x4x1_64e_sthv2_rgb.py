# SlowOnly R50, 8 frames, every fourth one, Something-Something V2, from ImageNet.
_base_ = ['../../_base_/models/slowonly_r50.py', '../../_base_/datasets/sthv2_rawframe.py',
          '../../_base_/augments/random_resized_112.py',
          '../../_base_/schedules/sgd_warmup_cosine_256e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=4, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(with_pool1=False), cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(max_epochs=64, val_interval=1)
param_scheduler = [dict(type='LinearLR', start_factor=0.1, by_epoch=True, begin=0, end=10,
                        convert_to_iter_based=True),
                   dict(type='CosineAnnealingLR', T_max=64, eta_min=0, by_epoch=True, begin=0,
                        end=64)]
