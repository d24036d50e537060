# 64 pixels, crops of three sizes, flipped now and then. For small networks on a CPU.
train_augment = [dict(type='Resize', scale=(80, 80), keep_ratio=False),
                 dict(type='MultiScaleCrop', input_size=80, scales=(1, 0.9, 0.8),
                      max_wh_scale_gap=1, num_fixed_crops=13),
                 dict(type='Resize', scale=(64, 64), keep_ratio=False),
                 dict(type='Flip', flip_ratio=0.5)]
val_augment = test_augment = [dict(type='Resize', scale=(64, 64), keep_ratio=False)]
