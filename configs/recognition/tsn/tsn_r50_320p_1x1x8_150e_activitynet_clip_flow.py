# TSN R50, 8 segments, optical flow, ActivityNet, 320 pixels, cut to the actions.
_base_ = ['../../_base_/models/tsn_r50_flow.py', '../../_base_/datasets/activitynet_clip_flow.py',
          '../../_base_/augments/random_resized_224_ten_crop.py',
          '../../_base_/schedules/sgd_50e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=5, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=0.8))
train_cfg = dict(max_epochs=150)
optim_wrapper = dict(optimizer=dict(lr=0.001))
param_scheduler = [dict(type='MultiStepLR', milestones=[60, 120], gamma=0.1, by_epoch=True, begin=0,
                        end=150)]
load_from = (
    'https://download.openmmlab.com/mmaction/recognition/tsn/'
    'tsn_r50_320p_1x1x8_110e_kinetics400_flow/tsn_r50_320p_1x1x8_110e_kinetics400_flow_'
    '20200705-1f39486b.pth')
zoo = [dict(row=184, section='ActivityNet v1.3', resolution='340x256', gpus='8x2',
            pretrain='Kinetics400', top1=59.51, top5=82.69, memory_mb=5780,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_320p_1x1x8_150e_activitynet_clip_flow/'
                 'tsn_r50_320p_1x1x8_150e_activitynet_clip_flow_20200804-8622cf38.pth')]
