# TPN on TSM R50, 8 segments, Something-Something V1.
_base_ = ['../../_base_/models/tpn_tsm_r50.py', '../../_base_/datasets/sthv1_rawframe.py',
          '../../_base_/augments/random_resized_224.py',
          '../../_base_/schedules/sgd_nesterov_150e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=1, frame_interval=1, num_clips=8)
still = dict(clip, test_mode=True)
train_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment[1:], dict(type='ColorJitter'),
    *_base_.pack]))
val_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, dict(still, twice_sample=True), *_base_.decode, *_base_.test_augment,
    *_base_.pack]))
model = dict(neck=dict(aux_head_cfg=dict(out_channels=_base_.num_classes)),
             cls_head=dict(num_classes=_base_.num_classes))
optim_wrapper = dict(optimizer=dict(weight_decay=0.0005), clip_grad=dict(max_norm=20))
zoo = [dict(row=95, section='Something-Something V1', resolution='height 100', gpus='8x6',
            pretrain='TSM', top1=51.5, top5=79.15, memory_mb=8828,
            ckpt='https://download.openmmlab.com/mmaction/recognition/tpn/'
                 'tpn_tsm_r50_1x1x8_150e_sthv1_rgb/tpn_tsm_r50_1x1x8_150e_sthv1_rgb_'
                 '20211202-c28ed83f.pth')]
