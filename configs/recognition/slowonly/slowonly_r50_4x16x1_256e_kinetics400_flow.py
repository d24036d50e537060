# SlowOnly R50, 4 frames, every 16th one, optical flow, Kinetics-400.
_base_ = ['../../_base_/models/slowonly_r50_flow.py', '../../_base_/datasets/kinetics400_flow.py',
          '../../_base_/augments/random_resized_224_val_256.py',
          '../../_base_/schedules/sgd_warmup_cosine_256e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=4, frame_interval=16, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=24, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.06))
zoo = [dict(row=64, section='Kinetics-400', resolution='short-side 320', gpus='8x2', top1=61.79,
            top5=83.62, memory_mb=8450,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_r50_4x16x1_256e_kinetics400_flow/'
                 'slowonly_r50_4x16x1_256e_kinetics400_flow_20200704-decb8568.pth')]
