package evaluator

import (
	"os"
	"os/user"
	"strconv"
)

// MaxPacket is the max_allowed_packet of an evaluator that the proxy has started: all but the most that servers have, so that what it
// bounds can be told from what the length of a LONGTEXT does.
const MaxPacket = 1<<30 - 1024

// options are the server's, for both flavours. local-infile is for connections that ask for it: workspaces. What a release may not know begins with --loose.
func (e *Evaluator) options(dir string) []string {
	pool := min(max(e.cfg.Memory/8, 8<<20), 128<<20)
	temporary := strconv.FormatInt(max(e.cfg.Memory/8, 1<<20), 10)
	out := []string{
		"--no-defaults", // first
		"--datadir=" + dir + "/data", "--tmpdir=" + dir + "/tmp", "--socket=" + dir + "/s.sock", "--pid-file=" + dir + "/pid",
		"--skip-networking", "--skip-name-resolve", "--skip-log-bin", "--general-log=0", "--slow-query-log=0",
		"--local-infile=1", "--symbolic-links=0", "--memlock", "--lc-messages=en_US",
		"--lower-case-table-names=" + strconv.Itoa(min(e.cfg.LowerCaseTableNames, 1)),
		"--max-connections=256", "--max-allowed-packet=" + strconv.Itoa(MaxPacket), "--table-open-cache=256", "--table-definition-cache=400",
		"--tmp-table-size=" + temporary, "--max-heap-table-size=" + temporary,
		"--key-buffer-size=1M", "--sort-buffer-size=256K", "--thread-cache-size=16",
		"--character-set-server=utf8mb4", "--default-storage-engine=InnoDB", "--performance-schema=0",
		"--innodb-buffer-pool-size=" + strconv.FormatInt(pool, 10), "--loose-innodb-buffer-pool-size-max=" + strconv.FormatInt(pool, 10),
		"--innodb-flush-log-at-trx-commit=0", "--loose-innodb-flush-method=nosync", "--innodb-doublewrite=0", "--innodb-stats-persistent=0", "--innodb-log-buffer-size=2M",
		"--innodb-data-file-path=ibdata1:12M:autoextend", "--loose-innodb-autoextend-increment=1",
		"--innodb-buffer-pool-dump-at-shutdown=0", "--innodb-buffer-pool-load-at-startup=0", "--innodb-print-all-deadlocks=0",
		"--event-scheduler=0",
	}
	if name, err := user.Current(); err == nil && os.Geteuid() == 0 {
		out = append(out, "--user="+name.Username)
	}
	if e.cfg.MariaDB {
		return append(out, "--secure-file-priv="+dir+"/none", "--plugin-dir="+dir+"/none", "--skip-ssl", "--log-warnings=1",
			"--innodb-log-file-size=8M", "--innodb-temp-data-file-path=ibtmp1:4M:autoextend", "--skip-stack-trace",
			"--aria-pagecache-buffer-size=4M", "--aria-log-file-size=8M", "--loose-feedback=0", "--loose-log-tc-size=24K")
	}
	return append(out, "--secure-file-priv=NULL", "--mysqlx=OFF", "--loose-auto-generate-certs=OFF",
		"--loose-sha256-password-auto-generate-rsa-keys=OFF", "--loose-caching-sha2-password-auto-generate-rsa-keys=OFF",
		"--log-error-verbosity=1", "--innodb-redo-log-capacity=32M", "--innodb-use-native-aio=0", "--loose-information-schema-stats-expiry=0",
		"--innodb-undo-log-truncate=OFF")
}
