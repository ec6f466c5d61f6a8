package evaluator

import "github.com/tdeproxy/tdeproxy/proxy/wire"

// Hold counts bytes that a caller keeps of an answer as those of workspaces, within the same bound. Let gives them back.
func (e *Evaluator) Hold(bytes int64) error {
	if e.taken.Add(bytes) <= e.cfg.Memory {
		return nil
	}
	e.taken.Add(-bytes)
	return &wire.Error{Code: codeTableFull, State: "HY000", Message: "The table is full: the rows of a cursor take more memory than " +
		"evaluator.memory allows; fetch fewer, or raise it"}
}

// Let gives back what Hold has counted.
func (e *Evaluator) Let(bytes int64) { e.taken.Add(-bytes) }
