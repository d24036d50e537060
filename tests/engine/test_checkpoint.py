"""What of a checkpoint fits a model, and when a difference is an error."""
import pytest
import torch
import torch.nn as nn

from mmvideo.engine.checkpoint import match_state_dict
from mmvideo.errors import InputError
from mmvideo.registry import MODELS


def network(classes=8, layers=4):
    model = nn.Module()
    model.backbone = nn.Sequential(*(nn.Linear(4, 4) for _ in range(layers)))
    model.cls_head = nn.Module()
    model.cls_head.fc_cls = nn.Linear(4, classes)
    return model


def test_the_same_network_matches():
    weights = {f'module.{k}': v for k, v in network().state_dict().items()}
    kept, report = match_state_dict(network(), weights, 'a.pth', strict=True)
    assert sorted(kept) == sorted(network().state_dict())
    assert report == 'a.pth: 10 of 10 keys match'


def test_another_class_count_renews_the_head():
    kept, report = match_state_dict(network(8), network(5).state_dict(), 'a.pth')
    assert len(kept) == 8 and not any(k.startswith('cls_head') for k in kept)
    assert '8 of 10 keys match' in report
    assert 'cls_head.fc_cls.weight ((5, 4) -> (8, 4))' in report
    assert 'Re-initialized: cls_head.fc_cls.bias, cls_head.fc_cls.weight' in report
    with pytest.raises(InputError, match='The class count differs: set model.cls_head.num_classes'):
        match_state_dict(network(8), network(5).state_dict(), 'a.pth', strict=True)


def test_a_checkpoint_of_another_network_is_refused():
    other = {f'trunk.{i}.weight': torch.zeros(3) for i in range(7)}
    with pytest.raises(InputError) as caught:
        match_state_dict(network(), other, 'other.pth')
    text = str(caught.value)
    assert 'other.pth: 0 of 10 keys match' in text
    assert '10 not in the checkpoint: backbone.0.bias, backbone.0.weight' in text
    assert '7 not in the model: trunk.0.weight' in text and 'and 3 more' in text
    assert "only 0 of the 8 keys of the model's backbone match" in text


def test_half_of_the_backbone_is_the_least():
    weights = network().state_dict()
    half = {k: v for k, v in weights.items() if k[9:10] in '01'}
    assert len(match_state_dict(network(), half, 'a.pth')[0]) == 4
    del half['backbone.0.bias']
    with pytest.raises(InputError, match='only 3 of the 8'):
        match_state_dict(network(), half, 'a.pth')


def test_parts_are_found_under_the_names_of_their_kin():
    """TIN is fine-tuned from TSM, whose wrappers call ``net`` what is ``net2`` here."""
    cfg = dict(type='Recognizer2D', cls_head=dict(type='TSMHead', num_classes=2, in_channels=128))
    other, model = (MODELS.build(dict(cfg, backbone=dict(type=name, depth=18, base_channels=16)))
                    for name in ('ResNetTSM', 'ResNetTIN'))
    kept, report = match_state_dict(model, other.state_dict(), 'tsm.pth')
    renewed = set(model.state_dict()) - set(kept)
    assert renewed and all('.net1.' in key for key in renewed)
    assert 'not in the model' not in report
    key = 'backbone.layer1.0.conv1.conv.net2.weight'
    assert torch.equal(kept[key], other.state_dict()[key.replace('net2', 'net')])
