package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/tde/exec"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// question is what /explain is asked.
type question struct {
	Database string `json:"database"`
	SQL      string `json:"sql"`
}

// maxQuestion bounds a statement that /explain takes.
const maxQuestion = 1 << 20

// advisor answers what is asked of a running proxy beside metrics and health: the status page, and what the verbs ask.
func (s *service) advisor() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /advise", func(w http.ResponseWriter, _ *http.Request) {
		c := s.catalog.Load()
		if c == nil {
			http.Error(w, "the schema has not been read yet", http.StatusServiceUnavailable)
			return
		}
		writeJSON(w, c.Advice())
	})
	mux.HandleFunc("POST /explain", func(w http.ResponseWriter, r *http.Request) {
		var q question
		c := s.catalog.Load()
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxQuestion)).Decode(&q); err != nil || c == nil {
			http.Error(w, "no question, or the schema has not been read yet", http.StatusBadRequest)
			return
		}
		rows, err := c.Explain(r.Context(), q.Database, q.SQL)
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnprocessableEntity)
			return
		}
		writeJSON(w, rows)
	})
	s.statusPages(mux)
	return mux
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // who asked is gone, else
}

// tableCommand is the group of verbs about tables.
func tableCommand() *cobra.Command {
	return group("table", "Look at the tables that a running proxy encrypts, and encrypt others",
		convertCommand("encrypt", "Y", "Encrypt a table that is there"),
		convertCommand("decrypt", "N", "Decrypt a table"),
		verb("advise", "Print which indexes would spare statements from fetching whole tables",
			"Print, from the counts of the proxy that runs with this file, which statements had to fetch whole tables, by table and column, and which index would help.",
			func(cmd *cobra.Command, cfg *config.Config) error {
				var all []exec.Advice
				if err := ask(cmd.Context(), cfg, http.MethodGet, "/advise", nil, &all); err != nil {
					return err
				}
				rows := [][]string{{"statements", "table", "column", "why", "what would help"}}
				for _, a := range all {
					rows = append(rows, []string{fmt.Sprint(a.Statements), a.Database + "." + a.Table, a.Column, a.Why, a.Remedy})
				}
				return printRows(cmd.OutOrStdout(), rows)
			}),
		verb("status", "Print which tables are encrypted",
			"Print the tables of upstream as the proxy that runs with this file sees them: encrypted; locked, where key or metadata does not open; plaintext, although a rule designates them; or clear.",
			printStatus),
		verb("verify", "Check that encrypted tables are as their metadata says, and that their cells open",
			"Check the columns of every encrypted table against its metadata, and open the cells of its first 10,000 rows, in the proxy that runs with this file. Exit code 1 means that something is wrong.",
			printVerified),
		verb("leakage", "Print what each column of the encrypted tables shows to upstream",
			"Print what upstream can learn of each column beside NULLs and the length of values: nothing more (random), which rows hold equal values (equality), also their order (order), or the values (clear); and why.",
			printLeakage))
}

// explainCommand prints the plan of a statement.
func explainCommand() *cobra.Command {
	var q question
	cmd := verb("explain SQL", "Print what goes upstream of a statement, and what stays",
		"Print the plan of a statement, as the proxy that runs with this file makes it: what goes upstream, what stays and why. The statement is not run.",
		func(cmd *cobra.Command, cfg *config.Config) error {
			body, err := json.Marshal(q)
			if err != nil {
				return err
			}
			var rows [][]string
			if err := ask(cmd.Context(), cfg, http.MethodPost, "/explain", body, &rows); err != nil {
				return err
			}
			return printRows(cmd.OutOrStdout(), append([][]string{plan.ExplainColumns}, rows...))
		})
	cmd.Flags().StringVarP(&q.Database, "database", "d", "", "the current `DATABASE`")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return errors.New("explain needs one statement")
		}
		q.SQL = args[0]
		return nil
	}
	return cmd
}

// ask asks the admin listener of the proxy that runs with a configuration.
func ask(ctx context.Context, cfg *config.Config, method, path string, body []byte, answer any) error {
	if cfg.Admin.Address == "" {
		return errors.New("admin.address is empty, so that the running proxy cannot be asked")
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, "http://"+cfg.Admin.Address+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("admin.address: %w", err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("asking the running proxy: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
		return fmt.Errorf("the running proxy answered: %s", strings.TrimSpace(string(text)))
	}
	if err := json.NewDecoder(response.Body).Decode(answer); err != nil {
		return fmt.Errorf("reading the running proxy's answer: %w", err)
	}
	return nil
}

func printRows(out io.Writer, rows [][]string) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	return w.Flush()
}
