# TSN R50, 5 segments sampled densely, Kinetics-400.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/multi_scale_224.py', '../../_base_/schedules/sgd_100e.py',
          '../../_base_/runtime.py']
clip = dict(type='DenseSampleFrames', clip_len=1, frame_interval=1, num_clips=5)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=8), *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=0.5, init_std=0.001))
train_cfg = dict(val_interval=2)
optim_wrapper = dict(optimizer=dict(lr=0.03), clip_grad=dict(max_norm=20))
zoo = [dict(row=142, section='Kinetics-400', config='tsn_r50_dense_1x1x5_50e_kinetics400_rgb',
            resolution='340x256', gpus='8x3', top1=70.18, top5=89.1, reference=(69.15, 88.56),
            videos_per_s='12.7 (8x10 frames)', memory_mb=7028,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_dense_1x1x5_100e_kinetics400_rgb/'
                 'tsn_r50_dense_1x1x5_100e_kinetics400_rgb_20200627-a063165f.pth')]
