# SlowOnly R50, 8 frames, every fourth one, HMDB51, from Kinetics-400.
_base_ = ['../../_base_/models/slowonly_r50.py', '../../_base_/datasets/hmdb51_rawframe.py',
          '../../_base_/augments/random_resized_224.py', '../../_base_/schedules/sgd_50e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=4, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(max_epochs=40, val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=0.001), clip_grad=dict(max_norm=20))
param_scheduler = [dict(type='MultiStepLR', milestones=[15, 30], gamma=0.1, by_epoch=True, begin=0,
                        end=40)]
load_from = (
    'https://download.openmmlab.com/mmaction/recognition/slowonly/'
    'slowonly_r50_8x8x1_256e_kinetics400_rgb/slowonly_r50_8x8x1_256e_kinetics400_rgb_'
    '20200703-a79c555a.pth')
zoo = [dict(row=80, section='HMDB51', gpus='8', pretrain='Kinetics400', top1=65.95, top5=91.05,
            memory_mb=5812,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_k400_pretrained_r50_8x4x1_40e_hmdb51_rgb/'
                 'slowonly_k400_pretrained_r50_8x4x1_40e_hmdb51_rgb_20210630-cee5f725.pth')]
