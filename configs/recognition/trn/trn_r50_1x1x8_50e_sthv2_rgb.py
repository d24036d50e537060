# TRN R50, 8 segments, Something-Something V2.
_base_ = ['../../_base_/models/trn_r50.py', '../../_base_/datasets/sthv2_rawframe.py',
          '../../_base_/augments/multi_scale_224_no_flip_three_crop.py',
          '../../_base_/schedules/sgd_tsm_50e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.flip, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, twice_sample=True), *_base_.decode, *_base_.test_augment,
    *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(val_interval=1)
optim_wrapper = dict(paramwise_cfg=dict(fc_lr5=False),
                     optimizer=dict(lr=0.002, weight_decay=0.0005))
param_scheduler = [dict(type='MultiStepLR', milestones=[30, 45], gamma=0.1, by_epoch=True, begin=0,
                        end=50)]
zoo = [dict(row=97, section='Something-Something V2', resolution='height 256', gpus='8',
            top1=(48.39, 51.28), top5=(76.58, 78.65), memory_mb=11010,
            ckpt='https://download.openmmlab.com/mmaction/recognition/trn/'
                 'trn_r50_1x1x8_50e_sthv2_rgb/trn_r50_1x1x8_50e_sthv2_rgb_20210816-7abbc4c1.pth')]
