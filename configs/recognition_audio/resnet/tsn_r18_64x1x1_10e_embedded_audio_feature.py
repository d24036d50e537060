# The sound of the embedded data set (ceiling 50 %).
_base_ = ['../../_base_/models/audio_r18_small.py', '../../_base_/datasets/embedded_audio.py',
          '../../_base_/schedules/sgd_small_10e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=64, frame_interval=1, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
benchmark = dict(evidence='sound')
