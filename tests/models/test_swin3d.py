"""Video Swin: which tokens meet, what is added to their scores, and weights of image networks."""
import itertools

import pytest
import torch
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.backbones.swin3d import PatchMerging, SwinBlock
from mmvideo.models.blocks.window_attention import (
    fit_window,
    inflate_table,
    join_windows,
    region_codes,
    relative_position_index,
    split_windows,
)
from mmvideo.registry import MODELS

SMALL = dict(type='SwinTransformer3D', window_size=(2, 4, 4), out_indices=(1,),
             arch=dict(embed_dims=16, depths=(2, 2), num_heads=(2, 4)))


def build(**changes):
    torch.manual_seed(0)
    net = MODELS.build({**SMALL, **changes})
    net.init_weights()
    return net


def randn(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def drawn(module):
    """The module with every weight far from where it starts, in double precision."""
    torch.manual_seed(0)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(0.5 * torch.randn_like(p))
    return module.double().eval()


def test_windows_hold_neighbors_and_come_back():
    x = torch.arange(2 * 4 * 6 * 4).view(2, 4, 6, 4, 1)
    windows = split_windows(x, (2, 3, 2))
    assert windows.shape == (2 * 2 * 2 * 2, 12, 1)
    assert torch.equal(windows[0, :, 0], x[0, :2, :3, :2, 0].flatten())
    assert torch.equal(windows[1, :, 0], x[0, :2, :3, 2:, 0].flatten())
    assert torch.equal(windows[2, :, 0], x[0, :2, 3:, :2, 0].flatten())
    assert torch.equal(windows[12, :, 0], x[1, 2:, :3, :2, 0].flatten())
    assert torch.equal(join_windows(windows, (2, 3, 2), (4, 6, 4)), x)


def test_each_difference_of_places_has_its_row():
    window = (2, 3, 4)
    index = relative_position_index(window)
    places = list(itertools.product(*(range(n) for n in window)))
    for i, j in itertools.product(range(len(places)), repeat=2):
        t, h, w = (a - b for a, b in zip(places[i], places[j], strict=True))
        assert index[i, j] == ((t + 1) * 5 + h + 2) * 7 + w + 3
    assert index.unique().numel() == 3 * 5 * 7


def test_the_published_window_has_its_published_table():
    net = MODELS.build(dict(SMALL, window_size=(8, 7, 7)))
    attention = net.layers[0].blocks[0].attn
    assert attention.relative_position_bias_table.shape == (15 * 13 * 13, 2)
    index = attention.relative_position_index
    assert index.shape == (392, 392)
    assert index.diagonal().unique().tolist() == [1267]
    assert [index[0, -1].item(), index[-1, 0].item(), index[0, 1].item()] == [0, 2534, 1266]


@pytest.mark.parametrize('size, shifted, window, shift', [
    ((16, 56, 56), False, (8, 7, 7), (0, 0, 0)),
    ((16, 56, 56), True, (8, 7, 7), (4, 3, 3)),
    ((8, 56, 7), True, (8, 7, 7), (0, 3, 0)),
    ((4, 8, 5), True, (4, 7, 5), (0, 3, 0)),
])
def test_windows_are_cut_to_the_clip_and_then_stay(size, shifted, window, shift):
    assert fit_window(size, (8, 7, 7), shifted) == (window, shift)


def met_by_definition(block, x, window, shift):
    """Attention where the borders of all windows are moved, and the clip cuts the outer ones.

    No token is moved and no mask is made: places meet that no border divides.
    """
    attention, (n, *size, channels) = block.attn, x.shape
    padded = [-(-s // w) * w for s, w in zip(size, window, strict=True)]
    full = x.new_zeros(n, *padded, channels)
    full[:, :size[0], :size[1], :size[2]] = block.norm1(x)
    places = torch.tensor(list(itertools.product(*(range(p) for p in padded))))
    cell = torch.div(places - torch.tensor(shift), torch.tensor(window), rounding_mode='floor')
    together = (cell[:, None] == cell).all(-1)
    steps = places[:, None] - places
    extent = torch.tensor([2 * w - 1 for w in window])
    row = ((steps + torch.tensor(window) - 1) * torch.tensor(
        [extent[1] * extent[2], extent[2], 1])).sum(-1)
    bias = attention.relative_position_bias_table[torch.where(together, row, 0)].permute(2, 0, 1)
    qkv = attention.qkv(full.flatten(1, 3)).view(n, len(places), 3, attention.num_heads, -1)
    q, k, v = qkv.permute(2, 0, 3, 1, 4)
    score = q @ k.transpose(2, 3) / q.shape[-1]**0.5 + bias
    weight = score.masked_fill(~together, float('-inf')).softmax(-1)
    out = attention.proj((weight @ v).transpose(1, 2).flatten(2)).view(full.shape)
    return out[:, :size[0], :size[1], :size[2]]


@torch.no_grad()
@pytest.mark.parametrize('shifted', [False, True])
@pytest.mark.parametrize('size', [(4, 8, 8), (5, 6, 9), (2, 9, 5)])
def test_only_tokens_of_one_region_meet(size, shifted):
    block = drawn(SwinBlock(12, 3, (2, 4, 4)))
    x = randn(2, *size, 12).double()
    window, shift = fit_window(size, (2, 4, 4), shifted)
    padded = tuple(-(-n // w) * w for n, w in zip(size, window, strict=True))
    codes = region_codes(padded, window, shift, x)
    assert (codes is None) is not shifted
    found = block.attend(block.norm1(x), window, shift, padded, codes)
    torch.testing.assert_close(found, met_by_definition(block, x, window, shift),
                               rtol=0, atol=1e-10)


@torch.no_grad()
def test_nothing_crosses_the_end_of_the_clip():
    """The first and last rows share a window after the shift, but do not hear of each other."""
    block = drawn(SwinBlock(12, 3, (2, 4, 4)))
    plan = ((2, 4, 4), (0, 2, 2), (2, 8, 8))
    x = randn(1, 2, 8, 8, 12).double()
    changed = x.clone()
    changed[:, :, :2] += 1
    outs = [block.attend(c, *plan, region_codes((2, 8, 8), (2, 4, 4), (0, 2, 2), c))
            for c in (x, changed)]
    same = (outs[0] == outs[1]).all(-1)[0]
    assert same[:, 2:].all() and not same[:, :2].any()


@torch.no_grad()
def test_short_clips_have_the_bias_of_their_own_pairs():
    """Two of four frames: as if the window had two, with the rows of the table for these steps."""
    long = drawn(SwinBlock(12, 3, (4, 4, 4)))
    short = SwinBlock(12, 3, (2, 4, 4)).double().eval()
    state = long.state_dict()
    state['attn.relative_position_index'] = short.attn.relative_position_index
    table = state['attn.relative_position_bias_table'].view(7, 49, 3)
    state['attn.relative_position_bias_table'] = table[2:5].flatten(0, 1)
    short.load_state_dict(state)
    x = randn(1, 2, 4, 4, 12).double()
    plan = ((2, 4, 4), (0, 0, 0), (2, 4, 4), None)
    torch.testing.assert_close(long(x, *plan), short(x, *plan))


@torch.no_grad()
def test_published_networks_bias_a_smaller_window_by_the_first_rows():
    attention = SwinBlock(12, 3, (2, 3, 3)).attn
    rows = torch.arange(3 * 5 * 5, dtype=torch.float)
    attention.relative_position_bias_table.copy_(rows[:, None])
    bias = attention.position_bias(8)
    assert bias.shape == (1, 3, 8, 8)
    assert torch.equal(bias[0, 1], attention.relative_position_index[:8, :8].float())


@torch.no_grad()
def test_merging_takes_columns_after_rows_and_fills_with_zeros():
    merge = PatchMerging(1)
    merge.norm = merge.reduction = nn.Identity()
    x = torch.arange(1., 7.).view(1, 1, 2, 3, 1)
    # [[1, 2, 3], [4, 5, 6]]: (0, 0), (1, 0), (0, 1), (1, 1) of every two by two.
    assert merge(x).tolist() == [[[[[1, 4, 2, 5], [3, 6, 0, 0]]]]]
    assert merge(x[:, :, :1]).tolist() == [[[[[1, 0, 2, 0], [3, 0, 0, 0]]]]]


def image_state(net, side):
    """The entries that a Swin transformer for images has, drawn anew."""
    state = {}
    for key, value in net.state_dict().items():
        if key.endswith('table'):
            value = value.new_empty((2 * side - 1)**2, value.shape[1])
        elif key == 'patch_embed.proj.weight':
            value = value[:, :, 0]
        elif key.endswith('index'):
            value = relative_position_index((side, side))
        key = key.replace('norm1.', 'norm.') if key.startswith('norm1.') else key
        state[key] = value if key.endswith('index') else randn(*value.shape, seed=len(state))
    return state


def test_image_weights_are_inflated(tmp_path):
    state = image_state(build(), side=4)
    torch.save({'model': state}, tmp_path / 'swin.pth')
    net = build(pretrained=str(tmp_path / 'swin.pth'))
    own = net.state_dict()
    for frame in own['patch_embed.proj.weight'].unbind(2):
        torch.testing.assert_close(frame, state['patch_embed.proj.weight'] / 2)
    assert torch.equal(own['norm1.weight'], state['norm.weight'])
    name = 'layers.1.blocks.0.attn.relative_position_bias_table'
    assert torch.equal(own[name].view(3, 49, 4), state[name].expand(3, -1, -1))
    assert torch.equal(own['layers.0.downsample.reduction.weight'],
                       state['layers.0.downsample.reduction.weight'])
    index = own['layers.0.blocks.0.attn.relative_position_index']
    assert torch.equal(index, relative_position_index((2, 4, 4)))


def test_tables_of_other_windows_are_resized():
    side = torch.linspace(-1, 1, 7)
    table = (side[:, None] + 2 * side).reshape(-1, 1)
    found = inflate_table(table, (2, 6, 6)).view(3, 11, 11)
    assert torch.equal(found[0], found[2])
    # Symmetric, as what was resized, and still a slope.
    torch.testing.assert_close(found[0], -found[0].flip(0, 1))
    assert (found[0].diff(dim=0) > 0).all() and (found[0].diff(dim=1) > 0).all()
    assert inflate_table(table[:-1], (2, 6, 6)).shape == (48, 1)


def test_recomputation_changes_nothing():
    x, grads = randn(1, 3, 4, 40, 40), []
    for with_cp in (False, True):
        net = build(with_cp=with_cp, drop_path_rate=0.0).train()
        net(x).square().sum().backward()
        grads.append([p.grad for p in net.parameters()])
    for a, b in zip(*grads, strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize('stages, frozen', [
    (-1, ()), (0, ('patch_embed.',)), (1, ('patch_embed.', 'layers.0.'))])
def test_frozen_stages_do_not_learn(stages, frozen):
    net = build(frozen_stages=stages).train()
    net(randn(1, 3, 4, 32, 32)).sum().backward()
    for key, p in net.named_parameters():
        assert (p.grad is None) is key.startswith(frozen or 'nothing'), key
    assert net.layers[0].training is (stages < 1) and net.layers[1].training


def test_paths_are_dropped_more_often_from_block_to_block():
    net = build(drop_path_rate=0.3)
    rates = [getattr(block.drop_path, 'drop_prob', 0)
             for layer in net.layers for block in layer.blocks]
    assert rates == pytest.approx([0, 0.1, 0.2, 0.3])


@pytest.mark.parametrize('changes, part', [
    (dict(arch='huge'), "arch is 'tiny', 'small', 'base', 'large' or a dict with the keys"),
    (dict(arch=dict(embed_dims=16, depths=(2, 2))), 'embed_dims, depths, num_heads'),
    (dict(arch=dict(embed_dims=16, depths=(2, 2), num_heads=(2,))), '2 depths, but 1 num_heads'),
    (dict(arch=dict(embed_dims=16, depths=(2, 2), num_heads=(3, 6))), 'divided among 3 heads'),
    (dict(out_indices=(2,)), 'out_indices counts stages from 0 to 1'),
    (dict(frozen_stages=3), 'frozen_stages must be -1 (none) to 2'),
])
def test_wrong_arguments_say_what_is_expected(changes, part):
    with pytest.raises(InputError) as error:
        MODELS.build({**SMALL, **changes})
    assert part in str(error.value)
