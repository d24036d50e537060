# SlowOnly R50, 4 frames, every 16th one, non-local blocks (embedded Gaussian), Kinetics-400.
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
model = dict(backbone=dict(non_local=((0, 0, 0), (1, 0, 1, 0), (1, 0, 1, 0, 1, 0), (0, 0, 0)),
                           non_local_cfg=dict(sub_sample=True, use_scale=True,
                                              norm_cfg=dict(type='BN3d', requires_grad=True),
                                              mode='embedded_gaussian')),
             cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=62, section='Kinetics-400', resolution='short-side 320', gpus='8x2', top1=74.54,
            top5=91.73, memory_mb=4435,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_nl_embedded_gaussian_r50_4x16x1_150e_kinetics400_rgb/'
                 'slowonly_nl_embedded_gaussian_r50_4x16x1_150e_kinetics400_rgb_'
                 '20210308-0d6e5a69.pth')]
