# SlowOnly R50, 8 frames, every eighth one, Mini-Kinetics, with all of OmniSource.
_base_ = ['../../../_base_/models/slowonly_r50.py',
          '../../../_base_/datasets/mini_kinetics_video.py',
          '../../../_base_/datasets/omnisource.py',
          '../../../_base_/augments/random_resized_224_val_256.py',
          '../../../_base_/schedules/sgd_cosine_256e.py', '../../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=8, frame_interval=8, num_clips=1)
still = dict(clip, test_mode=True)
rest = [*_base_.train_augment, *_base_.pack]
videos = [*_base_.reader, clip, *_base_.decode, *rest]
images = [*_base_.image_reader, dict(type='BuildPseudoClip', clip_len=8), *rest]
train_dataloader = dict(dataset=dict(pipeline=videos))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(pretrained=None), cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(val_interval=8)
optim_wrapper = dict(optimizer=dict(lr=0.15))
omnisource = [dict(dataset=dict(_base_.web_images, pipeline=images)),
              dict(dataset=dict(_base_.instagram_videos, pipeline=videos)),
              dict(dataset=dict(_base_.uncut_videos, pipeline=videos))]
zoo = [dict(row=35, section='SlowOnly-8x8-ResNet50', resolution='short-side 320', top1=82.9,
            top5=95.8,
            ckpt='https://download.openmmlab.com/mmaction/recognition/omnisource/'
                 'slowonly_r50_8x8x1_256e_minikinetics_rgb/omnisource/'
                 'slowonly_r50_8x8x1_256e_minikinetics_omnisource_rgb_20201030-284cfd3b.pth')]
