package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/tdeproxy/tdeproxy/e2e/suite"
)

// runner shares the files out among workers.
type runner struct {
	options  options
	binary   string
	files    chan string
	progress *progress

	mu      sync.Mutex
	results []*suite.Result
	failed  error
}

func runAll(o options, binary string) ([]*suite.Result, error) {
	r := &runner{options: o, binary: binary, files: make(chan string, len(o.files)), progress: newProgress(len(o.files))}
	for _, file := range o.files {
		r.files <- file
	}
	close(r.files)
	var wg sync.WaitGroup
	for range min(o.workers, len(o.files)) {
		wg.Go(func() {
			if err := r.work(); err != nil {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.failed = err
			}
		})
	}
	wg.Wait()
	r.progress.end()
	slices.SortFunc(r.results, func(a, b *suite.Result) int { return strings.Compare(a.File, b.File) })
	return r.results, r.failed
}

// work runs files until there are none, on one stage; on a new one where a file has left that in no state to go on.
func (r *runner) work() error {
	var stage *suite.Stage
	defer func() {
		if stage != nil {
			stage.Remove()
		}
	}()
	for file := range r.files {
		result, err := r.file(&stage, file)
		if err != nil {
			fmt.Fprintf(os.Stderr, "difftest: %s: %v; once more on new servers\n", file, err)
			if stage != nil {
				stage.Remove()
				stage = nil
			}
			if result, err = r.file(&stage, file); err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
		}
		r.mu.Lock()
		r.results = append(r.results, result)
		r.progress.done(result, r.options.verbose)
		r.mu.Unlock()
	}
	return nil
}

// file runs one file, on a stage that it starts where there is none.
func (r *runner) file(stage **suite.Stage, file string) (*suite.Result, error) {
	if *stage == nil {
		s, err := suite.Start(suite.StageOptions{Flavour: r.options.server, Binary: r.binary})
		if err != nil {
			return nil, err
		}
		*stage = s
	}
	return (*stage).Run(filepath.Join(r.options.folder, file), r.options.run)
}
