# TSM R50, 16 segments, HMDB51, from Kinetics-400.
_base_ = ['../../_base_/models/tsm_r50.py', '../../_base_/datasets/hmdb51_rawframe.py',
          '../../_base_/augments/multi_scale_224_no_flip.py',
          '../../_base_/schedules/sgd_tsm_25e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=6, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(backbone=dict(num_segments=16),
             cls_head=dict(num_classes=_base_.num_classes, num_segments=16))
train_cfg = dict(val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=0.00075))
load_from = (
    'https://download.openmmlab.com/mmaction/recognition/tsm/'
    'tsm_r50_256p_1x1x16_50e_kinetics400_rgb/tsm_r50_256p_1x1x16_50e_kinetics400_rgb_'
    '20201010-85645c2a.pth')
zoo = [dict(row=131, section='HMDB51', gpus='8', pretrain='Kinetics400', top1=74.77, top5=93.86,
            memory_mb=10388,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_k400_pretrained_r50_1x1x16_25e_hmdb51_rgb/'
                 'tsm_k400_pretrained_r50_1x1x16_25e_hmdb51_rgb_20210630-4785548e.pth')]
