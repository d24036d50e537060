# SlowOnly R50, 8 frames, every eighth one, Kinetics-400.
_base_ = ['../../_base_/models/slowonly_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/random_resized_224.py',
          '../../_base_/schedules/sgd_cosine_256e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=8, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(pretrained=None), cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=57, section='Kinetics-400', resolution='short-side 256', gpus='8x4', top1=74.42,
            top5=91.49, memory_mb=5820,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_r50_256p_8x8x1_256e_kinetics400_rgb/'
                 'slowonly_r50_256p_8x8x1_256e_kinetics400_rgb_20200820-75851a7d.pth'),
       dict(row=59, section='Kinetics-400', resolution='short-side 320', gpus='8x3', top1=74.93,
            top5=91.92, videos_per_s='2.3 (80x3 frames)', memory_mb=5820,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_r50_8x8x1_256e_kinetics400_rgb/'
                 'slowonly_r50_8x8x1_256e_kinetics400_rgb_20200703-a79c555a.pth')]
