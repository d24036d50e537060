"""TimeSformer: attention that never holds its weights, and work that is left out."""
import copy
import functools

import torch

from benchmarks.timing import Row
from mmvideo.models.blocks.attention import SelfAttention
from mmvideo.registry import MODELS

WORK = 'TimeSformer divST, whole network, inference, 8 frames 224x224'
ROWS = (
    Row('timesformer', WORK, 'attention that materializes its weights, softmax(QK^T)V by matmul, '
        'in a network that computes all tokens of all layers', 'ours', 'plain', reach=1.05),
    Row('timesformer-attention', WORK, 'the same with attention that materializes its weights',
        'ours', 'plain attention'),
)
# Of the largest value.
DIFFERENCE = 1e-5


def plain_attend(query, key, value):
    """The formula (arXiv:1706.03762, equation 1): all weights are computed, held and read again."""
    weights = (query * query.shape[-1] ** -0.5) @ key.transpose(-2, -1)
    return weights.softmax(-1) @ value


def use_plain_attention(net):
    """Put the formula in the place of every attention of a network; gives how many there were."""
    places = [module for module in net.modules() if isinstance(module, SelfAttention)]
    for module in places:
        module.attend = plain_attend
    return len(places)


def compute_all(net):
    """Let a network leave nothing out; gives how many of its modules did so."""
    sparing = [module for module in net.modules() if getattr(module, 'spares', False)]
    for module in sparing:
        module.spares = False
    return len(sparing)


def build(small):
    """The published network with drawn weights, also where it starts at zero."""
    sizes = dict(img_size=32, embed_dims=48) if small else dict(img_size=224)
    net = MODELS.build(dict(type='TimeSformer', num_frames=8, patch_size=16, **sizes))
    net.init_weights()
    with torch.no_grad():
        for parameter in net.parameters():
            if not parameter.any():
                torch.nn.init.normal_(parameter, std=0.02)
    return net.eval()


def contenders(wanted, small, folder):
    ours = build(small)
    plain_attention = copy.deepcopy(ours)
    count = use_plain_attention(plain_attention)
    assert count == 24, f'12 layers have 24 attentions, {count} were exchanged'
    plain = copy.deepcopy(plain_attention)
    count = compute_all(plain)
    assert count == 13, f'the network and 12 of its parts leave work out, not {count}'
    side = ours.img_size[0]
    clip = torch.randn(1, 3, 8, side, side)
    found = {key: functools.partial(infer, net, clip) for key, net in
             (('ours', ours), ('plain attention', plain_attention), ('plain', plain))}
    check_same(found)
    return {key: found[key] for key in wanted}


@torch.inference_mode()
def infer(net, clip):
    return net(clip)


def check_same(found):
    """Raise AssertionError unless all forms give the same up to rounding."""
    results = {key: function() for key, function in found.items()}
    for key, result in results.items():
        difference = ((result - results['ours']).abs().max() / results['ours'].abs().max()).item()
        assert difference <= DIFFERENCE, f'{key} and ours differ by {difference:.1e} of the largest'
