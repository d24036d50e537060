# C3D, 8 channels in place of 64, batch norm, on the embedded data set.
_base_ = ['../../_base_/models/c3d_sports1m.py', '../../_base_/datasets/embedded.py',
          '../../_base_/augments/small64.py', '../../_base_/schedules/sgd_small_6e.py',
          '../../_base_/runtime.py']
clip = dict(type='UniformSample', clip_len=16, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(pretrained=None, base_channels=8, out_dim=576, dropout_ratio=0.2,
                           norm_cfg=dict(_delete_=True, type='BN3d')),
             cls_head=dict(num_classes=_base_.num_classes, in_channels=512, dropout_ratio=0.2))
benchmark = dict(evidence='ordered frames')
