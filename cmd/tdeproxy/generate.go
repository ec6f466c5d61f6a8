package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// manCommand writes the manual pages, for packages. The date is SOURCE_DATE_EPOCH's where that is set.
func manCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "man FOLDER", Short: "Write the manual pages into a folder", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return &failure{err}
			}
			root := cmd.Root()
			root.DisableAutoGenTag = true
			header := &doc.GenManHeader{Section: "1", Source: "tdeproxy " + version, Manual: "tdeproxy"}
			if os.Getenv("SOURCE_DATE_EPOCH") == "" {
				now := time.Now()
				header.Date = &now
			}
			if err := doc.GenManTree(root, header, args[0]); err != nil {
				return &failure{err}
			}
			return nil
		},
	}
	return cmd
}

// completionCommand writes what a shell needs to complete the command line.
func completionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "completion SHELL", Short: "Print what completes the command line in bash, zsh or fish", ValidArgs: []string{"bash", "zsh", "fish"},
		Long: `Print a script for the shell. For one session of bash: source <(tdeproxy completion bash). The Debian package has it in place.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("completion needs one shell: bash, zsh or fish")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			root, out := cmd.Root(), cmd.OutOrStdout()
			switch args[0] {
			case "bash":
				return root.GenBashCompletionV2(out, true)
			case "zsh":
				return root.GenZshCompletion(out)
			case "fish":
				return root.GenFishCompletion(out, true)
			}
			return fmt.Errorf("no completion for %s; bash, zsh or fish", filepath.Base(args[0]))
		},
	}
}
