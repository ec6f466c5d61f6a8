#!/bin/bash
# Scratch servers for tests: MariaDB of Debian 12 and MySQL of Debian unstable, on free loopback ports, data in memory
# where there is room. root has no password.
#   scripts/servers.sh run COMMAND...    starts both, runs COMMAND with the variables below, stops both
#   scripts/servers.sh start DIR         starts both with their files below DIR (made anew)
#   scripts/servers.sh env DIR           prints the variables, for eval
#   scripts/servers.sh stop DIR          stops what start has started there, and removes DIR
# Variables for COMMAND: TDEPROXY_TEST_MARIADB and TDEPROXY_TEST_MYSQL (host:port), TDEPROXY_TEST_MYSQLD (mysqld's
# path), TDEPROXY_TEST_VAULT (a program, see scripts/vault.sh), TDEPROXY_TEST_SCRATCH (a folder with room) and
# TDEPROXY_REQUIRE_SERVERS=1.
# Settings: EXTRA (more server options), ONLY (mariadb or mysql), PORT (the first port to try; default: a random one).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

fail() { echo "servers: $*" >&2; exit 1; }

# scratch prints where servers keep their data: memory, when 2 GiB of it are free.
scratch() {
  local free
  free=$(df --output=avail -k /dev/shm 2>/dev/null | tail -n 1) || free=0
  if [ -w /dev/shm ] && [ "${free:-0}" -gt $((2 << 20)) ]; then echo /dev/shm; else echo "${TMPDIR:-/tmp}"; fi
}

free_port() {
  local port=${PORT:-$((20000 + RANDOM % 10000))}
  while (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null; do port=$((port + 1)); done
  echo "$port"
}

# alive PIDFILE
alive() { [ -s "$1" ] && kill -0 "$(cat "$1")" 2>/dev/null; }

# initialise NAME DATADIR: makes the system tables.
initialise() {
  if [ "$1" = mysql ]; then
    "$TDEPROXY_TEST_MYSQLD" --no-defaults --initialize-insecure --user="$(id -un)" --datadir="$2"
  else
    mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$2" --auth-root-authentication-method=normal \
      --skip-test-db
  fi
}

# launch NAME DIR PORT: runs a server in the background. With WITH_US=1 it dies when this script does.
launch() {
  local name=$1 dir=$2 port=$3 program=(mariadbd) options=()
  if [ "$name" = mysql ]; then
    program=("$TDEPROXY_TEST_MYSQLD")
    options=(--mysqlx=OFF --disable-log-bin --innodb-redo-log-capacity=64M)
  else
    options=(--innodb-log-file-size=64M)
  fi
  [ -z "${WITH_US:-}" ] || program=(setpriv --pdeathsig TERM -- "${program[@]}")
  # shellcheck disable=SC2086 # EXTRA holds several options
  "${program[@]}" --no-defaults --user="$(id -un)" --datadir="$dir/data" --socket="$dir/s.sock" --tmpdir="$dir" \
    --pid-file="$dir/pid" --bind-address=127.0.0.1 --port="$port" --secure-file-priv= --local-infile=1 \
    --max-connections=4000 --max-allowed-packet=256M --log-bin-trust-function-creators=1 \
    --innodb-buffer-pool-size=256M --innodb-flush-log-at-trx-commit=2 "${options[@]}" ${EXTRA:-} \
    >"$dir/log" 2>&1 </dev/null 9>&- &
  echo $! >"$dir/child"
}

# start_one NAME DIR: a port may be taken between the look at it and its use, so there are several tries.
start_one() {
  local name=$1 dir=$2 port
  mkdir -p "$dir"
  initialise "$name" "$dir/data" >"$dir/log" 2>&1 || { tail -5 "$dir/log" >&2; fail "cannot initialise $name"; }
  for _ in 1 2 3; do
    port=$(free_port)
    launch "$name" "$dir" "$port"
    for _ in $(seq 600); do
      if grep -q "ready for connections" "$dir/log" 2>/dev/null; then
        echo "127.0.0.1:$port" >"$dir/address"
        return
      fi
      alive "$dir/child" || break
      sleep 0.1
    done
    stop_one "$dir"
  done
  tail -10 "$dir/log" >&2
  fail "$name does not start"
}

# stop_one DIR: by the number of the process that start_one has started.
stop_one() {
  alive "$1/child" || return 0
  local pid
  pid=$(cat "$1/child")
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 300); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null || true
}

names() { echo "${ONLY:-mariadb mysql}"; }

start() {
  local name
  "$here/packages.sh" mariadb-server mariadb-client
  TDEPROXY_TEST_MYSQLD=$("$here/mysql97.sh")
  export TDEPROXY_TEST_MYSQLD
  "$here/vault.sh" >/dev/null # a build that fails ends the start, as no failure within an echo does
  PATH=$PATH:/usr/sbin:/sbin
  mkdir -p "$1"
  for name in $(names); do start_one "$name" "$1/$name"; done
}

stop() {
  local name
  for name in mariadb mysql; do stop_one "$1/$name"; done
  rm -rf "$1"
}

variables() {
  local name
  for name in $(names); do
    if [ -s "$1/$name/address" ]; then echo "export TDEPROXY_TEST_${name^^}=$(cat "$1/$name/address")"; fi
  done
  echo "export TDEPROXY_TEST_MYSQLD='$("$here/mysql97.sh")'"
  echo "export TDEPROXY_TEST_VAULT='$("$here/vault.sh")'"
  echo "export TDEPROXY_TEST_SCRATCH='$(scratch)'"
  echo "export TDEPROXY_REQUIRE_SERVERS=1"
}

run() {
  local dir status=0
  dir=$(mktemp -d "$(scratch)/tdeproxy-test-XXXXXX")
  # shellcheck disable=SC2064 # dir is known now
  trap "stop '$dir'" EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  WITH_US=1
  start "$dir"
  eval "$(variables "$dir")"
  # In a session of its own, so that a signal to this script can end COMMAND with all that it has started.
  setsid "$@" &
  command=$! # not local: the trap outlives the function
  trap 'kill -- "-$command" 2>/dev/null; exit 130' INT
  trap 'kill -- "-$command" 2>/dev/null; exit 143' TERM HUP
  wait "$command" || status=$?
  return "$status"
}

case ${1:-} in
run) shift; [ $# -gt 0 ] || fail "run what?"; run "$@" ;;
start) start "${2:?start needs a folder}" ;;
env) variables "${2:?env needs a folder}" ;;
stop) stop "${2:?stop needs a folder}" ;;
*) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
