# 3D R50, 8x8, Kinetics-400, from scratch: baseline of SlowFast, all frames stay.
_base_ = ['../../_base_/models/i3d_paper_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/rescale_224_test_256.py',
          '../../_base_/schedules/sgd_warmup_cosine_256e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=8, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(with_pool2=False), cls_head=dict(num_classes=_base_.num_classes))
published = [dict(table='slowfast_paper_individual_pathways', row='3D R-50 8x8 1', top1=74.6,
                  top5=91.5, gflops=44.9, crop=224)]
