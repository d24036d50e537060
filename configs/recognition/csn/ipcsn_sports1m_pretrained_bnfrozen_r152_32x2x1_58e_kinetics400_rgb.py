# ip-CSN R152, 32 frames, every second one, frozen batch norm, Kinetics-400, from Sports-1M.
_base_ = ['../../_base_/models/ircsn_r152.py', '../../_base_/datasets/kinetics400_rawframe.py',
          '../../_base_/augments/random_resized_224.py', '../../_base_/schedules/sgd_warmup_58e.py',
          '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=32, frame_interval=2, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=3, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment, *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, num_clips=10), *_base_.decode, *_base_.test_augment, *_base_.pack]))
model = dict(data_preprocessor=dict(mean=[110.2008, 100.63983, 95.99475],
                                    std=[58.14765, 56.46975, 55.332195]),
             backbone=dict(pretrained='https://download.openmmlab.com/mmaction/recognition/csn/'
                                      'ipcsn_from_scratch_r152_sports1m_20210617-7a7cc5b9.pth',
                           bottleneck_mode='ip', norm_eval=True, bn_frozen=True),
             cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=7, section='Kinetics-400', resolution='short-side 320', pretrain='Sports1M',
            top1=78.8, top5=93.5,
            ckpt='https://download.openmmlab.com/mmaction/recognition/csn/vmz/'
                 'vmz_ipcsn_sports1m_pretrained_r152_32x2x1_58e_kinetics400_rgb_'
                 '20210617-3367437a.pth')]
