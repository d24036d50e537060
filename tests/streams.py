"""Small videos and networks for tests of streams."""
import av
import numpy as np
import torch
from mmengine.config import Config

from mmvideo.registry import MODELS

CLASSES = ['one', 'two', 'three', 'four', 'five', 'six']


def write_video(path, count=20, fps=10, size=(64, 48), codec='libx264', **options):
    """A video in which much happens: colored squares that change their place with every frame."""
    rng = np.random.default_rng(0)
    with av.open(str(path), 'w', options=options) as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = *size, 'yuv420p'
        for _ in range(count):
            small = rng.integers(0, 255, (6, 8, 3), np.uint8)
            image = small.repeat(size[1] // 6, 0).repeat(size[0] // 8, 1)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, 'rgb24')))
        container.mux(stream.encode())
    return path


def network(backbone, head, sampling, crop=None, average_clips='score'):
    """A recognizer with random weights, whose scores of two clips differ, and its config."""
    is_2d = head['type'] in ('TSMHead', 'TSNHead')
    shape = 'NCHW' if is_2d else 'NCTHW'
    crop = crop or dict(type='CenterCrop', crop_size=32)
    pipeline = [dict(type='PyAVInit'), dict(test_mode=True, **sampling), dict(type='PyAVDecode'),
                dict(type='Resize', scale=(-1, 36)), crop,
                dict(type='FormatShape', input_format=shape),
                dict(type='Collect', keys=['imgs', 'label'], meta_keys=[]),
                dict(type='ToTensor', keys=['imgs', 'label'])]
    cfg = Config(dict(
        model=dict(type='Recognizer2D' if is_2d else 'Recognizer3D', backbone=backbone,
                   cls_head=dict(num_classes=len(CLASSES), **head),
                   data_preprocessor=dict(type='ActionDataPreprocessor', mean=[128.] * 3,
                                          std=[64.] * 3, format_shape=shape),
                   test_cfg=dict(average_clips=average_clips)),
        test_dataloader=dict(dataset=dict(type='VideoDataset', ann_file='none.txt',
                                          pipeline=pipeline))))
    torch.manual_seed(1)
    model = MODELS.build(cfg.model)
    model.init_weights()
    torch.nn.init.normal_(model.cls_head.fc_cls.weight, std=0.3)
    if backbone['type'] == 'MobileNetV2TSM':       # as drawn, its features are nearly zero
        norms = [m for m in model.backbone.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        for norm in norms:
            norm.momentum = 1.
        with torch.no_grad():
            model.backbone.train()(torch.randn(2 * sampling['num_clips'], 3, 32, 32))
    model.cfg = cfg
    return model.eval()


def tsm(segments=8, kind='ResNetTSM', average_clips='score', **backbone):
    own = dict(depth=18, base_channels=8, shift_div=4) if kind == 'ResNetTSM' else \
        dict(widen_factor=0.25)
    return network(dict(type=kind, num_segments=segments, **own, **backbone),
                   dict(type='TSMHead', in_channels=64 if kind == 'ResNetTSM' else 1280,
                        num_segments=segments),
                   dict(type='SampleFrames', clip_len=1, num_clips=segments),
                   average_clips=average_clips)


def slow_only(clip_len=4, average_clips='prob', **sampling):
    sampling = dict(dict(type='SampleFrames', clip_len=clip_len, frame_interval=2, num_clips=3),
                    **sampling)
    return network(dict(type='ResNet3dSlowOnly', depth=18, base_channels=8, pretrained=None),
                   dict(type='I3DHead', in_channels=64), sampling,
                   dict(type='ThreeCrop', crop_size=36), average_clips)
