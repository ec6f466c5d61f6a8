package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/tde/audit"
)

func auditCommand() *cobra.Command {
	return group("audit", "Check the audit log", auditVerifyCommand())
}

func auditVerifyCommand() *cobra.Command {
	var path string
	cmd := &cobra.Command{
		Use:   "verify {-c FILE | LOG...}",
		Short: "Look for records that were removed, altered, moved or cut off",
		Long: `Verify follows the chain of an audit log: each record has a number and the SHA-256 of the line before. With -c it reads
audit.file, which a running proxy may be writing to; else the files that are named, oldest first. The last record is
compared with LOG.head, where that lies beside the last file. Exit code 1 means that something is not as it was written.`,
	}
	cmd.Flags().StringVarP(&path, "config", "c", "", "configuration `FILE`, whose audit.file is read")
	cmd.RunE = func(cmd *cobra.Command, logs []string) error {
		if (path == "") == (len(logs) == 0) {
			return errors.New("audit verify needs either -c FILE or the files of a log")
		}
		if path != "" {
			cfg, err := config.Load(path)
			if err != nil {
				return &failure{err}
			}
			if cfg.Audit.File == "" {
				return &failure{errors.New("audit.file is not set: no audit log is kept")}
			}
			logs = []string{cfg.Audit.File}
		}
		if err := verifyAudit(cmd, logs); err != nil {
			return &failure{err}
		}
		return nil
	}
	return cmd
}

func verifyAudit(cmd *cobra.Command, logs []string) error {
	r, err := audit.Verify(logs...)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	for _, p := range r.Problems {
		fmt.Fprintln(out, "FAIL ", p)
	}
	fmt.Fprintf(out, "%d records, %d to %d\n", r.Records, r.First, r.Last)
	if r.Torn > 0 {
		fmt.Fprintf(out, "%d lines of which only a part was written: the log could not be written then, or the proxy was killed\n", r.Torn)
	}
	if r.First > 1 {
		fmt.Fprintf(out, "records before %d are in older files: name those first to have them checked, too\n", r.First)
	}
	if !r.Head {
		fmt.Fprintf(out, "%s.head is not there: whether records are missing at the end is not known\n", logs[len(logs)-1])
	}
	if n := len(r.Problems); n > 0 {
		return fmt.Errorf("the audit log is not as it was written: %d problems", n)
	}
	return nil
}
