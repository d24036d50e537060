# TSM R50, 8 segments, Something-Something V1, flips and RandAugment.
_base_ = ['../../_base_/models/tsm_r50.py', '../../_base_/datasets/sthv1_rawframe.py',
          '../../_base_/augments/multi_scale_224_no_flip_three_crop.py',
          '../../_base_/schedules/sgd_tsm_50e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.flip,
    dict(type='Imgaug', transforms='default'), *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, twice_sample=True), *_base_.decode, *_base_.test_augment,
    *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(val_interval=2)
optim_wrapper = dict(optimizer=dict(weight_decay=0.0005))
zoo = [dict(row=121, section='Something-Something V1', resolution='height 100', gpus='8',
            top1=(47.85, 50.31), top5=(76.78, 78.18), reference=((45.5, 47.33), (74.34, 76.6)),
            memory_mb=7077,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_r50_flip_randaugment_1x1x8_50e_sthv1_rgb/'
                 'tsm_r50_flip_randaugment_1x1x8_50e_sthv1_rgb_20210324-76937692.pth')]
