package main

import (
	"io"
	"log/slog"
	"os"

	"github.com/tdeproxy/tdeproxy/config"
)

// newLogger logs to stderr: as text for a person at a terminal, as JSON for a collector.
func newLogger(cfg config.Log, stderr io.Writer) *slog.Logger {
	return leveledLogger(cfg, stderr, new(slog.LevelVar))
}

// leveledLogger is newLogger with a level that may change later.
func leveledLogger(cfg config.Log, stderr io.Writer, level *slog.LevelVar) *slog.Logger {
	_ = level.UnmarshalText([]byte(cfg.Level)) // config has checked it
	options := &slog.HandlerOptions{Level: level}
	if cfg.Format == "text" || cfg.Format == "auto" && isTerminal(stderr) {
		return slog.New(slog.NewTextHandler(stderr, options))
	}
	return slog.New(slog.NewJSONHandler(stderr, options))
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
