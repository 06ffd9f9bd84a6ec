#!/bin/sh
# A campaign as an array job of Slurm: sbatch product/machines/slurm.sh
#SBATCH --array=1-8
#SBATCH --cpus-per-task=2
set -eu
out=${OUT:-twinheap-out}
mkdir -p "$out"
exec twinheap campaign --shard auto/8 --seed 1 --time 30m --findings-exit 0 --quiet \
    --db "$out/shard-$SLURM_ARRAY_TASK_ID.db" --out "$out/report-$SLURM_ARRAY_TASK_ID"
