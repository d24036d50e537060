# TSN R18, 8 segments, HVU (event).
_base_ = ['../../../_base_/models/tsn_r50.py', '../../../_base_/datasets/hvu_event_video.py',
          '../../../_base_/augments/random_resized_224_val_256.py',
          '../../../_base_/schedules/sgd_100e.py', '../../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(pretrained='torchvision://resnet18', depth=18),
             cls_head=dict(num_classes=_base_.num_classes, in_channels=512, multi_class=True,
                           loss_cls=dict(type='BCELossWithLogits', loss_weight=333.0)))
train_cfg = dict(val_interval=2)
zoo = [dict(row=188, section='HVU', resolution='short-side 256', gpus='8', mean_ap=63.7,
            hatnet=(38.5, 39.8),
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/hvu/event/'
                 'tsn_r18_1x1x8_100e_hvu_event_rgb_20201027-dea8cd71.pth')]
