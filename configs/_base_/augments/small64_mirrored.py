# 64 pixels, mirrored both ways, and the labels of the embedded data set with them: what slides left
# slides right then, and what turns clockwise turns the other way. For networks that need more
# clips to see how shapes turn than there are.
train_augment = [dict(type='Resize', scale=(72, 72), keep_ratio=False),
                 dict(type='RandomCrop', size=64),
                 dict(type='Flip', flip_ratio=0.5,
                      flip_label_map={0: 2, 1: 3, 2: 0, 3: 1, 4: 5, 5: 4}),
                 dict(type='Flip', flip_ratio=0.5, direction='vertical',
                      flip_label_map={4: 5, 5: 4})]
val_augment = test_augment = [dict(type='Resize', scale=(72, 72), keep_ratio=False),
                              dict(type='CenterCrop', crop_size=64)]
