# X3D-M, 16 frames, every fifth one, Kinetics-400, test only.
_base_ = ['../../_base_/models/x3d.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/random_resized_224.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=16, frame_interval=5, num_clips=10, test_mode=True)
train_dataloader = val_dataloader = val_evaluator = None
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=193, section='Kinetics-400', resolution='short-side 320', top1_10_views=75.0,
            top1=75.6, reference_10_views=75.1, reference=76.2,
            ckpt='https://download.openmmlab.com/mmaction/recognition/x3d/facebook/'
                 'x3d_m_facebook_16x5x1_kinetics400_rgb_20201027-3f42382a.pth')]
