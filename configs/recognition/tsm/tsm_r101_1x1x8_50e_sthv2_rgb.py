# TSM R101, 8 segments, Something-Something V2.
_base_ = ['../../_base_/models/tsm_r50.py', '../../_base_/datasets/sthv2_rawframe.py',
          '../../_base_/augments/multi_scale_224_no_flip_three_crop.py',
          '../../_base_/schedules/sgd_tsm_50e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, twice_sample=True), *_base_.decode, *_base_.test_augment,
    *_base_.pack]))
model = dict(backbone=dict(pretrained='torchvision://resnet101', depth=101),
             cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(val_interval=2)
optim_wrapper = dict(optimizer=dict(weight_decay=0.0005))
zoo = [dict(row=126, section='Something-Something V2', resolution='height 256', gpus='8',
            top1=(60.88, 63.84), top5=(86.56, 88.3), reference=('xx / 63.3', 'xx / xx'),
            memory_mb=9727,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_r101_1x1x8_50e_sthv2_rgb/tsm_r101_256h_1x1x8_50e_sthv2_rgb_'
                 '20210401-df97f3e1.pth')]
