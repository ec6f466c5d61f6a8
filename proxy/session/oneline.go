package session

import (
	"encoding/asn1"
	"fmt"
	"strings"
)

// nameTypes are OpenSSL's short names of the attributes that names of certificates are made of.
var nameTypes = map[string]string{
	"2.5.4.3": "CN", "2.5.4.4": "SN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street",
	"2.5.4.10": "O", "2.5.4.11": "OU", "2.5.4.12": "title", "2.5.4.13": "description", "2.5.4.15": "businessCategory",
	"2.5.4.16": "postalAddress", "2.5.4.17": "postalCode", "2.5.4.18": "postOfficeBox", "2.5.4.20": "telephoneNumber", "2.5.4.41": "name",
	"2.5.4.42": "GN", "2.5.4.43": "initials", "2.5.4.44": "generationQualifier", "2.5.4.45": "x500UniqueIdentifier", "2.5.4.46": "dnQualifier",
	"2.5.4.65": "pseudonym", "2.5.4.72": "role", "2.5.4.97": "organizationIdentifier",
	"0.9.2342.19200300.100.1.1": "UID", "0.9.2342.19200300.100.1.25": "DC", "1.2.840.113549.1.9.1": "emailAddress",
	"1.2.840.113549.1.9.2": "unstructuredName", "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL", "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST",
	"1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}

// attribute is one type and value of a distinguished name.
type attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

type attributeSET []attribute // encoding/asn1 takes it for a SET by its name

// oneLine prints a distinguished name, in DER, as X509_NAME_oneline of OpenSSL 3 does: REQUIRE SUBJECT and ISSUER compare
// with that. OpenSSL 1.1 wrote / for + and escaped neither in values, so that one name could pass for another. A name that cannot
// be read is an error; nothing equals it.
func oneLine(der []byte) (string, error) {
	var name []attributeSET
	if rest, err := asn1.Unmarshal(der, &name); err != nil || len(rest) > 0 {
		return "", fmt.Errorf("distinguished name: %w", asn1.StructuralError{Msg: "not one sequence of sets"})
	}
	var b strings.Builder
	for _, set := range name {
		for i, a := range set {
			separator := "/"
			if i > 0 {
				separator = "+"
			}
			kind, ok := nameTypes[a.Type.String()]
			if !ok {
				kind = a.Type.String()
			}
			b.WriteString(separator + kind + "=")
			writeValue(&b, a.Value.Bytes)
		}
	}
	return b.String(), nil
}

func writeValue(b *strings.Builder, value []byte) {
	for _, c := range value {
		switch {
		case c < ' ' || c > '~':
			fmt.Fprintf(b, `\x%02X`, c)
		case c == '/' || c == '+':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
}
