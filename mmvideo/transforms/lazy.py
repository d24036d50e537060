"""Crops, resizings and flips that are noted first and done in one go: fewer pixels are touched.

A step with ``lazy=True`` writes down what it would do; ``Fuse`` cuts the box that is left out of
each decoded frame, resizes it once and mirrors it. The pixels differ a little from those of the
same steps done one by one, since only one interpolation takes place.
"""
import numpy as np

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS
from mmvideo.transforms.layout import mirror


def frame_size(results):
    """(height, width) of the frames, counting what is noted and not done yet."""
    return results['img_shape'] if 'lazy' in results else results['imgs'][0].shape[:2]


def notes(results):
    """What is to be done: the box within decoded frames, the direction of a flip, how to resize."""
    if 'lazy' not in results:
        height, width = results['imgs'][0].shape[:2]
        results['lazy'] = dict(box=np.array([0, 0, width, height], np.float32), flip=None,
                               interpolation='bilinear')
        results['img_shape'] = (height, width)
    if results['lazy']['flip']:
        raise InputError('of the steps with lazy=True, Flip must come last')
    return results['lazy']


def narrow(results, share):
    """Note a crop: ``share`` (x, y, w, h) of the frame as it would be by now."""
    box = notes(results)['box']
    corner, extent = box[:2], box[2:] - box[:2]
    start = corner + extent * share[:2]
    results['lazy']['box'] = np.concatenate([start, start + extent * share[2:]])


def check_settled(step, results):
    """Raise if lazy steps still wait for ``Fuse``, or crops for the device."""
    if 'lazy' in results:
        raise InputError(f'{step}: steps with lazy=True were noted and not done; put '
                         "dict(type='Fuse') behind the last of them")
    if 'view_boxes' in results:
        raise InputError(f'{step}: crops with on_device=True are cut later, nothing but '
                         'FormatShape may follow them')


def each_once(change, imgs):
    """``change`` of each frame; one that stands in the list several times is changed once.

    Clips overlap: decoders give the same object wherever they share a frame.
    """
    imgs, done = list(imgs), {}      # which keeps them alive, and their numbers theirs
    for img in imgs:
        if id(img) not in done:
            done[id(img)] = change(img)
    return [done[id(img)] for img in imgs]


def mirrored(imgs, direction, is_flow=False):
    """Frames flipped; of optical flow the x frames, at even places, become 255 - x."""
    imgs = [mirror(img, direction) for img in imgs]
    if is_flow:
        imgs[0::2] = [255 - img for img in imgs[0::2]]
    return imgs


@TRANSFORMS.register_module()
class Fuse:
    """Does what the steps with ``lazy=True`` before it noted: one crop, one resizing, one flip.

    Keys:
        needed: imgs; modality for optical flow.
        changed: imgs, img_shape.
    """

    def __call__(self, results):
        import mmcv
        if 'lazy' not in results:
            raise InputError('Fuse: no step with lazy=True stands before it')
        height, width = results['img_shape']
        todo = results.pop('lazy')
        x0, y0, x1, y1 = todo['box'].round().astype(int)
        # A box of less than half a pixel still is a pixel.
        imgs = [img[y0:max(y1, y0 + 1), x0:max(x1, x0 + 1)] for img in results['imgs']]
        if imgs[0].shape[:2] != (height, width):
            imgs = [mmcv.imresize(img, (width, height), interpolation=todo['interpolation'])
                    for img in imgs]
        if todo['flip']:
            imgs = mirrored(imgs, todo['flip'], results.get('modality') == 'Flow')
        results['imgs'] = imgs
        return results
