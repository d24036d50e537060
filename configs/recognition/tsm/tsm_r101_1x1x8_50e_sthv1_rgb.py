# TSM R101, 8 segments, Something-Something V1.
_base_ = ['../../_base_/models/tsm_r50.py', '../../_base_/datasets/sthv1_rawframe.py',
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
zoo = [dict(row=123, section='Something-Something V1', resolution='height 100', gpus='8',
            top1=(46.09, 48.59), top5=(75.41, 77.1), reference=((46.64, 48.13), (75.4, 77.31)),
            memory_mb=9800,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_r101_1x1x8_50e_sthv1_rgb/tsm_r101_1x1x8_50e_sthv1_rgb_20211202-49970a5b.pth')]
