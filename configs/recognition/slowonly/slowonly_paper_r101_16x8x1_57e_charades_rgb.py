# SlowOnly R101, 16x8, Charades, after Kinetics-400.
_base_ = ['../../_base_/models/slowonly_paper_r50.py', '../../_base_/datasets/charades_video.py',
          '../../_base_/augments/rescale_224_test_256.py',
          '../../_base_/schedules/sgd_warmup_57e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=16, frame_interval=8, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.timed, *_base_.decode, *_base_.train_augment,
    *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
six = (1,) * 6 + (0,) * 17       # temporal kernels in the first blocks of the long stage
model = dict(backbone=dict(depth=101, inflate=(0, 0, six, 1)),
             cls_head=dict(num_classes=_base_.num_classes, multi_class=True,
                           loss_cls=dict(type='BCELossWithLogits')),
             test_cfg=dict(average_clips='max'))
published = [dict(table='slowfast_paper_charades', row='Slow-only Kinetics-400', mean_ap=39.0,
                  gflops=187, crop=256)]
