# A random size and place in training; three crops of 256 in the test.
train_augment = [dict(type='RandomRescale', scale_range=(256, 320)),
                 dict(type='RandomCrop', size=224),
                 dict(type='Flip', flip_ratio=0.5)]
val_augment = [dict(type='Resize', scale=(-1, 256)), dict(type='CenterCrop', crop_size=224)]
test_augment = [dict(type='Resize', scale=(-1, 256)),
                dict(type='ThreeCrop', crop_size=256, on_device=True)]
