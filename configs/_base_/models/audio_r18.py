# A 2D ResNet-18 that reads log-mel features as pictures of one channel.
pack = [dict(type='FormatAudioShape', input_format='NCTF'),
        dict(type='Collect', keys=['audios', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['audios', 'label'])]
model = dict(
    type='AudioRecognizer',
    backbone=dict(type='ResNet', depth=18, in_channels=1, norm_eval=False),
    cls_head=dict(type='AudioTSNHead', num_classes=400, in_channels=512, dropout_ratio=0.5,
                  init_std=0.01),
    train_cfg=None,
    test_cfg=dict(average_clips='prob'))
