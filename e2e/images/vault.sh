#!/bin/sh
# What compose/vault-setup.sh and compose.vault.yaml use of Vault's command line, over the test server of e2e/vaultserver.
set -eu

# api METHOD PATH [JSON] prints the answer; the status of a refusal is not 0.
api() {
  curl -sS --fail-with-body --cacert "$VAULT_CACERT" -X "$1" ${VAULT_TOKEN:+-H "X-Vault-Token: $VAULT_TOKEN"} ${3:+-d "$3"} "$VAULT_ADDR/v1/$2"
}
setting() { sed -n "s/^ *$1 *= *\"\(.*\)\".*/\1/p" "$config"; } # of the server's file
text() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }           # of an answer's field

# object KEY=VALUE... is a JSON object; the values that are used have nothing to escape.
object() {
  out=
  for pair in "$@"; do out="$out${out:+,}\"${pair%%=*}\":\"${pair#*=}\""; done
  echo "{$out}"
}

verb=$1
shift
case $verb in
  server)
    config=${1#-config=}
    exec vaultserver -bare -listen "$(setting address)" -data "$(dirname "$(setting path)")" -tls-cert "$(setting tls_cert_file)" -tls-key "$(setting tls_key_file)"
    ;;
  status)
    status=$(api GET sys/seal-status) || exit 1
    case $status in *'"sealed":true'*) exit 2 ;; esac
    ;;
  operator)
    case $1 in
      init)
        answer=$(api PUT sys/init '{"secret_shares":1,"secret_threshold":1}')
        echo "Unseal Key 1: $(echo "$answer" | sed -n 's/.*"keys":\["\([^"]*\)".*/\1/p')"
        echo "Initial Root Token: $(echo "$answer" | text root_token)"
        ;;
      unseal) api PUT sys/unseal "$(object key="$2")" ;;
    esac
    ;;
  secrets | auth)
    mounts=sys/mounts
    [ "$verb" = secrets ] || mounts=sys/auth
    case $1 in
      list) api GET $mounts | grep -o '"[a-z]*/":' | tr -d '":' ;;
      enable) api POST "$mounts/$2" "$(object type="$2")" ;;
    esac
    ;;
  policy) api PUT "sys/policies/acl/$2" "{\"policy\":\"$(base64 -w0)\"}" ;;
  write)
    field=
    path=
    for word; do
      shift
      case $word in
        -f) ;;
        -field=*) field=${word#-field=} ;;
        *=*) set -- "$@" "$word" ;;
        *) path=$word ;;
      esac
    done
    answer=$(api PUT "$path" "$(object "$@")")
    if [ -n "$field" ]; then printf %s "$(echo "$answer" | text "$field")"; fi
    ;;
esac
