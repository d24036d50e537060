# MViT-B, 16x4, Kinetics-400: mvit_base_16x4 of PyTorchVideo's hub.
_base_ = ['../../_base_/models/mvit_b.py', '../../_base_/datasets/kinetics400_video.py',
          '../../_base_/augments/random_resized_224_erase_center.py',
          '../../_base_/schedules/adamw_warmup_cosine_200e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=16, frame_interval=4, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(collate_fn=dict(type='repeat_collate'), dataset=dict(
    type='RepeatAugDataset', num_repeats=2, pipeline=[
        *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=5), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
