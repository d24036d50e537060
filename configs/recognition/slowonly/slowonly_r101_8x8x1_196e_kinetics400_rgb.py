# SlowOnly R101, 8 frames, every eighth one, Kinetics-400.
_base_ = ['../../_base_/models/slowonly_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/random_resized_224.py',
          '../../_base_/schedules/sgd_warmup_cosine_196e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=8, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(depth=101, pretrained=None),
             cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=71, section='Kinetics-400 OmniSource Experiments', omnisource=False, top1=76.5,
            top5=92.7,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/omni/'
                 'slowonly_r101_without_omni_8x8x1_kinetics400_rgb_20200926-0c730aef.pth'),
       dict(row=72, section='Kinetics-400 OmniSource Experiments', omnisource=True, top1=80.4,
            top5=94.4,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/omni/'
                 'slowonly_r101_omni_8x8x1_kinetics400_rgb_20200926-b5dbb701.pth')]
