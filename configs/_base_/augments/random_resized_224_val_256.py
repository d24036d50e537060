# Random area and aspect in training; one crop of 256 to validate, three in the test.
train_augment = [dict(type='Resize', scale=(-1, 256)),
                 dict(type='RandomResizedCrop'),
                 dict(type='Resize', scale=(224, 224), keep_ratio=False),
                 dict(type='Flip', flip_ratio=0.5)]
val_augment = [dict(type='Resize', scale=(-1, 256)), dict(type='CenterCrop', crop_size=256)]
test_augment = [dict(type='Resize', scale=(-1, 256)),
                dict(type='ThreeCrop', crop_size=256, on_device=True)]
