#!/bin/sh
# Builds and vets the program with every KMS driver, with none and with each one alone, and prints what it weighs and how
# many modules it links. docs/kms.md has the figures. PKCS#11 comes by a tag of its own and needs a C compiler.
set -eu
cd "$(dirname "$0")/.."
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
drivers=$(sed -n 's|^//go:build !no_||p' cmd/tdeproxy/kms_*.go)

weigh() { # what it is called, tags
	go vet -trimpath -tags "$2" ./cmd/tdeproxy
	go build -trimpath -ldflags '-X main.version=size' -tags "$2" -o "$out/tdeproxy" ./cmd/tdeproxy
	modules=$(go version -m "$out/tdeproxy" | grep -c '^	dep')
	stat -c %s "$out/tdeproxy" | awk -v what="$1" -v modules="$modules" \
		'{ printf "%-20s %6.1f MB  %3d modules\n", what, $1 / 1000000, modules }'
}

without() { # all tags but that of a driver
	for d in $drivers; do [ "$d" = "$1" ] || printf 'no_%s,' "$d"; done
}

weigh all ""
weigh "all and pkcs11" pkcs11
weigh none "$(without -)"
for d in $drivers; do weigh "only $d" "$(without "$d")"; done
weigh "only pkcs11" "$(without -)pkcs11"
