# SlowFast R50, 8x8, Kinetics-400, multigrid.
_base_ = ['../../_base_/models/slowfast_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/random_resized_224.py', '../../_base_/schedules/sgd_50e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=32, frame_interval=2, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(resample_rate=4, speed_ratio=4,
                           slow_pathway=dict(lateral_norm=True, fusion_kernel=7)),
             cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(max_epochs=239, val_interval=3)
optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = [dict(type='MultiStepLR', milestones=[94, 154, 196], gamma=0.1, by_epoch=True,
                        begin=0, end=239)]
precise_bn = dict(num_iters=200, interval=3)
multigrid = dict(long_cycle=True, short_cycle=True, epoch_factor=1.5,
                 long_cycle_factors=((0.25, 0.7071), (0.5, 0.7071), (0.5, 1), (1, 1)),
                 short_cycle_factors=(0.5, 0.7071), default_s=(224, 224))
zoo = [dict(row=49, section='Kinetics-400', resolution='short-side 320', gpus='8x2', top1=76.07,
            top5=92.21, memory_mb=9062,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowfast/'
                 'slowfast_multigrid_r50_8x8x1_358e_kinetics400_rgb/'
                 'slowfast_multigrid_r50_8x8x1_358e_kinetics400_rgb-f82bd304.pth')]
