# The Vault of compose.vault.yaml. It may not lock memory there: keep swap off, or give it IPC_LOCK and leave disable_mlock out.
disable_mlock = true
ui            = false

storage "file" {
  path = "/vault/data/store"
}

listener "tcp" {
  address       = "0.0.0.0:8200"
  tls_cert_file = "/vault/tls/server-cert.pem"
  tls_key_file  = "/vault/tls/server-key.pem"
}
