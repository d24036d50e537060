# TSM R50, 8 segments, Kinetics-400, from videos.
_base_ = ['../../_base_/models/tsm_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/multi_scale_224.py', '../../_base_/schedules/sgd_tsm_50e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.02))
zoo = [dict(row=103, section='Kinetics-400', resolution='short-side 256', gpus='8', top1=70.25,
            top5=89.66, reference=(70.36, 89.49), videos_per_s='74.0 (8x1 frames)', memory_mb=7077,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_r50_video_1x1x8_100e_kinetics400_rgb/'
                 'tsm_r50_video_1x1x8_100e_kinetics400_rgb_20200702-a77f4328.pth')]
