# TSM R50, 8 segments, Kinetics-400.
_base_ = ['../../_base_/models/tsm_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/multi_scale_224.py', '../../_base_/schedules/sgd_tsm_50e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=98, section='Kinetics-400', resolution='340x256', gpus='8', top1=70.24, top5=89.56,
            reference=(70.36, 89.49), videos_per_s='74.0 (8x1 frames)', memory_mb=7079,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_r50_1x1x8_50e_kinetics400_rgb/tsm_r50_1x1x8_50e_kinetics400_rgb_'
                 '20200607-af7fb746.pth'),
       dict(row=99, section='Kinetics-400', resolution='short-side 256', gpus='8', top1=70.59,
            top5=89.52, memory_mb=7079,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_r50_256p_1x1x8_50e_kinetics400_rgb/tsm_r50_256p_1x1x8_50e_kinetics400_rgb_'
                 '20200726-020785e2.pth'),
       dict(row=100, section='Kinetics-400', resolution='short-side 320', gpus='8', top1=70.73,
            top5=89.81, memory_mb=7079,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_r50_1x1x8_50e_kinetics400_rgb/tsm_r50_1x1x8_50e_kinetics400_rgb_'
                 '20210701-68d582b4.pth')]
