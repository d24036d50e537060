# TSN R50, 3 segments, Kinetics-400, 320 pixels, from videos.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/random_resized_224.py', '../../_base_/schedules/sgd_100e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=3)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment[1:], *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=150, section='Kinetics-400', resolution='short-side 320', gpus='8', top1=71.11,
            top5=90.04, memory_mb=8343,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_video_320p_1x1x3_100e_kinetics400_rgb/'
                 'tsn_r50_video_320p_1x1x3_100e_kinetics400_rgb_20201014-5ae1ee79.pth')]
