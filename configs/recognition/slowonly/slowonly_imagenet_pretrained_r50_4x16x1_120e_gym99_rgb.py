# SlowOnly R50, 4 frames, every 16th one, FineGYM 99, from ImageNet.
_base_ = ['../../_base_/models/slowonly_r50.py', '../../_base_/datasets/gym99_rawframe.py',
          '../../_base_/augments/random_resized_224.py', '../../_base_/schedules/sgd_120e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=4, frame_interval=16, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
# The published weights tell 400 classes apart; labels 0 to 98 are in use.
model = dict(cls_head=dict(num_classes=400))
zoo = [dict(row=75, section='GYM99', resolution='short-side 256', gpus='8x2', top1=79.3,
            mean_class=70.2,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/'
                 'slowonly_imagenet_pretrained_r50_4x16x1_120e_gym99_rgb/'
                 'slowonly_imagenet_pretrained_r50_4x16x1_120e_gym99_rgb_20201111-a9c34b54.pth')]
