#!/bin/bash
# package.sh FILE.deb: installs the Debian package into a clean root of its own and looks at all that it brings: files, user,
# permissions, manual pages, completion, the unit's hardening; then runs the unit's ExecStart as the unit's user beside a MariaDB,
# and removes and purges it. As root; needs debootstrap, systemd's tools here, and mounts.
set -euo pipefail
deb=$(realpath "$1")
cd "$(dirname "$0")/.."
scripts/packages.sh debootstrap systemd
root=$(mktemp -d)
chmod 755 "$root"
inside() { chroot "$root" "$@"; }
failed() { echo "FAIL: $*"; exit 1; }
ok() { echo "ok: $*"; }
servers=()
cleanup() {
  for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${servers[@]}"; do wait "$pid" 2>/dev/null || true; done
  umount "$root/dev/shm" "$root/proc" 2>/dev/null || true
  rm -rf --one-file-system "$root"
}
trap cleanup EXIT

debootstrap --variant=minbase --include=mariadb-server-core,mariadb-client,adduser,procps,systemd bookworm "$root" >/dev/null
mount -t proc proc "$root/proc"
mkdir -p "$root/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
cp "$deb" "$root/tdeproxy.deb"
inside dpkg -i /tdeproxy.deb >/dev/null
ok "installed"

# Files, user and permissions.
state() { inside stat -c '%a %U:%G' "$1"; }
equal() { [ "$2" = "$3" ] || failed "$1: $2, want $3"; ok "$1"; }
equal "program" "$(state /usr/bin/tdeproxy)" "755 root:root"
equal "configuration's folder" "$(state /etc/tdeproxy)" "750 root:tdeproxy"
equal "configuration" "$(state /etc/tdeproxy/tdeproxy.toml)" "640 root:tdeproxy"
equal "the user's shell and home" "$(inside getent passwd tdeproxy | cut -d: -f6,7)" "/var/lib/tdeproxy:/usr/sbin/nologin"
for f in /usr/share/man/man1/tdeproxy.1 /usr/share/man/man1/tdeproxy-audit-verify.1 /usr/share/bash-completion/completions/tdeproxy \
  /usr/share/zsh/vendor-completions/_tdeproxy /usr/share/fish/vendor_completions.d/tdeproxy.fish /usr/share/doc/tdeproxy/copyright \
  /lib/systemd/system/tdeproxy.socket; do
  [ -s "$root$f" ] || failed "$f is not there"
done
inside dpkg -V tdeproxy || failed "files differ from the package's"
inside bash -n /usr/share/bash-completion/completions/tdeproxy || failed "the completion is no bash"
ok "manual pages, completion, licence, socket"

# The units are right, and hardened: systemd's own exposure score, 0 is best.
unit=$root/lib/systemd/system/tdeproxy.service
# It looks for the manual page on this machine.
said=$(systemd-analyze verify --root="$root" tdeproxy.service tdeproxy.socket 2>&1 | grep tdeproxy | grep -v "'man tdeproxy(1)'" || true)
[ -z "$said" ] || failed "systemd-analyze verify: $said"
ok "systemd-analyze verify"
score=$(systemd-analyze security --offline=true "$unit" | sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
awk -v s="$score" 'BEGIN { exit !(s != "" && s < 2.5) }' || failed "exposure $score"
ok "systemd-analyze security: $score"

# The daemon, started as the unit does.
echo "127.0.0.1 localhost" >"$root/etc/hosts"
inside install -d -o nobody /run/db
inside mariadb-install-db --no-defaults --force --user=nobody --datadir=/run/db/data --auth-root-authentication-method=normal --skip-test-db >/dev/null 2>&1
chroot "$root" mariadbd --no-defaults --user=nobody --datadir=/run/db/data --socket=/run/db/s --port=13306 --bind-address=127.0.0.1 --skip-name-resolve >/dev/null 2>&1 &
servers+=($!)
sql() { inside mariadb --no-defaults -uroot "$@"; }
for _ in $(seq 60); do sql -S/run/db/s -e 'SELECT 1' >/dev/null 2>&1 && break; sleep 1; done
sql -S/run/db/s -e "CREATE DATABASE shop; CREATE USER tdeproxy@'127.0.0.1' IDENTIFIED BY 'secret'; GRANT ALL ON *.* TO tdeproxy@'127.0.0.1'; GRANT ALL ON *.* TO root@'127.0.0.1' IDENTIFIED BY 'r' WITH GRANT OPTION"
sed -i 's/^address = "127.0.0.1:3306"/address = "127.0.0.1:13306"/; s/^password = ""/password = "secret"/; s/^address = "127.0.0.1:3307"/address = "127.0.0.1:13307"/; s/^address = "127.0.0.1:9307"/address = "127.0.0.1:19307"/' "$root/etc/tdeproxy/tdeproxy.toml"
printf '\n[[encrypt]]\ndatabase = "shop"\n' >>"$root/etc/tdeproxy/tdeproxy.toml"
setting() { sed -n "s/^$1=//p" "$unit"; }
inside install -d -m "$(setting StateDirectoryMode)" -o tdeproxy -g tdeproxy "/var/lib/$(setting StateDirectory)" "/var/log/$(setting LogsDirectory)"
start=$(setting ExecStart)
# shellcheck disable=SC2086 # a command line
(umask "$(setting UMask)" && exec chroot --userspec="$(setting User):$(setting Group)" "$root" $start) 2>"$root/serve.log" &
servers+=($!)
for _ in $(seq 60); do inside /usr/bin/tdeproxy health -c /etc/tdeproxy/tdeproxy.toml >/dev/null 2>&1 && break; sleep 1; done
inside /usr/bin/tdeproxy health -c /etc/tdeproxy/tdeproxy.toml >/dev/null || { cat "$root/serve.log"; failed "the daemon is not ready"; }
ok "ExecStart as $(setting User) is ready"
through() { sql -h127.0.0.1 -P13307 -pr --ssl-ca=/var/lib/tdeproxy/certs/ca.pem --ssl-verify-server-cert -N -e "$1"; }
through "CREATE TABLE shop.t (v VARCHAR(20)); INSERT INTO shop.t VALUES ('plaintext')"
equal "read back" "$(through "SELECT UPPER(v) FROM shop.t")" PLAINTEXT
equal "stored" "$(sql -S/run/db/s -N -e "SELECT COUNT(*) FROM shop.t WHERE v LIKE '%plain%'")" 0
equal "the keyring" "$(state /var/lib/tdeproxy/keyring.json)" "600 tdeproxy:tdeproxy"
chroot --userspec=tdeproxy:tdeproxy "$root" /usr/bin/tdeproxy doctor -c /etc/tdeproxy/tdeproxy.toml >"$root/doctor" || { cat "$root/doctor"; failed "the doctor"; }
ok "the doctor: $(tail -1 "$root/doctor")"
kill "${servers[1]}"
wait "${servers[1]}" || failed "SIGTERM: exit code $?"
ok "SIGTERM ends it with 0"

# An upgrade keeps what was edited, and so does a removal keep keys.
inside dpkg -i /tdeproxy.deb >/dev/null
grep -q 'database = "shop"' "$root/etc/tdeproxy/tdeproxy.toml" || failed "an upgrade has replaced the configuration"
inside dpkg -P tdeproxy >/dev/null 2>&1
[ ! -e "$root/usr/bin/tdeproxy" ] || failed "the program is left after a purge"
[ -s "$root/var/lib/tdeproxy/keyring.json" ] || failed "a purge has removed the keyring"
ok "upgraded, removed and purged; configuration and keyring are kept"
echo "PASS: $(basename "$deb"), $SECONDS s"
