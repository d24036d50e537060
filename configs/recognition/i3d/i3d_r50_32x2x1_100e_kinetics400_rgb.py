# I3D R50, 32 frames, every second one, Kinetics-400.
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
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=10, section='Kinetics-400', resolution='340x256', gpus='8', top1=72.68, top5=90.78,
            videos_per_s='1.7 (320x3 frames)', memory_mb=5170,
            ckpt='https://download.openmmlab.com/mmaction/recognition/i3d/'
                 'i3d_r50_32x2x1_100e_kinetics400_rgb/i3d_r50_32x2x1_100e_kinetics400_rgb_'
                 '20200614-c25ef9a4.pth'),
       dict(row=11, section='Kinetics-400', resolution='short-side 256', gpus='8', top1=73.27,
            top5=90.92, memory_mb=5170,
            ckpt='https://download.openmmlab.com/mmaction/recognition/i3d/'
                 'i3d_r50_256p_32x2x1_100e_kinetics400_rgb/'
                 'i3d_r50_256p_32x2x1_100e_kinetics400_rgb_20200801-7d9f44de.pth')]
