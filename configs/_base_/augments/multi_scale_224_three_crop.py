# Crops of four sizes at 13 places in training; three crops of 256 in the test.
train_augment = [dict(type='Resize', scale=(-1, 256)),
                 dict(type='MultiScaleCrop', input_size=224, scales=(1, 0.875, 0.75, 0.66),
                      random_crop=False, max_wh_scale_gap=1, num_fixed_crops=13),
                 dict(type='Resize', scale=(224, 224), keep_ratio=False),
                 dict(type='Flip', flip_ratio=0.5)]
val_augment = [dict(type='Resize', scale=(-1, 256)), dict(type='CenterCrop', crop_size=224)]
test_augment = [dict(type='Resize', scale=(-1, 256)),
                dict(type='ThreeCrop', crop_size=256, on_device=True)]
