# R(2+1)D R34, 8 frames, every eighth one, Kinetics-400.
_base_ = ['../../_base_/models/r2plus1d_r34.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/random_resized_224.py',
          '../../_base_/schedules/sgd_cosine_180e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=8, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=39, section='Kinetics-400', resolution='short-side 256', gpus='8x4', top1=67.3,
            top5=87.65, memory_mb=5019,
            ckpt='https://download.openmmlab.com/mmaction/recognition/r2plus1d/'
                 'r2plus1d_r34_256p_8x8x1_180e_kinetics400_rgb/'
                 'r2plus1d_r34_256p_8x8x1_180e_kinetics400_rgb_20200729-aa94765e.pth'),
       dict(row=41, section='Kinetics-400', resolution='short-side 320', gpus='8x2', top1=68.68,
            top5=88.36, videos_per_s='1.6 (80x3 frames)', memory_mb=5019,
            ckpt='https://download.openmmlab.com/mmaction/recognition/r2plus1d/'
                 'r2plus1d_r34_8x8x1_180e_kinetics400_rgb/'
                 'r2plus1d_r34_8x8x1_180e_kinetics400_rgb_20200618-3fce5629.pth')]
