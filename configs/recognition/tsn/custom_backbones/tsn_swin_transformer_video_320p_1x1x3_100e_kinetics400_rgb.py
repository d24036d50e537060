# TSN with Swin-B of timm, 3 segments, Kinetics-400, 320 pixels, from videos.
_base_ = ['../../../_base_/models/tsn_r50.py', '../../../_base_/datasets/kinetics400_video.py',
          '../../../_base_/augments/random_resized_224_ten_crop.py',
          '../../../_base_/schedules/sgd_100e.py', '../../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=3)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=24, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment[1:], *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(_delete_=True, type='timm.swin_base_patch4_window7_224',
                           pretrained=True),
             cls_head=dict(num_classes=_base_.num_classes, in_channels=1024))
train_cfg = dict(val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=0.0075))
zoo = [dict(row=156, section='Using backbones from 3rd-party in TSN', resolution='short-side 320',
            gpus='8', top1=77.51, top5=92.92,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/custom_backbones/'
                 'tsn_swin_transformer_video_320p_1x1x3_100e_kinetics400_rgb/'
                 'tsn_swin_transformer_video_320p_1x1x3_100e_kinetics400_rgb-805380f6.pth')]
