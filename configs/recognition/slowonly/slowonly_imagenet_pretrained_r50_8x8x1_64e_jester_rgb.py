# SlowOnly R50, 8 frames, every fourth one, Jester, from ImageNet.
_base_ = ['../../_base_/models/slowonly_r50.py', '../../_base_/datasets/jester_rawframe.py',
          '../../_base_/augments/random_resized_224_val_256.py',
          '../../_base_/schedules/sgd_cosine_180e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=4, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment[1:-1], *_base_.flip, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(max_epochs=64)
param_scheduler = [dict(type='CosineAnnealingLR', T_max=64, eta_min=0, by_epoch=True, begin=0,
                        end=64, convert_to_iter_based=True)]
zoo = [dict(row=78, section='Jester', resolution='height 100', gpus='8', top1=97.2,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_imagenet_pretrained_r50_8x8x1_64e_jester_rgb/'
                 'slowonly_imagenet_pretrained_r50_8x8x1_64e_jester_rgb-b56a5389.pth')]
