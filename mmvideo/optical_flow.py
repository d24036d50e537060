"""Dense optical flow between neighboring frames, and the pictures that it is stored as.

The flow at a pixel says by how many pixels what is seen there comes to the right, and down, until
the next frame.
"""
import itertools

import cv2
import numpy as np
import torch
import torch.nn.functional as F

from mmvideo.errors import InputError

__all__ = ['METHODS', 'color_wheel', 'dequantize', 'flow_between', 'quantize', 'tv_l1']

# Iterations of TV-L1 between two looks at how far it still moves.
STRIDE = 10


def tv_l1(first, second, *, num_scales=5, scale_step=0.8, warps=5, iterations=300, epsilon=0.01,
          smoothness=0.15, coupling=0.3, time_step=0.25):
    """Flow whose total variation and whose absolute errors of gray are least, for pairs of frames.

    Zach, Pock and Bischof, "A Duality Based Approach for Realtime TV-L1 Optical Flow", DAGM 2007;
    discretization and pyramid as of Sanchez, Meinhardt-Llopis and Facciolo, IPOL 2013. Edges of
    motion stay sharp. The defaults are those with which the flow of published networks was made.

    Args:
        first, second: frames [N, H, W], gray levels 0..255, on any device.
        num_scales: sizes of the pyramid, fewer for frames so small that one would be below 16.
        scale_step: size of a level relative to the one below it.
        warps: times per level that ``second`` is warped and the error made linear anew.
        iterations: most steps per warp.
        epsilon: steps end once the root mean square of the flow's change is below, in pixels.
        smoothness: weight of the errors of gray (lambda); smaller values give smoother flow.
        coupling: of the two halves of the problem (theta).
        time_step: of the dual variable (tau), at most 0.25.

    Returns:
        torch.Tensor: float32 [N, 2, H, W], x then y.
    """
    first, second = (frames.float().unsqueeze(1) for frames in (first, second))
    sizes = [tuple(round(side * scale_step**k) for side in first.shape[2:])
             for k in range(num_scales)]
    sizes = [size for size in sizes if min(size) >= 16] or sizes[:1]
    flow = first.new_zeros(len(first), 2, *sizes[-1])
    for size in reversed(sizes):
        if flow.shape[2:] != size:
            ratio = [new / old for new, old in zip(size, flow.shape[2:], strict=True)]
            flow = F.interpolate(flow, size, mode='bilinear', align_corners=False)
            flow *= flow.new_tensor(ratio[::-1]).view(1, 2, 1, 1)
        pair = [F.interpolate(frames, size, mode='bilinear', antialias=True, align_corners=False)
                if size != sizes[0] else frames for frames in (first, second)]
        dual = _Dual(flow, time_step, coupling)
        with_slopes = torch.cat([pair[1], _slopes(pair[1])], 1)
        for _ in range(warps):
            offset, slopes = _linear_error(pair[0], with_slopes, flow)
            energy = slopes.square().sum(1, keepdim=True)
            inverse = torch.where(energy > 1e-10, 1 / energy, 0.0)
            offset, steps = offset * inverse, slopes * inverse
            limit = smoothness * coupling
            for k in range(iterations):
                # The pointwise half: along the slope to no error, but by no more than the limit.
                ratio = torch.addcmul(offset, steps[:, :1], flow[:, :1])
                ratio.addcmul_(steps[:, 1:], flow[:, 1:]).clamp_(-limit, limit)
                near = torch.addcmul(flow, slopes, ratio, value=-1)
                before, flow = flow, dual.smooth(near)
                if k % STRIDE == STRIDE - 1 or k == iterations - 1:
                    change = (flow - before).square_().sum(1).mean((1, 2)).max()
                    if change < epsilon**2:
                        break
    return flow


class _Dual:
    """The smoothing half of TV-L1, with the dual variable that it keeps between the steps.

    Args:
        flow: of the size that will be smoothed, [N, 2, H, W].
        time_step, coupling: as of :func:`tv_l1`.
    """

    def __init__(self, flow, time_step, coupling):
        n, c, h, w = flow.shape
        self.time_step, self.pull = time_step, time_step / coupling
        # Times coupling / time_step; what would flow over the border, at both ends, stays 0.
        self.across = flow.new_zeros(n, c, h, w + 1)
        self.down = flow.new_zeros(n, c, h + 1, w)
        self.slope_x, self.slope_y = torch.zeros_like(flow), torch.zeros_like(flow)

    def smooth(self, near):
        """The flow close to ``near`` by the dual variable, which makes its own step then."""
        divergence = self.across[..., 1:] - self.across[..., :-1]
        divergence += self.down[..., 1:, :]
        divergence -= self.down[..., :-1, :]
        flow = torch.add(near, divergence, alpha=self.time_step)
        torch.sub(flow[..., 1:], flow[..., :-1], out=self.slope_x[..., :-1])
        torch.sub(flow[..., 1:, :], flow[..., :-1, :], out=self.slope_y[..., :-1, :])
        size = torch.mul(self.slope_x, self.slope_x, out=divergence)
        size.addcmul_(self.slope_y, self.slope_y).sqrt_().mul_(self.pull).add_(1)
        self.across[..., 1:].add_(self.slope_x).div_(size)
        self.down[..., 1:, :].add_(self.slope_y).div_(size)
        return flow


def _slopes(frames):
    """Change of gray per pixel to the right and down: [N, 1, H, W] -> [N, 2, H, W]."""
    wide = F.pad(frames, (1, 1, 1, 1), mode='replicate')
    return torch.cat([wide[..., 1:-1, 2:] - wide[..., 1:-1, :-2],
                      wide[..., 2:, 1:-1] - wide[..., :-2, 1:-1]], 1) / 2


def _linear_error(first, with_slopes, flow):
    """Offset [N, 1, ...] and slopes [N, 2, ...]: the error of gray at a flow f near ``flow`` is
    offset + slopes * f.

    Both are 0 where the flow leads out of the frame: there is nothing to compare with.
    """
    height, width = flow.shape[2:]
    x = torch.arange(width, device=flow.device) + flow[:, 0]
    y = torch.arange(height, device=flow.device)[:, None] + flow[:, 1]
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    places = torch.stack([2 * x / max(1, width - 1) - 1, 2 * y / max(1, height - 1) - 1], -1)
    warped = F.grid_sample(with_slopes, places, mode='bicubic', padding_mode='border',
                           align_corners=True)
    warped[:, 0] -= first[:, 0]
    warped *= inside[:, None]
    offset = warped[:, :1] - (warped[:, 1:] * flow).sum(1, keepdim=True)
    return offset, warped[:, 1:]


def _tv_l1_pairs(pairs, device):
    first, second = (torch.from_numpy(np.stack(frames)).to(device)
                     for frames in zip(*pairs, strict=True))
    return list(tv_l1(first, second).permute(0, 2, 3, 1).cpu().numpy())


def _still_camera(first, second):
    """``second`` as it would be if the camera had not moved, as far as that can be found."""
    points = cv2.goodFeaturesToTrack(first, 500, 0.01, 8)
    if points is None or len(points) < 12:
        return second
    found, is_there, _ = cv2.calcOpticalFlowPyrLK(first, second, points, None)
    kept = is_there.ravel() == 1
    if kept.sum() < 12:
        return second
    camera, inliers = cv2.findHomography(found[kept], points[kept], cv2.RANSAC, 1.0)
    if camera is None or inliers.mean() < 0.25:
        return second
    # Where nothing is known of the second frame, nothing has moved.
    return cv2.warpPerspective(second, camera, second.shape[::-1], first.copy(),
                               borderMode=cv2.BORDER_TRANSPARENT)


def _warped_tv_l1_pairs(pairs, device):
    return _tv_l1_pairs([(first, _still_camera(first, second)) for first, second in pairs], device)


def _farneback_pairs(pairs, device):
    return [cv2.calcOpticalFlowFarneback(first, second, None, pyr_scale=0.5, levels=5, winsize=13,
                                         iterations=10, poly_n=5, poly_sigma=1.1, flags=0)
            for first, second in pairs]


def _dis_pairs(pairs, device):
    solver = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    return [solver.calc(first, second, None) for first, second in pairs]


METHODS = {'tvl1': _tv_l1_pairs, 'warp_tvl1': _warped_tv_l1_pairs, 'farn': _farneback_pairs,
           'dis': _dis_pairs}


def flow_between(frames, method='tvl1', device='cpu', batch_size=None):
    """Flow from each frame to the next one.

    Args:
        frames: gray uint8 frames [H, W] of one size, any iterable; a few are held at a time.
        method: 'tvl1'; 'warp_tvl1', the same once the motion of the camera is taken out (a
            homography between tracked points, arXiv:1608.00859 section 3.1); 'farn' (Farneback,
            SCIA 2003); 'dis' (dense inverse search, arXiv:1603.03590), the fastest.
        device: where TV-L1 computes.
        batch_size: pairs at once; by default 1 on a CPU, 64 elsewhere.

    Yields:
        np.ndarray: float32 [H, W, 2], x then y; one fewer than there are frames.

    Raises:
        InputError: an unknown method.
    """
    if method == 'brox':
        raise InputError("flow type 'brox' needs OpenCV built for CUDA with its extra modules; "
                         f'expected one of {", ".join(METHODS)}')
    if method not in METHODS:
        raise InputError(f'flow type: expected one of {", ".join(METHODS)}, got {method!r}')
    pairs = itertools.pairwise(frames)
    batch_size = batch_size or (1 if str(device) == 'cpu' else 64)
    while batch := list(itertools.islice(pairs, batch_size)):
        yield from METHODS[method](batch, device)


def quantize(flow, bound=20):
    """Flow as gray levels: -bound becomes 0, no motion 128, bound 255; what is beyond is cut off.

    Args:
        flow: float, in pixels.
        bound: above 0, in pixels.

    Returns:
        np.ndarray: uint8 of the same shape.
    """
    return np.rint(np.clip((flow + bound) * (255 / (2 * bound)), 0, 255)).astype(np.uint8)


def dequantize(levels, bound=20):
    """Flow in pixels from the levels of :func:`quantize`, within bound / 255 of what it was."""
    return np.asarray(levels, np.float32) * (2 * bound / 255) - bound


def color_wheel(flow, longest=None):
    """Flow as a picture: the hue tells the direction, the more color the faster, white is still.

    Args:
        flow: [H, W, 2] in pixels.
        longest: motion that gets the full color; by default the 99th percentile, at least 1.

    Returns:
        np.ndarray: uint8 RGB [H, W, 3]; to the right is red, down yellow-green, to the left cyan,
        up violet.
    """
    size, angle = cv2.cartToPolar(*(np.ascontiguousarray(flow[..., k], np.float32)
                                    for k in (0, 1)), angleInDegrees=True)
    longest = longest or max(1.0, float(np.percentile(size, 99)))
    colors = np.stack([angle, np.minimum(size / longest, 1), np.ones_like(size)], -1)
    return np.rint(cv2.cvtColor(colors, cv2.COLOR_HSV2RGB) * 255).astype(np.uint8)
