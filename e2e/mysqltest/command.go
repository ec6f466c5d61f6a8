package mysqltest

import (
	"strings"
)

// ignored are commands that change only how a test's output looks, deal with files, or steer the test's own runner.
var ignored = set(`assert cat_file change_user character_set chmod copy_file copy_files_wildcard
 diff_files dirty_close disable_abort_on_error disable_async_client disable_column_names disable_connect_log
 disable_cursor_protocol disable_info disable_metadata disable_non_blocking_api disable_prepare_warnings
 disable_ps2_protocol disable_ps_protocol disable_query_log disable_reconnect disable_result_log disable_rpl_parse
 disable_service_connection disable_session_track_info disable_testcase disable_view_protocol disable_warnings echo
 enable_abort_on_error enable_async_client enable_column_names enable_connect_log enable_cursor_protocol enable_info
 enable_metadata enable_non_blocking_api enable_prepare_warnings enable_ps2_protocol enable_ps_protocol
 enable_query_log enable_reconnect enable_result_log enable_rpl_parse enable_service_connection
 enable_session_track_info enable_testcase enable_view_protocol enable_warnings end end_timer exec execw expr
 file_exists force-cpdir force-rmdir horizontal_results list_files list_files_append_file list_files_write_file
 lowercase_result mkdir move_file optimizer_trace output ping real_sleep remove_file remove_files_wildcard
 replace_column replace_numeric_round replace_regex replace_result require reset_connection result result_format rmdir
 save_master_pos shutdown_server skip_if_hypergraph sleep start_timer sync_slave_with_master sync_with_master system
 vertical_results wait_for_slave_to_stop write_line break continue return`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// commands goes to the end of the text, or of the block that it is in.
func (r *Reader) commands(c *cursor) error {
	for c.space(); !c.end(); c.space() {
		var err error
		switch rest, line := c.rest(), c.line; {
		case rest[0] == '#':
			c.takeLine()
		case strings.HasPrefix(rest, "--"):
			err = r.dashed(c, line)
		case rest[0] == '}':
			c.advance(1)
			return nil
		case len(rest) > 9 && strings.EqualFold(rest[:9], "delimiter") && (rest[9] == ' ' || rest[9] == '\t'):
			c.setDelimiter(c.takeLine()[9:])
		default:
			text, block := c.takeCommand()
			if block {
				err = r.block(c, text, line)
			} else {
				err = r.command(c, text, line, false)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dashed carries out a command of one line. What no command starts is a comment.
func (r *Reader) dashed(c *cursor, line int) error {
	text := strings.TrimSpace(c.takeLine()[2:])
	return r.command(c, strings.TrimSuffix(text, c.delim), line, true)
}

// command carries out one command, or takes it for SQL.
func (r *Reader) command(c *cursor, text string, line int, dashes bool) error {
	text = strings.TrimSpace(text)
	name := strings.ToLower(word.FindString(text))
	arg := strings.TrimSpace(text[len(name):])
	switch name {
	case "delimiter":
		c.setDelimiter(arg)
	case "error":
		r.fail = r.fail || arg != "0"
	case "sorted_result", "partially_sorted_result":
		r.sort = true
	case "enable_parsing", "disable_parsing":
		r.off = name == "disable_parsing"
	case "perl", "write_file", "append_file":
		c.skipDocument(arg)
	case "source":
		return r.source(c, arg)
	case "let", "inc", "dec":
		r.assign(c, name, arg, line)
	case "connect", "connection", "disconnect":
		return r.connection(c, name, arg, line)
	case "eval", "evalp":
		return r.eval(c, arg, line)
	case "query", "query_vertical", "query_horizontal":
		return r.statement(c, arg, line)
	case "send", "send_eval", "send_quit", "reap":
		r.skip(skipAsync)
	case "skip", "exit", "die":
		if r.live() {
			return ErrStop
		}
	case "if", "while": // a block's head never gets here
	default:
		if !dashes && !ignored[name] {
			return r.statement(c, text, line)
		}
	}
	return nil
}

// eval runs a statement with variables in it.
func (r *Reader) eval(c *cursor, arg string, line int) error {
	if sql, known := r.expand(arg); known {
		return r.statement(c, sql, line)
	}
	r.skip(skipUnknown)
	return nil
}

// connection opens, chooses or ends a connection.
func (r *Reader) connection(c *cursor, name, arg string, line int) error {
	if !r.live() {
		return nil
	}
	arg, _ = r.expand(arg)
	switch name {
	case "connection":
		r.conn = arg
	case "disconnect":
		return r.Do(Step{Op: Disconnect, Place: c.place(line), Conn: arg, Command: name + " " + arg})
	case "connect":
		var fields [5]string
		for i, f := range strings.Split(strings.Trim(arg, "() "), ",") {
			if i < len(fields) {
				fields[i] = strings.Trim(strings.TrimSpace(f), `"'`)
			}
		}
		r.conn = fields[0]
		return r.do(Step{Op: Connect, Place: c.place(line), Command: name + " " + arg,
			Login: Login{User: fields[2], Password: fields[3], Database: fields[4]}})
	}
	return nil
}
