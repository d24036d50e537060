"""Write the features of a network, or its scores, for a list of videos to a file.

    python tools/misc/clip_feature_extraction.py CONFIG CKPT --video-list list.txt \
        --video-root data/videos --out features.pkl
    python tools/misc/clip_feature_extraction.py CONFIG CKPT features/ --video-list list.txt

The config's test pipeline runs; what lines say behind the path is not looked at. A file that ends
with .pkl or .json holds a list in the order of the videos, .npz one array by name; in a folder each
video has its .pkl. Say it again after an interruption, and it goes on.
"""
import argparse
import json
import os
import os.path as osp
import sys

from mmvideo.command import KeyValues, exit_status
from mmvideo.errors import InputError

JOINED = ('avg', 'max', 'keep')
WINDOW = 64     # frames from one window of a long video to the next
SAMPLERS = ('SampleFrames', 'DenseSampleFrames', 'UniformSample')
CROPS = ('ThreeCrop', 'TenCrop')


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='Python config file, or the name of one under configs/')
    parser.add_argument('checkpoint', help='checkpoint file or URL')
    parser.add_argument('output_prefix', nargs='?', help='folder with a .pkl for each video, in '
                        'place of --out; 3D networks then see one view, unless --multi-view')
    parser.add_argument('--out', metavar='FILE', help='.pkl, .json or .npz')
    parser.add_argument('--video-list', metavar='FILE',
                        help="one video a line (default: the list of the config's test)")
    parser.add_argument('--video-root', metavar='FOLDER', help='where the videos of the list lie')
    parser.add_argument('--dump-score', action='store_true', help='scores instead of features')
    parser.add_argument('--spatial-type', choices=JOINED, default='avg',
                        help='how places are joined (default avg)')
    parser.add_argument('--temporal-type', choices=JOINED, default='avg',
                        help='how frames are joined (default avg)')
    parser.add_argument('--view-type', choices=JOINED, help='how views are joined (default avg, '
                        'keep with --long-video-mode)')
    parser.add_argument('--multi-view', action='store_true',
                        help='all views of the test pipeline (always so with --out)')
    parser.add_argument('--long-video-mode', action='store_true',
                        help='windows all along each video')
    parser.add_argument('--clip-interval', type=int, metavar='N',
                        help=f'frames from one window to the next (default {WINDOW})')
    parser.add_argument('--frame-interval', type=int, metavar='N',
                        help="frames from one to the next in a window (default: the config's)")
    parser.add_argument('--fuse-conv-bn', action='store_true',
                        help='fold norm layers into convolutions; a little faster')
    parser.add_argument('--amp', action='store_true',
                        help='mixed precision: fp16 on a GPU, bf16 on a CPU')
    parser.add_argument('--work-dir', help='folder for logs')
    parser.add_argument('--gpu-collect', action='store_true', help=argparse.SUPPRESS)
    parser.add_argument('--tmpdir', help=argparse.SUPPRESS)
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, metavar='KEY=VALUE',
                        help='config values by dotted key')
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none',
                        help='what started several processes')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0,
                        help='set by the launcher')
    args = parser.parse_intermixed_args(argv)
    if bool(args.out) == bool(args.output_prefix):
        parser.error('expected one of the two, --out FILE or a folder')
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def run(args):
    from mmengine.dist import barrier, is_main_process

    from mmvideo.engine import distributed, load_config
    from mmvideo.engine.run import complete, set_work_dir
    from mmvideo.evaluation.features import SUFFIXES, finish, finished
    from mmvideo.registry import DATASETS
    out = osp.normpath(args.out or args.output_prefix)
    if args.out and osp.splitext(out)[1] not in SUFFIXES:
        raise InputError(f'--out {out}: expected a name that ends in {", ".join(SUFFIXES)}')
    cfg = load_config(args.config, args.cfg_options)
    if cfg.get('test_dataloader') is None:
        raise InputError(f'config {args.config} has no test_dataloader')
    dataset = cfg.test_dataloader.dataset
    if args.video_list:
        dataset['ann_file'] = args.video_list
        dataset['data_prefix'] = args.video_root
    elif args.video_root:
        dataset['data_prefix'] = args.video_root
    set_work_dir(cfg, args.config, args.work_dir)
    distributed.join(args.launcher, **((cfg.get('env_cfg') or {}).get('dist_cfg') or {}))
    cfg['launcher'] = args.launcher
    views(args, cfg)
    complete(cfg)
    listed = DATASETS.build(cfg.test_dataloader.dataset)
    done = distributed.told_by_main(len(finished(out, listed.names)) if is_main_process() else None)
    if done:
        print(f'{done} of {len(listed)} videos are there already')
    if done < len(listed):
        os.makedirs(osp.dirname(osp.abspath(out)), exist_ok=True)
        rest = f'{out}.rest.jsonl'
        if is_main_process():
            write_rest(listed, finished(out, listed.names), rest)
        barrier()
        extract(args, cfg, out, rest, listed)
    if is_main_process():
        finish(out, listed.names)
        print(f'{"scores" if args.dump_score else "features"} of {len(listed)} videos: {out}')


def views(args, cfg):
    """Set what the test pipeline samples and how the model joins it."""
    steps = list(cfg.test_dataloader.dataset.pipeline)
    is_clips = cfg.model.get('type') == 'Recognizer3D'
    for i, step in enumerate(steps):
        if step['type'] in SAMPLERS and args.long_video_mode:
            steps[i] = dict(
                type='UntrimmedSampleFrames', clip_len=step.get('clip_len', 1),
                frame_interval=args.frame_interval or step.get('frame_interval', 1),
                clip_interval=args.clip_interval or WINDOW)
        elif step['type'] in SAMPLERS:
            one = dict(num_clips=1) if args.output_prefix and is_clips and not args.multi_view \
                else {}
            steps[i] = {**step, **one}
            if args.frame_interval:
                steps[i]['frame_interval'] = args.frame_interval
        elif step['type'] in CROPS and (args.long_video_mode or args.output_prefix) \
                and not args.multi_view:
            steps[i] = dict(type='CenterCrop', crop_size=step['crop_size'])
    cfg.test_dataloader.dataset['pipeline'] = steps
    model = dict(cfg.model.get('test_cfg') or {})
    joined = args.view_type or ('keep' if args.long_video_mode else 'avg')
    if args.long_video_mode:
        cfg.test_dataloader['batch_size'] = 1
        model.setdefault('max_testing_views', 8)
    if not args.dump_score:
        model['feature_extraction'] = dict(spatial=args.spatial_type, temporal=args.temporal_type,
                                           views=joined)
    elif joined == 'keep':
        model['average_clips'] = None
    cfg.model['test_cfg'] = model


def write_rest(dataset, done, path):
    """Write the list of the videos that are still to do; the records are those of the list."""
    keys = [dataset.path_key, *dataset.columns]
    rows = [{**{key: record[key] for key in keys[1:]}, dataset.path_key: name}
            for name, record in zip(dataset.names, dataset.records, strict=True)
            if name not in done]
    with open(path, 'w', encoding='utf-8') as file:
        file.writelines(json.dumps(row) + '\n' for row in rows)


def extract(args, cfg, out, rest, listed):
    """Test on a list of videos; what is predicted for each is written as it comes."""
    from mmvideo.engine.hooks import PrepareModel
    from mmvideo.engine.precision import amp_dtype, predict_in
    from mmvideo.engine.run import build_runner, drop
    from mmvideo.models.blocks.fuse import for_inference
    dtype = amp_dtype() if args.amp else None

    def prepare(model):
        if args.fuse_conv_bn:
            for_inference(model)
        if dtype is not None:
            predict_in(model, dtype)

    dataset = cfg.test_dataloader.dataset
    dataset['ann_file'], dataset['data_prefix'] = rest, listed.data_prefix
    cfg['test_evaluator'] = [dict(type='FeatureDump', out=out)]
    drop(cfg, 'train', 'val')
    cfg['load_from'], cfg['resume'] = args.checkpoint, False
    runner = build_runner(cfg, strict=True)
    runner.register_hook(PrepareModel(prepare))
    runner.test()
    if runner.rank == 0:
        os.remove(rest)


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
