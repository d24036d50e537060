# TSN R50, 8 segments, Mini-Kinetics, with images of the web.
_base_ = ['../../../_base_/models/tsn_r50.py', '../../../_base_/datasets/mini_kinetics_video.py',
          '../../../_base_/datasets/omnisource.py',
          '../../../_base_/augments/random_resized_224_val_256.py',
          '../../../_base_/schedules/sgd_100e.py', '../../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
rest = [*_base_.train_augment, *_base_.pack]
videos = [*_base_.reader, clip, *_base_.decode, *rest]
images = [*_base_.image_reader, *rest]
train_dataloader = dict(dataset=dict(pipeline=videos))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.00375))
omnisource = [dict(dataset=dict(_base_.web_images, pipeline=images))]
zoo = [dict(row=26, section='TSN-8seg-ResNet50', resolution='short-side 320', top1=78.6, top5=93.6,
            ckpt='https://download.openmmlab.com/mmaction/recognition/omnisource/'
                 'tsn_r50_1x1x8_100e_minikinetics_rgb/webimage/'
                 'tsn_r50_1x1x8_100e_minikinetics_webimage_rgb_20201030-66f5e046.pth')]
