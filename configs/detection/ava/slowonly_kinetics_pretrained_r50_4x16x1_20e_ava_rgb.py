# Slow-only R50, 4x16, from Kinetics-400, AVA v2.1.
_base_ = ['../../_base_/models/slowonly_r50_detection.py',
          '../../_base_/datasets/ava21_rawframe.py', '../../_base_/augments/rescale_256_boxes.py',
          '../../_base_/schedules/sgd_boxes_20e.py', '../../_base_/runtime.py']
clip = dict(type='SampleAVAFrames', clip_len=4, frame_interval=16)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
load_from = ('https://download.openmmlab.com/mmaction/recognition/slowonly/slowonly_r50_4x16x1_256e_kinetics400_rgb/'
             'slowonly_r50_4x16x1_256e_kinetics400_rgb_20200704-a69556c6.pth')
published = [dict(table='mmaction2_ava_v2.1', row='Slow-only R50 4x16', mean_ap=20.1),
             dict(table='slowfast_paper_ava_v2.1', row='Slow-only R-50 4x16 -', mean_ap=19.0)]
