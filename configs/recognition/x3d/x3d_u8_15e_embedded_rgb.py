# X3D of half the width and of six blocks, on the embedded data set.
_base_ = ['../../_base_/models/x3d.py', '../../_base_/datasets/embedded.py',
          '../../_base_/augments/small64.py', '../../_base_/schedules/sgd_small_15e.py',
          '../../_base_/runtime.py']
clip = dict(type='UniformSample', clip_len=8, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(gamma_w=0.5, gamma_d=0.4, zero_init_residual=False),
             cls_head=dict(num_classes=_base_.num_classes, in_channels=216, dropout_ratio=0.2))
benchmark = dict(evidence='ordered frames')
