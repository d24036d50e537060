# TSN R50, 3 segments, Kinetics-400, 340x256 pixels, crops of four sizes.
_base_ = ['../../../_base_/models/tsn_r50.py', '../../../_base_/datasets/kinetics400_rawframe.py',
          '../../../_base_/augments/five_place_224_ten_crop.py',
          '../../../_base_/schedules/sgd_100e.py', '../../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=3)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=157,
            section='Kinetics-400 Data Benchmark (8-gpus, ResNet50, ImageNet pretrain; 3 segments)',
            resolution='340x256', top1=70.6, top5=89.26, protocol='25x10 frames',
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_1x1x3_100e_kinetics400_rgb/tsn_r50_1x1x3_100e_kinetics400_rgb_'
                 '20200614-e508be42.pth'),
       dict(row=158,
            section='Kinetics-400 Data Benchmark (8-gpus, ResNet50, ImageNet pretrain; 3 segments)',
            resolution='340x256', top1=70.52, top5=89.39, protocol='25x3 frames')]
