// Package pkcs11kms is a PKCS#11 token, such as an HSM, as a KMS: an AES key in it, which cannot leave it, wraps the keys
// by CKM_AES_GCM. Configuration names it by an RFC 7512 URI, "pkcs11:token=…;object=…?module-path=…&pin-source=file:…";
// docs/kms.md has the attributes.
//
// The module is a shared library, so the package needs cgo: it is empty unless built with the tag pkcs11.
package pkcs11kms
