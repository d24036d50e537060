# SlowOnly R50, 4 frames, every 16th one, optical flow, FineGYM 99, from Kinetics-400.
_base_ = ['../../_base_/models/slowonly_r50_flow.py', '../../_base_/datasets/gym99_flow.py',
          '../../_base_/augments/random_resized_224_val_256.py',
          '../../_base_/schedules/sgd_120e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=4, frame_interval=16, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.val_augment, *_base_.pack]))
# The published weights tell 400 classes apart; labels 0 to 98 are in use.
model = dict(backbone=dict(pretrained=None), cls_head=dict(num_classes=400))
load_from = (
    'https://download.openmmlab.com/mmaction/recognition/slowonly/'
    'slowonly_r50_4x16x1_256e_kinetics400_flow/slowonly_r50_4x16x1_256e_kinetics400_flow_'
    '20200704-decb8568.pth')
zoo = [dict(row=76, section='GYM99', resolution='short-side 256', gpus='8x2', pretrain='Kinetics',
            top1=80.3, mean_class=71.0,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_kinetics_pretrained_r50_4x16x1_120e_gym99_flow/'
                 'slowonly_kinetics_pretrained_r50_4x16x1_120e_gym99_flow_20201111-66ecdb3c.pth')]
