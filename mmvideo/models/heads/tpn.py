"""Head of the temporal pyramid."""
from torch.nn import functional as F

from mmvideo.models.heads.base import CONSENSUS, BaseHead, check_consensus
from mmvideo.registry import MODELS

__all__ = ['TPNHead']


@MODELS.register_module()
class TPNHead(BaseHead):
    """Pools a clip over time and space and classifies it (TPN, arXiv:2004.03548).

    Behind the neck :class:`~mmvideo.models.necks.TPN` every row is a clip, from a 2D backbone too.

    Args:
        num_classes, in_channels, spatial_type, dropout_ratio, init_std: see :class:`BaseHead`.
        consensus: ``AvgConsensus``.
        kwargs: arguments of :class:`BaseHead`.

    Shape: [N*V, C, T, H, W] or [N*V, C, H, W] -> [N*V, num_classes].
    """

    def __init__(self, num_classes, in_channels, spatial_type='avg', consensus=CONSENSUS,
                 dropout_ratio=0.4, init_std=0.01, **kwargs):
        super().__init__(num_classes, in_channels, spatial_type, dropout_ratio, init_std, **kwargs)
        check_consensus(consensus)

    def forward(self, x, num_segs=None, fcn_test=False):
        """Scores of each clip.

        Args:
            x: see the class.
            num_segs: inputs of one sample; no effect, the neck has joined those of a clip.
            fcn_test: classify every place and average the scores instead of the features
                (``test_cfg.fcn_test``); the same for ``spatial_type='avg'``, up to rounding.
        """
        if not fcn_test:
            return self.fc_cls(self.dropout(self.pool(x)))
        kernel = self.fc_cls.weight[:, :, None]
        return F.conv1d(x.flatten(2), kernel, self.fc_cls.bias).mean(2)
