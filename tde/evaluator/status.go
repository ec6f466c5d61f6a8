package evaluator

// Status is how the private server is.
type Status struct {
	Up       bool   // a server answers
	Restarts uint64 // how often it died and was started again
	Rows     int64  // bytes of rows in workspaces
	Memory   int64  // what bounds them, in bytes
}

// Status says how the private server is. It waits for nothing.
func (e *Evaluator) Status() Status {
	e.mu.Lock()
	up := e.server != nil && !e.server.dead() && !e.closed
	e.mu.Unlock()
	return Status{Up: up, Restarts: e.restarts.Load(), Rows: e.taken.Load(), Memory: e.cfg.Memory}
}
