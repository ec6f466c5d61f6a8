#!/bin/bash
# systemd.sh FILE.deb: the Debian package under a systemd that runs: a container whose first process is systemd, with MariaDB beside
# the proxy. The socket is activated, the service restarted under clients that connect all the time and want every answer, reloaded,
# killed, and stopped. As root, with Docker; the container gets nearly every capability, as systemd wants.
set -euo pipefail
deb=$(realpath "$1")
cd "$(dirname "$0")/.."
image=tdeproxy-systemd:bookworm
name=tdeproxy-e2e-systemd
failed() { echo "FAIL: $*"; inside journalctl --no-pager -o cat -n 40 2>/dev/null || docker logs --tail 40 $name; exit 1; }
ok() { echo "ok: $*"; }
inside() { docker exec $name "$@"; }
scratch=$(mktemp -d)
trap 'docker rm -f -v $name >/dev/null 2>&1 || true; rm -rf --one-file-system "$scratch"' EXIT

# Debian's image where a registry has it, or what debootstrap makes.
base() {
  docker image inspect debian:bookworm-slim >/dev/null 2>&1 || docker pull -q debian:bookworm-slim >/dev/null 2>&1 || {
    scripts/packages.sh debootstrap >&2
    debootstrap --variant=minbase bookworm "$scratch/root" >/dev/null
    tar -C "$scratch/root" --exclude=./dev --exclude=./proc --exclude=./sys -c . | docker import - debian:bookworm-slim >/dev/null
  }
}
if ! docker image inspect $image >/dev/null 2>&1; then
  base
  docker build -q -t $image - >/dev/null <<'DOCKERFILE'
FROM debian:bookworm-slim
RUN mkdir -p /var/cache/apt/archives/partial && apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
  systemd systemd-sysv dbus procps curl mariadb-server mariadb-client && apt-get clean && rm -rf /var/lib/mysql/* && \
  mariadb-install-db --user=mysql --skip-test-db
DOCKERFILE
fi

# All that this machine has to give: CAP_SYS_RESOURCE, by which limits are raised, is not everywhere.
resource=$(($(printf '%d' "0x$(sed -n 's/^CapBnd:\t//p' /proc/self/status)") >> 24 & 1))
caps=(--cap-add ALL)
[ $resource = 1 ] || caps+=(--cap-drop SYS_RESOURCE)
docker rm -f -v $name >/dev/null 2>&1 || true
docker run -d --name $name "${caps[@]}" --security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined \
  --tmpfs /run --tmpfs /run/lock --tmpfs /tmp -v /sys/fs/cgroup:/sys/fs/cgroup:rw --cgroupns=host -e container=docker $image /sbin/init >/dev/null
for _ in $(seq 60); do inside systemctl is-active -q mariadb 2>/dev/null && break; sleep 1; done
inside systemctl is-active -q mariadb || failed "MariaDB under systemd"
[ "$(inside cat /proc/1/comm)" = systemd ] || failed "the first process is not systemd"
ok "booted, $(inside systemctl --version | head -1)"

# Installed by apt, configured, and begun: the socket first, as docs/runbooks.md says.
docker cp "$deb" $name:/root/tdeproxy.deb >/dev/null
inside apt-get install -y --no-install-recommends /root/tdeproxy.deb >/dev/null 2>&1 || failed "apt install"
inside mariadb -e "CREATE DATABASE shop; CREATE USER tdeproxy@'127.0.0.1' IDENTIFIED BY 'secret'; GRANT SELECT, TRIGGER, EVENT, SHOW VIEW, CONNECTION ADMIN ON *.* TO tdeproxy@'127.0.0.1';
  GRANT ALTER, CREATE, DROP, INSERT, LOCK TABLES ON shop.* TO tdeproxy@'127.0.0.1'; CREATE USER app@'127.0.0.1' IDENTIFIED BY 'a'; GRANT ALL ON shop.* TO app@'127.0.0.1'"
inside sh -c "sed -i 's/^password = \"\"/password = \"secret\"/' /etc/tdeproxy/tdeproxy.toml && printf '\n[[encrypt]]\ndatabase = \"shop\"\n' >>/etc/tdeproxy/tdeproxy.toml"
inside systemctl enable -q --now tdeproxy.socket tdeproxy.service || failed "systemctl enable --now"
ok "installed by apt; systemctl returned when the proxy was ready (Type=notify)"

sql() { inside env MYSQL_PWD=a mariadb --no-defaults -h127.0.0.1 -P3307 -uapp --ssl-ca=/var/lib/tdeproxy/certs/ca.pem --ssl-verify-server-cert -N -e "$1"; }
sql "CREATE TABLE shop.t (v VARCHAR(20)); INSERT INTO shop.t VALUES ('plaintext')" || failed "writing"
[ "$(inside mariadb -N -e "SELECT COUNT(*) FROM shop.t WHERE v LIKE '%plain%'")" = 0 ] || failed "plaintext upstream"
pid() { inside systemctl show -P MainPID tdeproxy; }
limit() { inside awk "/^$1/ { print \$(NF - 1) }" "/proc/$(pid)/limits"; }

# The unit's settings, as the kernel has them for the process.
[ "$(inside ps -o user= -p "$(pid)")" = tdeproxy ] || failed "runs as $(inside ps -o user= -p "$(pid)")"
status() { inside awk "/^$1:/ { print \$2 }" "/proc/$(pid)/status"; }
[ "$(status NoNewPrivs) $(status Seccomp) $(status CapEff)" = "1 2 0000000000000000" ] || failed "no hardening: $(status NoNewPrivs) $(status Seccomp) $(status CapEff)"
[ "$(limit 'Max core file size')" = 0 ] || failed "cores are written"
want=unlimited
[ $resource = 1 ] || want=$(($(ulimit -Hl) * 1024)) # as much as this machine may give
[ "$(limit 'Max locked memory')" = "$want" ] || failed "LimitMEMLOCK: $(limit 'Max locked memory'), want $want"
inside sh -c 'ls -A /dev/shm | grep -q . && exit 1; exit 0' || failed "the evaluator's files are for all to see"
inside nsenter -t "$(pid)" -m ls /dev/shm/tdeproxy >/dev/null || failed "the evaluator's files are not in the unit's own memory"
score=$(inside systemd-analyze security tdeproxy --no-pager | sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
awk -v s="$score" 'BEGIN { exit !(s != "" && s < 2.5) }' || failed "exposure $score"
ok "user, no privileges, seccomp, no cores, own /dev/shm, locked memory up to $want; exposure $score"

# Restarts under clients: they connect all the time, and each wants its answer. Nobody is refused.
cat >"$scratch/client.sh" <<'CLIENT'
export MYSQL_PWD=a
n=0
while [ ! -e /root/stop ]; do
  n=$((n + 1))
  out=$(mariadb --no-defaults -h127.0.0.1 -P3307 -uapp --connect-timeout=120 --ssl-ca=/var/lib/tdeproxy/certs/ca.pem --ssl-verify-server-cert -N -e 'SELECT UPPER(v) FROM shop.t' 2>&1)
  [ "$out" = PLAINTEXT ] || echo "bad: $(echo "$out" | grep ERROR || echo "$out")"
done
echo "answers $n"
CLIENT
docker cp "$scratch/client.sh" $name:/root/client.sh >/dev/null
clients=()
for i in 1 2 3 4; do
  inside bash /root/client.sh >"$scratch/client.$i" 2>&1 &
  clients+=($!)
done
restarts=0
for _ in 1 2 3 4 5; do
  sleep 3
  before=$(pid)
  inside systemctl restart tdeproxy || failed "systemctl restart"
  [ "$(pid)" != "$before" ] || failed "the process is the old one"
  restarts=$((restarts + 1))
done
sleep 1
inside kill -9 "$(pid)" # Restart=on-failure
for _ in $(seq 60); do [ "$(inside systemctl show -P NRestarts tdeproxy)" -ge 1 ] && inside systemctl is-active -q tdeproxy && break; sleep 1; done
inside systemctl is-active -q tdeproxy || failed "not started again after a kill"
sleep 1
inside touch /root/stop
wait "${clients[@]}"
answers=$(sed -n 's/^answers //p' "$scratch"/client.* | awk '{ n += $1 } END { print n }')
cat "$scratch"/client.* | grep '^bad' | sort | uniq -c >"$scratch/bad" || true
grep -qi "can't connect\|refused" "$scratch/bad" && { cat "$scratch/bad"; failed "connections were refused"; }
lost=$(awk '{ n += $1 } END { print n + 0 }' "$scratch/bad")
# What the kill cut off in the middle is lost: at most one of each client.
[ "$lost" -le 4 ] || { cat "$scratch/bad"; failed "$lost answers were lost"; }
[ "$answers" -ge 40 ] || failed "only $answers answers"
ok "$restarts restarts and one kill under clients: $answers answers on new connections, none refused, $lost cut off by the kill"

# Reload, by systemd; and the log, which journald has as JSON.
generation() { inside curl -fsS http://127.0.0.1:9307/metrics | awk '$1 == "tdeproxy_certificate_generation" { print $2 }'; }
before=$(generation)
inside runuser -u tdeproxy -- tdeproxy cert renew -c /etc/tdeproxy/tdeproxy.toml >/dev/null || failed "cert renew"
inside systemctl reload tdeproxy || failed "systemctl reload"
for _ in $(seq 40); do [ "$(generation)" != "$before" ] && break; sleep 0.5; done
[ "$(generation)" != "$before" ] || failed "a reload has not taken the new certificate"
[ "$(sql "SELECT v FROM shop.t")" = plaintext ] || failed "reading after the reload"
inside journalctl -u tdeproxy _COMM=tdeproxy --no-pager -o cat >"$scratch/journal"
python3 -c 'import json, sys
n = [json.loads(line)["msg"] for line in open(sys.argv[1])]
assert "configuration reloaded" in n and "certificates reloaded" in n and "drained" in n, n[-20:]
print("ok: reload takes the new certificate;", len(n), "lines of JSON in the journal")' "$scratch/journal" || failed "the journal"

inside sh -c 'runuser -u tdeproxy -- tdeproxy doctor -c /etc/tdeproxy/tdeproxy.toml' >"$scratch/doctor" || { cat "$scratch/doctor"; failed "the doctor"; }
ok "the doctor: $(tail -1 "$scratch/doctor")"
inside systemctl stop tdeproxy.socket tdeproxy.service || failed "systemctl stop"
[ "$(inside systemctl show -P Result tdeproxy)" = success ] || failed "stopped with $(inside systemctl show -P Result tdeproxy)"
inside dpkg -P tdeproxy >/dev/null 2>&1 || failed "purge"
inside test -s /var/lib/tdeproxy/keyring.json || failed "a purge has removed the keyring"
ok "stopped and purged; the keyring is kept"
echo "PASS: $(basename "$deb") under systemd, $SECONDS s"
