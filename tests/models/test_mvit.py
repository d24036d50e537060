"""MViT: pooling, the bias by relative position, other sizes than the constructor's, the head."""
import pytest
import torch
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.backbones.mvit import MViT, plan_blocks
from mmvideo.models.blocks.pooling_attention import (
    PoolingAttention,
    PoolingBlock,
    place_codes,
    pooled_size,
    relative_index,
    resize_table,
)
from mmvideo.registry import MODELS

ARCH = dict(embed_dims=16, num_layers=4, num_heads=1, downscale_indices=(1, 3))
SMALL = dict(type='MViT', arch=ARCH, spatial_size=64, temporal_size=8)


def build(**changes):
    torch.manual_seed(0)
    net = MODELS.build({**SMALL, **changes})
    net.init_weights()
    return net.eval()


def randn(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def drawn(module):
    """The module with every weight far from where it starts, in double precision."""
    torch.manual_seed(0)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(0.5 * torch.randn_like(p))
    return module.double().eval()


@pytest.mark.parametrize('q_size, k_size, rows', [
    (3, 3, [[2, 1, 0], [3, 2, 1], [4, 3, 2]]),
    (2, 4, [[3, 2, 1, 0], [5, 4, 3, 2]]),
    (4, 2, [[2, 0], [3, 1], [4, 2], [5, 3]]),
    (1, 1, [[0]]),
])
def test_distances_count_in_steps_of_the_finer_side(q_size, k_size, rows):
    assert relative_index(q_size, k_size).tolist() == rows


def test_tables_are_resized_along_a_line():
    table = torch.tensor([[0., 5.], [1., 5.], [2., 5.]])
    assert resize_table(table, 3) is table
    expected = torch.tensor([0, 0.4, 1, 1.6, 2])
    torch.testing.assert_close(resize_table(table, 5), torch.stack([expected, expected * 0 + 5], 1))


def test_codes_name_frame_row_and_column():
    codes = place_codes((2, 2, 3), with_cls_token=True)
    assert codes.shape == (13, 7) and not codes[0].any()
    assert codes[1].tolist() == [1, 0, 1, 0, 1, 0, 0]
    assert codes[9].tolist() == [0, 1, 1, 0, 0, 0, 1]
    assert codes[-1].tolist() == [0, 1, 0, 1, 0, 0, 1]


def explicit_attention(attention, q, k, v, q_size, k_size):
    """Softmax over all scores laid out, the bias added pair by pair of places."""
    score = q @ k.transpose(2, 3) * q.shape[-1]**-0.5
    first = int(attention.with_cls_token)
    placed = q[:, :, first:].unflatten(2, q_size)
    bias = 0
    for axis, (letter, n, m) in enumerate(zip('thw', q_size, k_size, strict=True)):
        table = resize_table(getattr(attention, f'rel_pos_{letter}'), 2 * max(n, m) - 1)
        rows = table[relative_index(n, m)]
        part = (placed.movedim(2 + axis, -2)[..., None, :] * rows).sum(-1)
        part = part.movedim(-2, 2 + axis)
        shape = [*part.shape[:-1], 1, 1, 1]
        shape[5 + axis] = m
        bias = bias + part.view(shape)
    bias = bias.expand(*bias.shape[:5], *k_size).flatten(5, 7).flatten(2, 4)
    score = score.clone()
    score[:, :, first:, first:] += bias
    return score.softmax(-1) @ v


@torch.no_grad()
@pytest.mark.parametrize('with_cls_token', [True, False])
@pytest.mark.parametrize('q_size, k_size', [
    ((2, 4, 6), (2, 2, 3)), ((2, 2, 3), (2, 4, 6)), ((3, 5, 4), (3, 3, 2))])
def test_further_channels_equal_a_bias_of_every_pair(q_size, k_size, with_cls_token):
    """Sizes as in the constructor, pooled queries, and sizes that need other tables."""
    attention = drawn(PoolingAttention(8, 12, 2, (2, 4, 6), stride_kv=(1, 2, 2),
                                       with_cls_token=with_cls_token)).float()
    tokens = [torch.Size(size).numel() + with_cls_token for size in (q_size, k_size, k_size)]
    q, k, v = (randn(2, 2, n, 6, seed=i) for i, n in enumerate(tokens))
    found = attention.attend(q, k, v, q_size, k_size)
    expected = explicit_attention(attention, q, k, v, q_size, k_size)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
    plain = torch.softmax(q @ k.transpose(2, 3) * 6**-0.5, -1) @ v
    assert (found - plain).abs().max() > 0.1


@torch.no_grad()
def test_heads_share_one_pooling_and_the_class_token_is_not_pooled():
    attention = drawn(PoolingAttention(8, 12, 3, stride_kv=(1, 2, 2)))
    attention.norm_k = nn.Identity()
    x = randn(2, 1 + 2 * 5 * 4, 12).double()
    found = attention.pool(x, (2, 5, 4), attention.pool_k, attention.norm_k)
    assert found.shape == (2, 1 + 2 * 3 * 2, 3, 4)
    assert torch.equal(found[:, 0].flatten(1), x[:, 0])
    for head in range(3):
        places = x[:, 1:, 4 * head:4 * head + 4].transpose(1, 2).unflatten(2, (2, 5, 4))
        expected = attention.pool_k(places).flatten(2).transpose(1, 2)
        torch.testing.assert_close(found[:, 1:, head], expected)


@torch.no_grad()
@pytest.mark.parametrize('with_cls_token', [True, False])
def test_pooled_queries_join_the_output_but_at_the_class_token(with_cls_token):
    parts = [drawn(PoolingAttention(8, 12, 2, (2, 4, 4), stride_q=(1, 2, 2), residual_pooling=r,
                                    with_cls_token=with_cls_token)) for r in (True, False)]
    for part in parts:
        part.proj = nn.Identity()
    x = randn(1, 32 + with_cls_token, 8).double()
    (joined, size), (alone, _) = (part(x, (2, 4, 4)) for part in parts)
    assert size == (2, 2, 2)
    queries = parts[0].pool(parts[0].project(x)[0], (2, 4, 4), parts[0].pool_q, parts[0].norm_q)
    queries = queries.flatten(2)
    if with_cls_token:
        queries[:, 0] = 0
    torch.testing.assert_close(joined - alone, queries)


@torch.no_grad()
def test_the_way_around_a_stride_takes_the_maximum():
    block = PoolingBlock(1, 1, 1, stride_q=(1, 2, 2))
    x = torch.tensor([[9., *range(12), *range(20, 32)]])[..., None]
    found = block.pool_around(x, (2, 3, 4))
    assert found.flatten().tolist() == [9, 5, 7, 9, 11, 25, 27, 29, 31]
    assert pooled_size((2, 3, 4), (1, 2, 2)) == (2, 2, 2)
    assert PoolingBlock(1, 1, 1).pool_around(x, (2, 3, 4)) is x


@pytest.mark.parametrize('arch, layers, widths, heads', [
    ('tiny', 10, [96, 192, 192, 384, 384, 384, 384, 384, 768, 768], 8),
    ('small', 16, [96] + [192] * 2 + [384] * 11 + [768] * 2, 8),
    ('base', 24, [96] * 2 + [192] * 3 + [384] * 16 + [768] * 3, 8),
    ('large', 48, [144] * 2 + [288] * 6 + [576] * 36 + [1152] * 4, 16),
])
def test_scales_of_the_paper(arch, layers, widths, heads):
    plans = plan_blocks(MViT.arch[arch], 2, 2, (1, 8, 8), True)
    assert len(plans) == layers and [p['out_channels'] for p in plans] == widths
    assert plans[-1]['num_heads'] == heads
    strides = [p['stride_kv'][1] for p in plans]
    assert [strides[i] for i in (0, *MViT.arch[arch]['downscale_indices'])] == [8, 4, 2, 1]


def test_the_first_version_widens_before_a_scale():
    plans = plan_blocks(ARCH, 2, 2, (1, 8, 8), False)
    assert [(p['in_channels'], p['out_channels']) for p in plans] == [
        (16, 32), (32, 32), (32, 64), (64, 64)]
    assert [p['num_heads'] for p in plans] == [1, 2, 2, 4]


@torch.no_grad()
def test_other_sizes_resize_what_belongs_to_places(tmp_path):
    """The network for 64 pixels, used at 48, is the one for 48 that was filled from it."""
    first = build(use_abs_pos_embed=False)
    torch.save(first.state_dict(), tmp_path / 'first.pth')
    second = build(spatial_size=48, temporal_size=6, pretrained=str(tmp_path / 'first.pth'))
    assert second.blocks[0].attn.rel_pos_h.shape == (23, 16)
    assert first.blocks[0].attn.rel_pos_h.shape == (31, 16)
    x = randn(2, 3, 6, 48, 48)
    for a, b in zip(first(x), second(x), strict=True):
        torch.testing.assert_close(a, b)
    features, token = first(randn(1, 3, 5, 70, 40))
    assert features.shape == (1, 64, 3, 5, 3) and token.shape == (1, 64)


@torch.no_grad()
def test_absolute_positions_are_resized_and_the_tokens_kept():
    net = build(use_abs_pos_embed=True)
    ramp = torch.linspace(0, 1, 16)
    table = net.pos_embed[0, 1:].view(4, 16, 16, 16)
    table.copy_(ramp[:, None].expand(4, 16, 16, 16))
    assert net.positions((4, 16, 16)) is net.pos_embed
    found = net.positions((2, 8, 4))
    assert torch.equal(found[0, 0], net.pos_embed[0, 0])
    expected = torch.stack([ramp[4 * i + 1:4 * i + 3].mean() for i in range(4)])
    torch.testing.assert_close(found[0, 1:].view(2, 8, 4, 16)[1, 3, :, 5], expected)


@torch.no_grad()
def test_every_scale_gives_its_features_and_token():
    outs = build(out_scales=(0, 1, 2))(randn(1, 3, 8, 64, 64))
    assert [(tuple(f.shape), tuple(t.shape)) for f, t in outs] == [
        ((1, 16, 4, 16, 16), (1, 16)), ((1, 32, 4, 8, 8), (1, 32)), ((1, 64, 4, 4, 4), (1, 64))]
    last = build(out_scales=-1)(randn(1, 3, 8, 64, 64))
    assert torch.equal(outs[2][0], last[0]) and torch.equal(outs[2][1], last[1])


def test_the_start_of_the_tables():
    assert not build(rel_pos_zero_init=True).blocks[0].attn.rel_pos_h.any()
    assert 0.01 < build().blocks[0].attn.rel_pos_h.std() < 0.03
    assert build(rel_pos_embed=False).state_dict().keys() == {
        k for k in build().state_dict() if 'rel_pos' not in k}


def test_the_head_takes_the_last_class_token():
    head = MODELS.build(dict(type='MViTHead', num_classes=5, in_channels=4)).eval()
    head.init_weights()
    features, token = randn(2, 4, 1, 2, 2), randn(2, 4, seed=2)
    expected = head.fc_cls(token)
    assert torch.equal(head((features, token)), expected)
    assert torch.equal(head(((features, -token), (features, token))), expected)
    with pytest.raises(InputError, match='no class token'):
        head(features)


def test_the_head_averages_places_where_there_is_no_token():
    head = MODELS.build(dict(type='MViTHead', num_classes=5, in_channels=4, dropout_ratio=0,
                             with_cls_token=False))
    features, token = randn(2, 4, 1, 2, 2), randn(2, 4, seed=2)
    expected = head.fc_cls(features.mean((2, 3, 4)))
    for x in (features, (features, token), (-features, features), [(-features, token),
                                                                   (features, token)]):
        torch.testing.assert_close(head(x), expected)


def test_the_head_may_start_smaller():
    heads = []
    for scale in (1.0, 0.01):
        torch.manual_seed(0)
        head = MODELS.build(dict(type='MViTHead', num_classes=50, in_channels=40,
                                 init_scale=scale))
        head.init_weights()
        heads.append(head.fc_cls.weight)
    torch.testing.assert_close(0.01 * heads[0], heads[1])
    assert heads[0].std().item() == pytest.approx(0.02, rel=0.1)


def test_a_recognizer_learns_predicts_and_describes():
    model = MODELS.build(dict(
        type='Recognizer3D', backbone=SMALL,
        cls_head=dict(type='MViTHead', num_classes=5, in_channels=64, average_clips='prob')))
    model.init_weights()
    imgs = randn(2, 2, 3, 8, 32, 32)
    losses = model.train()(imgs, torch.tensor([1, 4]), mode='loss')
    assert losses['loss_cls'].item() == pytest.approx(1.609, abs=0.3)
    model.eval()
    model.test_cfg['max_testing_views'] = 3
    scores = [item['score'] for item in model(imgs, mode='predict')]
    assert [s.shape for s in scores] == [(5,), (5,)] and scores[0].sum().item() == pytest.approx(1)
    model.test_cfg['feature_extraction'] = True
    assert [item['feature'].shape for item in model(imgs, mode='predict')] == [(128,), (128,)]


@pytest.mark.parametrize('changes, part', [
    (dict(arch='huge'), "arch is 'tiny', 'small', 'base', 'large' or a dict with the keys"),
    (dict(arch=dict(ARCH, depth=3)), 'embed_dims, num_layers, num_heads, downscale_indices'),
    (dict(arch=dict(ARCH, num_heads=3)), '16 channels cannot be divided among 3 heads'),
    (dict(out_scales=3), 'out_scales counts scales from 0 to 2'),
    (dict(out_scales=()), 'out_scales counts scales from 0 to 2'),
    (dict(pool_kernel=(3, 2, 3)), 'pool_kernel: odd numbers'),
])
def test_wrong_arguments_say_what_is_expected(changes, part):
    with pytest.raises(InputError) as error:
        MODELS.build({**SMALL, **changes})
    assert part in str(error.value)
