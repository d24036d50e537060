"""Non-local blocks against mmcv's, which form the matrix of all pairs of places."""
import functools

import torch
from mmcv.cnn import NonLocal3d

from benchmarks.timing import Row
from mmvideo.models.blocks.non_local import NonLocal

PLACES = '512 channels, 8x28x28'
MATRIX = 'the full THW x THW matrix'
ROWS = (
    Row('non-local', f'non-local block, dot product, {PLACES}, inference', MATRIX,
        'dot_product', 'dot_product, plain', reach=3),
    Row('non-local-training', f'non-local block, dot product, {PLACES}, forward and backward',
        MATRIX, 'train dot_product', 'train dot_product, plain'),
    Row('non-local-embedded-gaussian', f'non-local block, embedded Gaussian, {PLACES}, inference',
        MATRIX, 'embedded_gaussian', 'embedded_gaussian, plain'),
)


def contenders(wanted, small, folder):
    channels, places = (16, (2, 6, 6)) if small else (512, (8, 28, 28))
    x = torch.randn(1, channels, *places, requires_grad=True)
    found = {}
    for mode in ('dot_product', 'embedded_gaussian'):
        cfg = dict(mode=mode, sub_sample=False, use_scale=True, norm_cfg=dict(type='BN3d'))
        ours = NonLocal(channels, **cfg).eval()
        torch.nn.init.ones_(ours.conv_out.bn.weight)    # else the block adds nothing
        plain = NonLocal3d(channels, **cfg).eval()
        plain.load_state_dict(ours.state_dict())
        check_close(ours, plain, x)
        for key, net in ((mode, ours), (f'{mode}, plain', plain)):
            found[key] = functools.partial(infer, net, x)
            found[f'train {key}'] = functools.partial(forward_backward, net, x)
    return {key: found[key] for key in wanted}


@torch.inference_mode()
def infer(net, x):
    return net(x)


def forward_backward(net, x):
    net.zero_grad()
    x.grad = None
    net(x).square().mean().backward()
    return x.grad


def check_close(ours, plain, x):
    """Raise AssertionError unless both give the same, and the same gradient, within 1e-5."""
    for run in (infer, forward_backward):
        difference = (run(ours, x) - run(plain, x)).abs().max().item()
        assert difference <= 1e-5, f'the forms of the non-local block differ by {difference:.1e}'
