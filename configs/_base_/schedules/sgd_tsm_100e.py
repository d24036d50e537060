# The TSM recipe (own factors for biases and the classifier, tighter clipping), twice as long.
train_cfg = dict(by_epoch=True, max_epochs=100, val_begin=1, val_interval=5)
optim_wrapper = dict(
    constructor='TSMOptimWrapperConstructor',
    paramwise_cfg=dict(fc_lr5=True),
    optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=0.0001),
    clip_grad=dict(max_norm=20, norm_type=2))
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, begin=0, end=100, milestones=[40, 80],
                        gamma=0.1)]
