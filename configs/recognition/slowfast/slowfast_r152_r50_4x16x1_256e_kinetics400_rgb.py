# SlowFast R152 and R50, 4x16, Kinetics-400.
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
model = dict(backbone=dict(slow_pathway=dict(depth=152)),
             cls_head=dict(num_classes=_base_.num_classes), test_cfg=dict(max_testing_views=8))
zoo = [dict(row=53, section='Kinetics-400', resolution='short-side 256', gpus='8x1', top1=77.13,
            top5=93.2, memory_mb=10077,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowfast/'
                 'slowfast_r152_4x16x1_256e_kinetics400_rgb/'
                 'slowfast_r152_4x16x1_256e_kinetics400_rgb_20210122-bdeb6b87.pth')]
