#!/bin/bash
# Builds the Vault server of e2e/vaultserver, a module of its own, and prints the path of the program. The first build
# takes about ten minutes and needs the network; later ones find the program below .build, unless its source has changed.
# TDEPROXY_BUILD_DIR moves .build elsewhere, for checkouts that share one.
set -euo pipefail
cd "$(dirname "$0")/.."
home=${TDEPROXY_BUILD_DIR:-$PWD/.build}/vault
source=e2e/vaultserver

# The name tells the source that it was built from, so that checkouts which share a folder do not get each other's.
program=$home/vaultserver-$(cat $source/*.go $source/go.mod $source/go.sum <(go env GOVERSION) | sha256sum | cut -c1-16)

mkdir -p "$home"
exec 9>"$home/lock"
flock 9
if [ ! -x "$program" ]; then
  echo "building Vault for the tests; this takes a while" >&2
  # Its go.mod cannot be tidied, for tests of plugins that Vault brings along; go.sum holds every module that is built.
  (cd $source && GOFLAGS='-mod=readonly -buildvcs=false' CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$program.new" .) 9>&-
  mv "$program.new" "$program"
fi
echo "$program"
