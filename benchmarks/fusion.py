"""Networks made ready for inference (norms folded, 2D kernels channels last), against as built."""
import copy
import functools

import torch

from benchmarks.networks import check_same, infer
from benchmarks.timing import Row
from mmvideo.models.blocks.fuse import for_inference
from mmvideo.registry import MODELS

SLOW = dict(conv1_kernel=(1, 7, 7), conv1_stride_t=1, pool1_stride_t=1, inflate=(0, 0, 1, 1))
I3D = dict(conv1_kernel=(5, 7, 7), conv1_stride_t=2, pool1_stride_t=2, non_local=0,
           inflate=((1, 1, 1), (1, 0, 1, 0), (1, 0, 1, 0, 1, 0), (0, 1, 0)))
# name -> (in words, backbone, head, its channels, shape of the input, norms that fold, to reach)
NETWORKS = {
    'tsn': ('TSN R50, 25 frames 224x224', dict(type='ResNet', depth=50), 'TSNHead', 2048,
            (1, 25, 3, 224, 224), 53, 1.2),
    'tsn-8': ('TSN R50, 8 frames 224x224', dict(type='ResNet', depth=50), 'TSNHead', 2048,
              (1, 8, 3, 224, 224), 53, 0.97),
    'tsm': ('TSM R50, 2 clips of 8 frames 224x224', dict(type='ResNetTSM', depth=50), 'TSMHead',
            2048, (1, 16, 3, 224, 224), 53, 0.97),
    'tsm-mobilenet': ('TSM MobileNetV2, 2 clips of 8 frames 224x224', dict(type='MobileNetV2TSM'),
                      'TSMHead', 1280, (1, 16, 3, 224, 224), 52, 0.97),
    'tin': ('TIN R50, 8 frames 224x224', dict(type='ResNetTIN', depth=50), 'TSMHead', 2048,
            (1, 8, 3, 224, 224), 53, 0.97),
    'tanet': ('TANet R50, 8 frames 224x224', dict(type='TANet', depth=50, num_segments=8),
              'TSMHead', 2048, (1, 8, 3, 224, 224), 69, 0.97),
    'c2d': ('C2D R50, 8 frames 160x160', dict(type='C2D', depth=50), 'I3DHead', 2048,
            (1, 1, 3, 8, 160, 160), 53, 0.97),
    'csn': ('CSN R50, 32 frames 224x224',
            dict(type='ResNet3dCSN', depth=50, with_pool2=False, bottleneck_mode='ir'), 'I3DHead',
            2048, (1, 1, 3, 32, 224, 224), 53, 1.1),
    'x3d': ('X3D-S, 13 frames 160x160', dict(type='X3D', gamma_w=1, gamma_b=2.25, gamma_d=2.2),
            'X3DHead', 432, (1, 1, 3, 13, 160, 160), 84, 1.1),
    'i3d': ('I3D R50, 32 frames 128x128', dict(type='ResNet3d', depth=50, **I3D), 'I3DHead', 2048,
            (1, 1, 3, 32, 128, 128), 53, 0.97),
    'slowonly': ('SlowOnly R50, 8 frames 128x128', dict(type='ResNet3dSlowOnly', depth=50),
                 'I3DHead', 2048, (1, 1, 3, 8, 128, 128), 53, 0.97),
    'slowfast': ('SlowFast R50, 32 frames 128x128',
                 dict(type='ResNet3dSlowFast', slow_pathway=dict(
                     type='resnet3d', depth=50, lateral=True, **SLOW)),
                 'SlowFastHead', 2304, (1, 1, 3, 32, 128, 128), 106, 0.97),
    'r2plus1d': ('R(2+1)D R34, 8 frames 112x112',
                 dict(type='ResNet2Plus1d', depth=34, pretrained2d=False, conv1_kernel=(3, 7, 7),
                      conv_cfg=dict(type='Conv2plus1d'), temporal_strides=(1, 2, 2, 2)), 'I3DHead',
                 512, (1, 1, 3, 8, 112, 112), 72, 0.97),
}
ROWS = tuple(
    Row(f'{name}-fused', f'{words}, inference, norms fused'
        + (', channels_last' if len(shape) == 5 or name == 'c2d' else ''), 'as built',
        f'{name}, fused', name, reach=reach)
    for name, (words, _, _, _, shape, _, reach) in NETWORKS.items())


def contenders(wanted, small, folder):
    found = {}
    for name, (_, backbone, head, channels, shape, norms, _) in NETWORKS.items():
        if name not in wanted:
            continue
        model = MODELS.build(dict(
            type='Recognizer2D' if len(shape) == 5 else 'Recognizer3D', backbone=backbone,
            cls_head=dict(type=head, num_classes=400, in_channels=channels)))
        model.init_weights()
        x = torch.randn(*shape[:-2], 64, 64) if small else torch.randn(shape)
        with torch.no_grad():
            # Running statistics of zero and one would make fusing too easy to check.
            model.train()(x[..., :64, :64])
        fused = copy.deepcopy(model.eval())
        count = for_inference(fused)
        assert count == norms, f'{name}: {count} norms were fused, not {norms}'
        found[name] = functools.partial(infer, model, x)
        found[f'{name}, fused'] = functools.partial(infer, fused, x)
    check_same(found)
    return {key: found[key] for key in wanted}
