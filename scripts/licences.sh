#!/bin/bash
# licences.sh PROGRAM: the licence of every module in a Go program, as CSV: module, version, licence, where it says so. Fails
# on one that is not known to be free to use in a program under Apache-2.0.
set -euo pipefail
bad=0
while read -r _ module version _; do
  dir=$(go list -m -f '{{.Dir}}' "$module@$version" 2>/dev/null || true)
  [ -n "$dir" ] || { go mod download "$module@$version" && dir=$(go list -m -f '{{.Dir}}' "$module@$version"); }
  file=$(find "$dir" -maxdepth 1 \( -iname 'licen[sc]e*' -o -iname 'copying*' \) | sort | head -1)
  where=${file##*/} text=
  [ -z "$file" ] || text=$(head -c 4000 "$file" | tr -s ' \n\t' ' ')
  # Alibaba Cloud leaves the file out of some modules; of the same packages for Java and Python it says Apache 2.0.
  case $module in
    github.com/alibabacloud-go/*) [ -n "$file" ] || { text="Apache License" where="the publisher's packages for other languages"; } ;;
  esac
  case $text in
    *"Apache License"*) licence=Apache-2.0 ;;
    *"Mozilla Public License"*) licence=MPL-2.0 ;;
    *"Permission is hereby granted, free of charge"*) licence=MIT ;;
    *"Permission to use, copy, modify, and/or distribute"* | *"Permission to use, copy, modify, and distribute"*) licence=ISC ;;
    *"Redistribution and use in source and binary forms"*"either the name"* | *"Redistribution and use in source and binary forms"*"endorse"*) licence=BSD-3-Clause ;;
    *"Redistribution and use in source and binary forms"*) licence=BSD-2-Clause ;;
    *) licence=unknown; bad=1 ;;
  esac
  echo "$module,$version,$licence,$where"
done < <(go version -m "$1" | awk '$1 == "dep"')
exit $bad
