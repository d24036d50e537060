# SlowOnly R50, 4 frames, every 16th one, Kinetics-400, from ImageNet.
_base_ = ['../../_base_/models/slowonly_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/random_resized_224.py',
          '../../_base_/schedules/sgd_warmup_150e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=4, frame_interval=16, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=60, section='Kinetics-400', resolution='short-side 320', gpus='8x2', top1=73.39,
            top5=91.12, memory_mb=3168,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_imagenet_pretrained_r50_4x16x1_150e_kinetics400_rgb/'
                 'slowonly_imagenet_pretrained_r50_4x16x1_150e_kinetics400_rgb_'
                 '20200912-1e8fc736.pth')]
