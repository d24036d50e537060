# TSM R50, 16 segments, Kinetics-400.
_base_ = ['../../_base_/models/tsm_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/multi_scale_224_ten_crop.py',
          '../../_base_/schedules/sgd_tsm_50e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=16)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=6, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(num_segments=16),
             cls_head=dict(num_classes=_base_.num_classes, num_segments=16))
optim_wrapper = dict(optimizer=dict(lr=0.0075))
zoo = [dict(row=106, section='Kinetics-400', resolution='340x256', gpus='8', top1=72.09, top5=90.37,
            reference=(70.67, 89.98), videos_per_s='47.0 (16x1 frames)', memory_mb=10404,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_r50_1x1x16_50e_kinetics400_rgb/tsm_r50_340x256_1x1x16_50e_kinetics400_rgb_'
                 '20201011-2f27f229.pth'),
       dict(row=107, section='Kinetics-400', resolution='short-side 256', gpus='8x4', top1=71.89,
            top5=90.73, memory_mb=10398,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_r50_256p_1x1x16_50e_kinetics400_rgb/'
                 'tsm_r50_256p_1x1x16_50e_kinetics400_rgb_20201010-85645c2a.pth')]
