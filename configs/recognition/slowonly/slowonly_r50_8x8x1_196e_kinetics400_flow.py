# SlowOnly R50, 8 frames, every eighth one, optical flow, Kinetics-400.
_base_ = ['../../_base_/models/slowonly_r50_flow.py', '../../_base_/datasets/kinetics400_flow.py',
          '../../_base_/augments/random_resized_224_val_256.py',
          '../../_base_/schedules/sgd_warmup_cosine_196e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=8, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=12, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.06))
zoo = [dict(row=65, section='Kinetics-400', resolution='short-side 320', gpus='8x4', top1=65.76,
            top5=86.25, memory_mb=8455,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_r50_8x8x1_256e_kinetics400_flow/'
                 'slowonly_r50_8x8x1_256e_kinetics400_flow_20200704-6b384243.pth')]
