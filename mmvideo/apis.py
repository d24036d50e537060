"""Load a recognizer and ask it about one video."""
import io
import os
import os.path as osp
import re

import numpy as np
import torch
from mmengine.config import Config
from torch.utils.data import default_collate

from mmvideo import storage
from mmvideo.errors import InputError, MissingFileError

__all__ = ['inference_recognizer', 'init_recognizer']

READERS = ('DecordInit', 'PyAVInit', 'OpenCVInit', 'PIMSInit', 'TorchCodecInit')
DECODERS = ('DecordDecode', 'PyAVDecode', 'OpenCVDecode', 'PIMSDecode', 'TorchCodecDecode',
            'RawFrameDecode', 'ArrayDecode')
FRAME = re.compile(r'^(?P<head>.*?)(?P<number>\d+)(?P<tail>\.(?:jpe?g|png))$', re.IGNORECASE)


def init_recognizer(config, checkpoint=None, device=None):
    """Build a recognizer in eval mode.

    Args:
        config: path of a config file, or a loaded config; either may be of MMAction2 0.x. Initial
            weights that it names for training (``pretrained``) are not fetched.
        checkpoint: file with the weights; without one they are random.
        device: for example ``'cuda:0'``; by default the first GPU, else the CPU.

    Returns:
        the model, with the config as ``model.cfg``.

    Raises:
        InputError: the config is wrong, the checkpoint is not this network's, or there is no such
            device.
    """
    from mmvideo.checkpoint_file import read_checkpoint
    from mmvideo.engine.check import check_config
    from mmvideo.engine.checkpoint import match_state_dict
    from mmvideo.engine.old_config import is_old, translate
    from mmvideo.engine.run import load_config
    from mmvideo.registry import MODELS
    if isinstance(config, (str, os.PathLike)):
        config = load_config(str(config))
    elif not isinstance(config, Config):
        raise InputError(f'config: expected a path or a Config, got {type(config).__name__}')
    elif is_old(config):
        config, _ = translate(config)
    check_config(config)
    device = _device(device)
    model = MODELS.build(config.model)
    if checkpoint is not None:
        weights = read_checkpoint(checkpoint)
        if not isinstance(weights, dict):
            raise InputError(f'{checkpoint} holds a {type(weights).__name__}, expected a dict of '
                             'tensors')
        weights = weights.get('state_dict', weights)
        kept, _ = match_state_dict(model, weights, str(checkpoint), strict=True)
        model.load_state_dict(kept, strict=False)
    model.cfg = config
    return model.to(device).eval()


def _device(name):
    try:
        device = torch.device(name or ('cuda:0' if torch.cuda.is_available() else 'cpu'))
    except (RuntimeError, TypeError) as error:
        raise InputError(f"device {name!r}: expected a name such as 'cpu' or 'cuda:0'") from error
    if device.type == 'cuda' and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f'device {name!r}: {torch.cuda.device_count()} GPUs are here')
    return device


def inference_recognizer(model, video, classes=None):
    """Recognize one video.

    The test pipeline of the model's config runs, with its reading steps exchanged for what fits
    the input, so a file gives the scores that ``tools/test.py`` gives.

    Args:
        model: from :func:`init_recognizer`.
        video: a video file, a folder of frames (``img_00001.jpg``, ...), an array
            [T, H, W, 3] of uint8 RGB, or an audio feature file ``.npy`` [frames, bins] with one
            row a frame of the video, as ``tools/data/build_embedded.py`` writes.
        classes: list of class names; by default those of the config's ``classes``, a file or the
            name of a label map, if they are there.

    Returns:
        list: the five best (label, score), best first; label is a name if names are known, else
        the class index.

    Raises:
        MissingFileError: there is no such video.
        InputError: it cannot be decoded, does not fit the model, or the names do not.
    """
    from mmvideo.engine.labels import read_classes
    from mmvideo.labels import LABEL_MAPS
    from mmvideo.transforms import Compose
    source = model.cfg.get('classes')
    if classes is None and source and (source in LABEL_MAPS or osp.isfile(source)):
        classes = read_classes(source)
    count = getattr(model.cls_head, 'num_classes', None)
    if count is None:
        raise InputError("the model has no classes to score; the config needs a 'cls_head'")
    if classes is not None and len(classes) != count:
        raise InputError(f'{len(classes)} class names, but the model scores {count} classes '
                         '(model.cls_head.num_classes)')
    dataset = test_dataset_of(model.cfg)
    record, reading = _record_of(video)
    if record['modality'] == 'Audio':
        record['start_index'] = dataset.get('start_index', 1)     # as AudioFeatureDataset has it
    pipeline = Compose(_pipeline_for(list(dataset['pipeline']), reading))
    batch = default_collate([pipeline(record)])
    with torch.no_grad():
        result = model.test_step(batch)[0]
    scores = result['score'].float().cpu().numpy()
    scores = scores.mean(axis=0) if scores.ndim == 2 else scores
    best = np.argsort(-scores, kind='stable')[:5]
    return [(classes[i] if classes else int(i), float(scores[i])) for i in best]


def test_dataset_of(cfg):
    """The config of the data set that is tested on; its files are not looked at."""
    for place in ('test_dataloader', 'val_dataloader'):
        if cfg.get(place) and cfg[place].dataset.get('pipeline'):
            return cfg[place].dataset
    if cfg.get('test_pipeline'):
        return dict(pipeline=cfg.test_pipeline)
    raise InputError('the config has no test_dataloader.dataset.pipeline (nor test_pipeline)')


def _record_of(video):
    """The record a data set would give for this input, and the steps that read it."""
    base = dict(label=-1, start_index=0, modality='RGB', rng=np.random.default_rng(0))
    if isinstance(video, np.ndarray):
        if video.ndim != 4 or video.shape[-1] != 3 or video.dtype != np.uint8 or not video.size:
            raise InputError('array: expected [T, H, W, 3] of uint8, got '
                             f'{list(video.shape)} of {video.dtype}')
        return dict(base, array=video, total_frames=len(video)), ([], 'ArrayDecode')
    if not isinstance(video, (str, os.PathLike)):
        raise InputError('video: expected a path or a numpy array [T, H, W, 3] of uint8, got '
                         f'{type(video).__name__}')
    path = os.fspath(video)
    if storage.isdir(path):
        _, _, names = next(storage.walk(path))
        found = sorted((int(m['number']), f, m) for f in names if (m := FRAME.match(f)))
        if not found:
            raise InputError(f'{path} holds no frames; expected names like img_00001.jpg')
        first, _, m = found[0]
        head = m['head'].replace('{', '{{').replace('}', '}}')
        template = f"{head}{{:0{len(m['number'])}}}{m['tail']}"
        if [n for n, _, _ in found] != list(range(first, first + len(found))):
            raise InputError(f'{path}: frames are missing between {found[0][1]} and '
                             f'{found[-1][1]}, or names of several kinds are mixed')
        return dict(base, frame_dir=path, total_frames=len(found), filename_tmpl=template,
                    start_index=first), ([], 'RawFrameDecode')
    if not storage.isfile(path):
        raise MissingFileError(f'video {path} does not exist')
    if path.endswith('.npy'):
        try:
            shape = np.load(io.BytesIO(storage.read_bytes(path))).shape
        except (ValueError, EOFError) as error:
            raise InputError(f'{path}: is no array in .npy format ({error})') from error
        if len(shape) != 2 or not shape[0]:
            raise InputError(f'{path}: expected an array [frames, bins], got {list(shape)}')
        return dict(base, audio_path=path, total_frames=shape[0], modality='Audio'), None
    return dict(base, filename=path), (['PyAVInit'], 'PyAVDecode')


def _pipeline_for(steps, reading):
    """Exchange the reading steps; the config's own are kept where they read the same kind."""
    if reading is None:
        if not any(s['type'] == 'LoadAudioFeature' for s in steps):
            raise InputError("an audio feature needs a config with 'LoadAudioFeature' in its test "
                             'pipeline')
        return steps
    init, decode = reading
    own = [s for s in steps if s['type'] in READERS]
    if init and own:
        return steps
    if not any(s['type'] in DECODERS for s in steps):
        raise InputError('a video needs a config whose test pipeline decodes frames; this one has '
                         + ', '.join(s['type'] for s in steps))
    rest = [s for s in steps if s['type'] not in READERS]
    rest = [dict(type=decode) if s['type'] in DECODERS and s['type'] != decode else s
            for s in rest]
    return [*(dict(type=name) for name in init), *rest]
