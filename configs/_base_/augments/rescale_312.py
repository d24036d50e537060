# A random size and place of 312 in training; three crops of 356 in the test (X3D-L).
train_augment = [dict(type='RandomRescale', scale_range=(356, 446)),
                 dict(type='RandomCrop', size=312),
                 dict(type='Flip', flip_ratio=0.5)]
val_augment = [dict(type='Resize', scale=(-1, 356)), dict(type='CenterCrop', crop_size=312)]
test_augment = [dict(type='Resize', scale=(-1, 356)),
                dict(type='ThreeCrop', crop_size=356, on_device=True)]
