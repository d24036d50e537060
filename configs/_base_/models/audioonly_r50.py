# The audio pathway of AVSlowFast (arXiv:2001.08740): ResNet-50 on log-mel features.
pack = [dict(type='FormatAudioShape', input_format='NCTF'),
        dict(type='Collect', keys=['audios', 'label'], meta_keys=[]),
        dict(type='ToTensor', keys=['audios', 'label'])]
model = dict(
    type='AudioRecognizer',
    backbone=dict(type='ResNetAudio', depth=50, pretrained=None, in_channels=1, norm_eval=False),
    cls_head=dict(type='AudioTSNHead', num_classes=400, in_channels=1024, dropout_ratio=0.5,
                  init_std=0.01),
    train_cfg=None,
    test_cfg=dict(average_clips='prob'))
