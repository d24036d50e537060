# TSM R50, 8 segments, Diving48, from videos.
_base_ = ['../../_base_/models/tsm_r50.py', '../../_base_/datasets/diving48_video.py',
          '../../_base_/augments/multi_scale_224.py', '../../_base_/schedules/sgd_tsm_50e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(val_interval=1)
zoo = [dict(row=114, section='Diving48', gpus='8', top1=75.99, top5=97.16, memory_mb=7070,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_r50_video_1x1x8_50e_diving48_rgb/tsm_r50_video_1x1x8_50e_diving48_rgb_'
                 '20210426-aba5aa3d.pth')]
