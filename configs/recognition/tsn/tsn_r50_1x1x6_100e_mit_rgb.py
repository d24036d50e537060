# TSN R50, 6 segments, Moments in Time.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/mit_video.py',
          '../../_base_/augments/two_scale_224.py', '../../_base_/schedules/sgd_100e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=6)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.005))
zoo = [dict(row=179, section='Moments in Time', resolution='short-side 256', gpus='8x2', top1=26.84,
            top5=51.6, memory_mb=8339,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_1x1x6_100e_mit_rgb/tsn_r50_1x1x6_100e_mit_rgb_20200618-d512ab1b.pth')]
