# TIN R50, 8 segments, Kinetics-400, from TSM.
_base_ = ['../../_base_/models/tin_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/five_place_224.py', '../../_base_/schedules/sgd_tsm_50e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=6, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes, is_shift=True))
load_from = (
    'https://download.openmmlab.com/mmaction/recognition/tsm/tsm_r50_1x1x8_50e_kinetics400_rgb/'
    'tsm_r50_1x1x8_50e_kinetics400_rgb_20200607-af7fb746.pth')
zoo = [dict(row=92, section='Kinetics-400', resolution='short-side 256', gpus='8x4',
            pretrain='TSM-Kinetics400', top1=70.89, top5=89.89, memory_mb=6187,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tin/'
                 'tin_tsm_finetune_r50_1x1x8_50e_kinetics400_rgb/'
                 'tin_tsm_finetune_r50_1x1x8_50e_kinetics400_rgb_20200810-4a146a70.pth')]
