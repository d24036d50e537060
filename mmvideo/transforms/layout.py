"""Where the values of a frame lie in memory: mirrored, or a plane a channel.

numpy moves the three values of a pixel one by one, OpenCV many pixels at once: ten times as fast.
"""
import numpy as np


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
