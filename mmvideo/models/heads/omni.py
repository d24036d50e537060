"""Head of networks that take images and clips."""
from mmengine.model import constant_init, initialize, normal_init
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.heads.base import BaseHead
from mmvideo.registry import MODELS

__all__ = ['OmniHead']


@MODELS.register_module()
class OmniHead(BaseHead):
    """A classifier for images and one for clips, over features of the same network.

    For joint training on images and videos, as OmniSource (arXiv:2003.13042) does it. Images are
    normed and classified; clips pass a hidden layer first.

    Args:
        image_classes: classes of the images.
        video_classes: classes of the clips.
        in_channels: channels of the features.
        image_dropout_ratio: share of features dropped before the classifier of images, 0..1.
        video_nl_head: clips pass a hidden layer of twice as many features as there are classes.
        video_dropout_ratio: share of features dropped before the classifier of clips, 0..1.
        init_std: standard deviation of the weights of all layers at the start.
        kwargs: arguments of :class:`BaseHead`, but for pooling and dropout.

    Shape: [N, C, T, H, W] -> [N, video_classes]; [N, C, H, W] -> [N, image_classes].
    """

    def __init__(self, image_classes, video_classes, in_channels, image_dropout_ratio=0.2,
                 video_nl_head=True, video_dropout_ratio=0.5, init_std=0.01, **kwargs):
        super().__init__(video_classes, in_channels, dropout_ratio=0, init_std=init_std, **kwargs)
        if image_classes < 1:
            raise InputError(f'cls_head.image_classes must be positive, not {image_classes}')
        self.image_classes = image_classes
        # The places in each sequence are in the keys of published weights.
        self.fc2d = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.BatchNorm1d(in_channels),
            nn.Dropout(image_dropout_ratio), nn.Linear(in_channels, image_classes))
        hidden = []
        if video_nl_head:
            width = 2 * video_classes
            hidden = [nn.Linear(in_channels, width), nn.BatchNorm1d(width), nn.ReLU(inplace=True)]
            in_channels = width
        self.fc3d = nn.Sequential(
            nn.AdaptiveAvgPool3d(1), nn.Flatten(), *hidden, nn.Dropout(video_dropout_ratio),
            nn.Linear(in_channels, video_classes))

    def build_classifier(self):
        """Nothing: ``fc2d`` and ``fc3d`` are this head's."""

    def init_weights(self):
        for module in (*self.fc2d, *self.fc3d):
            if isinstance(module, nn.Linear):
                normal_init(module, std=self.init_std)
            elif isinstance(module, nn.BatchNorm1d):
                constant_init(module, 1)
        if self.init_cfg:
            initialize(self, self.init_cfg)

    def forward(self, x, num_segs=None):
        if x.shape[1] != self.in_channels:
            raise InputError(f'cls_head.in_channels is {self.in_channels}, the features have '
                             f'{x.shape[1]} channels')
        return self.fc2d(x) if x.dim() == 4 else self.fc3d(x)
