# ir-CSN R50, 32 frames, every second one, frozen batch norm, Kinetics-400, from IG-65M.
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
model = dict(backbone=dict(pretrained='https://download.openmmlab.com/mmaction/recognition/csn/'
                                      'ircsn_from_scratch_r50_ig65m_20210617-ce545a37.pth',
                           depth=50, norm_eval=True, bn_frozen=True),
             cls_head=dict(num_classes=_base_.num_classes))
zoo = [dict(row=2, section='Kinetics-400', resolution='short-side 320', pretrain='IG65M', top1=79.0,
            top5=94.2,
            ckpt='https://download.openmmlab.com/mmaction/recognition/csn/vmz/'
                 'vmz_ircsn_ig65m_pretrained_r50_32x2x1_58e_kinetics400_rgb_20210617-86d33018.pth')]
