# TSN R50, 8 segments sampled densely, Kinetics-400, from videos.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/five_place_224_ten_crop.py', '../../_base_/schedules/sgd_100e.py',
          '../../_base_/runtime.py']
clip = dict(type='DenseSampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment[1:], *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=153, section='Kinetics-400', resolution='short-side 256', gpus='8', top1=70.4,
            top5=89.12, memory_mb=21553,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_video_dense_1x1x8_100e_kinetics400_rgb/'
                 'tsn_r50_video_dense_1x1x8_100e_kinetics400_rgb_20200703-0f19175f.pth')]
