# 64 pixels, no flip: left and right mean something. For small networks on a CPU.
train_augment = [dict(type='Resize', scale=(72, 72), keep_ratio=False),
                 dict(type='RandomCrop', size=64)]
val_augment = test_augment = [dict(type='Resize', scale=(72, 72), keep_ratio=False),
                              dict(type='CenterCrop', crop_size=64)]
