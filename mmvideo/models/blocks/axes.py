"""What a network says about the axes of its input."""
from mmvideo.errors import InputError

__all__ = ['check_axes']


def check_axes(net, x):
    """Raise unless ``x`` has the axes and channels that a backbone takes.

    Args:
        net: has ``axes``, the names of the input's axes with ``'C'`` for the channels, and
            ``in_channels`` (None: any number).
        x: input of the network.

    Raises:
        InputError: the number of axes or of channels differs.
    """
    expected = f'[{", ".join(net.axes)}]'
    if x.dim() != len(net.axes):
        raise InputError(f'{type(net).__name__}: the input has the axes {expected}, this one has '
                         f'{x.dim()} axes: shape {tuple(x.shape)}')
    channels = x.shape[net.axes.index('C')]
    if net.in_channels is not None and channels != net.in_channels:
        raise InputError(f'{type(net).__name__}: the input has the axes {expected} with C = '
                         f'{net.in_channels}, this one of shape {tuple(x.shape)} has C = '
                         f'{channels}')
