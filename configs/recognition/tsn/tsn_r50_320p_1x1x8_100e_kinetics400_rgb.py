# TSN R50, 8 segments, Kinetics-400, 320 pixels.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/kinetics400_rawframe_320p.py',
          '../../_base_/augments/random_resized_224_val_256.py',
          '../../_base_/schedules/sgd_100e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=12, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(val_interval=2)
optim_wrapper = dict(optimizer=dict(lr=0.00375))
zoo = [dict(row=146, section='Kinetics-400', config='tsn_r50_1x1x8_100e_kinetics400_rgb',
            resolution='short-side 256', gpus='8', top1=71.8, top5=90.17, memory_mb=8343,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_256p_1x1x8_100e_kinetics400_rgb/'
                 'tsn_r50_256p_1x1x8_100e_kinetics400_rgb_20200817-883baf16.pth'),
       dict(row=147, section='Kinetics-400', resolution='short-side 320', gpus='8x3', top1=72.41,
            top5=90.55, videos_per_s='11.1 (25x3 frames)', memory_mb=8344,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_320p_1x1x8_100e_kinetics400_rgb/'
                 'tsn_r50_320p_1x1x8_100e_kinetics400_rgb_20200702-ef80e3d7.pth')]
