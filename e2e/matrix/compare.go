package matrix

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"regexp"
	"strings"
)

// Compare gives what differs, each with the step that it is of.
func Compare(plain, proxied []string) []string {
	a, b := byStep(plain), byStep(proxied)
	var found []string
	for i := range max(len(a), len(b)) {
		var want, got []string
		if i < len(a) {
			want = a[i]
		}
		if i < len(b) {
			got = b[i]
		}
		for k := range max(len(want), len(got)) {
			w, g := at(want, k), at(got, k)
			if w != g {
				found = append(found, fmt.Sprintf("%.300s\n  plain: %.600s\n  proxy: %.600s", at(want, 0), w, g))
			}
		}
	}
	return found
}

func at(all []string, i int) string {
	if i < len(all) {
		return all[i]
	}
	return "(no line)"
}

// byStep parts the lines before each that names a step.
func byStep(all []string) [][]string {
	var parts [][]string
	for _, line := range all {
		if strings.HasPrefix(line, "> ") || parts == nil {
			parts = append(parts, nil)
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], line)
	}
	return parts
}

// absent is what interpreters say of a module that is not installed.
var absent = regexp.MustCompile(`ModuleNotFoundError|Can't locate DBD|Can't locate DBI|LoadError|could not find driver|undefined function mysqli_|Can't open lib|mysql\.h: No such file`)

// NotInstalled says whether a driver failed because this machine has none of it.
func NotInstalled(err error) bool {
	return errors.Is(err, exec.ErrNotFound) || errors.Is(err, fs.ErrNotExist) || absent.MatchString(err.Error())
}
