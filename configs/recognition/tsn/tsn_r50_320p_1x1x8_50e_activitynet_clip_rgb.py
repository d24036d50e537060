# TSN R50, 8 segments, ActivityNet, 320 pixels, cut to the actions.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/activitynet_clip.py',
          '../../_base_/augments/random_resized_224_val_256.py',
          '../../_base_/schedules/sgd_50e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=0.8))
optim_wrapper = dict(optimizer=dict(lr=0.001))
load_from = (
    'https://download.openmmlab.com/mmaction/recognition/tsn/'
    'tsn_r50_320p_1x1x8_100e_kinetics400_rgb/tsn_r50_320p_1x1x8_100e_kinetics400_rgb_'
    '20200702-ef80e3d7.pth')
zoo = [dict(row=182, section='ActivityNet v1.3', resolution='short-side 320', gpus='8x1',
            pretrain='Kinetics400', top1=76.9, top5=94.47, memory_mb=5692,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_320p_1x1x8_50e_activitynet_clip_rgb/'
                 'tsn_r50_320p_1x1x8_50e_activitynet_clip_rgb_20210301-c0f04a7e.pth')]
