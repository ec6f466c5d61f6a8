#!/bin/bash
# The part of the official images' entrypoint that the compose files use: a data folder that is empty is initialised with root's
# password out of a file, and then the server runs.
set -euo pipefail
server=$1
shift
file=${MARIADB_ROOT_PASSWORD_FILE:-${MYSQL_ROOT_PASSWORD_FILE:-}}
first=$(mktemp)
if [ ! -d /var/lib/mysql/mysql ]; then
  case $server in
    mariadbd) mariadb-install-db --no-defaults --datadir=/var/lib/mysql --auth-root-authentication-method=normal --skip-test-db >/dev/null ;;
    mysqld) mysqld --no-defaults --initialize-insecure --datadir=/var/lib/mysql >/dev/null ;;
  esac
  printf "ALTER USER 'root'@'localhost' IDENTIFIED BY '%s';\nCREATE USER 'root'@'%%' IDENTIFIED BY '%s';\nGRANT ALL ON *.* TO 'root'@'%%' WITH GRANT OPTION;\n" \
    "$(cat "$file")" "$(cat "$file")" >"$first"
fi
for option in "$@"; do
  case $option in --init-file=*) cat "${option#--init-file=}" >>"$first" ;; esac
done
exec "$server" --no-defaults --datadir=/var/lib/mysql --socket=/run/mysqld/mysqld.sock "$@" --init-file="$first"
