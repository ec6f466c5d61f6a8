package clients

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/tdeproxy/tdeproxy/e2e/harness"
)

// console is a connection of the mariadb or mysql client, fed through its standard input.
type console struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	errors bytes.Buffer // what it prints there, to be read after its end
	asked  int
}

// openMariaDB is for the mariadb client.
func openMariaDB(l *Load, k Kind) (opener, error) {
	path, err := harness.Tool("mariadb")
	if err != nil {
		return opener{}, err
	}
	return consoleOpener(l, k, path, "ssl-verify-server-cert")
}

// openMySQL is for MySQL's own client, which stands beside mysqld.
func openMySQL(l *Load, k Kind) (opener, error) {
	server, err := harness.MySQL.Binary()
	if err != nil {
		return opener{}, err
	}
	return consoleOpener(l, k, filepath.Join(filepath.Dir(server), "mysql"), "ssl-mode=VERIFY_IDENTITY")
}

// consoleOpener writes the options into a file: a password on a command line is for everyone to read.
func consoleOpener(l *Load, k Kind, path, verify string) (opener, error) {
	version, err := exec.Command(path, "--version").Output()
	if err != nil {
		return opener{}, fmt.Errorf("%s: %w", path, err)
	}
	options := filepath.Join(l.Dir, k.Name+".cnf")
	text := fmt.Sprintf("[client]\nprotocol=tcp\nhost=%s\nport=%d\nuser=%s\npassword=%s\nssl-ca=%s\n%s\n", k.Host, l.Port, l.User, l.Password, l.CA, verify)
	if err := os.WriteFile(options, []byte(text), 0o600); err != nil {
		return opener{}, err
	}
	arguments := []string{"--defaults-file=" + options, "--batch", "--skip-column-names", "--unbuffered", "--skip-reconnect", "--connect-timeout=30", l.Database}
	return opener{version: shortVersion(string(version)), open: func() (session, error) {
		c := &console{cmd: exec.Command(path, arguments...)}
		c.cmd.Stderr = &c.errors
		var err error
		if c.in, err = c.cmd.StdinPipe(); err != nil {
			return nil, err
		}
		out, err := c.cmd.StdoutPipe()
		if err != nil {
			return nil, err
		}
		c.out = bufio.NewReader(out)
		if err := c.cmd.Start(); err != nil {
			return nil, err
		}
		// The client has connected when it answers.
		if err := want(c, "1", "SELECT 1"); err != nil {
			c.close()
			return nil, err
		}
		return c, nil
	}}, nil
}

// shortVersion leaves the program's path out of what --version prints.
func shortVersion(s string) string {
	if _, after, ok := strings.Cut(s, "  Ver "); ok {
		s = after
	}
	version, _, _ := strings.Cut(strings.TrimSpace(s), " for ")
	return version
}

// ask reads what the client prints up to the answer of a second query, which marks the end of the first's.
func (c *console) ask(sql string, args ...string) ([]string, error) {
	for _, a := range args {
		sql = strings.Replace(sql, "?", "'"+a+"'", 1) // the values of this load hold no quotes
	}
	c.asked++
	end := fmt.Sprintf("end of answer %d", c.asked)
	// A client that hangs would hang the test.
	watchdog := time.AfterFunc(timeout, func() { _ = c.cmd.Process.Kill() })
	defer watchdog.Stop()
	if _, err := fmt.Fprintf(c.in, "%s;\nSELECT '%s';\n", sql, end); err != nil {
		return nil, c.ended(err)
	}
	var rows []string
	for {
		line, err := c.out.ReadString('\n')
		if err != nil {
			return nil, c.ended(err)
		}
		if line = strings.TrimSuffix(line, "\n"); line == end {
			return rows, nil
		}
		rows = append(rows, line)
	}
}

// ended says why the client has ended.
func (c *console) ended(err error) error {
	c.in.Close()
	_ = c.cmd.Wait()
	return fmt.Errorf("client ended (%w, %s): %s", err, c.cmd.ProcessState, strings.TrimSpace(c.errors.String()))
}

func (c *console) close() error {
	if c.cmd.ProcessState != nil {
		return nil
	}
	watchdog := time.AfterFunc(timeout, func() { _ = c.cmd.Process.Kill() })
	defer watchdog.Stop()
	return errors.Join(c.in.Close(), c.cmd.Wait())
}
