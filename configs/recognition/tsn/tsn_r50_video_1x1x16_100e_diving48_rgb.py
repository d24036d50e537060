# TSN R50, 16 segments, Diving48, from videos.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/diving48_video.py',
          '../../_base_/augments/five_place_224.py', '../../_base_/schedules/sgd_100e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.00125))
zoo = [dict(row=136, section='Diving48', gpus='8', top1=76.75, top5=96.95, memory_mb=5705,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_video_1x1x16_100e_diving48_rgb/tsn_r50_video_1x1x16_100e_diving48_rgb_'
                 '20210426-63c5f2f7.pth')]
