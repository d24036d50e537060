# TSM R50, 8 segments, Jester.
_base_ = ['../../_base_/models/tsm_r50.py', '../../_base_/datasets/jester_rawframe.py',
          '../../_base_/augments/random_resized_224_val_256.py',
          '../../_base_/schedules/sgd_tsm_50e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment[1:-1], *_base_.flip, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, twice_sample=True), *_base_.decode, *_base_.test_augment,
    *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(val_interval=2)
optim_wrapper = dict(optimizer=dict(weight_decay=0.0005))
zoo = [dict(row=129, section='Jester', resolution='height 100', gpus='8', top1=(96.5, 97.2),
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_r50_1x1x8_50e_jester_rgb/tsm_r50_1x1x8_50e_jester_rgb-c799267e.pth')]
