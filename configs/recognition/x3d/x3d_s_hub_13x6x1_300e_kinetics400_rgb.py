# X3D-S, Kinetics-400: x3d_s of PyTorchVideo's hub.
_base_ = ['../../_base_/models/x3d.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/rescale_160.py',
          '../../_base_/schedules/sgd_warmup_cosine_300e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=13, frame_interval=6, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes, pool_size=(5, 5)))
published = [dict(table='pytorchvideo_kinetics400', row='X3D S 13x6', top1=73.33, top5=91.27,
                  gflops=2.96, crop=182, parameters=3.79, counts='norms')]
