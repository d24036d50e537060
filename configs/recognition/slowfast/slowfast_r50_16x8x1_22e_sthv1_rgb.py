# SlowFast R50, 16x8, Something-Something V1.
_base_ = ['../../_base_/models/slowfast_r50.py', '../../_base_/datasets/sthv1_rawframe.py',
          '../../_base_/augments/random_resized_224_val_256.py',
          '../../_base_/schedules/sgd_warmup_256e.py', '../../_base_/runtime.py']
clip = dict(type='SampleFrames', clip_len=64, frame_interval=2, num_clips=1)
still = dict(clip, test_mode=True)
train_dataloader = dict(batch_size=4, dataset=dict(pipeline=[
    *_base_.reader, clip, *_base_.decode, *_base_.train_augment[1:-1], *_base_.flip, *_base_.pack]))
val_dataloader = test_dataloader = dict(dataset=dict(pipeline=[
    *_base_.reader, still, *_base_.decode, *_base_.val_augment, *_base_.pack]))
val_evaluator = test_evaluator = dict(metric_list=['top_k_accuracy'])
model = dict(backbone=dict(resample_rate=4, speed_ratio=4, slow_pathway=dict(fusion_kernel=7)),
             cls_head=dict(num_classes=_base_.num_classes))
train_cfg = dict(max_epochs=22, val_interval=1, val_begin=18)
optim_wrapper = dict(optimizer=dict(lr=0.06, weight_decay=0.000001))
param_scheduler = [dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=510),
                   dict(type='MultiStepLR', milestones=[14, 18], gamma=0.1, by_epoch=True, begin=0,
                        end=22)]
load_from = (
    'https://download.openmmlab.com/mmaction/recognition/slowfast/'
    'slowfast_r50_8x8x1_256e_kinetics400_rgb/slowfast_r50_8x8x1_256e_kinetics400_rgb_'
    '20200716-73547d2b.pth')
zoo = [dict(row=54, section='Something-Something V1', resolution='height 100', gpus='8',
            pretrain='Kinetics400', top1=49.67, top5=79.0, memory_mb=9293,
            ckpt='https://download.openmmlab.com/mmaction/recognition/slowfast/'
                 'slowfast_r50_16x8x1_22e_sthv1_rgb/slowfast_r50_16x8x1_22e_sthv1_rgb_'
                 '20211202-aaaf9279.pth')]
