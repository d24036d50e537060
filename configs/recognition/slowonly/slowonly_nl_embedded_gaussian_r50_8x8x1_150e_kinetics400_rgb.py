# SlowOnly R50, 8 frames, every eighth one, non-local blocks (embedded Gaussian), Kinetics-400.
_base_ = ['../../_base_/models/slowonly_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/random_resized_224.py',
          '../../_base_/schedules/sgd_warmup_150e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=8, num_clips=1)
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
zoo = [dict(row=63, section='Kinetics-400', resolution='short-side 320', gpus='8x4', top1=76.07,
            top5=92.42, memory_mb=8895,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_nl_embedded_gaussian_r50_8x8x1_150e_kinetics400_rgb/'
                 'slowonly_nl_embedded_gaussian_r50_8x8x1_150e_kinetics400_rgb_'
                 '20210308-e8dd9e82.pth')]
