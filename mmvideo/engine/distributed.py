"""Several processes, on one machine or many: who starts them, how they find each other.

torchrun, Slurm and MPI each say in their own words which process of how many this is; torch wants
``RANK``, ``WORLD_SIZE``, ``LOCAL_RANK``, ``MASTER_ADDR`` and ``MASTER_PORT``.
"""
import datetime
import os
import re
import secrets
import warnings

import torch
import torch.distributed as dist
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch.nn import SyncBatchNorm

from mmvideo.errors import InputError
from mmvideo.registry import HOOKS

from .sync_norm import sync_on_cpus
from .watch import Watch

__all__ = ['LAUNCHERS', 'ShareBuffers', 'join', 'place', 'synchronized', 'take_place',
           'told_by_main']

PORT = 29500        # torch's own
# Until every process has come; a machine of a cluster may take a while to start its share.
JOIN_SECONDS = 600
# What each launcher sets: rank, number of processes, rank on this machine, number on this machine.
LAUNCHERS = dict(
    pytorch=[('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'LOCAL_WORLD_SIZE')],
    slurm=[('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID', None)],
    mpi=[('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE', 'OMPI_COMM_WORLD_LOCAL_RANK',
          'OMPI_COMM_WORLD_LOCAL_SIZE'),
         ('PMI_RANK', 'PMI_SIZE', 'MPI_LOCALRANKID', 'MPI_LOCALNRANKS')])
STARTED_BY = dict(pytorch='torchrun', slurm='srun', mpi='mpirun')


def place(launcher, environ):
    """The variables that torch reads, from those of a launcher.

    Args:
        launcher: 'pytorch', 'slurm' or 'mpi': Open MPI, or one that speaks PMI (MPICH, Intel MPI).
        environ: environment variables.

    Returns:
        dict: values by name, as text.

    Raises:
        InputError: the launcher did not start this process, or left out what cannot be guessed.
    """
    kinds = LAUNCHERS[launcher]
    kind = next((k for k in kinds if k[0] in environ), kinds[0])
    for name in kind[:2]:
        if not environ.get(name, '').isdigit():
            raise InputError(f'--launcher {launcher}: the environment variable {name} is '
                             f'{environ.get(name)!r}, expected a number; start the processes with '
                             f'{STARTED_BY[launcher]}')
    rank, size, local, local_size = (environ.get(name or '') for name in kind)
    found = dict(RANK=rank, WORLD_SIZE=size, LOCAL_RANK=local or environ.get('LOCAL_RANK', '0'),
                 MASTER_PORT=environ.get('MASTER_PORT') or str(PORT + _job(environ, launcher)))
    address = environ.get('MASTER_ADDR')
    if not address and launcher == 'slurm':
        nodes = environ.get('SLURM_STEP_NODELIST') or environ.get('SLURM_NODELIST') \
            or environ.get('SLURM_JOB_NODELIST', '')
        address = first_node(nodes)
    if not address and (local_size == size or size == '1'):
        address = '127.0.0.1'
    if not address:
        raise InputError(f'--launcher {launcher}: set the environment variable MASTER_ADDR to the '
                         'name or address of the machine of process 0')
    return {**found, 'MASTER_ADDR': address}


def take_place(launcher):
    """Put into the environment which process this is, for whoever prints something only once."""
    if launcher != 'none' and not dist.is_initialized():
        os.environ.update(place(launcher, os.environ))


def first_node(nodes):
    """The first name of a list of Slurm's: ``gpu[03-05,9],cpu1`` begins with gpu03."""
    first = re.match(r'(?:[^,\[]|\[[^\]]*\])*', nodes).group()
    return re.sub(r'\[([^\],-]+)[^\]]*\]', r'\1', first)


def _job(environ, launcher):
    """Jobs of Slurm that share a machine get ports of their own."""
    job = environ.get('SLURM_JOB_ID', '') if launcher == 'slurm' else ''
    return int(job) % 1000 if job.isdigit() else 0


def join(launcher, backend=None, timeout=None, **options):
    """Let this process and the others find each other, and watch over them from then on.

    Does nothing for the launcher 'none', or if that has been done.

    Args:
        launcher: see :func:`place`.
        backend: what they talk with; 'nccl' by default, and 'gloo' where there is no GPU.
        timeout: seconds after which one that waits for the others gives up; torch's by default.
        options: as of ``torch.distributed.init_process_group``; the other keys of
            ``env_cfg.dist_cfg``.

    Raises:
        InputError: the launcher did not start this process, or the others did not come.
    """
    if launcher == 'none' or dist.is_initialized():
        return
    take_place(launcher)
    if torch.cuda.is_available():
        os.environ['LOCAL_RANK'] = str(_device(int(os.environ['LOCAL_RANK'])))
        torch.cuda.set_device(int(os.environ['LOCAL_RANK']))
    else:
        backend = 'gloo'
    if timeout is not None:
        options['timeout'] = datetime.timedelta(seconds=timeout)
    for name in ('init_backend', 'port'):       # of mmengine's own way to start
        options.pop(name, None)
    try:
        # torch waits as long for the first call as for any later one; half an hour with gloo.
        store, rank, size = next(dist.rendezvous(
            'env://', timeout=datetime.timedelta(seconds=JOIN_SECONDS)))
        if os.environ.get('GROUP_WORLD_SIZE') == '1':
            # torchrun keeps the store when it restarts the processes of one machine, with the
            # addresses of those that are dead.
            store = dist.PrefixStore(os.environ.get('TORCHELASTIC_RESTART_COUNT', '0'), store)
        dist.init_process_group(backend or 'nccl', store=store, rank=rank, world_size=size,
                                **options)
    except (dist.DistError, RuntimeError, ValueError) as error:
        address = f'{os.environ["MASTER_ADDR"]}:{os.environ["MASTER_PORT"]}'
        raise InputError(f'the {os.environ["WORLD_SIZE"]} processes did not find each other at '
                         f'{address} (MASTER_ADDR, MASTER_PORT): '
                         f'{str(error).splitlines()[0]}') from error
    if size > 1:
        _watch(rank, size)


def _device(local_rank):
    """Which of the GPUs that this process sees is its own."""
    count = torch.cuda.device_count()
    if local_rank < count:
        return local_rank
    if count == 1:      # the launcher shows each process its own one
        return 0
    raise InputError(f'process {local_rank} of this machine has no GPU: there are {count}; start '
                     'as many processes as there are GPUs')


def _watch(rank, size):
    host, watch = os.environ['MASTER_ADDR'], Watch(rank, size)
    said = None
    if rank == 0:
        key = secrets.token_hex()
        said = (watch.listen(host, key), key, watch.name)
    port, key, name = told_by_main(said)
    is_connected = [False] * size
    if rank:
        try:
            watch.connect(host, port, key, name)
            is_connected[rank] = True
        except OSError as error:
            warnings.warn(f'process {rank} cannot reach port {port} of {host} ({error}): that '
                          'another process died will show late', stacklevel=2)
    watch.start()
    dist.all_gather_object(is_connected, is_connected[rank])
    if rank == 0:
        watch.meet(sum(is_connected))
    told_by_main(None)      # nobody goes on before: an error that comes at once must reach them all


def told_by_main(value):
    """What process 0 gives, everywhere; the value itself where there are no others."""
    if not dist.is_available() or not dist.is_initialized():
        return value
    values = [value]
    dist.broadcast_object_list(values)
    return values[0]


def synchronized(model, all_norms=False):
    """Let norm layers that are to work on the batches of all processes do so on CPUs, too.

    Args:
        model: changed in place.
        all_norms: make every batch norm such a layer (config key ``sync_bn``).
    """
    if all_norms:
        model = SyncBatchNorm.convert_sync_batchnorm(model)
    return model if torch.cuda.is_available() else sync_on_cpus(model)


@HOOKS.register_module()
class ShareBuffers(Hook):
    """Validates with the running statistics of process 0 in every process.

    Without synchronized batch norm each process has its own. Those of process 0 stand in the
    checkpoints, so these are measured.
    """

    priority = 'VERY_LOW'       # after weights were exchanged for averaged ones

    def before_val_epoch(self, runner):
        if dist.is_available() and dist.is_initialized():
            model = runner.model.module if is_model_wrapper(runner.model) else runner.model
            for buffer in model.buffers():
                dist.broadcast(buffer, 0)
