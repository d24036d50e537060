# Random area and aspect in training, 112 pixels; three crops of 128 in the test.
train_augment = [dict(type='Resize', scale=(-1, 128)),
                 dict(type='RandomResizedCrop'),
                 dict(type='Resize', scale=(112, 112), keep_ratio=False),
                 dict(type='Flip', flip_ratio=0.5)]
val_augment = [dict(type='Resize', scale=(-1, 128)), dict(type='CenterCrop', crop_size=112)]
test_augment = [dict(type='Resize', scale=(-1, 128)),
                dict(type='ThreeCrop', crop_size=128, on_device=True)]
