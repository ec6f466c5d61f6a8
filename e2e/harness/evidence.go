package harness

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/tdeproxy/tdeproxy/e2e/rawmysql"
)

// controlDatabase holds the control needle; it must not be designated.
const controlDatabase = "harness_control"

// Evidence is all that an attacker outside the trusted side could hold.
type Evidence struct {
	Server *Server  // started with ServerOptions.Logs
	Tap    *Tap     // before Server; may be nil
	Logs   []string // files of the trusted side that must not hold plaintext (proxy's output)
	Dirs   []string // directories of the same kind, every file
	Memory bool     // look into the server's memory, too
}

// Search looks for needles everywhere. Before, it plants a control value in
// clear in each place and returns an error unless the search finds it there:
// a search that finds nothing must be able to find something.
func (e Evidence) Search(needles []Needle) (*Scanner, error) {
	var control Canaries
	value := control.Text("control", 40)
	if err := e.plant(value); err != nil {
		return nil, fmt.Errorf("planting control value: %w", err)
	}
	if err := e.Server.Flush(); err != nil {
		return nil, err
	}
	s, err := NewScanner(append(control.Needles(), needles...))
	if err != nil {
		return nil, err
	}
	if err := e.run(s); err != nil {
		return nil, err
	}
	return s, e.split(s, value)
}

// plant writes the control value as a careless application would.
func (e Evidence) plant(value string) error {
	address := e.Server.Address
	if e.Tap != nil {
		address = e.Tap.Address
	}
	c, err := rawmysql.Dial(rawmysql.Config{Address: address})
	if err != nil {
		return err
	}
	defer c.Close()
	statements := []string{
		"CREATE DATABASE IF NOT EXISTS " + controlDatabase,
		"CREATE TABLE IF NOT EXISTS " + controlDatabase + ".control (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(64)) ENGINE=InnoDB",
	}
	// Several times: redo logs have block heads every 512 bytes, which may split a value.
	for range 8 {
		statements = append(statements, "INSERT INTO "+controlDatabase+".control (v) VALUES ('"+value+"')")
	}
	for _, sql := range append(statements, "SELECT COUNT(*) FROM "+controlDatabase+".control WHERE v = '"+value+"'") {
		if err := c.Exec(sql); err != nil {
			return err
		}
	}
	return nil
}

func (e Evidence) run(s *Scanner) error {
	if err := s.Dir(e.Server.Dir, nil); err != nil {
		return err
	}
	if e.Tap != nil {
		if err := s.Link(e.Tap.Dir); err != nil {
			return err
		}
	}
	for _, path := range e.Logs {
		if err := s.File(path); err != nil {
			return err
		}
	}
	for _, dir := range e.Dirs {
		if err := s.Dir(dir, nil); err != nil {
			return err
		}
	}
	if e.Memory {
		return s.Memory(e.Server.PID())
	}
	return nil
}

// places are where the control value must be found, by part of the path.
func (e Evidence) places() map[string]string {
	data := e.Server.DataDir
	places := map[string]string{
		"table file": filepath.Join(data, controlDatabase, "control.ibd"), "binlog": filepath.Join(data, "binlog."),
		"general log": filepath.Join(data, "general.log"), "slow log": filepath.Join(data, "slow.log"),
		"redo log": filepath.Join(data, "ib_logfile"),
	}
	if e.Server.Flavour == MySQL {
		places["redo log"] = filepath.Join(data, "#innodb_redo")
	}
	if e.Tap != nil {
		places["link"] = e.Tap.Dir
	}
	if e.Memory {
		places["memory"] = "memory of process"
	}
	return places
}

// split takes the control value's hits out of s and checks them.
func (e Evidence) split(s *Scanner, control string) error {
	places := e.places()
	var hits []Hit
	for _, h := range s.Hits {
		if h.Needle.Canary != control {
			hits = append(hits, h)
			continue
		}
		for place, path := range places {
			if strings.HasPrefix(h.Where, path) {
				delete(places, place)
			}
		}
	}
	s.Hits = hits
	for place, path := range places {
		return fmt.Errorf("the search is blind: the control value was not found in the %s (%s)", place, path)
	}
	return nil
}
