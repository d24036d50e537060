# TSM in MobileNetV2, 8 segments sampled densely in the test, Kinetics-400.
_base_ = ['../../_base_/models/tsm_mobilenet_v2.py',
          '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/multi_scale_224_three_crop.py',
          '../../_base_/schedules/sgd_tsm_100e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, type='DenseSampleFrames'), *_base_.decode, *_base_.val_augment,
    *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, type='DenseSampleFrames'), *_base_.decode, *_base_.test_augment,
    *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(weight_decay=0.00002))
zoo = [dict(row=112, section='Kinetics-400', resolution='short-side 320', gpus='8', top1=68.46,
            top5=88.64, memory_mb=3385,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_mobilenetv2_dense_1x1x8_100e_kinetics400_rgb/'
                 'tsm_mobilenetv2_dense_320p_1x1x8_100e_kinetics400_rgb_20210202-61135809.pth'),
       dict(row=113, section='Kinetics-400',
            config='tsm_mobilenetv2_dense_1x1x8_kinetics400_rgb_port', resolution='short-side 320',
            gpus='8', top1=69.89, top5=89.01, memory_mb=3385,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsm/'
                 'tsm_mobilenetv2_dense_1x1x8_kinetics400_rgb_port_20210922-aa5cadf6.pth')]
