# Slow-only R50, 4x16, from OmniSource, AVA v2.1.
_base_ = ['../../_base_/models/slowonly_r50_detection.py',
          '../../_base_/datasets/ava21_rawframe.py', '../../_base_/augments/rescale_256_boxes.py',
          '../../_base_/schedules/sgd_boxes_20e.py', '../../_base_/runtime.py']
clip = dict(type='SampleAVAFrames', clip_len=4, frame_interval=16)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
load_from = ('https://download.openmmlab.com/mmaction/recognition/slowonly/omni/'
             'slowonly_r50_omni_4x16x1_kinetics400_rgb_20200926-51b1f7ea.pth')
published = [dict(table='mmaction2_ava_v2.1', row='Slow-only R50 4x16, OmniSource', mean_ap=21.8)]
