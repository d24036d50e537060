"""Motion that a video codec has found already: a cheap stand-in for optical flow."""
import numpy as np

from mmvideo.errors import InputError
from mmvideo.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PyAVDecodeMotionVector:
    """Reads where the codec took each block of the sampled frames from.

    The input of CoViAR (arXiv:1712.00636), section 3. H.264 and MPEG-4 keep such vectors; frames
    that stand for themselves (key frames) have none. Only vectors that point to earlier frames
    count.

    Keys:
        needed: video_reader (of ``PyAVInit``), frame_inds.
        added: motion_vectors, a list of int32 [H, W, 2]: by how many pixels what is seen here came
            to the right, and down; 0 where the codec says nothing.
    """

    def __call__(self, results):
        reader = results['video_reader']
        if not hasattr(reader, 'read_motion'):
            raise InputError('PyAVDecodeMotionVector: the video must be opened by PyAVInit')
        inds = np.ravel(results['frame_inds']).tolist()
        results['motion_vectors'] = [_field(*found) for found in reader.read_motion(inds)]
        return results


def _field(size, blocks):
    """Vectors of blocks, painted over the pixels of each."""
    field = np.zeros((*size, 2), np.int32)
    for block in blocks:
        if block['source'] >= 0:        # from a later frame
            continue
        w, h, x, y = (int(block[key]) for key in ('w', 'h', 'dst_x', 'dst_y'))      # x, y: middle
        x0, y0 = x - w // 2, y - h // 2
        field[max(0, y0):max(0, y0 + h), max(0, x0):max(0, x0 + w)] = (
            x - int(block['src_x']), y - int(block['src_y']))
    return field
