"""Deterministic weights, inputs and digests for parity checks (numpy only).

Every number produced here depends on nothing but names, shapes and seeds, so
two independent implementations that agree on their ``state_dict`` keys and
shapes can be given bit-identical weights and inputs without exchanging any
file.  The random source is the raw 64-bit stream of ``numpy.random.PCG64``
(a stream that numpy promises not to change), turned into numbers with
integer arithmetic and IEEE basic operations only: no transcendental function
is involved, hence no dependence on the platform's libm.

Functions
---------
``fill_array(key, shape)``     one entry of a state dict, float32
``fill_state(shapes)``         the same for a whole ``{key: shape}`` mapping
``is_computed(key)``           entries that are *not* to be filled
``make_input(shape, seed)``    a network input, float32, roughly N(0, 1)
``make_frames(shape, seed)``   a raw clip, uint8 in 0..255
``digest(array)``              a small JSON-able fingerprint of an array
``compare(golden, array)``     worst error of an array against a fingerprint
"""
import zlib

import numpy as np

__all__ = [
    'FILL_VERSION', 'fill_array', 'fill_state', 'is_computed', 'make_input',
    'make_frames', 'digest', 'compare', 'seed_of'
]

FILL_VERSION = 1

# State-dict entries that a model computes by itself from its geometry.  They
# keep the value that the constructor gave them.
_COMPUTED = ('sample_mask', 'bm_mask', 'relative_position_index', 'attn_mask')


def seed_of(text):
    """32-bit seed of a string."""
    return zlib.crc32(text.encode('utf-8')) & 0xFFFFFFFF


def _bell(seed, count):
    """``count`` float64 values, mean 0, variance 1, bounded by +-2*sqrt(3).

    The four 16-bit quarters of each 64-bit word are added up; their centred
    sum is bell shaped (Irwin-Hall, n = 4), variance 4/12 in units of 65536.
    """
    source = np.random.PCG64(seed)
    count, low = int(count), np.uint64(0xFFFF)
    out = np.empty(count, dtype=np.float64)
    for start in range(0, count, 1 << 18):  # small blocks stay in cache
        words = source.random_raw(min(1 << 18, count - start))
        total = words & low
        for _ in range(3):
            words >>= np.uint64(16)
            total += words & low
        out[start:start + total.size] = total
    out -= 131070.0
    out *= 1.7320508075688772 / 65536.0
    return out


def is_computed(key):
    """True for entries that must be left as the constructor made them."""
    return key.rsplit('.', 1)[-1] in _COMPUTED


def fill_array(key, shape):
    """The value of state-dict entry ``key`` of shape ``shape`` (float32).

    Rules, by the last component of the key and the number of dimensions:

    ``num_batches_tracked``          0
    ``running_mean``                 0.1 z
    ``running_var``                  1 + 0.1 |z|
    ``*weight`` with ndim >= 2       g z / sqrt(fan_in), fan_in prod(shape[1:])
    ``*weight`` with ndim <= 1       1 + 0.1 z   (norm layers)
    ``*bias``                        0.05 z
    anything else                    0.1 z       (tokens, position tables, ...)

    with z from :func:`_bell` seeded by the crc32 of the key.  The gain g is 1
    (so a residual network of depth 152 neither vanishes nor explodes), except
    0.25 for the query/key projections of non-local blocks (key components
    ``theta`` and ``phi``), which keeps their dot-product variant bounded.
    """
    shape = tuple(int(s) for s in shape)
    count = 1
    for size in shape:
        count *= size
    parts = key.split('.')
    last = parts[-1]
    if last == 'num_batches_tracked':
        return np.zeros(shape, np.float32)
    z = _bell(seed_of(key), count).reshape(shape)
    if last == 'running_mean':
        value = 0.1 * z
    elif last == 'running_var':
        value = 1.0 + 0.1 * np.abs(z)
    elif last.endswith('weight'):
        if len(shape) >= 2:
            fan_in = count // shape[0] if shape[0] else 1
            gain = 0.25 if ('theta' in parts or 'phi' in parts) else 1.0
            value = z * (gain / np.sqrt(float(fan_in)))
        else:
            value = 1.0 + 0.1 * z
    elif last.endswith('bias'):
        value = 0.05 * z
    else:
        value = 0.1 * z
    return np.ascontiguousarray(value, dtype=np.float32)


def fill_state(shapes):
    """``{key: array}`` for ``{key: shape}``, computed entries left out.

    Load the result with ``strict=False`` if any entry was left out.
    """
    return {
        key: fill_array(key, shape)
        for key, shape in shapes.items() if not is_computed(key)
    }


def _triangle(size, freq, phase):
    """A triangle wave in [-1, 1] sampled at ``size`` points."""
    where = np.arange(size, dtype=np.float64) / float(size) * freq + phase
    where = where - np.floor(where)
    return 4.0 * np.abs(where - 0.5) - 1.0


def make_input(shape, seed=0):
    """A network input of any shape: noise, smooth waves and channel offsets.

    Half of the signal is white, the rest are low-frequency waves along every
    axis longer than one and an offset per index of the leading axes, so two
    seeds differ in their averages too and every axis order matters.
    """
    shape = tuple(int(s) for s in shape)
    count = 1
    for size in shape:
        count *= size
    out = 0.6 * _bell(1000003 + int(seed), count).reshape(shape)
    knobs = _bell(2000003 + int(seed), 4 * max(len(shape), 1))
    for axis, size in enumerate(shape):
        if size < 2:
            continue
        a, b, c, d = knobs[4 * axis:4 * axis + 4]
        wave = _triangle(size, 1.0 + abs(a), b * 0.25)
        if size <= 64:  # individual offsets: channels, frames, views, items
            wave = wave + 0.5 * _bell(3000017 + 101 * axis + int(seed), size)
        view = [1] * len(shape)
        view[axis] = size
        out = out + (0.45 + 0.1 * c) * wave.reshape(view)
    return np.ascontiguousarray(out + 0.1 * knobs[3], dtype=np.float32)


def make_frames(shape, seed=0):
    """Raw frames: uint8, same recipe as :func:`make_input`."""
    value = make_input(shape, seed).astype(np.float64) * 45.0 + 120.0
    return np.clip(np.floor(value), 0, 255).astype(np.uint8)


def _short(value):
    return float(f'{float(value):.9g}')


def _positions(count, many=16):
    if count <= 1:
        return [0] * min(count, 1)
    return [i * (count - 1) // (many - 1) for i in range(many)]


def digest(array):
    """Fingerprint: shape, mean, std, l2, min, max, first 16, 16 strided.

    ``strided`` samples the flattened array (C order) at positions
    ``i * (n - 1) // 15`` for i = 0..15.
    """
    array = np.asarray(array)
    flat = array.reshape(-1).astype(np.float64)
    if flat.size == 0:
        return dict(shape=list(array.shape))
    return dict(
        shape=list(array.shape),
        mean=_short(flat.mean()),
        std=_short(flat.std()),
        l2=_short(np.sqrt(np.sum(flat * flat))),
        min=_short(flat.min()),
        max=_short(flat.max()),
        first=[_short(v) for v in flat[:16]],
        strided=[_short(flat[p]) for p in _positions(flat.size)])


def compare(golden, array):
    """Largest error of ``array`` against ``golden``, in units of its spread.

    The unit is the golden rms value (``l2 / sqrt(n)``).  Returns ``inf`` when
    the shapes differ or a value is not finite.  Compare the result with the
    tolerance stored beside the golden value.
    """
    mine = digest(array)
    if list(mine['shape']) != list(golden['shape']):
        return float('inf')
    if 'l2' not in golden:
        return 0.0
    count = 1
    for size in golden['shape']:
        count *= size
    unit = max(golden['l2'] / np.sqrt(float(count)), 1e-12)
    worst = 0.0
    for name in ('mean', 'std', 'min', 'max'):
        worst = max(worst, abs(mine[name] - golden[name]) / unit)
    for name in ('first', 'strided'):
        for a, b in zip(mine[name], golden[name], strict=True):
            worst = max(worst, abs(a - b) / unit)
    scale = max(golden['l2'], 1e-12)
    worst = max(worst, abs(mine['l2'] - golden['l2']) / scale)
    return float(worst) if np.isfinite(worst) else float('inf')
