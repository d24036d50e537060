# Random area and aspect, RandAugment and a box of noise in training (MViT, arXiv:2104.11227,
# appendix); one crop of 224 in the test.
train_augment = [dict(type='Resize', scale=(-1, 256)),
                 dict(type='RandomResizedCrop'),
                 dict(type='Resize', scale=(224, 224), keep_ratio=False),
                 dict(type='Flip', flip_ratio=0.5),
                 dict(type='RandAugment', magnitude=7, num_layers=4, prob=0.5),
                 dict(type='RandomErasing', erase_prob=0.25, mode='rand',
                      fill_color=(114.75, 114.75, 114.75), fill_std=57.375)]
val_augment = test_augment = [dict(type='Resize', scale=(-1, 256)),
                              dict(type='CenterCrop', crop_size=224)]
