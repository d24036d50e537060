"""Flow against motions known to a fraction of a pixel, and the pictures it is stored as."""
import cv2
import numpy as np
import pytest
import torch

from mmvideo.errors import InputError
from mmvideo.optical_flow import (
    METHODS,
    color_wheel,
    dequantize,
    flow_between,
    quantize,
    tv_l1,
)

HEIGHT, WIDTH = 60, 76


@pytest.fixture(autouse=True)
def one_thread():
    """Threads that wait for each other cost more than they bring on frames this small."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def texture(height, width, seed=0, grain=2.5):
    noise = np.random.default_rng(seed).standard_normal((height, width)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), grain)
    return (smooth - smooth.min()) / (smooth.max() - smooth.min()) * 255


def moved(matrix):
    """A texture before and after its points x went to ``matrix`` x, and the flow that this is."""
    around, big = 20, texture(HEIGHT + 40, WIDTH + 40)
    matrix = np.float32(matrix)
    to_middle = np.float32([[1, 0, -around], [0, 1, -around], [0, 0, 1]])
    frames = [np.clip(cv2.warpAffine(big, m[:2], (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC), 0, 255)
              for m in (to_middle, np.vstack([matrix, [0, 0, 1]]).astype(np.float32) @ to_middle)]
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    goal = np.stack([x, y, np.ones_like(x)], -1) @ matrix.T
    return [np.rint(f).astype(np.uint8) for f in frames], goal - np.stack([x, y], -1)


def error(flow, truth, border=10):
    return np.linalg.norm(flow - truth, axis=-1)[border:-border, border:-border]


@pytest.mark.parametrize('shift', [(0.5, -0.3), (-2, 0), (3.4, -1.7)])
@pytest.mark.parametrize('method, most', [('tvl1', 0.03), ('farn', 0.08), ('dis', 0.12)])
def test_shifts_are_found(method, most, shift):
    frames, truth = moved([[1, 0, shift[0]], [0, 1, shift[1]]])
    flow, = flow_between(frames, method)
    assert (flow.shape, flow.dtype) == ((HEIGHT, WIDTH, 2), np.float32)
    assert error(flow, truth).mean() < most
    assert error(flow, truth).max() < 4 * most


def test_tv_l1_follows_turning_and_zooming():
    turn, zoom = 0.03, 1.02
    matrix = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.array([WIDTH, HEIGHT]) / 2
    frames, truth = moved(np.column_stack([matrix, middle - matrix @ middle]))
    flow, = flow_between(frames)
    assert error(flow, truth).mean() < 0.05


def test_tv_l1_keeps_the_edge_of_what_moves():
    ground, thing = texture(HEIGHT, WIDTH, 1), texture(26, 26, 2)
    frames = []
    for x, y in ((20, 15), (23, 17)):
        frames.append(ground.copy())
        frames[-1][y:y + 26, x:x + 26] = thing
    truth = np.zeros((HEIGHT, WIDTH, 2))
    truth[15:41, 20:46] = (3, 2)
    wrong = {}
    for method in ('tvl1', 'farn'):
        flow, = flow_between([f.astype(np.uint8) for f in frames], method)
        wrong[method] = (np.linalg.norm(flow - truth, axis=-1) > 1).mean()
    # A band of the ground is covered; nobody can tell where it went.
    assert wrong['tvl1'] < 0.04 < 2 * wrong['tvl1'] < wrong['farn']


def test_motion_of_the_camera_is_taken_out():
    frames, truth = moved([[1, 0, 3.4], [0, 1, -1.7]])
    flow, = flow_between(frames, 'warp_tvl1')
    assert np.abs(flow[12:-12, 12:-12]).mean() < 0.1
    blank = np.zeros((40, 40), np.uint8)        # no points to track
    flow, = flow_between([blank, blank], 'warp_tvl1')
    assert np.abs(flow).max() == 0


def test_pairs_at_once_are_the_pairs_alone():
    frames = np.stack([moved([[1, 0, k], [0, 1, 0.5 * k]])[0][1] for k in range(3)])
    # Without the early end, which looks at all pairs.
    options = dict(num_scales=2, warps=2, iterations=15, epsilon=0)
    together = tv_l1(torch.tensor(frames[:2]), torch.tensor(frames[1:]), **options)
    alone = [tv_l1(torch.tensor(a[None]), torch.tensor(b[None]), **options)
             for a, b in zip(frames[:-1], frames[1:], strict=True)]
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-4, rtol=0)


@pytest.mark.gpu
def test_tv_l1_on_a_gpu():
    frames, _ = moved([[1, 0, 3.4], [0, 1, -1.7]])
    here, = flow_between(frames)
    there, = flow_between(frames, device='cuda')
    np.testing.assert_allclose(there, here, atol=0.02)


def test_all_pairs_of_a_video():
    frames = [moved([[1, 0, k], [0, 1, 0]])[0][1] for k in range(4)]
    flows = list(flow_between(iter(frames), 'dis', batch_size=2))
    assert [round(float(f[20:-20, 20:-20, 0].mean())) for f in flows] == [1, 1, 1]
    assert list(flow_between(frames[:1])) == []


@pytest.mark.parametrize('method, word', [('brox', 'built for CUDA'), ('tvl', 'expected one of')])
def test_methods_that_are_not_there(method, word):
    with pytest.raises(InputError, match=word):
        list(flow_between([], method))
    assert set(METHODS) == {'tvl1', 'warp_tvl1', 'farn', 'dis'}


def test_gray_levels():
    flow = np.array([-50, -20, -19.9, -0.05, 0, 0.1, 1, 19.95, 20, 1e9])
    assert quantize(flow).tolist() == [0, 0, 1, 127, 128, 128, 134, 255, 255, 255]
    inside = np.linspace(-20, 20, 1001)
    assert np.abs(dequantize(quantize(inside)) - inside).max() <= 20 / 255 + 1e-5
    assert quantize(np.array([5.0]), bound=5) == 255


def test_colors_of_directions():
    flow = np.array([[[10, 0], [0, 10], [-10, 0], [0, -10], [0, 0], [5, 0]]], np.float32)
    right, down, left, up, still, half = color_wheel(flow, 10)[0].tolist()
    assert (right, still) == ([255, 0, 0], [255, 255, 255])
    assert left == [0, 255, 255] and half == [255, 128, 128]
    assert down[1] == 255 > down[0] > down[2] == 0 and up[2] == 255 > up[0] > up[1] == 0
    assert (color_wheel(np.zeros((4, 4, 2), np.float32)) == 255).all()
