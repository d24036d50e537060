# ResNet-18 on sound, 64 frames, Kinetics-400.
_base_ = ['../../_base_/models/audio_r18.py', '../../_base_/datasets/kinetics400_audio_feature.py',
          '../../_base_/schedules/sgd_cosine_100e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=64, frame_interval=1, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[*_base_.reader, clip, *_base_.decode, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=194, section='Kinetics-400', gpus='8', top1=19.7, top5=35.75, n_fft=1024,
            memory_mb=1897,
            ckpt='https://download.openmmlab.com/mmaction/recognition/audio_recognition/'
                 'tsn_r18_64x1x1_100e_kinetics400_audio_feature/'
                 'tsn_r18_64x1x1_100e_kinetics400_audio_feature_20201012-bf34df6c.pth')]
