# TPN on SlowOnly R50, 8 frames, every eighth one, Kinetics-400.
_base_ = ['../../_base_/models/tpn_slowonly_r50.py',
          '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/random_resized_224.py',
          '../../_base_/schedules/sgd_nesterov_150e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=8, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment[1:], dict(type='ColorJitter'),
    *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, dict(type='ColorJitter'),
    *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(pretrained=None),
             neck=dict(aux_head_cfg=dict(out_channels=_base_.num_classes)),
             cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=93, section='Kinetics-400', resolution='short-side 320', gpus='8x2', top1=73.58,
            top5=91.35, memory_mb=6916,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tpn/'
                 'tpn_slowonly_r50_8x8x1_150e_kinetics_rgb/'
                 'tpn_slowonly_r50_8x8x1_150e_kinetics_rgb-c568e7ad.pth')]
