# TSN R101, 5 segments, Multi-Moments in Time.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/mmit_video.py',
          '../../_base_/augments/five_place_224.py', '../../_base_/schedules/sgd_tsm_50e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=5)
still = dict(clip, test_mode=True)
center_crop = [dict(type='Resize', scale=(-1, 256)), dict(type='CenterCrop', crop_size=256)]
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *center_crop, *_base_.pack]))
model = dict(backbone=dict(pretrained='torchvision://resnet101', depth=101),
             cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=0.5,
                           loss_cls=dict(type='BCELossWithLogits', loss_weight=160.0),
                           multi_class=True, label_smooth_eps=0))
zoo = [dict(row=180, section='Multi-Moments in Time', resolution='short-side 256', gpus='8x2',
            mean_ap=61.09, memory_mb=10467,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r101_1x1x5_50e_mmit_rgb/tsn_r101_1x1x5_50e_mmit_rgb_20200618-642f450d.pth')]
