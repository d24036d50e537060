# TIN R50, 8 segments, Something-Something V2.
_base_ = ['../../_base_/models/tin_r50.py', '../../_base_/datasets/sthv2_rawframe.py',
          '../../_base_/augments/five_place_224_no_flip.py',
          '../../_base_/schedules/sgd_tsm_50e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=6, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=0.8))
train_cfg = dict(max_epochs=40, val_interval=2)
optim_wrapper = dict(optimizer=dict(lr=0.02, weight_decay=0.0005))
param_scheduler = [dict(type='LinearLR', start_factor=0.1, by_epoch=True, begin=0, end=1,
                        convert_to_iter_based=True),
                   dict(type='CosineAnnealingLR', T_max=40, eta_min=0, by_epoch=True, begin=0,
                        end=40, convert_to_iter_based=True)]
zoo = [dict(row=91, section='Something-Something V2', resolution='height 240', gpus='8x4',
            top1=56.7, top5=83.62, reference=(56.48, 83.45), memory_mb=6185,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tin/'
                 'tin_r50_1x1x8_40e_sthv2_rgb/tin_r50_1x1x8_40e_sthv2_rgb_20200912-b27a7337.pth')]
