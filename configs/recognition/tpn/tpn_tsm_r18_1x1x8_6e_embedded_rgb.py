# TPN on TSM R18, 16 channels, on the embedded data set.
_base_ = ['../../_base_/models/tpn_tsm_r50.py', '../../_base_/datasets/embedded.py',
          '../../_base_/augments/small64.py', '../../_base_/schedules/sgd_small_6e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(depth=18, base_channels=16, pretrained=None, shift_div=4),
             neck=dict(in_channels=(64, 128), out_channels=64,
                       spatial_modulation_cfg=dict(in_channels=(64, 128), out_channels=128),
                       level_fusion_cfg=dict(in_channels=(64, 64), mid_channels=(64, 64),
                                             out_channels=128),
                       aux_head_cfg=dict(out_channels=_base_.num_classes)),
             cls_head=dict(num_classes=_base_.num_classes, in_channels=128, dropout_ratio=0.2))
benchmark = dict(evidence='ordered frames')
