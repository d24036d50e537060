# A random size and place of 160 in training; three crops of 182 in the test (X3D-XS, S).
train_augment = [dict(type='RandomRescale', scale_range=(182, 228)),
                 dict(type='RandomCrop', size=160),
                 dict(type='Flip', flip_ratio=0.5)]
val_augment = [dict(type='Resize', scale=(-1, 182)), dict(type='CenterCrop', crop_size=160)]
test_augment = [dict(type='Resize', scale=(-1, 182)),
                dict(type='ThreeCrop', crop_size=182, on_device=True)]
