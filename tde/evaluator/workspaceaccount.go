package evaluator

import (
	"context"
	"fmt"
)

// workspaceAccount is whom workspaces log in as, where this package has made the server.
const workspaceAccount = "tde_workspace"

// workspaceUser is whom a workspace logs in as.
func (s *server) workspaceUser() (user, password string) {
	if s.account != "" {
		return s.account, ""
	}
	return s.user, s.password
}

// account makes the account of the workspaces, once for each start of the server: it may fill, read and change tables in private
// schemas, and do nothing elsewhere. MariaDB's comes with its system tables.
func (e *Evaluator) account(ctx context.Context, s *server) error {
	if s.pid == 0 {
		return nil
	}
	s.accounts.Lock()
	defer s.accounts.Unlock()
	if s.account != "" {
		return nil
	}
	if !e.cfg.MariaDB {
		if err := e.with(ctx, makeAccount); err != nil {
			return fmt.Errorf("making the account %s in the evaluator: %w", workspaceAccount, err)
		}
	}
	s.account = workspaceAccount
	return nil
}

func makeAccount(c *conn) error {
	for _, sql := range []string{
		"CREATE USER IF NOT EXISTS " + workspaceAccount + "@localhost IDENTIFIED BY ''",
		// LOCK TABLES is what FOR UPDATE needs. EXECUTE, so that a function that does not exist is that, and not one that may
		// not be called.
		"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, REFERENCES, INDEX, ALTER, LOCK TABLES, EXECUTE, CREATE ROUTINE, ALTER ROUTINE, CREATE VIEW, SHOW VIEW ON `\\_tde\\_w%`.* TO " + workspaceAccount + "@localhost",
		"GRANT SESSION_VARIABLES_ADMIN ON *.* TO " + workspaceAccount + "@localhost",
		"ALTER INSTANCE DISABLE INNODB REDO_LOG", // nothing here outlives the process
	} {
		if _, err := c.query(sql); err != nil {
			return err
		}
	}
	return nil
}
