# TSM R50, 16 segments, Diving48, from videos.
_base_ = ['../../_base_/models/tsm_r50.py', '../../_base_/datasets/diving48_video.py',
          '../../_base_/augments/multi_scale_224.py', '../../_base_/schedules/sgd_tsm_50e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(backbone=dict(num_segments=16),
             cls_head=dict(num_classes=_base_.num_classes, num_segments=16))
train_cfg = dict(val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=0.005))
zoo = [dict(row=115, section='Diving48', gpus='8', top1=81.62, top5=97.66, memory_mb=7070,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_r50_video_1x1x16_50e_diving48_rgb/tsm_r50_video_1x1x16_50e_diving48_rgb_'
                 '20210426-aa9631c0.pth')]
