# TSM in MobileNetV2 of a quarter of its channels, on the embedded data set.
_base_ = ['../../_base_/models/tsm_mobilenet_v2.py', '../../_base_/datasets/embedded.py',
          '../../_base_/augments/small64_mirrored.py', '../../_base_/schedules/adamw_small_20e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
# What turns is shown four times as often: its sense is learned late.
train_dataloader = dict(batch_size=8, dataset=dict(sample_by_class={4: 4, 5: 4}, pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(widen_factor=0.25, pretrained=None, shift_div=4),
             cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=0.2, init_std=0.01))
optim_wrapper = dict(optimizer=dict(lr=0.003))
benchmark = dict(evidence='ordered frames')
