package main

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/tdeproxy/tdeproxy/config"
	"github.com/tdeproxy/tdeproxy/tde/exec"
)

func printStatus(cmd *cobra.Command, cfg *config.Config) error {
	var all []exec.TableStatus
	if err := ask(cmd.Context(), cfg, http.MethodGet, "/tables", nil, &all); err != nil {
		return err
	}
	rows := [][]string{{"table", "state", "rows", "size", "master key", "key", "why"}}
	for _, t := range all {
		master, key := "", ""
		if t.State == exec.StateEncrypted {
			master, key = fmt.Sprint(t.MasterKey), fmt.Sprint(t.KeyID)
		}
		rows = append(rows, []string{t.Database + "." + t.Table, t.State, fmt.Sprint(t.Rows), size(t.Bytes), master, key, t.Why})
	}
	return printRows(cmd.OutOrStdout(), rows)
}

// verifyRows is how many rows of each table are opened by table verify.
const verifyRows = 10000

func printVerified(cmd *cobra.Command, cfg *config.Config) error {
	var all []exec.Verified
	if err := ask(cmd.Context(), cfg, http.MethodGet, "/verify", nil, &all); err != nil {
		return err
	}
	rows, bad := [][]string{{"table", "cells opened", "problem"}}, 0
	for _, v := range all {
		name := v.Database + "." + v.Table
		if len(v.Problems) == 0 {
			rows = append(rows, []string{name, fmt.Sprint(v.Cells), ""})
			continue
		}
		bad++
		for _, p := range v.Problems {
			rows = append(rows, []string{name, fmt.Sprint(v.Cells), p})
		}
	}
	if err := printRows(cmd.OutOrStdout(), rows); err != nil {
		return err
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d encrypted tables have problems", bad, len(all))
	}
	return nil
}

func printLeakage(cmd *cobra.Command, cfg *config.Config) error {
	var all []exec.Leak
	if err := ask(cmd.Context(), cfg, http.MethodGet, "/leakage", nil, &all); err != nil {
		return err
	}
	rows := [][]string{{"column", "shows", "why"}}
	for _, l := range all {
		rows = append(rows, []string{l.Database + "." + l.Table + "." + l.Column, l.Shows, l.Why})
	}
	return printRows(cmd.OutOrStdout(), rows)
}
