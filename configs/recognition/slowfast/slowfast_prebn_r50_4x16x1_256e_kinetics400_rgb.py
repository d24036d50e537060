# SlowFast R50, 4x16, Kinetics-400, precise batch norm.
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
precise_bn = dict(num_iters=200, interval=1)
zoo = [dict(row=46, section='Kinetics-400', resolution='short-side 320', gpus='8x2', top1=76.34,
            top5=92.67, memory_mb=6203,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowfast/'
                 'slowfast_prebn_r50_4x16x1_256e_kinetics400_rgb/'
                 'slowfast_prebn_r50_4x16x1_256e_kinetics400_rgb_20210722-bb725050.pth')]
