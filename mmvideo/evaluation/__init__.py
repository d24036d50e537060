"""How good the scores of a network are, and the files that keep them."""
from .accuracy import AccMetric
from .ava import AVAMetric, DetectionDump
from .features import FeatureDump
from .functional import (
    binary_precision_recall_curve,
    confusion_matrix,
    get_weighted_score,
    mean_average_precision,
    mean_class_accuracy,
    mmit_mean_average_precision,
    softmax,
    top_k_accuracy,
    top_k_classes,
)
from .scores import ScoreDump, ScoreFile, read_scores, write_scores

__all__ = ['AVAMetric', 'AccMetric', 'DetectionDump', 'FeatureDump', 'ScoreDump', 'ScoreFile',
           'binary_precision_recall_curve', 'confusion_matrix', 'get_weighted_score',
           'mean_average_precision', 'mean_class_accuracy', 'mmit_mean_average_precision',
           'read_scores', 'softmax', 'top_k_accuracy', 'top_k_classes', 'write_scores']
