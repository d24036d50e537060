# AVSlowFast's audio pathway R50, 64 frames, Kinetics-400.
_base_ = ['../../_base_/models/audioonly_r50.py',
          '../../_base_/datasets/kinetics400_audio_feature.py',
          '../../_base_/schedules/sgd_cosine_100e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=64, frame_interval=1, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=160, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[*_base_.reader, still, *_base_.decode, *_base_.pack]))
test_dataloader = dict(batch_size=160, dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=2.0))
