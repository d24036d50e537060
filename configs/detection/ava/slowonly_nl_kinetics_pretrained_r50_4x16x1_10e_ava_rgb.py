# Slow-only R50 with non-local blocks, 4x16, from Kinetics-400, AVA v2.1.
_base_ = ['../../_base_/models/slowonly_r50_detection.py',
          '../../_base_/datasets/ava21_rawframe.py', '../../_base_/augments/rescale_256_boxes.py',
          '../../_base_/schedules/sgd_boxes_10e.py', '../../_base_/runtime.py']
clip = dict(type='SampleAVAFrames', clip_len=4, frame_interval=16)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=12, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(
    non_local=((0, 0, 0), (1, 0, 1, 0), (1, 0, 1, 0, 1, 0), (0, 0, 0)),
    non_local_cfg=dict(sub_sample=True, use_scale=True, mode='embedded_gaussian',
                       norm_cfg=dict(type='BN3d', requires_grad=True))))
load_from = ('https://download.openmmlab.com/mmaction/recognition/slowonly/slowonly_nl_embedded_gaussian_r50_4x16x1_150e_kinetics400_rgb/'
             'slowonly_nl_embedded_gaussian_r50_4x16x1_150e_kinetics400_rgb_20210308-0d6e5a69.pth')
published = [dict(table='mmaction2_ava_v2.1', row='Slow-only R50 + NL 4x16', mean_ap=21.75)]
