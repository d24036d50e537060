# ResNet-50 on sound, 64 frames, Kinetics-400.
_base_ = ['../../_base_/models/audio_r18.py', '../../_base_/datasets/kinetics400_audio.py',
          '../../_base_/schedules/sgd_cosine_100e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=64, frame_interval=1, num_clips=1)
still = dict(clip, test_mode=True)
sound = [dict(type='AudioAmplify', ratio=1.5), dict(type='MelLogSpectrogram')]
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *sound, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *sound, *_base_.pack]))
model = dict(backbone=dict(depth=50),
             cls_head=dict(num_classes=_base_.num_classes, in_channels=2048))
