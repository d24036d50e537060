"""Samples out of archives are those of the plain folder, bit for bit."""
import pickle

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmvideo import storage
from mmvideo.apis import inference_recognizer, init_recognizer
from mmvideo.errors import InputError, MissingFileError
from mmvideo.registry import DATASETS, TRANSFORMS

MEDIA = ('stored.zip', 'deflated.zip', 'plain.tar', 'folder.lmdb', 'file.lmdb')

SAMPLED = [dict(type='SampleFrames', clip_len=2, num_clips=2)]
ENDS = [dict(type='Collect', keys=['imgs', 'label'], meta_keys=[])]


def video_steps(name):
    return [dict(type=f'{name}Init'), *SAMPLED, dict(type=f'{name}Decode'), *ENDS]


FRAMES = [*SAMPLED, dict(type='RawFrameDecode'), *ENDS]
SOUND = [dict(type='Collect', keys=['audios', 'label'], meta_keys=[])]
KINDS = {
    'pyav': dict(type='VideoDataset', kind='videos', pipeline=video_steps('PyAV')),
    'decord': dict(type='VideoDataset', kind='videos', pipeline=video_steps('Decord')),
    'tree of videos': dict(type='VideoDataset', tree='videos', pipeline=video_steps('PyAV')),
    'frames': dict(type='RawframeDataset', kind='frames', pipeline=FRAMES),
    'tree of frames': dict(type='RawframeDataset', tree='frames', pipeline=FRAMES),
    'flow': dict(type='RawframeDataset', kind='frames', pipeline=FRAMES, modality='Flow',
                 filename_tmpl='{}_{:05d}.jpg'),
    'images': dict(type='ImageDataset', kind='images', folder='frames',
                   pipeline=[dict(type='ImageDecode'), *ENDS]),
    'sounds': dict(type='AudioDataset', kind='sounds', pipeline=[
        dict(type='AudioDecodeInit'), *SAMPLED, dict(type='AudioDecode'), *SOUND]),
    'features': dict(type='AudioFeatureDataset', kind='sounds', folder='features', pipeline=[
        dict(type='LoadAudioFeature'), *SAMPLED, dict(type='AudioFeatureSelector'), *SOUND]),
    'omnisource': dict(type='RawVideoDataset', kind='omni', pipeline=video_steps('PyAV')),
    'hvu': dict(type='HVUDataset', kind='hvu', folder='videos', tag_categories=['action'],
                tag_category_nums=[2], pipeline=[
                    *video_steps('PyAV')[:-1], dict(type='LoadHVULabel'), *ENDS]),
}


def data_set(root, case):
    """A data set of ``KINDS`` whose media and list lie in ``root``, a folder or an archive."""
    case = dict(KINDS[case])
    kind, tree, folder = (case.pop(key, None) for key in ('kind', 'tree', 'folder'))
    if tree:
        return DATASETS.build(dict(case, ann_file=f'{root}/{tree}'))
    suffix = 'json' if kind == 'hvu' else 'txt'
    return DATASETS.build(dict(case, ann_file=f'{root}/{kind}.{suffix}',
                               data_prefix=f'{root}/{folder or kind}'))


def same(one, other):
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray | torch.Tensor):
        return one.dtype == other.dtype and np.array_equal(one, other)
    return one == other


@pytest.mark.parametrize('medium', MEDIA)
@pytest.mark.parametrize('kind', KINDS)
def test_samples_are_those_of_the_folder(kind, medium, plain, media):
    expected, found = data_set(plain, kind), data_set(media / medium, kind)
    assert len(found) == len(expected) == 2
    assert found.classes == expected.classes
    assert found.names == expected.names
    for one, other in zip(expected, found, strict=True):
        assert same(one, other)


def batches(dataset, num_workers, context=None):
    loader = torch.utils.data.DataLoader(dataset, num_workers=num_workers, collate_fn=list,
                                         multiprocessing_context=context)
    return [sample for batch in loader for sample in batch]


@pytest.mark.parametrize('medium', ['stored.zip', 'plain.tar', 'folder.lmdb'])
def test_forked_workers_read_the_same(medium, media):
    dataset = data_set(media / medium, 'frames')
    expected = batches(dataset, 0)      # opens what workers then inherit
    assert same(batches(dataset, 2, 'fork'), expected)
    assert same(batches(dataset, 0), expected)


@pytest.mark.slow
@pytest.mark.parametrize('medium', MEDIA)
def test_spawned_workers_read_the_same(medium, media):
    dataset = data_set(media / medium, 'frames')
    assert same(batches(dataset, 2, 'spawn'), batches(dataset, 0))


@pytest.mark.parametrize('medium', MEDIA)
def test_a_pickled_data_set_carries_no_handle(medium, media):
    dataset = data_set(media / medium, 'frames')
    size = len(pickle.dumps(dataset))
    expected = dataset[0]
    content = pickle.dumps(dataset)
    assert len(content) == size
    assert same(pickle.loads(content)[0], expected)


@pytest.mark.parametrize('medium', MEDIA)
def test_a_missing_member_is_named_with_its_archive(medium, media):
    root = f'{media}/{medium}'
    for read in (storage.read_bytes, storage.open_source):
        with pytest.raises(MissingFileError, match=f"{medium}: has no member 'frames/x.jpg'"):
            read(f'{root}/frames/x.jpg')
    with pytest.raises(MissingFileError, match="'frame/x.jpg'; its first is '.*/"):
        storage.read_bytes(f'{root}/frame/x.jpg')
    with pytest.raises(InputError, match='is an archive, expected a file in it'):
        storage.read_bytes(root)
    with pytest.raises(MissingFileError, match=f'the folder {root}/nowhere does not exist'):
        DATASETS.build(dict(type='VideoDataset', ann_file=f'{root}/videos.txt',
                            pipeline=video_steps('PyAV'), data_prefix=f'{root}/nowhere'))[0]
    dataset = data_set(root, 'frames')
    dataset.records[1]['total_frames'] = 90
    message = (rf"run it/a \(.*{medium}/frames.txt, line 2\): .*{medium}: has no member "
               r"'frames/run it/a/img_000.*jpg' \(no such frame; do start_index")
    with pytest.raises(MissingFileError, match=message):
        for epoch in range(20):
            dataset.set_epoch(epoch)
            dataset[1]
    with pytest.raises(MissingFileError, match=r'no such file \(there is no archive .*none.zip\)'):
        storage.read_bytes(f'{media}/none.zip/a.mp4')


def test_a_missing_feature_may_be_silence(media):
    load = TRANSFORMS.build(dict(type='LoadAudioFeature', allow_missing=True))
    path = f'{media}/plain.tar/features/nobody.npy'
    assert not load(dict(audio_path=path))['audios'].any()


@pytest.mark.parametrize('medium', ['data', 'stored.zip', 'plain.tar', 'folder.lmdb'])
def test_one_video_out_of_an_archive_is_recognized(medium, media):
    steps = [*video_steps('PyAV')[:-1], dict(type='Resize', scale=(32, 32), keep_ratio=False),
             dict(type='FormatShape', input_format='NCHW'), *ENDS, dict(type='ToTensor',
                                                                        keys=['imgs'])]
    model = init_recognizer(Config(dict(
        model=dict(type='Recognizer2D',
                   backbone=dict(type='ResNet', depth=18, base_channels=4, pretrained=None),
                   cls_head=dict(type='TSNHead', num_classes=2, in_channels=32)),
        test_pipeline=steps)), device='cpu')
    for inner in ('videos/jump/a.mp4', 'pictures'):
        assert len(inference_recognizer(model, f'{media}/{medium}/{inner}')) == 2
