# Short side 256 to 320, crop 256; testing on whole frames with short side 256. Boxes follow.
train_augment = [dict(type='RandomRescale', scale_range=(256, 320)),
                 dict(type='RandomCrop', size=256), dict(type='Flip', flip_ratio=0.5)]
val_augment = test_augment = [dict(type='Resize', scale=(-1, 256))]
