#!/bin/sh
# A campaign in shards with GNU parallel, and what they found in one database:
#
#     product/machines/parallel.sh SHARDS FOLDER [ARGUMENTS OF campaign ...]
#
# TWINHEAP names the command. A shard takes whole blocks of 256 programs, so --programs must give every shard one: a shard
# that has none ends with 4, nothing ran, and fails the whole.
set -eu
shards=$1
out=$2
shift 2
twinheap=${TWINHEAP:-twinheap}
mkdir -p "$out"
seq "$shards" | parallel --will-cite --halt now,fail=1 \
    "$twinheap" campaign --shard "{}/$shards" --findings-exit 0 --quiet --jobs 1 \
    --db "$out/shard-{}.db" --out "$out/report-{}" "$@"
exec "$twinheap" merge --into "$out/campaign.db" "$out"/shard-*.db
