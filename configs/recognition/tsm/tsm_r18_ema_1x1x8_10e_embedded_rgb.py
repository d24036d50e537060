# TSM on the embedded data set, where memory is short: steps of two batches of 8, averaged weights
# with norms that are measured for them.
_base_ = ['../../_base_/models/tsm_r18_small.py', '../../_base_/datasets/embedded.py',
          '../../_base_/augments/small64.py', '../../_base_/schedules/sgd_small_10e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=8, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(accumulative_counts=2)
custom_hooks = [dict(type='EMAHook', momentum=0.05)]
precise_bn = dict(num_iters=30, interval=1)
