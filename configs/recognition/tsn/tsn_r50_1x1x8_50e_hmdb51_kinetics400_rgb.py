# TSN R50, 8 segments, HMDB51, from Kinetics-400.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/hmdb51_rawframe.py',
          '../../_base_/augments/random_resized_224_val_256.py',
          '../../_base_/schedules/sgd_50e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(val_interval=1)
optim_wrapper = dict(optimizer=dict(lr=0.025))
load_from = (
    'https://download.openmmlab.com/mmaction/recognition/tsn/'
    'tsn_r50_256p_1x1x8_100e_kinetics400_rgb/tsn_r50_256p_1x1x8_100e_kinetics400_rgb_'
    '20200817-883baf16.pth')
zoo = [dict(row=138, section='HMDB51', gpus='8', pretrain='Kinetics400', top1=56.08, top5=84.31,
            memory_mb=21535,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_1x1x8_50e_hmdb51_kinetics400_rgb/'
                 'tsn_r50_1x1x8_50e_hmdb51_kinetics400_rgb_20201123-7f84701b.pth')]
