# I3D R50, 32 frames, every second one, sampled densely, Kinetics-400.
_base_ = ['../../_base_/models/i3d_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/two_scale_224.py', '../../_base_/schedules/sgd_100e.py',
          '../../_base_/runtime.py']
clip = dict(type='DenseSampleFrames', clip_len=32, frame_interval=2, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=13, section='Kinetics-400', resolution='340x256', gpus='8x2', top1=72.77,
            top5=90.57, videos_per_s='1.7 (320x3 frames)', memory_mb=5170,
            ckpt='https://download.openmmlab.com/mmaction/recognition/i3d/'
                 'i3d_r50_dense_32x2x1_100e_kinetics400_rgb/'
                 'i3d_r50_dense_32x2x1_100e_kinetics400_rgb_20200616-2bbb4361.pth'),
       dict(row=14, section='Kinetics-400', resolution='short-side 256', gpus='8', top1=73.48,
            top5=91.0, memory_mb=5170,
            ckpt='https://download.openmmlab.com/mmaction/recognition/i3d/'
                 'i3d_r50_dense_256p_32x2x1_100e_kinetics400_rgb/'
                 'i3d_r50_dense_256p_32x2x1_100e_kinetics400_rgb_20200725-24eb54cc.pth')]
