# TSN R50, 8 segments, Kinetics-400; the test reads 25 frames in 10 crops.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/schedules/sgd_100e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
crops = [dict(type='MultiScaleCrop', input_size=224, scales=(1, 0.875, 0.75, 0.66),
              random_crop=False, max_wh_scale_gap=1),
         dict(type='Resize', scale=(224, 224), keep_ratio=False),
         dict(type='Flip', flip_ratio=0.5)]
center = [dict(type='Resize', scale=(-1, 256)), dict(type='CenterCrop', crop_size=224)]
ten_crop = [dict(type='Resize', scale=(-1, 256)), dict(type='TenCrop', crop_size=224)]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *crops, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *center, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *ten_crop, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
