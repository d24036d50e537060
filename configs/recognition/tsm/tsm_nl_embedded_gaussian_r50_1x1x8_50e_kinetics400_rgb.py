# TSM R50, 8 segments, non-local blocks (embedded Gaussian), Kinetics-400.
_base_ = ['../../_base_/models/tsm_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/multi_scale_224.py', '../../_base_/schedules/sgd_tsm_50e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(backbone=dict(non_local=((0, 0, 0), (1, 0, 1, 0), (1, 0, 1, 0, 1, 0), (0, 0, 0)),
                           non_local_cfg=dict(sub_sample=True, use_scale=False,
                                              norm_cfg=dict(type='BN3d', requires_grad=True),
                                              mode='embedded_gaussian')),
             cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=109, section='Kinetics-400', resolution='short-side 320', gpus='8x4', top1=72.03,
            top5=90.25, reference=(71.81, 90.36), memory_mb=8931,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_nl_embedded_gaussian_r50_1x1x8_50e_kinetics400_rgb/'
                 'tsm_nl_embedded_gaussian_r50_1x1x8_50e_kinetics400_rgb_20200724-f00f1336.pth')]
