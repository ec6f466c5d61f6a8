#!/bin/bash
# build.sh: stand-ins for the images of the compose files, under their tags, out of Debian's packages: for machines that reach no
# image registry. An image that is there is left alone. As root; needs debootstrap, docker and scripts/mysql97.sh's server.
set -euo pipefail
cd "$(dirname "$0")/../.."
home=${TDEPROXY_BUILD_DIR:-$PWD/.build}
base=tdeproxy-standin-base:bookworm

has() { docker image inspect "$1" >/dev/null 2>&1; }

base() {
  local root
  has "$base" && return
  scripts/packages.sh debootstrap
  root=$(mktemp -d)
  debootstrap --variant=minbase --include=mariadb-server,mariadb-client,prometheus,ca-certificates,curl bookworm "$root" >&2
  tar -C "$root" --exclude=./dev --exclude=./proc --exclude=./sys --exclude=./var/cache --exclude=./usr/share/doc --exclude=./usr/share/man \
    --exclude=./usr/share/locale -c . | docker import - "$base" >/dev/null
  rm -rf "$root"
}

# image TAG: builds it from a Dockerfile on standard input, in a folder that FILES were put into.
image() {
  docker build -q -t "$1" -f - "$context" >/dev/null
  echo "stand-in: $1"
}

context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT
cp e2e/images/entrypoint.sh "$context/"
if ! has mariadb:10.11; then
  base
  image mariadb:10.11 <<END
FROM $base
COPY entrypoint.sh /usr/local/bin/docker-entrypoint.sh
RUN chmod 755 /usr/local/bin/docker-entrypoint.sh && usermod -u 999 mysql && groupmod -g 999 mysql && rm -rf /var/lib/mysql && install -d -o 999 -g 999 /var/lib/mysql /run/mysqld
ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]
CMD ["mariadbd"]
END
fi
if ! has mysql:9.7; then
  base
  mysqld=$(scripts/mysql97.sh)
  cp -a "$(dirname "$mysqld")/root" "$context/root"
  cp "$mysqld" "$(dirname "$mysqld")/mysql" "$context/"
  image mysql:9.7 <<END
FROM $base
COPY root /opt/mysql97/root
COPY mysqld mysql /opt/mysql97/
COPY entrypoint.sh /usr/local/bin/docker-entrypoint.sh
RUN chmod 755 /usr/local/bin/docker-entrypoint.sh /opt/mysql97/mysql* && usermod -u 999 mysql && groupmod -g 999 mysql && rm -rf /var/lib/mysql && install -d -o 999 -g 999 /var/lib/mysql /run/mysqld && install -d -o 999 -g 999 -m 0750 /var/lib/mysql-files && printf '#!/bin/sh\nexec /opt/mysql97/mysqld "\$@"\n' >/usr/local/sbin/mysqld && chmod 755 /usr/local/sbin/mysqld && rm -f /usr/sbin/mariadbd /usr/sbin/mysqld
ENTRYPOINT ["/usr/local/bin/docker-entrypoint.sh"]
CMD ["mysqld"]
END
  rm -rf "$context/root"
fi
if ! has prom/prometheus:v2.42.0; then
  base
  image prom/prometheus:v2.42.0 <<END
FROM $base
RUN install -d -o 65534 -g 65534 /prometheus
ENTRYPOINT ["/usr/bin/prometheus"]
END
fi
if ! has hashicorp/vault:1.19; then
  base
  cp "$(scripts/vault.sh)" "$context/vaultserver"
  cp e2e/images/vault.sh "$context/vault"
  image hashicorp/vault:1.19 <<END
FROM $base
COPY vaultserver vault /usr/local/bin/
RUN chmod 755 /usr/local/bin/vault* && install -d -o 100 -g 1000 /vault
END
fi
