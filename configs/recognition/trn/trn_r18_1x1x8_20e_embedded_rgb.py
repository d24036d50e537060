# TRN R18, 24 channels, 32 pixels, on the embedded data set.
_base_ = ['../../_base_/models/trn_r50.py', '../../_base_/datasets/embedded.py',
          '../../_base_/augments/small32_mirrored.py',
          '../../_base_/schedules/adamw_small_20e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
# What turns is shown four times as often: its sense is learned late.
train_dataloader = dict(batch_size=8, dataset=dict(sample_by_class={4: 4, 5: 4}, pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
# How a shape turns is a product of what two frames show: small features would hide it for long.
model = dict(backbone=dict(depth=18, base_channels=24, pretrained=None, partial_bn=False),
             cls_head=dict(num_classes=_base_.num_classes, in_channels=192, dropout_ratio=0,
                           init_std=0.1))
benchmark = dict(evidence='ordered frames')
