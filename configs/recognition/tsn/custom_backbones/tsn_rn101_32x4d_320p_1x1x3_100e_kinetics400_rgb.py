# TSN with ResNeXt-101 of mmpretrain, 3 segments, Kinetics-400, 320 pixels.
_base_ = ['../../../_base_/models/tsn_r50.py',
          '../../../_base_/datasets/kinetics400_rawframe_320p.py',
          '../../../_base_/augments/random_resized_224_val_256.py',
          '../../../_base_/schedules/sgd_100e.py', '../../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=3)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(_delete_=True, type='mmcls.ResNeXt', depth=101, num_stages=4,
                           out_indices=(3,), groups=32, width_per_group=4, style='pytorch'),
             cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.005))
load_from = (
    'https://download.openmmlab.com/mmclassification/v0/resnext/'
    'resnext101_32x4d_batch256_imagenet_20200708-87f2d1c9.pth')
zoo = [dict(row=154, section='Using backbones from 3rd-party in TSN', resolution='short-side 320',
            gpus='8x2', pretrain='ImageNet', top1=73.43, top5=91.01,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/custom_backbones/'
                 'tsn_rn101_32x4d_320p_1x1x3_100e_kinetics400_rgb-16a8b561.pth')]
