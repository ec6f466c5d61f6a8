#!/bin/bash
# compose.sh FLAVOUR FILE...: brings compose files up, uses and rotates what is in them, and takes them down. As root, with Docker.
# Base images are pulled, or stand-ins are built (e2e/images/build.sh); COMPOSE names the tool (docker-compose, "docker compose").
# Without Vault the driver matrix runs, too.
set -euo pipefail
cd "$(dirname "$0")/.."
flavour=$1
shift
files=()
for file; do files+=(-f "$file"); done
# Not the default ports: tests that run beside this use those.
export TDEPROXY_PORT=13307 TDEPROXY_ADMIN_PORT=19307 PROMETHEUS_PORT=19090
PLAIN_PORT=13308
project=tdeproxy-e2e-$flavour
work=$(mktemp -d)
vault=
case "$*" in *vault*) vault=1 ;; esac
if [ -z "${COMPOSE:-}" ]; then
  if docker compose version >/dev/null 2>&1; then COMPOSE="docker compose"; else COMPOSE=docker-compose; fi
fi
dc() { $COMPOSE -p "$project" "${files[@]}" "$@"; }
failed() { echo "FAIL: $*"; dc logs --tail 40 2>&1 | tail -120; exit 1; }
cleanup() {
  docker rm -f -v "$project-plain" >/dev/null 2>&1 || true
  dc down -v --remove-orphans >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap cleanup EXIT
client=mariadb
[ "$flavour" = mysql ] && client=/opt/mysql97/mysql && { docker run --rm --entrypoint /bin/sh mysql:9.7 -c 'test -x /opt/mysql97/mysql' 2>/dev/null || client=mysql; }

echo "with $($COMPOSE version --short 2>/dev/null || $COMPOSE --version)"
docker rm -f -v "$project-plain" >/dev/null 2>&1 || true
dc down -v --remove-orphans >/dev/null 2>&1 || true
dc up -d || failed "up"

healthy() { # SERVICE
  local id
  for _ in $(seq 90); do
    id=$(dc ps -q "$1")
    [ "$(docker inspect -f '{{.State.Health.Status}}' "$id" 2>/dev/null)" = healthy ] && return
    sleep 1
  done
  failed "$1 is not healthy"
}
for s in db proxy prometheus; do healthy $s; done
echo "ok: up and healthy"

# direct SQL and through SQL: as root, with the password of the volume; the second verifies the proxy's certificate and name.
direct() { dc exec -T db sh -c "$client --protocol=tcp -h127.0.0.1 -uroot -p\$(cat /secrets/root) -N -B -e \"\$0\" 2>/dev/null" "$1"; }
docker cp "$(dc ps -q proxy):/var/lib/tdeproxy/certs/ca.pem" "$work/ca.pem" >/dev/null
secret=$(dc exec -T db cat /secrets/root | tr -d '\r\n')
through() { MYSQL_PWD=$secret mariadb --no-defaults -h127.0.0.1 -P$TDEPROXY_PORT -uroot --ssl-ca="$work/ca.pem" --ssl-verify-server-cert -N -B -e "$1"; }
metric() { curl -fsS http://127.0.0.1:$TDEPROXY_ADMIN_PORT/metrics | awk -v n="$1" '$1 == n { print $2 }'; }
equal() { [ "$2" = "$3" ] || failed "$1: got $(printf %q "$2"), want $(printf %q "$3")"; echo "ok: $1"; }

# shellcheck source=e2e/compose_drivers.sh
. e2e/compose_drivers.sh
if [ -z "$vault" ]; then
  go build -o "$work/rundrivers" ./e2e/rundrivers
  drivers
fi

through "CREATE TABLE shop.customers (id INT AUTO_INCREMENT PRIMARY KEY, email VARCHAR(60), name VARCHAR(60), UNIQUE KEY (email));
  INSERT INTO shop.customers (email, name) VALUES ('ada@example.com', 'Ada'), ('bob@example.com', 'Bob')" || failed "writing"
equal "equality goes upstream" "$(through "SELECT name FROM shop.customers WHERE email = 'ada@example.com'")" Ada
equal "the evaluator computes" "$(through "SELECT UPPER(name) FROM shop.customers WHERE name LIKE 'B%'")" BOB
equal "the server has no plaintext" "$(direct "SELECT COUNT(*) FROM shop.customers WHERE email LIKE '%example%' OR name IN ('Ada', 'Bob')")" 0
direct "CREATE TABLE shop.old (v VARCHAR(20)); INSERT INTO shop.old VALUES ('oldplaintext')" || failed "a table past the proxy"
through "ALTER TABLE shop.old ENCRYPTION='Y'" || failed "encrypting a table that was there before"
equal "a table that was there before is encrypted" "$(through "SELECT v FROM shop.old") $(direct "SELECT COUNT(*) FROM shop.old WHERE v LIKE '%plain%'")" "oldplaintext 0"
dc exec -T proxy /usr/local/bin/tdeproxy doctor -c /etc/tdeproxy/tdeproxy.toml || failed "the doctor"
if [ "$vault" ]; then
  dc exec -T proxy /usr/local/bin/tdeproxy keyring show -c /etc/tdeproxy/tdeproxy.toml | grep 'vault://vault:8200/transit/tdeproxy' >/dev/null || failed "Vault does not wrap the keyring"
  echo "ok: Vault wraps the keyring"
fi
equal "no shell user is root" "$(dc exec -T proxy sh -c 'id -u; touch /usr/local/x 2>/dev/null && echo writable' | tr -d '\r' | xargs)" 999

# Certificates and keys rotate; a client that holds a connection goes on.
coproc HELD { MYSQL_PWD=$secret mariadb --no-defaults -h127.0.0.1 -P$TDEPROXY_PORT -uroot --ssl-ca="$work/ca.pem" --ssl-verify-server-cert -N -B -n; }
echo "SELECT 'before';" >&"${HELD[1]}"
read -r -t 10 line <&"${HELD[0]}" || failed "a held connection"
before=$(metric tdeproxy_certificate_generation)
dc exec -T proxy /usr/local/bin/tdeproxy cert renew -c /etc/tdeproxy/tdeproxy.toml >/dev/null || failed "renewing the certificate"
for _ in $(seq 20); do [ "$(metric tdeproxy_certificate_generation)" != "$before" ] && break; sleep 0.5; done
[ "$(metric tdeproxy_certificate_generation)" != "$before" ] || failed "the renewed certificate is not taken into use"
echo "SELECT name FROM shop.customers WHERE id = 1;" >&"${HELD[1]}"
read -r -t 10 line <&"${HELD[0]}" || failed "the held connection after the renewal"
equal "a held connection outlives the certificate" "$line" Ada
eval "exec ${HELD[1]}>&-"
equal "new clients verify the new certificate" "$(through "SELECT COUNT(*) FROM shop.customers")" 2
version=$(metric tdeproxy_keyring_master_key_version)
dc exec -T proxy /usr/local/bin/tdeproxy keyring rotate -c /etc/tdeproxy/tdeproxy.toml >/dev/null || failed "rotating the master key"
dc restart proxy >/dev/null 2>&1
healthy proxy
equal "master key version after the restart" "$(metric tdeproxy_keyring_master_key_version)" $((version + 1))
through "CREATE TABLE shop.later (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(20)); INSERT INTO shop.later (v) VALUES ('new')" || failed "writing under the new key"
equal "tables of both keys open" "$(through "SELECT c.name, l.v FROM shop.customers c JOIN shop.later l ON l.id = c.id" | xargs)" "Ada new"

if [ "$vault" ]; then
  # The proxy asks Vault at its start alone: it goes on without, and a start waits until Vault is there and unsealed.
  dc stop vault >/dev/null 2>&1
  equal "a running proxy needs no Vault" "$(through "SELECT name FROM shop.customers WHERE id = 2")" Bob
  dc restart proxy >/dev/null 2>&1
  for _ in $(seq 30); do dc logs --tail 40 proxy 2>&1 | grep 'cannot be used at the moment' >/dev/null && break; sleep 1; done
  equal "a start without Vault accepts no client" "$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:$TDEPROXY_ADMIN_PORT/readyz)" 503
  dc up -d >/dev/null 2>&1 || failed "up with Vault again"
  healthy proxy
  equal "and goes on when Vault is back" "$(through "SELECT name FROM shop.customers WHERE id = 2")" Bob
fi

# What the dashboard plots has happened at least once: a statement that reads a whole table, and one that is refused.
through "SELECT COUNT(*) FROM shop.customers WHERE UPPER(name) = 'ADA'" >/dev/null || failed "a query that fetches a table"
through "CREATE TRIGGER shop.refused BEFORE INSERT ON shop.customers FOR EACH ROW SET NEW.name = 'x'" 2>/dev/null && failed "a trigger of an encrypted table is not refused"
# Every query of the dashboard and of the alerts is one that the running Prometheus takes, over metrics that it has.
ask() { curl -fsS --data-urlencode "query=$1" http://127.0.0.1:$PROMETHEUS_PORT/api/v1/query; }
for _ in $(seq 30); do ask 'up{job="tdeproxy"}' | grep '"1"\]' >/dev/null && break; sleep 1; done
sleep 12 # rates want two scrapes
python3 - <<'END' >"$work/queries"
import json, re
for panel in json.load(open("compose/grafana/dashboards/tdeproxy.json"))["panels"]:
    for t in panel["targets"]:
        print(t["expr"])
for expr in re.findall(r"^        expr: (.+)$", open("docs/alerts.yml").read(), re.M):
    print(re.split(r" (?:<|>|==) ", expr)[0])
END
n=0
while read -r q; do
  answer=$(ask "$q") || failed "Prometheus does not take: $q"
  case $answer in
    *'"result":[]'*) failed "Prometheus knows nothing of: $q" ;;
    *'"status":"success"'*) ;;
    *) failed "$q: $answer" ;;
  esac
  n=$((n + 1))
done <"$work/queries"
echo "ok: $n queries of dashboard and alerts"
loaded=$(curl -fsS http://127.0.0.1:$PROMETHEUS_PORT/api/v1/rules | grep -o '"health":"ok"' | wc -l)
equal "alerts that Prometheus has loaded and evaluates" "$loaded" "$(grep -c -- '- alert:' docs/alerts.yml)"
echo "PASS: $*, $SECONDS s"
