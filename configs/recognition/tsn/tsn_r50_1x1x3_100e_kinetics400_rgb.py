# TSN R50, 3 segments, Kinetics-400.
_base_ = ['../../_base_/models/tsn_r50.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/five_place_224_ten_crop.py', '../../_base_/schedules/sgd_100e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=3)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=32, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=25), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=140, section='Kinetics-400', resolution='340x256', gpus='8', top1=70.6, top5=89.26,
            videos_per_s='4.3 (25x10 frames)', memory_mb=8344,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_1x1x3_100e_kinetics400_rgb/tsn_r50_1x1x3_100e_kinetics400_rgb_'
                 '20200614-e508be42.pth'),
       dict(row=141, section='Kinetics-400', resolution='short-side 256', gpus='8', top1=70.42,
            top5=89.03, memory_mb=8343,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/'
                 'tsn_r50_256p_1x1x3_100e_kinetics400_rgb/'
                 'tsn_r50_256p_1x1x3_100e_kinetics400_rgb_20200725-22592236.pth'),
       dict(row=169, section='Kinetics-400 OmniSource Experiments', resolution='340x256',
            omnisource=False, top1=70.6, top5=89.3, weights_of=140),
       dict(row=170, section='Kinetics-400 OmniSource Experiments', resolution='340x256',
            omnisource=True, top1=73.6, top5=91.0, memory_mb=8344,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/omni/'
                 'tsn_imagenet_pretrained_r50_omni_1x1x3_kinetics400_rgb_20200926-54192355.pth'),
       dict(row=171, section='Kinetics-400 OmniSource Experiments', resolution='short-side 320',
            pretrain='IG-1B', omnisource=False, top1=73.1, top5=90.4, memory_mb=8344,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/omni/'
                 'tsn_1G1B_pretrained_r50_without_omni_1x1x3_kinetics400_rgb_'
                 '20200926-c133dd49.pth'),
       dict(row=172, section='Kinetics-400 OmniSource Experiments', resolution='short-side 320',
            pretrain='IG-1B', omnisource=True, top1=75.7, top5=91.9, memory_mb=8344,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tsn/omni/'
                 'tsn_1G1B_pretrained_r50_omni_1x1x3_kinetics400_rgb_20200926-2863fed0.pth')]
