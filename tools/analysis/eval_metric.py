"""Measure a score file again, without the network.

    python tools/analysis/eval_metric.py CONFIG scores.pkl --eval top_k_accuracy \
        --eval-options top_k_accuracy.topk="(1,3)"
"""
import argparse
import sys

from mmvideo.command import KeyValues, exit_status, metric_options


def parse_args(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config', help='the config that was tested; its test list has the labels '
                                       'that files of older tools lack')
    parser.add_argument('results', help='file of tools/test.py --out')
    parser.add_argument('--eval', nargs='+', default=[], metavar='NAME',
                        help="metrics; by default those of the config's test")
    parser.add_argument('--eval-options', '--options', nargs='+', action=KeyValues, default={},
                        metavar='KEY=VALUE',
                        help='arguments of metrics, for example top_k_accuracy.topk="(1,3)"')
    parser.add_argument('--cfg-options', nargs='+', action=KeyValues, metavar='KEY=VALUE',
                        help='config values by dotted key')
    return parser.parse_args(argv)


def run(args):
    from mmvideo.engine import load_config
    from mmvideo.evaluation.labeled import labels_of, measure, test_list
    from mmvideo.evaluation.scores import read_scores
    file = read_scores(args.results)
    cfg = load_config(args.config, args.cfg_options)
    measured = cfg.get('test_evaluator') or {}
    measured = measured if measured.get('type', 'AccMetric') == 'AccMetric' else {}
    names = args.eval or measured.get('metric_list') or ['top_k_accuracy', 'mean_class_accuracy']
    options = metric_options(args.eval_options) or measured.get('metric_options')
    labels = labels_of(file, None if file.is_labeled else test_list(cfg))
    for name, value in measure(file.averaged(), labels, names, options,
                               file.path).items():
        print(f'{name}: {value:.4f}')


def main(argv=None):
    return exit_status(run, parse_args(argv))


if __name__ == '__main__':
    sys.exit(main())
