# TSN R50, 8 segments, Mini-Kinetics, with videos of Instagram.
_base_ = ['../../../_base_/models/tsn_r50.py', '../../../_base_/datasets/mini_kinetics_video.py',
          '../../../_base_/datasets/omnisource.py',
          '../../../_base_/augments/random_resized_224_val_256.py',
          '../../../_base_/schedules/sgd_100e.py', '../../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
videos = [*_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]
train_dataloader = dict(dataset=dict(pipeline=videos))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.00375))
omnisource = [dict(dataset=dict(_base_.instagram_videos, pipeline=videos))]
zoo = [dict(row=27, section='TSN-8seg-ResNet50', resolution='short-side 320', top1=80.6, top5=95.0,
            ckpt='https://download.openmmlab.com/mmaction/recognition/omnisource/'
                 'tsn_r50_1x1x8_100e_minikinetics_rgb/insvideo/'
                 'tsn_r50_1x1x8_100e_minikinetics_insvideo_rgb_20201030-011f984d.pth')]
