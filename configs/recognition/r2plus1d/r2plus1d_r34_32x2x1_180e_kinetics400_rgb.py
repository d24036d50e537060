# R(2+1)D R34, 32 frames, every second one, Kinetics-400.
_base_ = ['../../_base_/models/r2plus1d_r34.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/random_resized_224.py',
          '../../_base_/schedules/sgd_cosine_180e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=32, frame_interval=2, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=6, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.075))
zoo = [dict(row=42, section='Kinetics-400', resolution='short-side 320', gpus='8x2', top1=74.6,
            top5=91.59, videos_per_s='0.5 (320x3 frames)', memory_mb=12975,
            ckpt='https://download.openmmlab.com/mmaction/recognition/r2plus1d/'
                 'r2plus1d_r34_32x2x1_180e_kinetics400_rgb/'
                 'r2plus1d_r34_32x2x1_180e_kinetics400_rgb_20200618-63462eb3.pth')]
