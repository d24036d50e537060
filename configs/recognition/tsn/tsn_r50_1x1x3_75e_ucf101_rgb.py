# TSN R50, 3 segments, UCF101.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/ucf101_rawframe.py',
          '../../_base_/augments/random_resized_224_val_256.py',
          '../../_base_/schedules/sgd_50e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=3)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes, init_std=0.001))
train_cfg = dict(max_epochs=75)
optim_wrapper = dict(optimizer=dict(lr=0.00128, weight_decay=0.0005))
param_scheduler = [dict(type='MultiStepLR', milestones=[], gamma=0.1, by_epoch=True, begin=0,
                        end=75)]
zoo = [dict(row=134, section='UCF-101', gpus='8', top1=83.03, top5=96.78, memory_mb=8332,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_1x1x3_75e_ucf101_rgb/tsn_r50_1x1x3_75e_ucf101_rgb_20201023-d85ab600.pth')]
