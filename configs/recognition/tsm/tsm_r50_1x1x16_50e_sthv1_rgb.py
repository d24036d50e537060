# TSM R50, 16 segments, Something-Something V1.
_base_ = ['../../_base_/models/tsm_r50.py', '../../_base_/datasets/sthv1_rawframe.py',
          '../../_base_/augments/multi_scale_224_no_flip_three_crop.py',
          '../../_base_/schedules/sgd_tsm_50e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=6, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, twice_sample=True), *_base_.decode, *_base_.test_augment,
    *_base_.pack]))
model = dict(backbone=dict(num_segments=16),
             cls_head=dict(num_classes=_base_.num_classes, num_segments=16))
train_cfg = dict(val_interval=2)
optim_wrapper = dict(optimizer=dict(lr=0.0075, weight_decay=0.0005))
zoo = [dict(row=122, section='Something-Something V1', resolution='height 100', gpus='8',
            top1=(47.77, 49.03), top5=(76.82, 77.83), reference=((47.05, 48.61), (76.4, 77.96)),
            memory_mb=10390,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_r50_1x1x16_50e_sthv1_rgb/tsm_r50_1x1x16_50e_sthv1_rgb_20211202-b922e5d2.pth')]
