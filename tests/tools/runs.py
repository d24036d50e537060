"""Runs of the command line on the small embedded data set, for tests of the tools."""
import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TSM = str(ROOT / 'configs/recognition/tsm/tsm_r18_1x1x8_10e_embedded_rgb.py')
AUDIO = str(ROOT / 'configs/recognition_audio/resnet/tsn_r18_64x1x1_10e_embedded_audio_feature.py')


def options(embedded, kind='videos', **more):
    """``--cfg-options`` that point a leaf of the embedded data set at the small one."""
    media = 'videos' if kind == 'videos' else 'audio_features'
    values = {'classes': embedded / 'classes.txt'}
    for phase, part in (('train', 'train'), ('val', 'val'), ('test', 'val')):
        loader = f'{phase}_dataloader'
        values[f'{loader}.dataset.ann_file'] = embedded / f'{part}_{kind}.txt'
        values[f'{loader}.dataset.data_prefix'] = embedded / media
        values[f'{loader}.batch_size'] = 4
        values[f'{loader}.num_workers'] = 0
    values['model.backbone.base_channels'] = 8
    values['model.cls_head.in_channels'] = 64
    values['train_cfg.max_epochs'] = 3
    values['param_scheduler.1.end'] = 3
    values.update({key.replace('__', '.'): value for key, value in more.items()})
    return ['--cfg-options', *(f'{key}={value}' for key, value in values.items())]


def environment():
    """One thread, so that several processes do not fight over two cores."""
    return {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': str(ROOT)}


def free_port():
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return free.getsockname()[1]


def start(*command):
    """Start a command in the background; its output is kept."""
    return subprocess.Popen([sys.executable, *map(str, command)], cwd=ROOT, env=environment(),
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def run(*command):
    """Run a command to its end and give its output; a failure shows it."""
    done = subprocess.run([sys.executable, *map(str, command)], cwd=ROOT, env=environment(),
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def main_of(tool):
    """The ``main`` of a command under ``tools/``, to be called here."""
    spec = importlib.util.spec_from_file_location(f'tool_{Path(tool).stem}', ROOT / tool)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main


def write_audio_only(path):
    """A video file without a video stream."""
    import av
    import numpy as np
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('aac', rate=16000)
        for k in range(10):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), 'fltp', 'mono')
            frame.sample_rate, frame.pts = 16000, 1024 * k
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
