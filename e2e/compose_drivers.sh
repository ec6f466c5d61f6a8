# Sourced by compose.sh: the driver matrix through the port that the proxy publishes, compared with a plain server out of db's own
# image with db's own options, while certificates and master key rotate.

# plainserver starts that server, with a certificate for localhost and root's password.
plainserver() {
  local image args
  mkdir -p "$work/plain"
  "$work/rundrivers" -certificate "$work/plain"
  printf %s "$secret" >"$work/plain/root"
  chown -R 999:999 "$work/plain"
  image=$(docker inspect -f '{{.Config.Image}}' "$(dc ps -q db)")
  mapfile -t args < <(docker inspect -f '{{range .Config.Cmd}}{{println .}}{{end}}' "$(dc ps -q db)" | grep -v -e '^$' -e '^--init-file=')
  docker run -d --name "$project-plain" --user 999:999 -v "$work/plain:/plain:ro" -p "127.0.0.1:$PLAIN_PORT:3306" \
    -e MARIADB_ROOT_PASSWORD_FILE=/plain/root -e MYSQL_ROOT_PASSWORD_FILE=/plain/root "$image" "${args[@]}" --local-infile=1 \
    --ssl-ca=/plain/ca.pem --ssl-cert=/plain/cert.pem --ssl-key=/plain/key.pem >/dev/null
  for _ in $(seq 90); do
    MYSQL_PWD=$secret mariadb --no-defaults -h127.0.0.1 -P$PLAIN_PORT -uroot --ssl-ca="$work/plain/ca.pem" --ssl-verify-server-cert -e 'SELECT 1' >/dev/null 2>&1 && return
    sleep 1
  done
  docker logs --tail 20 "$project-plain"
  failed "the plain server does not answer"
}

# drivers runs the matrix and rotates meanwhile; upstream writes down all that it gets.
drivers() {
  local control pid generation version rotations=0
  plainserver
  control=written$(head -c 9 /dev/urandom | base64 | tr -dc A-Za-z0-9)past
  direct "SET GLOBAL general_log_file = '/var/lib/mysql/general.log'; SET GLOBAL general_log = 1; SET GLOBAL slow_query_log_file = '/var/lib/mysql/slow.log';
    SET GLOBAL long_query_time = 0; SET GLOBAL slow_query_log = 1; SET GLOBAL local_infile = 1;
    CREATE DATABASE control; CREATE TABLE control.t (v VARCHAR(60)); INSERT INTO control.t VALUES ('$control')" || failed "upstream's logs"
  generation=$(metric tdeproxy_certificate_generation)
  version=$(metric tdeproxy_keyring_master_key_version)
  MYSQL_PWD=$secret "$work/rundrivers" -flavour "$flavour" -plain $PLAIN_PORT -plain-ca "$work/plain/ca.pem" -proxy $TDEPROXY_PORT -proxy-ca "$work/ca.pem" \
    -files "$(docker volume inspect -f '{{.Mountpoint}}' "${project}_data")" -control "$control" &
  pid=$!
  while kill -0 $pid 2>/dev/null; do
    dc exec -T proxy /usr/local/bin/tdeproxy cert renew -c /etc/tdeproxy/tdeproxy.toml >/dev/null || failed "renewing the certificate"
    through "ALTER INSTANCE ROTATE INNODB MASTER KEY" || failed "rotating the master key"
    rotations=$((rotations + 1))
    sleep 3
  done
  wait $pid || failed "the driver matrix"
  docker rm -f -v "$project-plain" >/dev/null
  direct "SET GLOBAL general_log = 0; SET GLOBAL slow_query_log = 0"
  [ "$rotations" -ge 3 ] || failed "only $rotations rotations in the drivers' time"
  equal "master key versions" "$(metric tdeproxy_keyring_master_key_version)" $((version + rotations))
  echo "ok: the driver matrix under $rotations rotations of the master key and $(($(metric tdeproxy_certificate_generation) - generation)) of the certificate"
}
