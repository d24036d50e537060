# C3D, 16 frames, UCF101, from Sports-1M.
_base_ = ['../../_base_/models/c3d_sports1m.py', '../../_base_/datasets/ucf101_rawframe.py',
          '../../_base_/schedules/sgd_50e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=16, frame_interval=1, num_clips=1)
still = dict(clip, test_mode=True)
crops = [dict(type='Resize', scale=(128, 171)),
         dict(type='RandomCrop', size=112),
         dict(type='Flip', flip_ratio=0.5)]
center_crop = [dict(type='Resize', scale=(128, 171)), dict(type='CenterCrop', crop_size=112)]
train_dataloader = dict(batch_size=30, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *crops, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *center_crop, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *center_crop, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(max_epochs=45)
optim_wrapper = dict(optimizer=dict(lr=0.001, weight_decay=0.0005))
param_scheduler = [dict(type='MultiStepLR', milestones=[20, 40], gamma=0.1, by_epoch=True, begin=0,
                        end=45)]
zoo = [dict(row=0, section='UCF-101', resolution='128x171', gpus='8', pretrain='sports1m',
            top1=83.27, top5=95.9, memory_mb=6053,
            ckpt='https://download.openmmlab.com/mmaction/recognition/c3d/'
                 'c3d_sports1m_16x1x1_45e_ucf101_rgb/c3d_sports1m_16x1x1_45e_ucf101_rgb_'
                 '20201021-26655025.pth')]
