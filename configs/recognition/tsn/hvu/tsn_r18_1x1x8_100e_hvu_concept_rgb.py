# TSN R18, 8 segments, HVU (concept).
_base_ = ['../../../_base_/models/tsn_r50.py', '../../../_base_/datasets/hvu_concept_video.py',
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
zoo = [dict(row=189, section='HVU', resolution='short-side 256', gpus='8', mean_ap=47.5,
            hatnet=(26.1, 27.3),
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/hvu/concept/'
                 'tsn_r18_1x1x8_100e_hvu_concept_rgb_20201027-fc1dd8e3.pth')]
