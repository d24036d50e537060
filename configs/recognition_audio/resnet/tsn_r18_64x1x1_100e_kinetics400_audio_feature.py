# The sound of Kinetics-400, ResNet-18 on log-mel features.
_base_ = ['../../_base_/models/audio_r18.py',
          '../../_base_/datasets/kinetics400_audio_feature.py',
          '../../_base_/schedules/sgd_100e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=64, frame_interval=1, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.1))
param_scheduler = [dict(type='CosineAnnealingLR', T_max=100, eta_min=0, by_epoch=True, begin=0,
                        end=100)]
