package plan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUnfinished plans what comes of each statement of the goldens when a client sends only its first words: whatever the plan is, there is one.
func TestUnfinished(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no goldens found", err)
	}
	seen := map[string]bool{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		env := testEnv()
		env.Mode.MariaDB, env.Evaluator = strings.Contains(f, "mariadb"), true
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "\t") || strings.HasPrefix(line, "#") {
				continue
			}
			for _, sql := range beginnings(strings.TrimSpace(line), env.Mode) {
				if !seen[sql] {
					seen[sql] = true
					plannedAtAll(t, sql, env)
				}
			}
		}
	}
	if len(seen) < 5000 {
		t.Errorf("only %d texts were planned", len(seen))
	}
}

// beginnings are a statement up to each of its tokens.
func beginnings(sql string, mode Mode) (out []string) {
	lx := Lexer{Record: true, Keep: true}
	if err := lx.Lex([]byte(sql), mode); err != nil {
		return nil
	}
	text := string(lx.Template)
	for _, t := range lx.Tokens {
		out = append(out, text[:t.End])
	}
	return out
}

func plannedAtAll(t *testing.T, sql string, env *Env) {
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("%s: %v", sql, p)
		}
	}()
	if planOf(sql, env) == nil {
		t.Errorf("%s: no plan", sql)
	}
}
