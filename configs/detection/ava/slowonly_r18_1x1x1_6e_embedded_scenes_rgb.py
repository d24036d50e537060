# One frame, three stages of one block, on the embedded set of detection: what no motion tells.
_base_ = ['../../_base_/models/slowonly_r50_detection.py',
          '../../_base_/datasets/embedded_scenes.py', '../../_base_/schedules/adamw_small_6e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleAVAFrames', clip_len=1, frame_interval=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.pack]))
model = dict(
    backbone=dict(depth=18, num_stages=3, out_indices=(2,), stage_blocks=(1, 1, 1),
                  base_channels=24, conv1_kernel=(1, 5, 5), inflate=(0, 0, 0),
                  spatial_strides=(1, 2, 1), temporal_strides=(1, 1, 1), dilations=(1, 1, 1)),
    roi_head=dict(bbox_roi_extractor=dict(featmap_stride=8, output_size=4),
                  bbox_head=dict(in_channels=96, num_classes=_base_.num_classes,
                                 dropout_ratio=0.1)))
optim_wrapper = dict(optimizer=dict(lr=0.003))
