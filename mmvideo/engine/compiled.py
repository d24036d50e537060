"""Compiled networks, which run as they are where compiling fails."""
import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch.utils._pytree import tree_leaves, tree_map_only

from mmvideo.errors import InputError
from mmvideo.registry import HOOKS, check_arguments

__all__ = ['CompileModel', 'compile_hooks']

LONGEST = 300   # characters of a reason


@HOOKS.register_module()
class CompileModel(Hook):
    """Compiles the parts of a model that take the time, each by itself (config key ``compile``).

    Names of weights and modules stay what they are, so checkpoints do not tell. A part that cannot
    be compiled, or can no longer once its input has another shape, runs as it is; the log says why.

    Args:
        parts: of the model; those that it lacks are passed over.
        backend: of ``torch.compile``.
        mode: of ``torch.compile``: 'default', 'reduce-overhead', 'max-autotune'.
        dynamic: of ``torch.compile``: False compiles again for each shape of the input, up to a
            number of times (``torch._dynamo.config.recompile_limit``), after which others run as
            they are; True compiles once for all; None goes over to that at the second shape.
        fullgraph: of ``torch.compile``: one graph or none.
        options: of the backend.
    """

    priority = 'VERY_LOW'   # after weights are loaded and norms are folded

    def __init__(self, parts=('backbone', 'neck'), backend='inductor', mode=None, dynamic=False,
                 fullgraph=False, options=None):
        if isinstance(parts, str) or not parts:
            raise InputError(f"compile.parts: expected names of parts such as ['backbone'], got "
                             f'{parts!r}')
        known = torch.compiler.list_backends(exclude_tags=())
        if backend not in known:
            raise InputError(f'compile.backend: no backend {backend!r}; known: {", ".join(known)}')
        if mode is not None:
            from torch._inductor import list_mode_options
            if mode not in list_mode_options():
                raise InputError(f'compile.mode: no mode {mode!r}; known: '
                                 f'{", ".join(list_mode_options())}')
        self.parts = tuple(parts)
        self.how = dict(backend=backend, mode=mode, dynamic=dynamic, fullgraph=fullgraph,
                        options=options)

    def before_train(self, runner):
        self._compile(runner)

    def before_test(self, runner):
        self._compile(runner)

    def _compile(self, runner):
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        found = [name for name in self.parts if isinstance(getattr(model, name, None),
                                                           torch.nn.Module)]
        if not found:
            raise InputError(f'compile.parts: {type(model).__name__} has none of '
                             f'{", ".join(self.parts)}')
        runner.logger.info(f'{", ".join(found)}: compiled by {self.how["backend"]}; first '
                           'iterations take longer')
        for name in found:
            part = getattr(model, name)
            # Where torch's own Module.compile puts it: copies of the module do not get it.
            part._compiled_call_impl = _Compiled(part, name, self.how, runner.logger)


class _Compiled:
    """What is called in place of a module: compiled, or the module itself once that has failed.

    Args:
        module: the module.
        name: for messages.
        how: arguments of ``torch.compile``.
        logger: is told why the module is not compiled.
    """

    def __init__(self, module, name, how, logger):
        self.module, self.name, self.logger = module, name, logger
        self.how, self.compiled = how, None
        self.is_given_up = self.is_tried = False

    def __call__(self, *args, **kwargs):
        if not self.is_given_up:
            try:
                if self.compiled is None:
                    self.compiled = torch.compile(self.module._call_impl, **self.how)
                if self.module.training and torch.is_grad_enabled() and not self.is_tried:
                    self._try(args, kwargs)
                return self.compiled(*args, **kwargs)
            # Whatever it was: if the module itself is wrong, it raises again, and more clearly.
            except Exception as error:
                self.is_given_up = True
                self.logger.warning(f'{self.name} is not compiled: {_reason(error)}')
        return self.module._call_impl(*args, **kwargs)

    def _try(self, args, kwargs):
        """Go forward and backward once and leave no trace of it.

        The way back is compiled when it is first gone, and there it would be too late to turn.
        """
        self.is_tried = True
        buffers = {name: buffer.clone() for name, buffer in self.module.named_buffers()}
        args, kwargs = tree_map_only(torch.Tensor, _apart, (args, kwargs))
        devices = {p.device for p in self.module.parameters() if p.is_cuda}
        try:
            with torch.random.fork_rng(devices):
                found = self.compiled(*args, **kwargs)
                ends = [x for x in tree_leaves(found) if torch.is_tensor(x) and x.requires_grad]
                if ends:
                    wanted = [p for p in self.module.parameters() if p.requires_grad]
                    torch.autograd.grad([x.float().mean() for x in ends], wanted,
                                        allow_unused=True)
        finally:
            with torch.no_grad():
                for name, buffer in self.module.named_buffers():
                    buffer.copy_(buffers[name])
            torch.clear_autocast_cache()    # weights that were cast belong to a graph that is gone


def _apart(tensor):
    """The same values, without the graph that they come from."""
    return tensor.detach().requires_grad_(tensor.requires_grad)


def _reason(error):
    """An error of the compiler on one line: its first lines say what went wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = ' '.join(lines[:3]) or type(error).__name__
    return text if len(text) <= LONGEST else text[:LONGEST] + '...'


def compile_hooks(cfg):
    """The hook that the config key ``compile`` asks for, in a list; True takes the defaults."""
    found = cfg.get('compile')
    if not found:
        return []
    if found is not True and not isinstance(found, dict):
        raise InputError("compile: expected True or a dict such as dict(mode='max-autotune'), got "
                         f'{found!r}')
    how = {} if found is True else dict(found)
    check_arguments(CompileModel, how, 'compile')
    return [dict(type='CompileModel', **how)]
