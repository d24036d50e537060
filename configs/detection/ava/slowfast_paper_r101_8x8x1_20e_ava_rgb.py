# SlowFast R101, 8x8, from Kinetics-400, AVA v2.1: as in the paper (1812.03982, table 8).
_base_ = ['../../_base_/models/slowfast_r50_detection.py',
          '../../_base_/datasets/ava21_rawframe.py', '../../_base_/augments/rescale_256_boxes.py',
          '../../_base_/schedules/sgd_boxes_20e.py', '../../_base_/runtime.py']
clip = dict(type='SampleAVAFrames', clip_len=32, frame_interval=2)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=5, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.test_augment, *_base_.pack]))
six = (1,) * 6 + (0,) * 17       # temporal kernels in the first blocks of the long stage
model = dict(backbone=dict(
    resample_rate=4, speed_ratio=4,
    slow_pathway=dict(depth=101, inflate=(0, 0, six, 1)),
    fast_pathway=dict(depth=101, inflate=(1, 1, six, 1))))
optim_wrapper = dict(optimizer=dict(lr=0.0625))    # 5 clips a GPU, by the linear rule
published = [dict(table='slowfast_paper_ava_v2.1', row='SlowFast R101 8x8 4', mean_ap=26.1)]
