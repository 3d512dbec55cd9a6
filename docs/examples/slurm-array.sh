#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One shard of a job array: sbatch --array=1-16 slurm-array.sh SCANS OUT [options of bwcolor colorize]
#SBATCH --job-name=bwcolor
#SBATCH --cpus-per-task=8
#SBATCH --mem=8G
#SBATCH --time=24:00:00
#SBATCH --signal=B:TERM@120
set -euo pipefail
scans=$1 out=$2
shift 2

# the numbers of an array may begin anywhere
shard=$((SLURM_ARRAY_TASK_ID - SLURM_ARRAY_TASK_MIN + 1))

# exec: SLURM's SIGTERM goes to bwcolor itself, which finishes the photos in work
exec bwcolor colorize "$scans" --out "$out" --shard "$shard/$SLURM_ARRAY_TASK_COUNT" \
    --jobs "$((${SLURM_CPUS_PER_TASK:-1} + 1))" --quiet --json "$@"
