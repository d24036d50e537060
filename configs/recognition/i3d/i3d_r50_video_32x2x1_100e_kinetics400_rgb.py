# I3D R50, 32 frames at every second, Kinetics-400.
_base_ = ['../../_base_/models/i3d_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/random_resized_224.py', '../../_base_/schedules/sgd_100e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=32, frame_interval=2, num_clips=1)
still = dict(clip, test_mode=True)
crops = [dict(type='Resize', scale=(-1, 256)),
         dict(type='MultiScaleCrop', input_size=224, scales=(1, 0.8), random_crop=False,
              max_wh_scale_gap=0),
         dict(type='Resize', scale=(224, 224), keep_ratio=False),
         dict(type='Flip', flip_ratio=0.5)]
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *crops, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment,
    *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
