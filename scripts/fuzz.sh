#!/bin/bash
# Runs every fuzz target of the project for a while each: scripts/fuzz.sh [TIME]
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-10s}
count=0
for package in $(go list ./...); do
  dir=$(go list -f '{{.Dir}}' "$package")
  for target in $(grep -hoE '^func Fuzz[A-Za-z0-9_]*' "$dir"/*_test.go 2>/dev/null | cut -d' ' -f2); do
    echo "$package $target"
    go test "$package" -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 5s
    count=$((count + 1))
  done
done
[ "$count" -gt 0 ] || { echo "no fuzz targets found" >&2; exit 1; }
