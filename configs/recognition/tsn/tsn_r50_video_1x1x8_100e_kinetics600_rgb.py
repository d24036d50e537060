# TSN R50, 8 segments, Kinetics-600, from videos.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/kinetics600_video.py',
          '../../_base_/augments/random_resized_224_val_256.py',
          '../../_base_/schedules/sgd_100e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment[1:], *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.00375))
zoo = [dict(row=173, section='Kinetics-600', resolution='short-side 256', gpus='8x2', top1=74.8,
            top5=92.3, videos_per_s='11.1 (25x3 frames)', memory_mb=8344,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_video_1x1x8_100e_kinetics600_rgb/'
                 'tsn_r50_video_1x1x8_100e_kinetics600_rgb_20201015-4db3c461.pth')]
