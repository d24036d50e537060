# TSN R50, 8 segments, optical flow, Kinetics-400, 320 pixels.
_base_ = ['../../_base_/models/tsn_r50_flow.py', '../../_base_/datasets/kinetics400_flow_320p.py',
          '../../_base_/augments/random_resized_224_ten_crop.py',
          '../../_base_/schedules/sgd_110e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=5, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=12, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.001875))
zoo = [dict(row=148, section='Kinetics-400', resolution='short-side 320', gpus='8x4', top1=57.76,
            top5=80.99, memory_mb=8473,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_320p_1x1x8_110e_kinetics400_flow/'
                 'tsn_r50_320p_1x1x8_110e_kinetics400_flow_20200705-1f39486b.pth')]
