# TSN R50, 8 segments, Something-Something V2.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/sthv2_rawframe.py',
          '../../_base_/augments/five_place_224_no_flip.py', '../../_base_/schedules/sgd_50e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
three_crop = [dict(type='Resize', scale=(-1, 256)),
              dict(type='ThreeCrop', crop_size=256, on_device=True)]
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *three_crop, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes, dropout_ratio=0.5))
optim_wrapper = dict(optimizer=dict(lr=0.02))
zoo = [dict(row=177, section='Something-Something V2', resolution='height 256', gpus='8',
            top1=28.59, top5=59.56, memory_mb=10966,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_1x1x8_50e_sthv2_rgb/tsn_r50_1x1x8_50e_sthv2_rgb_20210816-1aafee8f.pth')]
