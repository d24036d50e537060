"""What a test measures and keeps: scores of recognizers, detections of detectors."""
import os.path as osp

__all__ = ['detection_of', 'dump', 'measures']

# What a file of detections needs to know of what measures them.
SHARED = ('num_classes', 'label_file', 'custom_classes', 'action_thr')


def detection_of(cfg):
    """What measures the detections of a config, if it is one of a detector; else None."""
    found = cfg.get('test_evaluator') or []
    found = found if isinstance(found, (list, tuple)) else [found]
    return next((dict(metric) for metric in found if metric.get('type') == 'AVAMetric'), None)


def measures(names, options, detection=None):
    """Evaluators for the metrics of the command line.

    Args:
        names: metrics; none give no evaluator.
        options: keyword arguments by metric, of accuracies.
        detection: of :func:`detection_of`.
    """
    if not names:
        return []
    if detection:
        return [dict(detection, options=names)]
    return [dict(type='AccMetric', metric_list=names, metric_options=options)]


def dump(out, config, checkpoint, detection=None):
    """The evaluator that writes scores, or detections, to the file ``out``."""
    head = dict(out=out, config=osp.basename(str(config)), checkpoint=str(checkpoint))
    if detection:
        kept = {key: detection[key] for key in SHARED if key in detection}
        return dict(type='DetectionDump', **head, **kept)
    return dict(type='ScoreDump', **head)
