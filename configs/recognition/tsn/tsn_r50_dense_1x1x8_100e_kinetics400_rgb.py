# TSN R50, 8 segments sampled densely, Kinetics-400.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/multi_scale_224.py', '../../_base_/schedules/sgd_100e.py',
          '../../_base_/runtime.py']
clip = dict(type='DenseSampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=12, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.005))
zoo = [dict(row=151, section='Kinetics-400', resolution='340x256', gpus='8', top1=70.77, top5=89.3,
            reference=(68.75, 88.42), videos_per_s='12.2 (8x10 frames)', memory_mb=8344,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_dense_1x1x8_100e_kinetics400_rgb/'
                 'tsn_r50_dense_1x1x8_100e_kinetics400_rgb_20200606-e925e6e3.pth')]
