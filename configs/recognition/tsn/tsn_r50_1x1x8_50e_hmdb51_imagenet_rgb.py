# TSN R50, 8 segments, HMDB51, from ImageNet.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/hmdb51_rawframe.py',
          '../../_base_/augments/random_resized_224_val_256.py',
          '../../_base_/schedules/sgd_50e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=0.025))
zoo = [dict(row=137, section='HMDB51', gpus='8', top1=48.95, top5=80.19, memory_mb=21535,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_1x1x8_50e_hmdb51_imagenet_rgb/tsn_r50_1x1x8_50e_hmdb51_imagenet_rgb_'
                 '20201123-ce6c27ed.pth')]
