#!/bin/bash
# Runs once, before everything else: draws passwords, which are in no image and no file of the project, and gives each volume to
# the user that needs it.
set -euo pipefail
umask 077
draw() { [ -s "/secrets/$1" ] || head -c 18 /dev/urandom | base64 | tr '+/' '-_' >"/secrets/$1"; }
draw root
draw proxy
draw grafana
# The proxy's own account. Everything else is the applications'.
cat >/secrets/init.sql <<SQL
CREATE USER IF NOT EXISTS 'tdeproxy'@'%' IDENTIFIED BY '$(cat /secrets/proxy)';
CREATE DATABASE IF NOT EXISTS shop;
GRANT SELECT, TRIGGER, EVENT, SHOW VIEW, $CONNECTION_ADMIN ON *.* TO 'tdeproxy'@'%';
GRANT ALTER, CREATE, DROP, INSERT, UPDATE, LOCK TABLES ON shop.* TO 'tdeproxy'@'%';
SQL
chmod 0755 /secrets
chown 999:999 /secrets/root /secrets/proxy /secrets/init.sql /data /proxy
chown 472:0 /secrets/grafana
chown 65534:65534 /metrics
# compose.vault.yaml mounts Vault's volumes, too.
for volume in /vault/tls /vault/data; do
  if [ -d $volume ]; then chown 100:1000 $volume; fi
done
