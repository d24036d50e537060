"""TimeSformer: what it takes over from image networks, the order of its tokens, what it refuses."""
import pytest
import torch
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.backbones.timesformer import PatchEmbed, own_key, resize_places, resize_times
from mmvideo.models.blocks.attention import (
    FFN,
    DividedSpatialAttentionWithNorm,
    DividedTemporalAttentionWithNorm,
    FFNWithNorm,
    SelfAttention,
)
from mmvideo.registry import MODELS

C, LAYERS, HEADS, FRAMES = 32, 2, 4, 3
SIZES = dict(type='TimeSformer', num_frames=FRAMES, img_size=32, patch_size=8, embed_dims=C,
             num_heads=HEADS, num_transformer_layers=LAYERS)
TYPES = ('divided_space_time', 'joint_space_time', 'space_only')


def build(**changes):
    torch.manual_seed(0)
    net = MODELS.build({**SIZES, **changes})
    net.init_weights()
    return net.eval()


def stir(net):
    """Move every weight away from where it starts."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for p in net.parameters():
            p.add_(0.1 * torch.randn(p.shape, generator=generator))
    return net


class ImageNet(nn.Module):
    """A Vision Transformer made of torch's own layers: [N, 3, 32, 32] -> [N, C]."""

    def __init__(self):
        super().__init__()
        self.cls_token = nn.Parameter(torch.zeros(1, 1, C))
        self.pos_embed = nn.Parameter(torch.zeros(1, 17, C))
        self.projection = nn.Conv2d(3, C, 8, 8)
        self.layers = nn.ModuleList([
            nn.TransformerEncoderLayer(C, HEADS, 4 * C, 0, 'gelu', 1e-6, True, True)
            for _ in range(LAYERS)])
        self.norm = nn.LayerNorm(C, 1e-6)

    def forward(self, x):
        x = self.projection(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)[:, 0]

    def checkpoint(self, style):
        """Its weights under the names of timm, of mmpretrain, or of TimeSformer itself."""
        patch, layer, last, inner = {
            'timm': ('patch_embed.proj.', 'blocks.', 'norm.',
                     ('attn.qkv.', 'attn.proj.', 'mlp.fc1.', 'mlp.fc2.', 'norm1.', 'norm2.')),
            'mmpretrain': ('backbone.patch_embed.projection.', 'backbone.layers.', 'backbone.ln1.',
                           ('attn.qkv.', 'attn.proj.', 'ffn.layers.0.0.', 'ffn.layers.1.', 'ln1.',
                            'ln2.')),
            'own': ('patch_embed.projection.', 'transformer_layers.layers.', 'norm.',
                    ('attentions.0.attn.in_proj_', 'attentions.0.attn.out_proj.',
                     'ffns.0.layers.0.0.', 'ffns.0.layers.1.', 'norms.0.', 'norms.1.')),
        }[style]
        theirs = ('self_attn.in_proj_', 'self_attn.out_proj.', 'linear1.', 'linear2.', 'norm1.',
                  'norm2.')
        state = {'head.weight': torch.zeros(5, C)}
        for key, value in self.state_dict().items():
            if key.startswith('layers.'):
                _, index, rest = key.split('.', 2)
                name = next(a for a in theirs if rest.startswith(a))
                key = f'{layer}{index}.{inner[theirs.index(name)]}{rest[len(name):]}'
            elif key.startswith('norm.'):
                key = last + key[len('norm.'):]
            elif key.startswith('projection.'):
                key = patch + key[len('projection.'):]
            elif style == 'mmpretrain':
                key = 'backbone.' + key
            state[key] = value.clone()
        return state


@pytest.fixture(scope='module')
def image_net():
    torch.manual_seed(1)
    return stir(ImageNet()).eval()


@torch.no_grad()
@pytest.mark.parametrize('style', ['timm', 'mmpretrain', 'own'])
@pytest.mark.parametrize('attention_type', ['divided_space_time', 'space_only'])
def test_begins_as_the_image_network(image_net, tmp_path, attention_type, style):
    """On a still clip, since neither time nor the attention along it has an effect at first."""
    path = tmp_path / 'vit.pth'
    torch.save(image_net.checkpoint(style), path)
    net = build(attention_type=attention_type, pretrained=str(path))
    image = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(2))
    still = image[:, :, None].expand(-1, -1, FRAMES, -1, -1)
    torch.testing.assert_close(net(still), image_net(image), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('style', ['timm', 'mmpretrain', 'own'])
def test_attention_along_time_begins_as_that_over_space(image_net, tmp_path, style):
    path = tmp_path / 'vit.pth'
    torch.save(image_net.checkpoint(style), path)
    net = build(init_cfg=dict(type='Pretrained', checkpoint=str(path)))
    for ours, theirs in zip(net.transformer_layers.layers, image_net.layers, strict=True):
        for attention in ours.attentions:
            assert torch.equal(attention.attn.in_proj_weight, theirs.self_attn.in_proj_weight)
            assert torch.equal(attention.attn.out_proj.bias, theirs.self_attn.out_proj.bias)
            assert torch.equal(attention.norm.weight, theirs.norm1.weight)
        assert torch.equal(ours.ffns[0].norm.bias, theirs.norm2.bias)
        assert not ours.attentions[0].temporal_fc.weight.any()
    assert not net.time_embed.any()


def test_own_weights_are_not_copied_along_time(tmp_path):
    """A checkpoint of divided attention has both attentions; each keeps its own."""
    path = tmp_path / 'divided.pth'
    trained = stir(build())
    torch.save(dict(state_dict={f'backbone.{k}': v for k, v in trained.state_dict().items()}), path)
    loaded = build(pretrained=str(path))
    for key, value in trained.state_dict().items():
        assert torch.equal(loaded.state_dict()[key], value), key


def test_other_sizes_take_interpolated_tables(image_net, tmp_path):
    path = tmp_path / 'vit.pth'
    state = image_net.checkpoint('timm')
    rows, columns = torch.meshgrid(torch.arange(4.), torch.arange(4.), indexing='ij')
    state['pos_embed'][0, 1:] = (10 * rows + columns).reshape(-1, 1)
    state['time_embed'] = torch.arange(FRAMES).float().view(1, FRAMES, 1).expand(1, FRAMES, C)
    torch.save(state, path)
    net = build(pretrained=str(path), img_size=(64, 48), num_frames=2 * FRAMES)
    assert torch.equal(net.pos_embed[:, 0], state['pos_embed'][:, 0])
    table = net.pos_embed[0, 1:, 0].view(8, 6)
    # Pixel centers: cell 3 of 8 lies at 3.5 / 2 - 0.5 of 4, cell 2 of 6 at 2.5 / 1.5 - 0.5. The
    # cubic with a = -0.75 does not keep a plane to the digit.
    assert table[3, 2].item() == pytest.approx(10 * 1.25 + 1.1667, abs=0.6)
    assert (table.diff(dim=0) > 2).all() and (table.diff(dim=1) > 0.2).all()
    assert net.time_embed[0, :, 0].tolist() == [0, 0.25, 0.75, 1.25, 1.75, 2]
    assert net(torch.zeros(1, 3, 2 * FRAMES, 64, 48)).shape == (1, C)


def test_tables_that_fit_stay():
    table = torch.randn(1, 17, 2)
    assert resize_places(table, (4, 4)) is table
    assert resize_places(table, (2, 8)) is table
    assert resize_times(table, 17) is table
    odd = torch.randn(1, 12, 2)
    assert resize_places(odd, (4, 4)) is odd


@pytest.mark.parametrize('key, own', [
    ('patch_embed.proj.weight', 'patch_embed.projection.weight'),
    ('blocks.11.norm1.bias', 'transformer_layers.layers.11.norms.0.bias'),
    ('blocks.0.attn.qkv.bias', 'transformer_layers.layers.0.attentions.0.attn.in_proj_bias'),
    ('layers.3.ffn.layers.0.0.weight', 'transformer_layers.layers.3.ffns.0.layers.0.0.weight'),
    ('layers.3.ln2.weight', 'transformer_layers.layers.3.norms.1.weight'),
    ('ln1.weight', 'norm.weight'),
    ('norm1.weight', 'norm.weight'),
    ('norm.weight', 'norm.weight'),
    ('transformer_layers.layers.3.ffns.0.norm.bias',
     'transformer_layers.layers.3.ffns.0.norm.bias'),
])
def test_names_of_vision_transformers(key, own):
    assert own_key(key) == own


@torch.no_grad()
def test_patches_come_place_by_place():
    embed = PatchEmbed(3, C, 8)
    clip = torch.randn(2, 3, FRAMES, 16, 24)
    by_place, by_frame = embed(clip), embed(clip, frame_by_frame=True)
    assert by_place.shape == (2, 6, FRAMES, C) and by_frame.shape == (2, FRAMES, 6, C)
    for t in range(FRAMES):
        expected = embed.projection(clip[:, :, t]).flatten(2).transpose(1, 2)
        torch.testing.assert_close(by_place[:, :, t], expected)
        torch.testing.assert_close(by_frame[:, t], expected)


@torch.no_grad()
def test_tokens_carry_the_tables_of_their_place_and_time():
    net = stir(build())
    tokens = net.embed(torch.zeros(1, 3, FRAMES, 32, 32))
    empty = net.patch_embed.projection.bias
    torch.testing.assert_close(tokens[:, 0], net.cls_token[:, 0] + net.pos_embed[:, 0])
    # After the class token: place 0 at times 0, 1, 2, then place 1.
    for place, time in ((0, 0), (0, 2), (5, 1), (15, 2)):
        torch.testing.assert_close(
            tokens[0, 1 + place * FRAMES + time],
            empty + net.pos_embed[0, 1 + place] + net.time_embed[0, time])


@torch.no_grad()
@pytest.mark.parametrize('kind, seen', [
    # Token 1 + 2 * FRAMES + 1 is place 2 at time 1: who notices that it changes?
    (DividedTemporalAttentionWithNorm, {1 + 2 * FRAMES + t for t in range(FRAMES)}),
    (DividedSpatialAttentionWithNorm, {0, *(1 + p * FRAMES + 1 for p in range(4))}),
])
def test_divided_attention_sees_its_axis_only(kind, seen):
    torch.manual_seed(0)
    attention = stir(kind(C, HEADS, FRAMES)).eval()
    x = torch.randn(1, 1 + 4 * FRAMES, C)
    other = x.clone()
    other[0, 1 + 2 * FRAMES + 1] += torch.randn(C)
    changed = (attention(x) - attention(other)).abs().amax(2)[0] > 1e-6
    assert set(changed.nonzero().flatten().tolist()) == seen


@torch.no_grad()
def test_joint_attention_sees_all_and_space_only_forgets_the_order():
    clip = torch.randn(1, 3, FRAMES, 32, 32)
    turned = clip.flip(2)
    space = stir(build(attention_type='space_only'))
    torch.testing.assert_close(space(clip), space(turned), rtol=1e-4, atol=1e-5)
    for attention_type in TYPES[:2]:
        net = stir(build(attention_type=attention_type))
        assert (net(clip) - net(turned)).abs().max() > 1e-3


@pytest.mark.parametrize('attention_type', TYPES)
def test_spared_work_changes_nothing(attention_type):
    net = stir(build(attention_type=attention_type)).double()
    clip = torch.randn(2, 3, FRAMES, 32, 32, dtype=torch.double)
    found = []
    for spares in (True, False):
        for module in net.modules():
            if hasattr(module, 'spares'):
                module.spares = spares
        net.zero_grad()
        out = net(clip)
        out.square().sum().backward()
        found.append([out, *(p.grad for p in net.parameters())])
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b)


@torch.no_grad()
@pytest.mark.parametrize('drops', [dict(dropout_layer=dict(type='DropPath', drop_prob=0.5)),
                                   dict(proj_drop=0.5, dropout_layer=None),
                                   dict(dropout_layer=dict(type='Dropout', drop_prob=0.5))])
def test_dropping_agrees_with_the_two_linear_layers(drops):
    """The same draws with and without the product of the weights."""
    attention = stir(DividedTemporalAttentionWithNorm(C, HEADS, FRAMES, **drops)).train()
    x = torch.randn(2, 1 + 16 * FRAMES, C)
    outs = []
    for attention.spares in (True, False):
        torch.manual_seed(7)
        outs.append(attention(x))
    torch.testing.assert_close(*outs, rtol=1e-4, atol=1e-5)
    assert (outs[0] - attention.eval()(x)).abs().max() > 1e-3


@torch.no_grad()
def test_attention_is_that_of_torch():
    torch.manual_seed(0)
    ours, theirs = SelfAttention(C, HEADS), nn.MultiheadAttention(C, HEADS, batch_first=True)
    theirs.load_state_dict(stir(ours).state_dict())
    x = torch.randn(2, 5, C)
    expected = theirs(x, x, x)[0]
    torch.testing.assert_close(ours(x), expected)
    torch.testing.assert_close(ours(x, 2), expected[:, :2])


def test_paths_are_dropped_more_often_in_later_layers():
    net = build(num_transformer_layers=3)
    found = [[m.drop_prob for m in layer.modules() if type(m).__name__ == 'DropPath']
             for layer in net.transformer_layers.layers]
    assert found == [pytest.approx([p] * 3) for p in (0, 0.05, 0.1)]


@torch.no_grad()
def test_layers_in_config_notation():
    """The published layers, spelled out in mmcv's notation, compute the same."""
    norm = dict(type='LN', eps=1e-6)
    attentions = [dict(type=f'Divided{kind}AttentionWithNorm', embed_dims=C, num_heads=HEADS,
                       num_frames=FRAMES, norm_cfg=norm) for kind in ('Temporal', 'Spatial')]
    layer = dict(type='BaseTransformerLayer', attn_cfgs=attentions,
                 ffn_cfgs=dict(type='FFNWithNorm', embed_dims=C, feedforward_channels=4 * C,
                               num_fcs=2, act_cfg=dict(type='GELU'), norm_cfg=norm,
                               dropout_layer=dict(type='DropPath', drop_prob=0.1)),
                 operation_order=('self_attn', 'self_attn', 'ffn'), norm_cfg=norm,
                 batch_first=True)
    ours = stir(build())
    spelled = build(transformer_layers=dict(type='TransformerLayerSequence', num_layers=LAYERS,
                                            transformerlayers=layer))
    assert list(spelled.state_dict()) == list(ours.state_dict())
    spelled.load_state_dict(ours.state_dict())
    clip = torch.randn(2, 3, FRAMES, 32, 32)
    torch.testing.assert_close(spelled(clip), ours(clip))


@torch.no_grad()
def test_feedforward_branch():
    torch.manual_seed(0)
    ffn = FFNWithNorm(4, 8, norm_cfg=dict(type='LN'))
    x, other = torch.randn(1, 3, 4), torch.randn(1, 3, 4)
    first, last = ffn.layers[0][0], ffn.layers[1]
    torch.testing.assert_close(ffn(x), x + last(first(ffn.norm(x)).relu()))
    plain = FFN(4, 8)
    plain.load_state_dict({k: v for k, v in ffn.state_dict().items() if 'norm' not in k})
    torch.testing.assert_close(plain(x, other), other + last(first(x).relu()))
    plain.add_identity = False
    torch.testing.assert_close(plain(x), last(first(x).relu()))


@pytest.mark.parametrize('changes, part', [
    (dict(attention_type='space_time'), 'attention_type must be one of divided_space_time, '),
    (dict(img_size=36), 'img_size = 36 does not divide into patches of patch_size = 8'),
    (dict(img_size=(32, 20)), 'img_size = (32, 20) does not divide'),
    (dict(num_frames=0), 'num_frames and num_transformer_layers must be at least 1, not 0 and 2'),
    (dict(num_heads=5), 'embed_dims = 32 does not divide into num_heads = 5'),
])
def test_wrong_arguments_say_what_is_expected(changes, part):
    with pytest.raises(InputError) as error:
        build(**changes)
    assert part in str(error.value)


@pytest.mark.parametrize('shape', [(1, 3, 4, 32, 32), (1, 3, 3, 40, 32), (1, 3, 3, 32, 24)])
@pytest.mark.parametrize('attention_type', TYPES)
def test_wrong_clips_say_what_is_expected(attention_type, shape):
    with pytest.raises(InputError) as error:
        build(attention_type=attention_type)(torch.zeros(shape))
    assert 'num_frames = 3 frames of img_size = 32 x 32' in str(error.value)
    assert f'has {shape[2]} of {shape[3]} x {shape[4]}' in str(error.value)


@pytest.mark.parametrize('kind', [DividedTemporalAttentionWithNorm,
                                  DividedSpatialAttentionWithNorm])
def test_batch_comes_first(kind):
    with pytest.raises(InputError, match='batch_first must be True'):
        kind(C, HEADS, FRAMES, batch_first=False)


def test_head_classifies_the_token():
    head = MODELS.build(dict(type='TimeSformerHead', num_classes=5, in_channels=C))
    torch.manual_seed(0)
    head.init_weights()
    assert 0.01 < head.fc_cls.weight.std() < 0.03 and isinstance(head.dropout, nn.Identity)
    token = torch.randn(2, C)
    assert torch.equal(head(token, num_segs=2), head.fc_cls(token))
    with pytest.raises(InputError, match='in_channels is 32'):
        head(torch.randn(2, C + 1))
