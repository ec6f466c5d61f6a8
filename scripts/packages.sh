#!/bin/bash
# Installs Debian packages that are not there yet; as root, and only then with the network.
#   scripts/packages.sh NAME...
# Services that come with them are not started: tests start servers of their own.
set -euo pipefail

missing=()
for name in "$@"; do
  state=$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$name")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "missing Debian packages: ${missing[*]}; install them, or run this as root" >&2
  exit 1
fi

# One package manager at a time, also for several checkouts at once.
exec 9>/run/lock/tdeproxy-packages
flock 9

policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' >$policy
  chmod 755 $policy
fi

export DEBIAN_FRONTEND=noninteractive
install() { apt-get -q -y -o DPkg::Lock::Timeout=300 install --no-install-recommends "${missing[@]}" >"$log" 2>&1; }
log=$(mktemp)
# The package lists may be absent or out of date: one more try with fresh ones.
if ! install; then
  apt-get -q update >>"$log" 2>&1 || true
  if ! install; then
    tail -20 "$log" >&2
    echo "could not install: ${missing[*]}" >&2
    exit 1
  fi
fi
rm -f "$log"
echo "installed: ${missing[*]}" >&2
