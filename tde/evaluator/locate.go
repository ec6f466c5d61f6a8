package evaluator

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// beside PATH, these folders have servers.
var serverDirs = []string{"/usr/sbin", "/usr/libexec", "/usr/local/sbin", "/usr/local/bin", "/usr/bin", "/usr/local/mysql/bin"}

// Locate finds the server: the one at a path, or with "auto" an installed one of the flavour.
func Locate(ctx context.Context, server string, mariaDB bool) (string, error) {
	if server != "auto" && server != "" {
		got, err := flavour(ctx, server)
		switch {
		case err != nil:
			return "", fmt.Errorf("evaluator.server %s does not run: %w", server, err)
		case got != mariaDB:
			return "", fmt.Errorf("evaluator.server %s is %s, but upstream is %s", server, flavourName(got), flavourName(mariaDB))
		}
		return server, nil
	}
	names := []string{"mysqld"}
	if mariaDB {
		names = []string{"mariadbd", "mysqld"}
	}
	for _, name := range names {
		for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), serverDirs...) {
			path := filepath.Join(dir, name)
			if info, err := os.Stat(path); err != nil || info.IsDir() || info.Mode()&0o111 == 0 || !filepath.IsAbs(path) {
				continue
			}
			if got, err := flavour(ctx, path); err == nil && got == mariaDB {
				return path, nil
			}
		}
	}
	pkg := "mysql-server-core"
	if mariaDB {
		pkg = "mariadb-server-core"
	}
	return "", fmt.Errorf("evaluator: no server of %s is in PATH, %s; install Debian's %s (or what holds %s elsewhere), "+
		"or set evaluator.server to its path", flavourName(mariaDB), strings.Join(serverDirs, ", "), pkg, names[0])
}

func flavourName(mariaDB bool) string {
	if mariaDB {
		return "MariaDB"
	}
	return "MySQL"
}

// flavour asks a server binary for its version.
func flavour(ctx context.Context, path string) (mariaDB bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--no-defaults", "--version")
	cmd.Env = inherited("LC_ALL=C") // not NOTIFY_SOCKET: mariadbd would tell systemd that the proxy is down
	out, err := cmd.Output()
	if err != nil {
		return false, err
	}
	text := strings.ToLower(string(out))
	if !strings.Contains(text, "ver ") {
		return false, fmt.Errorf("it gives no version")
	}
	return strings.Contains(text, "mariadb"), nil
}
