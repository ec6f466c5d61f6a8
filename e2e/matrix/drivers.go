package matrix

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

// Drivers are all that take part.
func Drivers() []Driver {
	var all []Driver
	for _, mode := range []string{Text, Prepared} {
		all = append(all,
			Driver{Name: "go-sql-driver", Mode: mode, run: sqlDriver(mode, false)},
			Driver{Name: "go-mysql", Mode: mode, run: goMySQL(mode)},
			Driver{Name: "mysqli", Mode: mode, program: interpreter("php", "mysqli.php")},
			Driver{Name: "PDO", Mode: mode, program: interpreter("php", "pdo.php")},
			Driver{Name: "DBD::MariaDB", Mode: mode, library: "MariaDB", program: interpreter("perl", "work.pl")},
			Driver{Name: "DBD::mysql", Mode: mode, library: "mysql", program: interpreter("perl", "work.pl")},
			Driver{Name: "mysql2 (Ruby)", Mode: mode, program: interpreter("ruby", "work.rb")},
			Driver{Name: "Connector/J", Mode: mode, program: java},
			Driver{Name: "Connector/C", Mode: mode, program: compiledC},
		)
	}
	all = append(all, consoles()...)
	return append(all,
		Driver{Name: "Connector/C", Mode: Text, Compress: true, program: compiledC},
		Driver{Name: "go-sql-driver", Mode: Text, Compress: true, run: sqlDriver(Text, true)},
		Driver{Name: "mysqli", Mode: Prepared, Compress: true, program: interpreter("php", "mysqli.php")},
		Driver{Name: "PyMySQL", Mode: Text, library: "pymysql", program: interpreter("/usr/bin/python3", "dbapi.py")},
		Driver{Name: "mysqlclient", Mode: Text, library: "mysqldb", program: interpreter("/usr/bin/python3", "dbapi.py")},
		Driver{Name: "Connector/ODBC", Mode: Prepared, library: "pyodbc", program: interpreter("/usr/bin/python3", "dbapi.py")},
	)
}

// interpreter runs a program as it is.
func interpreter(name, source string) func(string) ([]string, error) {
	return func(dir string) ([]string, error) {
		path, err := exec.LookPath(name)
		if err != nil {
			return nil, err
		}
		return []string{path, filepath.Join(dir, source)}, nil
	}
}

// connectorJ is where Debian's package has it.
const connectorJ = "/usr/share/java/mariadb-java-client.jar"

// java compiles the program once.
func java(dir string) ([]string, error) {
	if _, err := os.Stat(connectorJ); err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(dir, "Work.class")); err != nil {
		if err := compile("javac", "-encoding", "UTF-8", "-d", dir, filepath.Join(dir, "Work.java")); err != nil {
			return nil, err
		}
	}
	return []string{"java", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", connectorJ + ":" + dir, "Work"}, nil
}

// compiledC compiles the program once.
func compiledC(dir string) ([]string, error) {
	program := filepath.Join(dir, "work")
	if _, err := os.Stat(program); err == nil {
		return []string{program}, nil
	}
	flags := []string{"-O1", "-o", program, filepath.Join(dir, "work.c"), "-I/usr/include/mariadb", "-lmariadb"}
	return []string{program}, compile("gcc", flags...)
}

func compile(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %.2000s", name, err, out)
	}
	return nil
}

// odbcLibrary is the driver's file, which Debian keeps in a folder of the architecture.
func odbcLibrary() string {
	found, _ := filepath.Glob("/usr/lib/*/odbc/libmaodbc.so")
	if len(found) == 0 {
		return "libmaodbc.so"
	}
	return found[0]
}

// Runs says whether a driver can log in to a flavour.
func (d Driver) Runs(f harness.Flavour) bool { return d.Only == "" || d.Only == f }
