# TSN with DenseNet-161 of torchvision, 3 segments, Kinetics-400, 320 pixels.
_base_ = ['../../../_base_/models/tsn_r50.py',
          '../../../_base_/datasets/kinetics400_rawframe_320p.py',
          '../../../_base_/augments/random_resized_224_val_256.py',
          '../../../_base_/schedules/sgd_100e.py', '../../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=3)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=12, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(_delete_=True, type='torchvision.densenet161', pretrained=True),
             cls_head=dict(num_classes=_base_.num_classes, in_channels=2208))
optim_wrapper = dict(optimizer=dict(lr=0.00375))
zoo = [dict(row=155, section='Using backbones from 3rd-party in TSN', resolution='short-side 320',
            gpus='8x2', top1=72.78, top5=90.75,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/custom_backbones/'
                 'tsn_dense161_320p_1x1x3_100e_kinetics400_rgb/'
                 'tsn_dense161_320p_1x1x3_100e_kinetics400_rgb-cbe85332.pth')]
