import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from mmvideo.evaluation import read_scores

ROOT = Path(__file__).resolve().parents[2]
# Five samples on two processes: the sampler repeats sample 0 for the second one. Only sample 0 is
# recognized, so counting it twice would give 2/6 or, cut to five, 2/5.
PROCESS = '''
import torch
torch.distributed.init_process_group('gloo')
from mmvideo.evaluation import AccMetric, ScoreDump
rank = torch.distributed.get_rank()
acc = AccMetric('top_k_accuracy', dict(top_k_accuracy=dict(topk=1)))
dump = ScoreDump('out.pkl', names=list('abcde'))
for index in (SHARES)[rank]:
    sample = dict(score=torch.tensor([1.0, 0.0, float(-index)]), sample_index=index,
                  label=torch.tensor([0 if index == 0 else 1]))
    acc.process({}, [sample])
    dump.process({}, [sample])
with open(f'rank{rank}.txt', 'w') as file:
    file.write(f"{acc.evaluate(5)['top1_acc']} {dump.evaluate(5)}")
torch.distributed.destroy_process_group()
'''


@pytest.mark.parametrize('shares', ['[0, 2, 4], [1, 3, 0]', '[0, 1, 2], [3, 4, 0]'])
def test_two_processes_count_every_sample_once(tmp_path, shares):
    (tmp_path / 'process.py').write_text(PROCESS.replace('SHARES', shares))
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    done = subprocess.run(
        [sys.executable, '-m', 'torch.distributed.run', '--nproc_per_node=2',
         '--master_addr=127.0.0.1', f'--master_port={port}', 'process.py'],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
        env={**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'})
    assert done.returncode == 0, done.stderr
    for rank in (0, 1):  # both processes know the result
        assert (tmp_path / f'rank{rank}.txt').read_text() == '0.2 {}'
    file = read_scores(tmp_path / 'out.pkl')
    assert file.names == list('abcde') and file.labels == [0, 1, 1, 1, 1]
    assert file.scores[:, 2].tolist() == [0, -1, -2, -3, -4]
