import numpy as np
import pytest

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms import Compose

SAMPLER = dict(type='SampleFrames', clip_len=1, num_clips=4, test_mode=True)
# The middles of four parts of 40 frames.
EXPECTED = [4 * i for i in (5, 15, 25, 35)]


def run(opener, decoder, video):
    pipeline = Compose([opener, SAMPLER, decoder])
    return pipeline(dict(filename=video, start_index=0, modality='RGB'))


@pytest.mark.parametrize('opener, decoder', [
    (dict(type='PIMSInit'), dict(type='PIMSDecode')),
    (dict(type='PIMSInit', mode='efficient'), dict(type='PIMSDecode')),
    (dict(type='OpenCVInit', num_threads=1), dict(type='OpenCVDecode')),
    (dict(type='OpenCVInit', num_threads=2), dict(type='OpenCVDecode')),
    (dict(type='DecordDecode'), dict(type='DecordDecode')),
    (dict(type='PyAVDecode'), dict(type='PyAVDecode', multi_thread=True)),
    (dict(type='OpenCVDecode'), dict(type='OpenCVDecode')),
    (dict(type='PIMSDecode'), dict(type='PIMSDecode'))], ids=str)
def test_frames(opener, decoder, video):
    sample = run(opener, decoder, video)
    np.testing.assert_allclose([img[:, :40].mean() for img in sample['imgs']], EXPECTED, atol=3)
    assert 'video_reader' not in sample and sample['total_frames'] == 40


def test_a_decoder_behind_the_sampler_does_not_open(video):
    pipeline = Compose([SAMPLER, dict(type='DecordDecode')])
    with pytest.raises(InputError, match=r"pipeline\[1\] .* needs the key 'video_reader'"):
        pipeline(dict(filename=video, start_index=0, total_frames=40))


def test_arguments():
    with pytest.raises(InputError, match='num_threads must be a whole number >= 0'):
        TRANSFORMS.build(dict(type='OpenCVInit', num_threads=-1))
    with pytest.raises(InputError, match="mode must be one of 'accurate', 'efficient'"):
        TRANSFORMS.build(dict(type='PIMSInit', mode='fast'))
