# Slow-only R101, 8x8, from Kinetics-400, AVA v2.1.
_base_ = ['../../_base_/models/slowonly_r50_detection.py',
          '../../_base_/datasets/ava21_rawframe.py', '../../_base_/augments/rescale_256_boxes.py',
          '../../_base_/schedules/sgd_boxes_20e.py', '../../_base_/runtime.py']
clip = dict(type='SampleAVAFrames', clip_len=8, frame_interval=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=6, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(depth=101))
optim_wrapper = dict(optimizer=dict(lr=0.075))    # 6 clips a GPU, by the linear rule
load_from = ('https://download.openmmlab.com/mmaction/recognition/slowonly/omni/'
             'slowonly_r101_without_omni_8x8x1_kinetics400_rgb_20200926-0c730aef.pth')
published = [dict(table='mmaction2_ava_v2.1', row='Slow-only R101 8x8', mean_ap=24.6)]
