# SlowOnly R50, 4 frames, every 16th one, Kinetics-400.
_base_ = ['../../_base_/models/slowonly_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/random_resized_224.py',
          '../../_base_/schedules/sgd_cosine_256e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=4, frame_interval=16, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(pretrained=None), cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=55, section='Kinetics-400', resolution='short-side 256', gpus='8x4', top1=72.76,
            top5=90.51, memory_mb=3168,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_r50_256p_4x16x1_256e_kinetics400_rgb/'
                 'slowonly_r50_256p_4x16x1_256e_kinetics400_rgb_20200820-bea7701f.pth'),
       dict(row=58, section='Kinetics-400', resolution='short-side 320', gpus='8x2', top1=73.02,
            top5=90.77, videos_per_s='4.0 (40x3 frames)', memory_mb=3168,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_r50_4x16x1_256e_kinetics400_rgb/'
                 'slowonly_r50_4x16x1_256e_kinetics400_rgb_20200704-a69556c6.pth'),
       dict(row=69, section='Kinetics-400 OmniSource Experiments', resolution='short-side 320',
            omnisource=False, top1=73.0, top5=90.8, weights_of=58),
       dict(row=70, section='Kinetics-400 OmniSource Experiments', omnisource=True, top1=76.8,
            top5=92.5,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/omni/'
                 'slowonly_r50_omni_4x16x1_kinetics400_rgb_20200926-51b1f7ea.pth')]
