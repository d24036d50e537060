"""Names of PySlowFast, MMAction2, torchvision and timm, and what is laid out otherwise there."""
import pytest
import torch
from torch import nn

from mmvideo.converters import SOURCES, convert, entries_of, revert, source_of
from mmvideo.engine.config_file import find_config
from mmvideo.engine.run import load_config
from mmvideo.errors import InputError
from mmvideo.registry import MODELS

ATTENTION = dict(non_local=((0, 0), (0, 1), (0, 0), (0, 0)),
                 non_local_cfg=dict(mode='dot_product', sub_sample=False, use_scale=False,
                                    pool_first=(1, 2, 2), norm_cfg=dict(type='BN3d')))
PATH = dict(type='resnet3d', depth=18, base_channels=8, conv1_kernel=(1, 7, 7))
NETS = dict(
    slowfast=(dict(type='ResNet3dSlowFast', resample_rate=4, speed_ratio=4, channel_ratio=2,
                   slow_pathway=dict(PATH, lateral=True, lateral_norm=True, **ATTENTION),
                   fast_pathway=dict(PATH, base_channels=4)),
              dict(type='SlowFastHead', in_channels=96)),
    slow=(dict(type='ResNet3dSlowOnly', depth=50, base_channels=4),
          dict(type='I3DHead', in_channels=128)),
    c2d=(dict(type='C2D', depth=50, base_channels=4), dict(type='I3DHead', in_channels=128)),
    x3d=(dict(type='X3D', gamma_b=2.25, gamma_d=1), dict(type='X3DHead', in_channels=432)),
    mvit=(dict(type='MViT', spatial_size=64, temporal_size=8, arch=dict(
        embed_dims=16, num_layers=4, num_heads=1, downscale_indices=(1, 3))),
        dict(type='MViTHead', in_channels=64)),
    mvit1=(dict(type='MViT', spatial_size=64, temporal_size=8, use_abs_pos_embed=True,
                separable_pos_embed=True, rel_pos_embed=False, residual_pooling=False,
                dim_mul_in_attention=False, pool_all_queries=False, arch=dict(
                    embed_dims=16, num_layers=4, num_heads=1, downscale_indices=(1, 3))),
           dict(type='MViTHead', in_channels=64)),
    swin=(dict(type='SwinTransformer3D', window_size=(2, 4, 4), arch=dict(
        embed_dims=16, depths=(1, 2), num_heads=(1, 2)), out_indices=(1,)),
        dict(type='I3DHead', in_channels=32)),
    resnet=(dict(type='ResNet', depth=18, base_channels=8), dict(type='TSNHead', in_channels=64)),
    tsm=(dict(type='ResNetTSM', depth=18, base_channels=8),
         dict(type='TSMHead', in_channels=64)),
    r3d=(dict(type='ResNet3d', depth=18, base_channels=8, conv1_kernel=(3, 7, 7),
              with_pool1=False, with_pool2=False, temporal_strides=(1, 2, 2, 2)),
         dict(type='I3DHead', in_channels=64)),
    frames=(dict(type='TimeSformer', num_frames=2, img_size=32, patch_size=16, embed_dims=32,
                 num_heads=2, num_transformer_layers=2, attention_type='space_only'),
            dict(type='TimeSformerHead', in_channels=32)))
# A few of the names that each collection has.
NAMES = {
    ('pyslowfast', 'slowfast'): (
        's1.pathway0_stem.conv.weight', 's1.pathway1_stem.bn.running_var',
        's1_fuse.conv_f2s.weight', 's4_fuse.bn.weight', 's2.pathway0_res0.branch2.a.weight',
        's3.pathway1_res0.branch1_bn.bias', 's3.pathway0_nonlocal1.conv_theta.bias',
        's3.pathway0_nonlocal1.conv_out.bias', 's3.pathway0_nonlocal1.bn.running_mean',
        'head.projection.weight'),
    ('pyslowfast', 'slow'): ('s5.pathway0_res2.branch2.c_bn.weight',
                             's2.pathway0_res0.branch1.weight'),
    ('pyslowfast', 'c2d'): ('s5.pathway0_res2.branch2.b.weight',),
    ('pyslowfast', 'x3d'): (
        's1.pathway0_stem.conv_xy.weight', 's1.pathway0_stem.conv.weight',
        's2.pathway0_res0.branch1_bn.weight', 's4.pathway0_res0.branch2.se.fc1.weight',
        'head.conv_5.weight', 'head.conv_5_bn.bias', 'head.lin_5.weight',
        'head.projection.bias'),
    ('pyslowfast', 'mvit'): (
        'cls_token', 'patch_embed.proj.weight', 'blocks.1.attn.pool_q.weight', 'norm.weight',
        'blocks.3.attn.rel_pos_h', 'blocks.0.attn.qkv.bias', 'head.projection.weight'),
    ('mmaction', 'tsm'): ('backbone.layer1.0.conv1.conv.net.weight', 'cls_head.fc_cls.weight'),
    ('torchvision', 'resnet'): ('conv1.weight', 'bn1.running_mean', 'layer2.0.downsample.1.bias',
                                'layer4.1.bn2.weight', 'fc.weight'),
    ('torchvision', 'tsm'): ('layer1.0.conv1.weight', 'layer1.0.bn1.bias'),
    ('torchvision', 'r3d'): ('stem.0.weight', 'stem.1.running_var', 'layer1.0.conv1.0.weight',
                             'layer1.0.conv2.1.bias', 'layer2.0.downsample.0.weight', 'fc.bias'),
    ('torchvision', 'mvit1'): (
        'conv_proj.weight', 'pos_encoding.class_token', 'pos_encoding.spatial_pos',
        'pos_encoding.class_pos', 'blocks.0.attn.pool_k.pool.weight',
        'blocks.1.attn.pool_q.norm_act.0.bias', 'blocks.2.attn.project.0.weight',
        'blocks.0.project.weight', 'blocks.3.mlp.3.bias', 'norm.weight', 'head.1.weight'),
    ('torchvision', 'mvit'): ('blocks.0.attn.rel_pos_t', 'blocks.1.project.bias'),
    ('torchvision', 'swin'): (
        'patch_embed.norm.weight', 'features.0.0.attn.relative_position_bias_table',
        'features.1.reduction.weight', 'features.2.1.mlp.0.weight', 'features.2.0.norm1.bias',
        'norm.weight', 'head.weight'),
    ('timm', 'resnet'): ('layer1.0.conv2.weight',),
    ('timm', 'frames'): ('cls_token', 'blocks.1.norm1.weight', 'blocks.0.attn.qkv.weight',
                         'blocks.0.attn.proj.bias', 'blocks.1.mlp.fc2.weight', 'norm.bias',
                         'head.weight')}


def model_of(name):
    backbone, head = NETS[name]
    kind = 'Recognizer2D' if name in ('resnet', 'tsm') else 'Recognizer3D'
    torch.manual_seed(0)
    model = MODELS.build(dict(type=kind, backbone=backbone, cls_head=dict(head, num_classes=3)))
    with torch.no_grad():
        for value in [*model.parameters(), *model.buffers()]:
            if value.is_floating_point() and value.requires_grad | (value.dim() == 1):
                value.uniform_(0.1, 1)
    return model.eval()


def shapes(model):
    return {key: value.shape for key, value in model.state_dict().items()}


@pytest.mark.parametrize('source, name', NAMES)
def test_names_there_and_back(source, name):
    model = model_of(name)
    ours = model.state_dict()
    theirs = revert(entries_of(source, model), ours)
    assert set(NAMES[source, name]) <= set(theirs)
    made, report = convert(entries_of(source, model, theirs), theirs, shapes(model))
    assert report.is_complete, report.lines()
    assert made.keys() == ours.keys()
    assert all(torch.equal(made[key], ours[key]) for key in ours)


def test_every_collection_is_known():
    assert sorted(SOURCES) == ['mmaction', 'pyslowfast', 'pytorchvideo', 'timm', 'torchvision']
    assert {source for source, _ in NAMES} == set(SOURCES) - {'pytorchvideo'}
    for source, name in (('pyslowfast', 'resnet'), ('torchvision', 'x3d'), ('timm', 'slow')):
        with pytest.raises(InputError, match='no network there is like'):
            entries_of(source, model_of(name))


def test_the_collection_of_a_file_is_told():
    for source, name in (('pyslowfast', 'slow'), ('pytorchvideo', 'slow'), ('mmaction', 'tsm'),
                         ('torchvision', 'resnet'), ('torchvision', 'swin')):
        model = model_of(name)
        theirs = revert(entries_of(source, model), model.state_dict())
        assert source_of(model, theirs) == source
        assert source_of(model, {'layer9.weight': None}) is None


def test_only_recognizers_have_other_names():
    model = model_of('slow')
    del model.cls_head
    assert source_of(model, model.state_dict()) == 'mmaction'
    with pytest.raises(InputError, match='Recognizer3D is no recognizer with a classifier'):
        entries_of('pyslowfast', model)


@pytest.mark.parametrize('name, which', [('layer1.0.conv1.0.3.weight', 'r2plus1d_18'),
                                         ('features.0.0.0.weight', 's3d')])
def test_networks_that_are_not_here_are_told(name, which):
    with pytest.raises(InputError, match=f'the file is of {which}, and no network here is like'):
        entries_of('torchvision', model_of('r3d'), {name: None})


def test_rows_of_a_token_have_one_axis_there():
    model = model_of('mvit1')
    theirs = revert(entries_of('torchvision', model), model.state_dict())
    assert {name: tuple(theirs[f'pos_encoding.{name}'].shape)
            for name in ('class_token', 'class_pos', 'spatial_pos', 'temporal_pos')} == dict(
        class_token=(16,), class_pos=(16,), spatial_pos=(256, 16), temporal_pos=(4, 16))


def test_a_kernel_over_one_frame_is_a_picture_s():
    theirs = revert(entries_of('pyslowfast', model_of('c2d')), model_of('c2d').state_dict())
    assert theirs['s1.pathway0_stem.conv.weight'].shape == (4, 3, 1, 7, 7)
    assert theirs['head.projection.weight'].shape == (3, 128)


@torch.no_grad()
def test_the_bias_in_front_of_a_norm_is_taken_into_it():
    model = model_of('slowfast')
    theirs = revert(entries_of('pyslowfast', model), model.state_dict())
    place = 's3.pathway0_nonlocal1'
    bias = theirs[f'{place}.conv_out.bias'] = torch.linspace(-1, 1, 16)
    made, report = convert(entries_of('pyslowfast', model, theirs), theirs, shapes(model))
    assert report.is_complete
    out = model.backbone.slow_path.layer2[1].non_local_block.conv_out
    x = torch.randn(2, 8, 1, 2, 2)
    conv, norm = nn.Conv3d(8, 16, 1), nn.BatchNorm3d(16).eval()
    conv.load_state_dict(dict(weight=theirs[f'{place}.conv_out.weight'], bias=bias))
    norm.load_state_dict({leaf: theirs[f'{place}.bn.{leaf}'] for leaf in norm.state_dict()})
    model.load_state_dict(made)
    torch.testing.assert_close(out(x), norm(conv(x)))


def test_three_matrices_become_one():
    model = model_of('mvit')
    theirs = revert(entries_of('pyslowfast', model), model.state_dict())
    for i in range(4):
        for leaf in ('weight', 'bias'):
            parts = theirs.pop(f'blocks.{i}.attn.qkv.{leaf}').chunk(3)
            theirs.update({f'blocks.{i}.attn.{part}.{leaf}': value
                           for part, value in zip('qkv', parts, strict=True)})
    made, report = convert(entries_of('pyslowfast', model, theirs), theirs, shapes(model))
    assert report.is_complete, report.lines()
    assert all(torch.equal(made[key], value) for key, value in model.state_dict().items())


def test_attention_over_time_starts_as_that_over_places():
    backbone = {**NETS['frames'][0], 'attention_type': 'divided_space_time'}
    model = MODELS.build(dict(type='Recognizer3D', backbone=backbone, cls_head=dict(
        type='TimeSformerHead', in_channels=32, num_classes=3)))
    frames = model_of('frames')
    theirs = revert(entries_of('timm', frames), frames.state_dict())
    made, report = convert(entries_of('timm', model, theirs), theirs, shapes(model))
    assert report.is_complete, report.lines()
    layer = 'backbone.transformer_layers.layers.1.'
    for i in (0, 1):
        assert torch.equal(made[f'{layer}attentions.{i}.attn.in_proj_weight'],
                           theirs['blocks.1.attn.qkv.weight'])
    assert not made['backbone.time_embed'].any()
    assert not made[f'{layer}attentions.0.temporal_fc.weight'].any()
    with pytest.raises(InputError, match='time_embed has no counterpart'):
        revert(entries_of('timm', model), model.state_dict())


@torch.no_grad()
@pytest.mark.thirdparty
@pytest.mark.parametrize('kind', ['resnet18', 'r3d_18', 'mc3_18', 'vit'])
def test_networks_of_the_libraries_compute_the_same(kind):
    torch.manual_seed(0)
    if kind == 'vit':
        timm = pytest.importorskip('timm')
        net = timm.create_model('vit_tiny_patch16_224', num_classes=5).eval()
        backbone = dict(type='TimeSformer', num_frames=1, img_size=224, patch_size=16,
                        embed_dims=192, num_heads=3, attention_type='space_only')
        head, x, source = dict(type='TimeSformerHead', in_channels=192), (1, 3, 224, 224), 'timm'
    else:
        models = pytest.importorskip('torchvision').models
        source, is_clip = 'torchvision', kind != 'resnet18'
        net = getattr(models.video if is_clip else models, kind)(num_classes=5).eval()
        backbone = dict(type='ResNet3d', depth=18, conv1_kernel=(3, 7, 7), with_pool1=False,
                        with_pool2=False) if is_clip else dict(type='ResNet', depth=18)
        if is_clip:
            backbone.update(dict(temporal_strides=(1, 2, 2, 2)) if kind == 'r3d_18' else
                            dict(inflate=(1, 0, 0, 0)))
        head = dict(type='I3DHead' if is_clip else 'TSNHead', in_channels=512)
        x = (1, 3, 8, 64, 64) if is_clip else (1, 3, 64, 64)
    model = MODELS.build(dict(type='Recognizer2D' if len(x) == 4 and kind != 'vit' else
                              'Recognizer3D', backbone=backbone,
                              cls_head=dict(head, num_classes=5))).eval()
    state = net.state_dict()
    made, report = convert(entries_of(source, model, state), state, shapes(model))
    assert report.is_complete, report.lines()
    model.load_state_dict(made)
    imgs = torch.randn(x)
    ours = model(imgs[:, None, :, None] if kind == 'vit' else imgs[:, None], mode='tensor')
    torch.testing.assert_close(ours, net(imgs), rtol=1e-4, atol=1e-4)


TRANSFORMERS = dict(
    mvit_v1_b=('mvit_b_16x4x1_200e_kinetics400_rgb', None),
    mvit_v2_s=('mvit_v2_s_16x4x1_200e_kinetics400_rgb', None),
    swin3d_t=('tiny', 768), swin3d_s=('small', 768), swin3d_b=('base', 1024))


@torch.no_grad()
@pytest.mark.thirdparty
@pytest.mark.parametrize('name', TRANSFORMERS)
def test_transformers_over_clips_compute_the_same(name):
    video = pytest.importorskip('torchvision').models.video
    torch.manual_seed(0)
    net = getattr(video, name)().eval()
    for value in net.parameters():      # norms and tables that do something
        value.add_(torch.randn_like(value), alpha=0.02)
    which, channels = TRANSFORMERS[name]
    model = MODELS.build(load_config(find_config(which)).model if channels is None else dict(
        type='Recognizer3D', backbone=dict(type='SwinTransformer3D', arch=which),
        cls_head=dict(type='I3DHead', in_channels=channels, num_classes=400))).eval()
    state = net.state_dict()
    made, report = convert(entries_of('torchvision', model, state), state, shapes(model))
    assert report.is_complete, report.lines()
    model.load_state_dict(made)
    back = revert(entries_of('torchvision', model), model.state_dict())
    assert back.keys() == state.keys() and all(torch.equal(back[k], state[k]) for k in state)
    # Frames and places that make windows which are padded, shifted and whole.
    imgs = torch.randn(1, 3, 16, *((224, 224) if channels is None else (96, 160)))
    ours, theirs = model(imgs[:, None], mode='tensor'), net(imgs)
    error = ((ours - theirs).abs().max() / theirs.square().mean().sqrt()).item()
    print(f'{name}: {error:.2e}')
    assert error < 1e-4
