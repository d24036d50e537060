# SlowFast R50, 8x8, Kinetics-400, precise batch norm, steps.
_base_ = ['../../_base_/models/slowfast_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/random_resized_224.py',
          '../../_base_/schedules/sgd_warmup_256e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=32, frame_interval=2, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(resample_rate=4, speed_ratio=4,
                           slow_pathway=dict(fusion_kernel=7, lateral_norm=True)),
             cls_head=dict(num_classes=_base_.num_classes))
precise_bn = dict(num_iters=200, interval=5)
zoo = [dict(row=50, section='Kinetics-400', resolution='short-side 320', gpus='8x4', top1=76.58,
            top5=92.85, memory_mb=9062,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowfast/'
                 'slowfast_prebn_r50_8x8x1_256e_kinetics400_rgb_steplr/'
                 'slowfast_prebn_r50_8x8x1_256e_kinetics400_rgb_steplr-28474e54.pth')]
