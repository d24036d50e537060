"""Where the values of a frame lie in memory: mirrored, a plane a channel, or all in one array.

numpy moves the three values of a pixel one by one, OpenCV many pixels at once: ten times as fast.
"""
import numpy as np

from mmvideo.decoders import PlanarPictures


def mirror(img, direction):
    """A frame [H, W] or [H, W, C] flipped, in memory of its own."""
    import cv2
    if img.ndim == 3 and img.shape[2] > 4 or img.dtype not in (np.uint8, np.float32):
        return np.flip(img, 1 if direction == 'horizontal' else 0).copy()
    return cv2.flip(img, 1 if direction == 'horizontal' else 0).reshape(img.shape)


def write_planes(imgs, target):
    """Write frames [H, W, C] into an array of planes.

    Args:
        imgs: list of frames, as many as ``target`` has.
        target: [..., C, H, W], whose last two axes are contiguous.
    """
    import cv2
    places = np.ndindex(target.shape[:-3])
    for place, img in zip(places, imgs, strict=True):
        planes = target[place]
        if 1 < len(planes) <= 4 and img.dtype in (np.uint8, np.float32):
            # In place, so that nothing is left to copy.
            cv2.split(img, [planes[c] for c in range(len(planes))])
        else:
            planes[...] = img.transpose(2, 0, 1)


def pack(imgs):
    """Each frame once, in one array.

    Args:
        imgs: frames [H, W, C], the same object wherever one is meant several times. A list is
            emptied, so that frames need not be held twice.

    Returns:
        tuple: the frames [D, H, W, C], and the row of each of ``imgs``.
    """
    if isinstance(imgs, PlanarPictures):
        return imgs.packed()
    found = _rows(imgs)
    if found is not None:
        return found
    places = {}
    inds = np.array([places.setdefault(id(img), len(places)) for img in imgs])
    distinct = list({id(img): img for img in imgs}.values())
    imgs.clear()
    frames = np.empty((len(distinct), *distinct[0].shape), distinct[0].dtype)
    for i in range(len(distinct)):
        frames[i], distinct[i] = distinct[i], None
    return frames, inds


def _rows(imgs):
    """The array of which frames are rows, as after a resizing, and their numbers; None if none is.
    """
    array = imgs[0].base
    if (not isinstance(array, np.ndarray) or not array.flags.c_contiguous
            or not array.flags.writeable
            or any(img.base is not array or img.shape != array.shape[1:] for img in imgs)):
        return None
    addresses = [x.__array_interface__['data'][0] for x in (array, *imgs)]
    rows, rests = np.divmod(np.subtract(addresses[1:], addresses[0]), array.strides[0])
    return None if rests.any() or len(set(rows.tolist())) < len(array) else (array, rows)
