# Video Swin of four blocks, on the embedded data set.
_base_ = ['../../_base_/models/swin3d_small.py', '../../_base_/datasets/embedded.py',
          '../../_base_/augments/small64.py', '../../_base_/schedules/adamw_small_10e.py',
          '../../_base_/runtime.py']
clip = dict(type='UniformSample', clip_len=8, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
# Few steps: what tells places apart starts near 0 and has to grow fast.
optim_wrapper = dict(optimizer=dict(lr=0.0007), paramwise_cfg=dict(custom_keys=dict(
    relative_position_bias_table=dict(lr_mult=30, decay_mult=0))))
benchmark = dict(evidence='ordered frames')
