# SlowOnly R50, 8 frames, every fourth one, UCF101, from ImageNet.
_base_ = ['../../_base_/models/slowonly_r50.py', '../../_base_/datasets/ucf101_rawframe.py',
          '../../_base_/augments/random_resized_224.py',
          '../../_base_/schedules/sgd_warmup_cosine_256e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=4, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(max_epochs=64, val_interval=1)
param_scheduler = [dict(type='LinearLR', start_factor=0.1, by_epoch=True, begin=0, end=10,
                        convert_to_iter_based=True),
                   dict(type='CosineAnnealingLR', T_max=64, eta_min=0, by_epoch=True, begin=0,
                        end=64, convert_to_iter_based=True)]
zoo = [dict(row=81, section='UCF101', gpus='8', top1=71.35, top5=89.35, memory_mb=5812,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_imagenet_pretrained_r50_8x4x1_64e_ucf101_rgb/'
                 'slowonly_imagenet_pretrained_r50_8x4x1_64e_ucf101_rgb_20210630-181e1661.pth')]
