"""Head of temporal segment networks."""
from mmvideo.models.heads.base import CONSENSUS, BaseHead, check_consensus
from mmvideo.registry import MODELS

__all__ = ['TSNHead']


@MODELS.register_module()
class TSNHead(BaseHead):
    """Averages the features of all frames of a sample, then classifies them once.

    TSN (arXiv:1608.00859). The mean of features under a linear classifier is the paper's average
    consensus of scores. Crops count as segments, so a sample has one row of scores.

    Args:
        num_classes, in_channels, spatial_type, dropout_ratio, init_std: see :class:`BaseHead`.
        consensus: ``AvgConsensus``.
        kwargs: arguments of :class:`BaseHead`.

    Shape: [N*M, C, H, W] and ``num_segs`` = M -> [N, num_classes].
    """

    def __init__(self, num_classes, in_channels, spatial_type='avg', consensus=CONSENSUS,
                 dropout_ratio=0.4, init_std=0.01, **kwargs):
        super().__init__(num_classes, in_channels, spatial_type, dropout_ratio, init_std, **kwargs)
        check_consensus(consensus)

    def forward(self, x, num_segs=1):
        x = self.pool(x).reshape(-1, num_segs, self.in_channels).mean(1)
        return self.fc_cls(self.dropout(x))
