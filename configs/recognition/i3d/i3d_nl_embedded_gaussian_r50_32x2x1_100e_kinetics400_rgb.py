# I3D R50, 32 frames, every second one, non-local blocks (embedded Gaussian), Kinetics-400.
_base_ = ['../../_base_/models/i3d_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/two_scale_224.py', '../../_base_/schedules/sgd_100e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=32, frame_interval=2, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(non_local=((0, 0, 0), (0, 1, 0, 1), (0, 1, 0, 1, 0, 1), (0, 0, 0)),
                           non_local_cfg=dict(sub_sample=True, use_scale=False,
                                              norm_cfg=dict(type='BN3d', requires_grad=True),
                                              mode='embedded_gaussian')),
             cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=17, section='Kinetics-400', resolution='short-side 256p', gpus='8x4', top1=74.71,
            top5=91.81, memory_mb=6438,
            ckpt='https://download.openmmlab.com/mmaction/recognition/i3d/'
                 'i3d_nl_embedded_gaussian_r50_32x2x1_100e_kinetics400_rgb/'
                 'i3d_nl_embedded_gaussian_r50_32x2x1_100e_kinetics400_rgb_20200813-6e6aef1b.pth')]
