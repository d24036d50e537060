#!/usr/bin/env bash
# Train on several GPUs: tools/dist_train.sh CONFIG GPUS [arguments of tools/train.py]
# Several machines: run it on each with NNODES, its own NODE_RANK, and MASTER_ADDR of the first.
# TORCHRUN_ARGS='--max-restarts 3' with --resume goes on by itself when a process dies.
set -euo pipefail

if [ $# -lt 2 ]; then
    echo "usage: $0 CONFIG GPUS [arguments of tools/train.py]" >&2
    exit 2
fi
config=$1
gpus=$2
shift 2

# shellcheck disable=SC2086  # TORCHRUN_ARGS holds several words
exec "${PYTHON:-python}" -m torch.distributed.run ${TORCHRUN_ARGS:-} \
    --nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}" \
    --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}" \
    --nproc_per_node="$gpus" \
    "$(dirname "$0")/train.py" "$config" --launcher pytorch "$@"
