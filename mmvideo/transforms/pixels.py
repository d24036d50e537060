"""Changes of one picture, uint8 [H, W, 3], RGB: what color jitter, RandAugment and the like draw.

A function here takes numbers and gives a change, a callable picture -> picture. So numbers are
drawn once and the change is made to every frame of a clip. All work is OpenCV's, on uint8.
"""
import math

import numpy as np

from mmvideo.errors import InputError
from mmvideo.transforms.boxes import KEYS
from mmvideo.transforms.lazy import check_settled

# Rec. 601: what the eye takes for the lightness of R, G and B.
LUMA = np.array([0.299, 0.587, 0.114])
GREY = (128, 128, 128)


def change_frames(step, results, change, is_warp=False):
    """Make the same change to all frames of a sample.

    Args:
        step: name of the transform, for messages.
        results: the sample; its ``imgs`` are changed.
        change: what is done to each frame.
        is_warp: whether pixels move, which boxes would not follow.
    """
    check_pictures(step, results)
    if is_warp and any(results.get(key) is not None for key in KEYS):
        raise InputError(f'{step}: moves pixels, but not the boxes of the sample')
    done = {}       # a clip made of one image holds it many times
    results['imgs'] = [done[id(img)] if id(img) in done else done.setdefault(id(img), change(img))
                       for img in results['imgs']]
    return results


def check_pictures(step, results):
    """Raise unless the frames are RGB pictures of 8 bits."""
    check_settled(step, results)
    img = results['imgs'][0]
    if img.dtype != np.uint8 or img.ndim != 3 or img.shape[2] != 3:
        raise InputError(f'{step}: expected RGB frames [H, W, 3] of uint8, found {img.shape} of '
                         f'{img.dtype}; it comes before Normalize and FormatShape, and does not '
                         'suit optical flow')


def brightness(factor):
    """0 gives black, 1 the picture."""
    return table(np.arange(256) * factor)


def contrast(factor):
    """0 gives the mean grey of the picture, 1 the picture, 2 twice the distance from that grey."""
    import cv2

    def change(img):
        grey = LUMA @ cv2.mean(img)[:3]
        return table(np.arange(256) * factor + grey * (1 - factor))(img)
    return change


def saturation(factor):
    """0 gives shades of grey, 1 the picture."""
    import cv2
    matrix = factor * np.eye(3) + (1 - factor) * np.tile(LUMA, (3, 1))
    return lambda img: cv2.transform(img, matrix)


def hue(turn):
    """Moves all hues around the color circle by ``turn`` of it, -0.5..0.5."""
    import cv2
    shift = np.uint8(round(turn * 256) % 256)
    moved = np.arange(256, dtype=np.uint8) + shift      # wraps around, as hues do
    luts = np.stack([moved, np.arange(256), np.arange(256)], -1).astype(np.uint8)[None]

    def change(img):
        circle = cv2.cvtColor(img, cv2.COLOR_RGB2HSV_FULL)
        return cv2.cvtColor(cv2.LUT(circle, luts), cv2.COLOR_HSV2RGB_FULL)
    return change if shift else unchanged


def sharpness(factor):
    """0 gives a smoothed picture, 1 the picture, 2 one with edges brought out."""
    import cv2
    smooth = np.array([[1, 1, 1], [1, 5, 1], [1, 1, 1]]) / 13
    kernel = (1 - factor) * smooth
    kernel[1, 1] += factor
    return lambda img: cv2.filter2D(img, -1, kernel)


def blur(sigma):
    """Gaussian blur; ``sigma`` in pixels."""
    import cv2
    if sigma < 0.1:
        return unchanged
    return lambda img: cv2.GaussianBlur(img, (0, 0), sigma)


def posterize(bits):
    """Keeps the ``bits`` (1..8) highest bits of every value."""
    return table(np.arange(256) & (0xff00 >> bits & 0xff))


def solarize(threshold):
    """Inverts values that are not below ``threshold``, 0..256."""
    values = np.arange(256)
    return table(np.where(values < threshold, values, 255 - values))


def invert():
    return table(255 - np.arange(256))


def auto_contrast():
    """Stretches the values of each channel to 0..255."""
    import cv2

    def change(img):
        luts = []
        for channel in cv2.split(img):
            low, high = cv2.minMaxLoc(channel)[:2]
            scale = 255 / (high - low) if high > low else 1
            luts.append((np.arange(256) - (low if high > low else 0)) * scale)
        return table(np.stack(luts, -1))(img)
    return change


def equalize():
    """Makes all values of a channel about equally frequent."""
    import cv2
    return lambda img: cv2.merge([cv2.equalizeHist(channel) for channel in cv2.split(img)])


def shear(across=0.0, down=0.0, fill=GREY):
    """Moves rows sideways by ``across`` pixels a row, columns by ``down``; the middle stays."""
    return _warp(np.array([[1, across], [down, 1]]), fill=fill)


def rotate(degrees, fill=GREY):
    """Turns the picture about its middle, clockwise."""
    turn = math.radians(degrees)
    return _warp(np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]),
                 fill=fill)


def translate(across=0.0, down=0.0, fill=GREY):
    """Moves the picture by shares of its width and height, to the right and down."""
    return _warp(np.eye(2), (across, down), fill)


def flip(direction):
    """Mirrors; 'horizontal' or 'vertical'."""
    axis = 1 if direction == 'horizontal' else 0
    return lambda img: np.ascontiguousarray(np.flip(img, axis))


def add(offset):
    """Adds ``offset``, a number or an array [H, W, 1 or 3]."""
    if np.ndim(offset) == 0:
        return table(np.arange(256) + offset)
    return lambda img: np.clip(np.round(img + offset), 0, 255).astype(np.uint8)


def keep(mask):
    """Makes black what is 0 in ``mask`` [H, W] or [H, W, 3], of 0 and 1."""
    mask = np.asarray(mask, np.uint8)
    mask = mask[..., None] if mask.ndim == 2 else mask
    return lambda img: img * mask


def fill_box(box, color=GREY):
    """Paints the box (x0, y0, x1, y1); ``color`` a triple or an array [y1 - y0, x1 - x0, 3]."""
    x0, y0, x1, y1 = box

    def change(img):
        img = img.copy()
        img[y0:y1, x0:x1] = color
        return img
    return change


def unchanged(img):
    return img


def chain(changes):
    """All changes, one after the other."""
    def change(img):
        for step in changes:
            img = step(img)
        return img
    return change


def table(values):
    """Replaces every value by that of a table [256], or one for each channel [256, 3]."""
    import cv2
    values = np.clip(np.round(values), 0, 255).astype(np.uint8)
    lut = values[None] if values.ndim == 2 else values
    return lambda img: cv2.LUT(img, lut)


def _warp(matrix, shift=(0, 0), fill=GREY):
    import cv2

    def change(img):
        height, width = img.shape[:2]
        middle = np.array([(width - 1) / 2, (height - 1) / 2])
        offset = middle - matrix @ middle + np.array(shift) * (width, height)
        return cv2.warpAffine(img, np.column_stack([matrix, offset]), (width, height),
                              flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT,
                              borderValue=fill)
    return change
