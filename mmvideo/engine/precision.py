"""Mixed precision: which half of a float a run computes with, on a GPU and on a CPU."""
import torch

from mmvideo.errors import InputError

__all__ = ['DTYPES', 'WRAPPERS', 'amp_dtype', 'predict_in', 'use_amp']

# Of mixed precision; the second stands in configs that a run on a CPU wrote.
WRAPPERS = ('AmpOptimWrapper', 'CPUAmpOptimWrapper')
DTYPES = dict(fp16=torch.float16, bf16=torch.bfloat16)


def amp_dtype(name=None):
    """The type that mixed precision computes in: float16 on a GPU, bfloat16 on a CPU, by default.

    Args:
        name: 'fp16' or 'bf16'; None for the default.

    Raises:
        InputError: another name, or one that this machine cannot compute in.
    """
    on_gpu = torch.cuda.is_available()
    name = name or ('fp16' if on_gpu else 'bf16')
    if name not in DTYPES:
        raise InputError(f'--amp-dtype: expected fp16 or bf16, got {name!r}')
    if name == 'fp16' and not on_gpu:
        raise InputError('--amp-dtype fp16 needs a GPU; on a CPU mixed precision is bf16')
    if name == 'bf16' and on_gpu and not torch.cuda.is_bf16_supported():
        raise InputError(f'--amp-dtype bf16: {torch.cuda.get_device_name()} does not compute in '
                         'bfloat16; expected fp16')
    return DTYPES[name]


def use_amp(cfg, name=None):
    """Train in mixed precision: float16 with a scaled loss on a GPU, bfloat16 on a CPU.

    Args:
        cfg: its ``optim_wrapper`` is changed in place.
        name: 'fp16' or 'bf16'; None for what the config says, then the default of the machine.
    """
    wrapper = cfg.optim_wrapper
    if wrapper.get('type', 'OptimWrapper') not in ('OptimWrapper', *WRAPPERS):
        raise InputError(f"--amp cannot replace optim_wrapper.type={wrapper['type']!r}; expected "
                         'OptimWrapper')
    on_gpu = torch.cuda.is_available()
    dtype = str(amp_dtype(name)).removeprefix('torch.')
    if not on_gpu:
        wrapper['type'] = 'CPUAmpOptimWrapper'
        for key in ('loss_scale', 'dtype'):     # there is one type, and its range needs no scale
            wrapper.pop(key, None)
        return
    wrapper['type'] = 'AmpOptimWrapper'
    if name is not None or 'dtype' not in wrapper:
        wrapper['dtype'] = dtype
    scale = wrapper.setdefault('loss_scale', 'dynamic')
    if isinstance(scale, int):
        wrapper['loss_scale'] = float(scale)    # mmengine takes no whole number


def predict_in(model, dtype):
    """Let a model predict in mixed precision; weights, input and scores stay as they are.

    Args:
        model: changed in place.
        dtype: of :func:`amp_dtype`.
    """
    device = 'cuda' if torch.cuda.is_available() else 'cpu'
    model.forward = torch.autocast(device, dtype)(model.forward)
