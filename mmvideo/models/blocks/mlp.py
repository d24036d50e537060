"""The two-layer network of transformer blocks."""
from torch import nn
from torch.nn import functional as F

__all__ = ['TwoLayers']


class TwoLayers(nn.Module):
    """Two linear layers with a GELU between them, on each token for itself.

    Args:
        in_channels, hidden_channels, out_channels: widths from first to last.
        drop: share of values dropped behind each layer in training, 0..1.

    Shape: [..., in_channels] -> [..., out_channels].
    """

    def __init__(self, in_channels, hidden_channels, out_channels, drop=0.0):
        super().__init__()
        self.fc1 = nn.Linear(in_channels, hidden_channels)
        self.fc2 = nn.Linear(hidden_channels, out_channels)
        self.drop = nn.Dropout(drop) if drop else nn.Identity()

    def forward(self, x):
        return self.drop(self.fc2(self.drop(F.gelu(self.fc1(x)))))
