# TSN R50, 8 segments, Something-Something V1.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/sthv1_rawframe.py',
          '../../_base_/augments/multi_scale_224_no_flip.py', '../../_base_/schedules/sgd_50e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
ten_crop = [dict(type='Resize', scale=(-1, 256)),
            dict(type='TenCrop', crop_size=224, on_device=True)]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *ten_crop, *_base_.pack]))
model = dict(backbone=dict(norm_eval=True, norm_cfg=dict(type='SyncBN', requires_grad=True)),
             cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=0.5))
optim_wrapper = dict(optimizer=dict(lr=0.02, weight_decay=0.0005), clip_grad=dict(max_norm=20))
zoo = [dict(row=175, section='Something-Something V1', resolution='height 100', gpus='8',
            top1=18.55, top5=44.8, reference=(17.53, 44.29), memory_mb=10978,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_1x1x8_50e_sthv1_rgb/tsn_r50_1x1x8_50e_sthv1_rgb_20200618-061b9195.pth')]
