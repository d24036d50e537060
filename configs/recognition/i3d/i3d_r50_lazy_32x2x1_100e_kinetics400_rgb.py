# I3D R50, 32 frames, every second one, Kinetics-400, changes noted and done at once.
_base_ = ['../../_base_/models/i3d_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/random_resized_224.py', '../../_base_/schedules/sgd_100e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=32, frame_interval=2, num_clips=1)
still = dict(clip, test_mode=True)
decode = [dict(type='RawFrameDecode', decoding_backend='turbojpeg')]
crops = [dict(type='Resize', scale=(-1, 256), lazy=True),
         dict(type='MultiScaleCrop', input_size=224, scales=(1, 0.8), random_crop=False,
              max_wh_scale_gap=0, lazy=True),
         dict(type='Resize', scale=(224, 224), keep_ratio=False, lazy=True),
         dict(type='Flip', flip_ratio=0.5, lazy=True),
         dict(type='Fuse')]
center_crop = [dict(type='Resize', scale=(-1, 256), lazy=True),
               dict(type='CenterCrop', crop_size=224, lazy=True),
               dict(type='Flip', flip_ratio=0, lazy=True),
               dict(type='Fuse')]
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *decode, *crops, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *decode, *center_crop, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=15, section='Kinetics-400', resolution='340x256', gpus='8', top1=72.32, top5=90.72,
            videos_per_s='1.8 (320x3 frames)', memory_mb=5170,
            ckpt='https://download.openmmlab.com/mmaction/recognition/i3d/'
                 'i3d_r50_fast_32x2x1_100e_kinetics400_rgb/'
                 'i3d_r50_fast_32x2x1_100e_kinetics400_rgb_20200612-000e4d2a.pth'),
       dict(row=16, section='Kinetics-400', resolution='short-side 256', gpus='8', top1=73.24,
            top5=90.99, memory_mb=5170,
            ckpt='https://download.openmmlab.com/mmaction/recognition/i3d/'
                 'i3d_r50_fast_256p_32x2x1_100e_kinetics400_rgb/'
                 'i3d_r50_fast_256p_32x2x1_100e_kinetics400_rgb_20200817-4e90d1d5.pth')]
