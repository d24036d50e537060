# TANet R50, 8 segments sampled densely, Kinetics-400.
_base_ = ['../../_base_/models/tanet_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/multi_scale_224_three_crop.py',
          '../../_base_/schedules/sgd_tsm_100e.py', '../../_base_/runtime.py']
clip = dict(type='DenseSampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(val_interval=2)
param_scheduler = [dict(type='MultiStepLR', milestones=[50, 75, 90], gamma=0.1, by_epoch=True,
                        begin=0, end=100)]
zoo = [dict(row=84, section='Kinetics-400', resolution='short-side 320', gpus='8', top1=76.28,
            top5=92.6, reference=(76.22, 92.53), memory_mb=7124,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tanet/'
                 'tanet_r50_dense_1x1x8_100e_kinetics400_rgb/'
                 'tanet_r50_dense_1x1x8_100e_kinetics400_rgb_20210219-032c8e94.pth')]
