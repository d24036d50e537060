# SlowOnly R50, 8 frames, every eighth one, Kinetics-700, from videos.
_base_ = ['../../_base_/models/slowonly_r50.py', '../../_base_/datasets/kinetics700_video.py',
          '../../_base_/augments/random_resized_224.py',
          '../../_base_/schedules/sgd_cosine_256e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=8, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment[1:], *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment[1:], *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment[1:],
    *_base_.pack]))
model = dict(backbone=dict(pretrained=None), cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.15))
zoo = [dict(row=74, section='Kinetics-700', resolution='short-side 256', gpus='8x4', top1=65.0,
            top5=86.1,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_r50_video_8x8x1_256e_kinetics700_rgb/'
                 'slowonly_r50_video_8x8x1_256e_kinetics700_rgb_20201015-9250f662.pth')]
