# SlowFast R50, 4x16, Kinetics-400.
_base_ = ['../../_base_/models/slowfast_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/random_resized_224.py',
          '../../_base_/schedules/sgd_warmup_cosine_256e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=32, frame_interval=2, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=43, section='Kinetics-400', resolution='short-side 256', gpus='8x4', top1=74.75,
            top5=91.73, memory_mb=6203,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowfast/'
                 'slowfast_r50_256p_4x16x1_256e_kinetics400_rgb/'
                 'slowfast_r50_256p_4x16x1_256e_kinetics400_rgb_20200728-145f1097.pth'),
       dict(row=45, section='Kinetics-400', resolution='short-side 320', gpus='8x2', top1=76.0,
            top5=92.54, videos_per_s='1.6 ((32+4)x10x3 frames)', memory_mb=6203,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowfast/'
                 'slowfast_r50_4x16x1_256e_kinetics400_rgb/'
                 'slowfast_r50_4x16x1_256e_kinetics400_rgb_20210722-04e43ed4.pth')]
