# Slow-only R50 with non-local blocks, 8x8, from Kinetics-400, AVA v2.1.
_base_ = ['../../_base_/models/slowonly_r50_detection.py',
          '../../_base_/datasets/ava21_rawframe.py', '../../_base_/augments/rescale_256_boxes.py',
          '../../_base_/schedules/sgd_boxes_10e.py', '../../_base_/runtime.py']
clip = dict(type='SampleAVAFrames', clip_len=8, frame_interval=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=6, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(
    non_local=((0, 0, 0), (1, 0, 1, 0), (1, 0, 1, 0, 1, 0), (0, 0, 0)),
    non_local_cfg=dict(sub_sample=True, use_scale=True, mode='embedded_gaussian',
                       norm_cfg=dict(type='BN3d', requires_grad=True))))
optim_wrapper = dict(optimizer=dict(lr=0.075))    # 6 clips a GPU, by the linear rule
load_from = ('https://download.openmmlab.com/mmaction/recognition/slowonly/slowonly_nl_embedded_gaussian_r50_8x8x1_150e_kinetics400_rgb/'
             'slowonly_nl_embedded_gaussian_r50_8x8x1_150e_kinetics400_rgb_20210308-e8dd9e82.pth')
published = [dict(table='mmaction2_ava_v2.1', row='Slow-only R50 + NL 8x8', mean_ap=23.79)]
