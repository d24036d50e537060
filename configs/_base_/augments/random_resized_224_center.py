# Random area and aspect in training; one crop of 224 in the test.
train_augment = [dict(type='Resize', scale=(-1, 256)),
                 dict(type='RandomResizedCrop'),
                 dict(type='Resize', scale=(224, 224), keep_ratio=False),
                 dict(type='Flip', flip_ratio=0.5)]
val_augment = test_augment = [dict(type='Resize', scale=(-1, 256)),
                              dict(type='CenterCrop', crop_size=224)]
