# TANet R50, 8 segments, Something-Something V1.
_base_ = ['../../_base_/models/tanet_r50.py', '../../_base_/datasets/sthv1_rawframe.py',
          '../../_base_/augments/multi_scale_224_no_flip_three_crop.py',
          '../../_base_/schedules/sgd_tsm_50e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.flip, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, twice_sample=True), *_base_.decode, *_base_.test_augment,
    *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=0.6))
train_cfg = dict(val_interval=1)
optim_wrapper = dict(optimizer=dict(weight_decay=0.001))
param_scheduler = [dict(type='MultiStepLR', milestones=[30, 40, 45], gamma=0.1, by_epoch=True,
                        begin=0, end=50)]
zoo = [dict(row=85, section='Something-Something V1', resolution='height 100', gpus='8',
            top1=(47.34, 49.58), top5=(75.72, 77.31), memory_mb=7127,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tanet/'
                 'tanet_r50_1x1x8_50e_sthv1_rgb/tanet_r50_1x1x8_50e_sthv1_rgb_'
                 '20210630-f4a48609.pth')]
