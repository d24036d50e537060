"""Sizes of networks: widths that are rounded, sets of sizes that have a name."""
from mmvideo.errors import InputError

__all__ = ['read_arch', 'round_width']


def read_arch(net, arch):
    """The sizes that an argument ``arch`` stands for.

    Args:
        net: has ``arch``, the known sizes by name: dicts that all have the same keys.
        arch: one of the names, or a dict with these keys.

    Raises:
        InputError: the name is not known, or a key is missing or one too many.
    """
    if isinstance(arch, str) and arch in net.arch:
        return net.arch[arch]
    needed = next(iter(net.arch.values()))
    if not isinstance(arch, dict) or set(arch) != set(needed):
        raise InputError(f'{type(net).__name__}: arch is {", ".join(map(repr, net.arch))} or a '
                         f'dict with the keys {", ".join(needed)}, not {arch!r}')
    return arch


def round_width(width, divisor=8):
    """The multiple of ``divisor`` next to a width, at most a tenth below it and never 0."""
    rounded = max(divisor, int(width + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * width else rounded
