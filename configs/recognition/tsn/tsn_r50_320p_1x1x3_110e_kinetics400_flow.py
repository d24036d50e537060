# TSN R50, 3 segments, optical flow, Kinetics-400, 320 pixels.
_base_ = ['../../_base_/models/tsn_r50_flow.py', '../../_base_/datasets/kinetics400_flow.py',
          '../../_base_/augments/random_resized_224_ten_crop.py',
          '../../_base_/schedules/sgd_110e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=5, frame_interval=1, num_clips=3)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=32, dataset=dict(
    data_prefix='data/kinetics400/rawframes_train_320p',
    pipeline=[*_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(
    data_prefix='data/kinetics400/rawframes_val_320p',
    pipeline=[*_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(
    data_prefix='data/kinetics400/rawframes_val_320p',
    pipeline=[*_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment,
              *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=144, section='Kinetics-400', resolution='short-side 320', gpus='8x2', top1=55.7,
            top5=79.85, memory_mb=8471,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_320p_1x1x3_110e_kinetics400_flow/'
                 'tsn_r50_320p_1x1x3_110e_kinetics400_flow_20200705-3036bab6.pth')]
