# TimeSformer of 3 layers, 96 channels, attention within frames, on the embedded data set.
_base_ = ['../../_base_/models/timesformer_vit_b16.py', '../../_base_/datasets/embedded.py',
          '../../_base_/augments/small64.py', '../../_base_/schedules/adamw_small_20e.py',
          '../../_base_/runtime.py']
clip = dict(type='UniformSample', clip_len=8, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(pretrained=None, img_size=64, embed_dims=96, num_heads=4,
                           num_transformer_layers=3, attention_type='space_only', init_cfg=[
                               dict(type='Xavier', layer='Linear'),
                               dict(type='Kaiming', layer='Conv2d', mode='fan_in')]),
             cls_head=dict(num_classes=_base_.num_classes, in_channels=96))
# Few steps: what tells places apart starts near 0 and has to grow fast.
optim_wrapper = dict(optimizer=dict(lr=0.0005), paramwise_cfg=dict(custom_keys=dict(
    pos_embed=dict(lr_mult=20, decay_mult=0), cls_token=dict(lr_mult=20, decay_mult=0))))
benchmark = dict(evidence='unordered frames')
