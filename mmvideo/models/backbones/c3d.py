"""C3D: plain 3D convolutions, nothing else."""
from mmcv.cnn import ConvModule
from mmengine.model import normal_init
from torch import nn

from mmvideo.errors import InputError
from mmvideo.models.backbones.resnet import RELU
from mmvideo.models.blocks.axes import check_axes
from mmvideo.models.blocks.weights import init_backbone
from mmvideo.registry import MODELS

__all__ = ['C3D']

# Width of each convolution, and of the linear layers, in that of the first.
LAYERS = (('conv1a', 1), ('conv2a', 2), ('conv3a', 4), ('conv3b', 4), ('conv4a', 8), ('conv4b', 8),
          ('conv5a', 8), ('conv5b', 8))
LINEAR = 64


@MODELS.register_module()
class C3D(nn.Module):
    """Eight 3x3x3 convolutions and two linear layers (arXiv:1412.0767, section 3.2).

    Args:
        pretrained: weights that ``init_weights`` loads: a path or an address.
        style: accepted for configs of old; there is no stride to place.
        conv_cfg: None for ``Conv3d``.
        norm_cfg: None for convolutions with a bias and no norm, as published.
        act_cfg: None for ReLU.
        out_dim: features behind the last pooling; 512 x 1 x 4 x 4 for 16 frames of 112 x 112.
        dropout_ratio: share of features dropped behind each linear layer in training.
        init_std: standard deviation of the linear layers' weights at the start.
        init_cfg: 1.x notation of ``pretrained``.
        base_channels: width of the first convolution; all others grow with it.

    Shape: [N, 3, 16, 112, 112] -> [N, 64 * base_channels].
    """
    axes = ('N', 'C', 'T', 'H', 'W')
    in_channels = 3

    def __init__(self, pretrained=None, style='pytorch', conv_cfg=None, norm_cfg=None, act_cfg=None,
                 out_dim=8192, dropout_ratio=0.5, init_std=0.005, init_cfg=None,
                 base_channels=64):
        super().__init__()
        self.pretrained = pretrained
        self.init_cfg = init_cfg
        self.init_std = init_std
        width = self.in_channels
        for name, factor in LAYERS:
            channels = factor * base_channels
            self.add_module(name, ConvModule(
                width, channels, 3, padding=1, conv_cfg=conv_cfg or dict(type='Conv3d'),
                norm_cfg=norm_cfg, act_cfg=act_cfg or RELU))
            width = channels
        self.pool1 = nn.MaxPool3d((1, 2, 2))
        self.pool = nn.MaxPool3d(2)
        self.pool5 = nn.MaxPool3d(2, padding=(0, 1, 1))
        self.out_channels = LINEAR * base_channels
        self.fc6 = nn.Linear(out_dim, self.out_channels)
        self.fc7 = nn.Linear(self.out_channels, self.out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.dropout = nn.Dropout(dropout_ratio)

    def init_weights(self):
        for layer in (self.fc6, self.fc7):
            normal_init(layer, std=self.init_std)
        init_backbone(self, self.pretrained, self.init_cfg)

    def forward(self, x):
        check_axes(self, x)
        x = self.pool1(self.conv1a(x))
        x = self.pool(self.conv2a(x))
        x = self.pool(self.conv3b(self.conv3a(x)))
        x = self.pool(self.conv4b(self.conv4a(x)))
        x = self.pool5(self.conv5b(self.conv5a(x)))
        x = x.flatten(1)
        if x.shape[1] != self.fc6.in_features:
            raise InputError(f'C3D: out_dim is {self.fc6.in_features}, frames of this size give '
                             f'{x.shape[1]} features; 16 frames of 112 x 112 give 8192')
        x = self.dropout(self.relu(self.fc6(x)))
        return self.dropout(self.relu(self.fc7(x)))
