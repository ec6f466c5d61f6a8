#!/bin/sh
# Initialises Vault at the first start, unseals it at each, and makes a transit key and a login that may do nothing but use it. The
# unseal key and the root token stay in the volume vault-operator. In earnest, people hold them.
set -eu
umask 077
operator=/vault/operator/init
login=/vault/login

if [ ! -s $operator ]; then
  vault operator init -key-shares=1 -key-threshold=1 >$operator.new
  mv $operator.new $operator
fi
vault operator unseal "$(sed -n 's/^Unseal Key 1: //p' $operator)" >/dev/null
VAULT_TOKEN=$(sed -n 's/^Initial Root Token: //p' $operator)
export VAULT_TOKEN

vault secrets list | grep -q '^transit/' || vault secrets enable transit
vault write -f transit/keys/tdeproxy >/dev/null
vault policy write tdeproxy - <<POLICY
path "transit/keys/tdeproxy"    { capabilities = ["read"] }
path "transit/encrypt/tdeproxy" { capabilities = ["update"] }
path "transit/decrypt/tdeproxy" { capabilities = ["update"] }
POLICY
vault auth list | grep -q '^approle/' || vault auth enable approle
vault write auth/approle/role/tdeproxy token_policies=tdeproxy token_ttl=10m token_max_ttl=10m >/dev/null
vault write auth/approle/role/tdeproxy/role-id role_id=tdeproxy >/dev/null

cp /vault/tls/ca.pem $login/ca.pem
if [ ! -s $login/secret_id ]; then
  vault write -f -field=secret_id auth/approle/role/tdeproxy/secret-id >$login/secret_id.new
  mv $login/secret_id.new $login/secret_id
fi
chmod 0755 $login
chmod 0444 $login/ca.pem
chmod 0400 $login/secret_id
chown 999:999 $login/secret_id
