# Square crops of two sizes at five places in training (I3D); three crops of 256 in the test.
train_augment = [dict(type='Resize', scale=(-1, 256)),
                 dict(type='MultiScaleCrop', input_size=224, scales=(1, 0.8), random_crop=False,
                      max_wh_scale_gap=0),
                 dict(type='Resize', scale=(224, 224), keep_ratio=False),
                 dict(type='Flip', flip_ratio=0.5)]
val_augment = [dict(type='Resize', scale=(-1, 256)), dict(type='CenterCrop', crop_size=224)]
test_augment = [dict(type='Resize', scale=(-1, 256)),
                dict(type='ThreeCrop', crop_size=256, on_device=True)]
