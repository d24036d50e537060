# SlowOnly R50, 4 frames, every 16th one, Kinetics-400, 340x256 pixels, random area and aspect.
_base_ = ['../../../_base_/models/slowonly_r50.py',
          '../../../_base_/datasets/kinetics400_rawframe.py',
          '../../../_base_/augments/random_resized_224.py',
          '../../../_base_/schedules/sgd_cosine_256e.py', '../../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=4, frame_interval=16, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=16, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(backbone=dict(pretrained=None), cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(lr=0.6))
zoo = [dict(row=66, section='Kinetics-400 Data Benchmark', resolution='340x256', gpus='8x2',
            top1=71.61, top5=90.05,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowonly/data_benchmark/'
                 'slowonly_r50_randomresizedcrop_340x256_4x16x1_256e_kinetics400_rgb/'
                 'slowonly_r50_randomresizedcrop_340x256_4x16x1_256e_kinetics400_rgb_'
                 '20200803-dadca1a3.pth')]
