#!/usr/bin/env bash
# Runs the benchmark list on promqlite, Prometheus' engine and Thanos' engine in turn, and prints one table.
# Usage: run.sh [--dataset NAME] [--filter TEXT] [--engines "prometheus thanos"] [--threads "1 2"] [--out FOLDER]
set -euo pipefail
cd "$(dirname "$0")/../.."

dataset="" filter="" engines="prometheus thanos" threads="1 2" out=""
while [ $# -gt 0 ]; do
  case "$1" in
    --dataset) dataset="$2" ;;
    --filter) filter="$2" ;;
    --engines) engines="$2" ;;
    --threads) threads="$2" ;;
    --out) out="$2" ;;
    *) sed -n '2,3p' "$0" >&2; exit 1 ;;
  esac
  shift 2
done
out="${out:-$(mktemp -d)}"
mkdir -p "$out"
out="$(cd "$out" && pwd)"

cargo build --quiet --release -p promqlite-bench
bin="${CARGO_TARGET_DIR:-target}/release"
for engine in $engines; do (cd "benches/peers/$engine" && go build -o "$out/$engine" .); done

names="${dataset:-$(grep -o '"dataset":"[a-z0-9_]*"' benches/cases.jsonl | cut -d'"' -f4 | uniq)}"
rm -f "$out"/*.jsonl
for name in $names; do
  "$bin/promqlite-bench-memory" --dataset "$name" --filter "$filter" >> "$out/memory.jsonl"
  for n in $threads; do
    echo "$name, $n thread(s)" >&2
    "$bin/promqlite-bench" time --dataset "$name" --filter "$filter" --threads "$n" \
      --cases benches/cases.jsonl >> "$out/promqlite.jsonl"
    for engine in $engines; do
      # Exit code 2: an engine could not answer some case; the table shows which.
      "$out/$engine" -cases benches/cases.jsonl -dataset "$name" -filter "$filter" \
        -threads "$n" >> "$out/$engine.jsonl" || [ $? = 2 ]
    done
  done
done
"$bin/promqlite-bench" table "$out"/*.jsonl | tee "$out/table.md"
echo "records: $out" >&2
