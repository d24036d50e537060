# I3D R50, 32 frames, every second one, Kinetics-400, augmented by Imgaug, from videos.
_base_ = ['../../_base_/models/i3d_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/two_scale_224.py', '../../_base_/schedules/sgd_100e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=32, frame_interval=2, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment[:-1],
    dict(type='Imgaug',
         transforms=[dict(type='Fliplr', p=0.5),
                     dict(type='Rotate', rotate=(-20, 20)),
                     dict(type='Dropout', p=(0, 0.05))]), *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
