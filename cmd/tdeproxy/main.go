// Command tdeproxy is the proxy and the tool that looks after its keys and certificates: one file for each verb, and
// the wiring of the packages that do the work.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	_ "time/tzdata" // sessions name time zones; the machine may not have them

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/keyring"
)

// version is set by the linker (make build).
var version = "devel"

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // it could not be done
	exitUsage  = 2 // the command line or the configuration file is wrong
)

func main() {
	if err := keyring.Harden(); err != nil {
		fmt.Fprintln(os.Stderr, oneLine(err))
		os.Exit(exitFailed)
	}
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// run executes one command line and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := command()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return report(stderr, root.ExecuteContext(ctx))
}

// command is the tree of verbs.
func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "tdeproxy",
		Short:         "Transparent data encryption for MySQL and MariaDB, as a proxy",
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.DisableSuggestions = true // they take lines of their own
	root.AddCommand(initCommand(), serveCommand(), certCommand(), keyringCommand(), explainCommand(), tableCommand(),
		doctorCommand(), auditCommand(), healthCommand(), versionCommand(), completionCommand(), manCommand())
	return root
}

// group makes a command that only has verbs below it.
func group(name, short string, verbs ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: name, Short: short}
	cmd.AddCommand(verbs...)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		names := make([]string, len(verbs))
		for i, v := range verbs {
			names[i] = v.Name()
		}
		return fmt.Errorf("%s needs one of these verbs: %s", cmd.CommandPath(), strings.Join(names, ", "))
	}
	return cmd
}

// verb makes a command that reads the configuration file and then does its work.
func verb(use, short, long string, work func(cmd *cobra.Command, cfg *config.Config) error) *cobra.Command {
	return withFile(use, short, long, func(cmd *cobra.Command, path string) error {
		cfg, err := config.Load(path)
		if err != nil {
			return err
		}
		return work(cmd, cfg)
	})
}

// withFile makes a command with the option -c FILE.
func withFile(use, short, long string, work func(cmd *cobra.Command, path string) error) *cobra.Command {
	var path string
	cmd := &cobra.Command{Use: use, Short: short, Long: long, Args: cobra.NoArgs}
	cmd.Flags().StringVarP(&path, "config", "c", "", "configuration `FILE`")
	if err := cmd.MarkFlagRequired("config"); err != nil {
		panic("tdeproxy: internal error: " + err.Error())
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := work(cmd, path); err != nil {
			return &failure{err}
		}
		return nil
	}
	return cmd
}

// failure is an error of a verb's work, unlike those of the command line, which come from cobra.
type failure struct{ err error }

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// report prints an error as whoever started the program should read it, and returns the exit code. This is the one
// place that does: a fault of the configuration is a line each, anything else one line in all.
func report(stderr io.Writer, err error) int {
	var faults config.Faults
	var failed *failure
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &faults):
		fmt.Fprintln(stderr, faults.Error())
		return exitUsage
	case errors.As(err, &failed):
		fmt.Fprintln(stderr, oneLine(failed.err))
		return exitFailed
	}
	fmt.Fprintf(stderr, "%s; tdeproxy --help shows what there is\n", oneLine(err))
	return exitUsage
}

// oneLine joins the lines of joined errors.
func oneLine(err error) string {
	text := strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
	return "tdeproxy: " + strings.TrimPrefix(text, "tdeproxy: ")
}
