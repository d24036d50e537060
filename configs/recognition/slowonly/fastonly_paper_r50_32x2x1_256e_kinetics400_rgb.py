# The fast pathway alone, R50, 32x2, Kinetics-400, as in the paper.
_base_ = ['../../_base_/models/slowonly_paper_r50.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/rescale_224_test_256.py',
          '../../_base_/schedules/sgd_warmup_cosine_256e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=32, frame_interval=2, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(base_channels=8, conv1_kernel=(5, 7, 7), inflate=(1, 1, 1, 1)),
             cls_head=dict(in_channels=256, num_classes=_base_.num_classes))
published = [dict(table='slowfast_paper_individual_pathways', row='Fast-only R-50 32x2 1',
                  top1=51.7, top5=78.5, gflops=4.9, crop=224),
             dict(table='slowfast_paper_lateral', row='Fast-only -', top1=51.7, top5=78.5,
                  gflops=4.9, crop=224)]
