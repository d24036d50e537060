# TimeSformer, attention in the frame alone, 8 frames, every 32nd one, Kinetics-400.
_base_ = ['../../_base_/models/timesformer_vit_b16.py',
          '../../_base_/datasets/kinetics400_rawframe.py', '../../_base_/augments/rescale_224.py',
          '../../_base_/schedules/sgd_nesterov_15e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=32, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(attention_type='space_only'),
             cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(val_interval=1)
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'.backbone.cls_token': dict(decay_mult=0.0),
                                                     '.backbone.pos_embed': dict(decay_mult=0.0)}))
zoo = [dict(row=89, section='Kinetics-400', resolution='short-side 320', gpus='8',
            pretrain='ImageNet-21K', top1=76.93, top5=92.9, memory_mb=12750,
            ckpt='https://download.openmmlab.com/mmaction/recognition/timesformer/'
                 'timesformer_spaceOnly_8x32x1_15e_kinetics400_rgb/'
                 'timesformer_spaceOnly_8x32x1_15e_kinetics400_rgb-0cf829cd.pth')]
