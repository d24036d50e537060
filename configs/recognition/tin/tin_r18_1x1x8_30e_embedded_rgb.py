# TIN R18 on the embedded data set; half of 16 channels moves, and by how far has to be learned.
_base_ = ['../../_base_/models/tin_r50.py', '../../_base_/datasets/embedded.py',
          '../../_base_/augments/small64_mirrored.py',
          '../../_base_/schedules/sgd_small_30e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(depth=18, base_channels=16, shift_div=2, pretrained=None),
             cls_head=dict(num_classes=_base_.num_classes, in_channels=128, dropout_ratio=0.2,
                           init_std=0.01))
benchmark = dict(evidence='ordered frames')
