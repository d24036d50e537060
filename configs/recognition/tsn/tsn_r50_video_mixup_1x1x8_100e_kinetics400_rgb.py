# TSN R50, 8 segments, Kinetics-400, mixup, from videos.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/five_place_224.py', '../../_base_/schedules/sgd_100e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
three_crop = [dict(type='Resize', scale=(-1, 256)),
              dict(type='ThreeCrop', crop_size=256, on_device=True)]
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment[1:], *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *three_crop, *_base_.pack]))
model = dict(data_preprocessor=dict(blending=dict(type='MixupBlending',
                                                  num_classes=_base_.num_classes, alpha=0.2)),
             cls_head=dict(num_classes=_base_.num_classes))
