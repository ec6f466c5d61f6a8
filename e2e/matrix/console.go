package matrix

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

// Modes of the consoles: how they print rows.
const (
	Table = "table"
	Batch = "batch"
	XML   = "xml"
	HTML  = "html"
)

// console is the work by a command-line client, which gets all statements as one script.
func console(program func() (string, error), verify []string, mode string, more ...string) func(*Job, *lines) error {
	return func(j *Job, l *lines) error {
		path, err := program()
		if err != nil {
			return err
		}
		version, err := exec.Command(path, "--no-defaults", "--version").Output()
		if err != nil {
			return err
		}
		args := append([]string{"--no-defaults", "--host=localhost", "--protocol=tcp", "--port=" + strconv.Itoa(j.Port), "--user=" + j.User,
			"--database=" + j.Database, "--default-character-set=utf8mb4", "--local-infile=1", "--ssl-ca=" + j.CA,
			"--force", "--unbuffered", "--verbose", "--verbose", "--show-warnings", "--" + mode}, append(verify, more...)...)
		cmd := exec.Command(path, args...)
		cmd.Env = append(os.Environ(), "MYSQL_PWD="+j.Password)
		script := consoleScript(j)
		var out bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(script.text), &out, &out
		var failed *exec.ExitError // as it does where a statement has failed
		if err := cmd.Run(); err != nil && !errors.As(err, &failed) {
			return err
		}
		l.printf("version %s", consoleVersion(string(version)))
		if shown := script.print(out.String(), l); shown != len(script.starts) {
			return fmt.Errorf("%d of %d statements were executed: %.2000s", shown, len(script.starts), out.String()[max(0, out.Len()-2000):])
		}
		return nil
	}
}

// consoleVersion is what a client says of itself, without its path.
func consoleVersion(said string) string {
	_, version, _ := strings.Cut(strings.TrimSpace(said), "Ver ")
	version, _, _ = strings.Cut(version, " for ")
	version, _, _ = strings.Cut(version, ",")
	return version
}

// script is what a console reads.
type script struct {
	text   string
	starts []string // of each statement: the line of the work that it begins, or nothing
}

func consoleScript(j *Job) *script {
	s := &script{}
	for _, step := range steps() {
		start := step.line
		for _, sql := range step.statements(j) {
			s.text += sql + ";\n"
			s.starts = append(s.starts, start)
			start = ""
		}
	}
	return s
}

// statements are those of a step, with literals in the places of parameters.
func (s step) statements(j *Job) []string {
	switch s.op {
	case "begin":
		return []string{"START TRANSACTION"}
	case "commit", "rollback":
		return []string{s.op}
	case "meta":
		return []string{"SHOW FULL COLUMNS FROM " + s.sql, "DESCRIBE " + s.sql}
	case "load":
		return []string{strings.Replace(s.sql, "{FILE}", filepath.Join(j.Dir, "rows.csv"), 1)}
	case "batch":
		var all []string
		for _, row := range s.texts() {
			all = append(all, withLiterals(s.sql, row))
		}
		return all
	}
	return []string{withLiterals(s.sql, s.written)}
}

// texts are the rows of a batch as they are written in the work.
func (s step) texts() [][]string {
	var all [][]string
	for i := 0; i < len(s.written); i += s.width {
		all = append(all, s.written[i:i+s.width])
	}
	return all
}

func withLiterals(sql string, args []string) string {
	for _, a := range args {
		before, after, _ := strings.Cut(sql, "?")
		sql = before + literal(a) + "\x00" + after
	}
	return strings.ReplaceAll(strings.ReplaceAll(sql, "\x00", ""), "\x01", "?")
}

var quoting = strings.NewReplacer(`\`, `\\`, `'`, `\'`, "?", "\x01")

// literal is a parameter as SQL.
func literal(arg string) string {
	kind, text, _ := strings.Cut(arg, ":")
	switch v := value(arg).(type) {
	case nil:
		return "NULL"
	case int64, float64:
		return text
	case string:
		return "'" + quoting.Replace(v) + "'"
	case []byte:
		if kind == "x" && len(v) > 0 {
			return "0x" + hex.EncodeToString(v)
		}
		return "'" + quoting.Replace(string(v)) + "'"
	}
	return "'" + text + "'" // of a time
}

// echo is what stands before and after each statement that the console repeats.
const echo = "--------------"

var (
	took = regexp.MustCompile(`\(\d+([.]\d+)? (sec|min).*\)`)
	// whole puts what would be one line of many rows on several.
	whole = strings.NewReplacer("</TR>", "</TR>\n")
	// formats are MariaDB's extended metadata, which the proxy does not offer.
	formats = regexp.MustCompile(`^(Type: .*) \(format=json\)$`)
)

// print hands on what a console has printed of each statement, and gives how many these are.
func (s *script) print(out string, l *lines) int {
	shown, within := 0, false
	for line := range strings.Lines(whole.Replace(out)) {
		line = strings.TrimSuffix(line, "\n")
		if line == echo {
			if within = !within; !within {
				continue
			}
			if shown < len(s.starts) && s.starts[shown] != "" {
				l.printf("> %.160s", s.starts[shown])
			}
			shown++
			continue
		}
		if len(line) > 500 {
			line = fmt.Sprintf("%.100s… %d bytes: %x", line, len(line), md5.Sum([]byte(line)))
		}
		l.printf("%s", formats.ReplaceAllString(took.ReplaceAllString(line, ""), "$1"))
	}
	return shown
}

// mariadbConsole is that of Debian's package.
func mariadbConsole() (string, error) { return exec.LookPath("mariadb") }

// mysqlConsole lies beside MySQL's server.
func mysqlConsole() (string, error) {
	server, err := harness.MySQL.Binary()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(server), "mysql")
	_, err = os.Stat(path)
	return path, err
}

// consoles are MariaDB's and MySQL's clients; MySQL's cannot log in to MariaDB with a password.
func consoles() []Driver {
	byName, identity := []string{"--ssl-verify-server-cert"}, []string{"--ssl-mode=VERIFY_IDENTITY"}
	return []Driver{
		{Name: "mariadb", Mode: Table, run: console(mariadbConsole, byName, Table, "--column-type-info", "--verbose")},
		{Name: "mariadb", Mode: Batch, run: console(mariadbConsole, byName, Batch, "--quick")},
		{Name: "mariadb", Mode: XML, run: console(mariadbConsole, byName, XML)},
		{Name: "mysql", Only: harness.MySQL, Mode: Table, run: console(mysqlConsole, identity, Table, "--column-type-info")},
		{Name: "mysql", Only: harness.MySQL, Mode: Batch, run: console(mysqlConsole, identity, Batch, "--quick")},
		{Name: "mysql", Only: harness.MySQL, Mode: HTML, run: console(mysqlConsole, identity, HTML)},
	}
}
