# TSM R50, 8 segments, UCF101, from Kinetics-400.
_base_ = ['../../_base_/models/tsm_r50.py', '../../_base_/datasets/ucf101_rawframe.py',
          '../../_base_/augments/multi_scale_224_no_flip.py',
          '../../_base_/schedules/sgd_tsm_25e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=12, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=0.0015))
load_from = (
    'https://download.openmmlab.com/mmaction/recognition/tsm/'
    'tsm_r50_256p_1x1x8_50e_kinetics400_rgb/tsm_r50_256p_1x1x8_50e_kinetics400_rgb_'
    '20200726-020785e2.pth')
zoo = [dict(row=132, section='UCF101', gpus='8', pretrain='Kinetics400', top1=94.5, top5=99.58,
            memory_mb=10389,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_k400_pretrained_r50_1x1x8_25e_ucf101_rgb/'
                 'tsm_k400_pretrained_r50_1x1x8_25e_ucf101_rgb_20210630-1fae312b.pth')]
