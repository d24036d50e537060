# X3D-S, 13 frames, every sixth one, Kinetics-400, test only.
_base_ = ['../../_base_/models/x3d.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=13, frame_interval=6, num_clips=10, test_mode=True)
three_crop = [dict(type='Resize', scale=(-1, 192)),
              dict(type='ThreeCrop', crop_size=192, on_device=True)]
train_dataloader = val_dataloader = val_evaluator = None
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *three_crop, *_base_.pack]))
model = dict(cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=192, section='Kinetics-400', resolution='short-side 320', top1_10_views=72.7,
            top1=73.2, reference_10_views=73.1, reference=73.5,
            ckpt='https://download.openmmlab.com/mmaction/recognition/x3d/facebook/'
                 'x3d_s_facebook_13x6x1_kinetics400_rgb_20201027-623825a0.pth')]
