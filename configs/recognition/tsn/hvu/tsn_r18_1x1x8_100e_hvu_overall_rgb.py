# HVU over all tags: the mean of what the six categories reach, each with a network of its own.
average = [f'tsn_r18_1x1x8_100e_hvu_{tags}_rgb'
           for tags in ('action', 'scene', 'object', 'event', 'concept', 'attribute')]
zoo = [dict(row=191, section='HVU', config='-', tags='Overall', resolution='short-side 256',
            backbone='ResNet18', pretrain='ImageNet', mean_ap=52.6, hatnet=(40.0, 41.3))]
