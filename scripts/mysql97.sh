#!/bin/bash
# Makes MySQL of Debian unstable runnable on Debian 12, without installing it: its packages, with every library that
# they need, are unpacked below .build/mysql97, and a wrapper runs them with the loader and libraries found there.
#   scripts/mysql97.sh        prints the path of the mysqld wrapper, unpacking first where that has not been done
# Beside mysqld there are wrappers for mysql and mysqldump. TDEPROXY_BUILD_DIR moves .build elsewhere, for checkouts that
# share one. Debian 12 itself has MariaDB only.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${TDEPROXY_BUILD_DIR:-$PWD/.build}
home=$build/mysql97
root=$home/root

fail() { echo "MySQL from Debian unstable: $*" >&2; exit 1; }

arch=$(dpkg --print-architecture)
case $arch in
amd64) triplet=x86_64-linux-gnu loader=lib64/ld-linux-x86-64.so.2 ;;
arm64) triplet=aarch64-linux-gnu loader=lib/ld-linux-aarch64.so.1 ;;
*) fail "no loader known for the architecture $arch" ;;
esac

# The mirror is the one that this machine's apt uses for Debian itself.
mirror() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | head -n 1; }

# apt with a root, lists and a package status of its own. The status is empty, so it fetches every dependency.
private_apt() {
  apt-get -q -y \
    -o Dir::Etc::SourceList="$home/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$home/apt/lists" -o Dir::State::status="$home/apt/status" \
    -o Dir::Cache::archives="$home/apt/archives" -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= \
    -o Acquire::Languages=none -o Acquire::Retries=3 -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
    -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Sandbox::User= \
    -o APT::Update::Post-Invoke-Success::= -o APT::Install-Recommends=false -o Debug::NoLocking=true "$@"
}

fetch() {
  local uri
  uri=$(mirror)
  if [ -z "$uri" ] && [ "$(id -u)" = 0 ]; then
    apt-get -q update >/dev/null 2>&1 || true
    uri=$(mirror)
  fi
  [ -n "$uri" ] || fail "apt's configuration names no Debian mirror; run apt-get update"
  mkdir -p "$home"/apt/{lists,archives}/partial
  : >"$home/apt/status"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri sid main" >"$home/apt/sources.list"
  private_apt update >"$home/apt.log" 2>&1 || { tail -5 "$home/apt.log" >&2; fail "no package lists from $uri"; }
  private_apt --download-only install mysql-server-core mysql-client-core >>"$home/apt.log" 2>&1 ||
    { tail -5 "$home/apt.log" >&2; fail "$uri does not serve mysql-server-core"; }
}

# Files only, no maintainer scripts. Debian unstable has /bin, /lib and /lib64 as links into /usr.
unpack() {
  local deb dir
  rm -rf "$root.new"
  for dir in bin sbin lib lib64; do
    mkdir -p "$root.new/usr/$dir"
    ln -s "usr/$dir" "$root.new/$dir"
  done
  for deb in "$home"/apt/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink --no-same-owner -C "$root.new" \
      --exclude='./usr/share/doc/*' --exclude='./usr/share/man/*' --exclude='./usr/share/locale/*'
  done
}

# wrapper NAME PROGRAM [OPTION...]: the caller's options go first, as --no-defaults must.
wrapper() {
  local name=$1 program=$2 option
  shift 2
  {
    echo '#!/bin/sh'
    echo '# Written by scripts/mysql97.sh.'
    echo 'here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)/root'
    echo "libs=\$here/usr/lib/$triplet:\$here/usr/lib/mysql/private"
    printf 'exec "$here/%s" --library-path "$libs" "$here/%s" "$@"' "$loader" "$program"
    for option in "$@"; do printf ' "%s"' "$option"; done
    echo
  } >"$home/$name.new"
  chmod 755 "$home/$name.new"
  mv "$home/$name.new" "$home/$name"
}

install() {
  fetch
  unpack
  rm -rf "$root" "$home/apt/archives" "$home/apt/lists"
  mv "$root.new" "$root"
  wrapper mysqld usr/sbin/mysqld '--basedir=$here/usr' '--lc-messages-dir=$here/usr/share/mysql' \
    '--character-sets-dir=$here/usr/share/mysql/charsets' '--plugin-dir=$here/usr/lib/mysql/plugin/'
  "$home/mysqld" --no-defaults --version >"$home/version" 2>"$home/version.err" ||
    { rm -f "$home/mysqld"; tail -3 "$home/version.err" >&2; fail "mysqld does not run"; }
}

mkdir -p "$home"
exec 9>"$home/lock"
flock 9
if [ ! -s "$home/version" ] || [ ! -x "$home/mysqld" ]; then install; fi
for name in mysql mysqldump; do
  [ -x "$home/$name" ] || wrapper $name usr/bin/$name
done
echo "$home/mysqld"
