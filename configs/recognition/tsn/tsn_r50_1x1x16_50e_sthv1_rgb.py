# TSN R50, 16 segments, Something-Something V1.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/sthv1_rawframe.py',
          '../../_base_/augments/multi_scale_224.py', '../../_base_/schedules/sgd_50e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=8), *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(backbone=dict(norm_eval=True, norm_cfg=dict(type='SyncBN', requires_grad=True)),
             cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=0.5, init_std=0.001))
train_cfg = dict(val_interval=2)
optim_wrapper = dict(optimizer=dict(weight_decay=0.0005), clip_grad=dict(max_norm=20))
zoo = [dict(row=176, section='Something-Something V1', resolution='height 100', gpus='8',
            top1=15.77, top5=39.85, reference=(13.33, 35.58), memory_mb=5691,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_1x1x16_50e_sthv1_rgb/tsn_r50_1x1x16_50e_sthv1_rgb_20200614-7e2fe4f1.pth')]
