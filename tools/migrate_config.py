"""Write a config of MMAction2 0.x in today's form: ``python tools/migrate_config.py OLD NEW``.

The new file holds everything that the old one and its parts say, so it stands alone. It is checked
and, once written, loads to what ``tools/train.py OLD`` makes of the old one.
"""
import argparse
import os
import os.path as osp
import sys

from mmvideo.command import exit_status
from mmvideo.config_text import to_text
from mmvideo.errors import InputError

SECTIONS = {
    'The network.': ['custom_imports', 'model'],
    'From a record on disk to a sample.': ['train_pipeline', 'val_pipeline', 'test_pipeline'],
    'Data.': ['train_dataloader', 'val_dataloader', 'test_dataloader', 'omnisource'],
    'What is measured.': ['val_evaluator', 'test_evaluator', 'eval_config', 'output_config'],
    'Optimization.': ['optim_wrapper', 'param_scheduler', 'train_cfg', 'multigrid', 'precise_bn',
                      'model_wrapper_cfg'],
    'Start.': ['load_from', 'resume', 'randomness', 'work_dir'],
    'Logs, checkpoints, processes.': ['default_hooks', 'custom_hooks', 'log_processor',
                                      'visualizer', 'log_level', 'env_cfg', 'launcher'],
}
PHASES = ('train', 'val', 'test')


class Name(str):
    """A variable of the file, which stands in its text without quotes."""

    __repr__ = str.__str__


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('old', help='config of the 0.x line')
    parser.add_argument('new', help='file to write; it must not exist')
    return parser.parse_args(argv)


def with_names(cfg):
    """Values that the file says once and then goes by name: pipelines, evaluators."""
    cfg = dict(cfg)
    for phase in PHASES:
        loader, pipeline = cfg.get(f'{phase}_dataloader'), cfg.get(f'{phase}_pipeline')
        if loader and pipeline and loader['dataset'].get('pipeline') == pipeline:
            dataset = dict(loader['dataset'], pipeline=Name(f'{phase}_pipeline'))
            cfg[f'{phase}_dataloader'] = dict(loader, dataset=dataset)
    if cfg.get('val_evaluator') and cfg['val_evaluator'] == cfg.get('test_evaluator'):
        cfg['test_evaluator'] = Name('val_evaluator')
    return cfg


def render(cfg, source):
    """The text of a config file that says what ``cfg``, a dict, says."""
    cfg = with_names(cfg)
    parts = [f'# From {source}, a config of MMAction2 0.x, by tools/migrate_config.py.\n']
    known = [key for keys in SECTIONS.values() for key in keys]
    others = {'Variables.': [key for key in cfg if key not in known]}
    for title, keys in {**SECTIONS, **others}.items():
        found = {key: cfg[key] for key in keys if key in cfg}
        if found:
            parts.append(f'# {title}\n{to_text(found)}')
    return '\n'.join(parts)


def run(args):
    from mmengine.config import Config

    from mmvideo.engine.check import check_config
    from mmvideo.engine.config_file import find_config
    from mmvideo.engine.old_config import is_old
    from mmvideo.engine.run import load_config, read_config
    if osp.exists(args.new):
        raise InputError(f'{args.new} exists already; give the name of a new file')
    path = find_config(args.old)
    if not is_old(read_config(path)):
        raise InputError(f"config {path} is none of the 0.x line: those have 'data', with 'train', "
                         "'val' or 'test', and no key of today's form")
    cfg = load_config(path)
    check_config(cfg)
    text = render(cfg.to_dict(), osp.basename(path))
    if Config.fromstring(text, '.py').to_dict() != cfg.to_dict():
        raise InputError(f'config {path} holds values that no text of a config gives back')
    os.makedirs(osp.dirname(args.new) or '.', exist_ok=True)
    with open(args.new, 'w', encoding='utf-8') as file:
        file.write(text)
    print(args.new)


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
