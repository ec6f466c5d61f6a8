package plan

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Function names, each between spaces.
const (
	// askedFunctions are those that only upstream's session can answer. They take no argument here.
	askedFunctions = " user current_user session_user system_user current_role database schema version connection_id found_rows" +
		" row_count last_insert_id icu_version "
	// timeFunctions read the clock.
	timeFunctions = " now current_timestamp localtime localtimestamp curdate current_date curtime current_time utc_date utc_time" +
		" utc_timestamp unix_timestamp sysdate "
	// unsteadyFunctions differ from call to call or do something.
	unsteadyFunctions = " rand random_bytes uuid uuid_short uuid_v4 uuid_v7 sys_guid sleep benchmark name_const encrypt any_value "
	// lockedFunctions reach out of the statement: to locks, files, sequences, replication, accounts, or what only upstream has of them.
	lockedFunctions = " get_lock is_free_lock is_used_lock release_lock release_all_locks load_file master_pos_wait source_pos_wait" +
		" master_gtid_wait binlog_gtid_pos wait_for_executed_gtid_set wait_until_sql_thread_after_gtids wsrep_last_seen_gtid" +
		" wsrep_last_written_gtid wsrep_sync_wait_upto_gtid ps_current_thread_id ps_thread_id roles_graphml current_role_in current_user_in" +
		" des_decrypt des_encrypt validate_password_strength version_with_update nextval lastval setval "
	// pureFunctions depend on their arguments and on session variables alone.
	pureFunctions = " abs acos add_months adddate addtime aes_decrypt aes_encrypt ascii asin atan atan2 bin bin_to_uuid bit_count bit_length" +
		" ceil ceiling char char_func char_length character_length charset chr coalesce coercibility collation column_add column_check" +
		" column_create column_delete column_exists column_get column_json column_list compress concat concat_operator_oracle concat_ws" +
		" conv convert convert_tz cos cot crc32 crc32c date date_add date_format date_sub dateliteral datediff day dayname dayofmonth dayofweek" +
		" dayofyear decode decode_histogram decode_oracle degrees elt encode exp export_set extract" +
		" extractvalue field find_in_set floor format format_bytes format_pico_time from_base64 from_days from_unixtime from_vector get_format" +
		" greatest grouping gtid_subset gtid_subtract hex hour if ifnull inet6_aton inet6_ntoa inet_aton inet_ntoa insert insert_func" +
		" instr interval is_ipv4 is_ipv4_compat is_ipv4_mapped is_ipv6 is_uuid isnull json_array json_array_append json_array_insert" +
		" json_array_intersect json_compact json_contains json_contains_path json_depth json_detailed json_equals json_exists" +
		" json_extract json_insert json_key_value json_keys json_length json_loose json_memberof json_merge json_merge_patch json_merge_preserve" +
		" json_normalize json_object json_object_filter_keys json_object_to_array json_overlaps json_pretty json_query json_quote" +
		" json_remove json_replace json_schema_valid json_schema_validation_report json_search json_set json_storage_free" +
		" json_storage_size json_type json_unquote json_valid json_value kdf last_day lcase least left length lengthb ln locate log" +
		" log10 log2 lower lpad lpad_oracle ltrim ltrim_oracle make_set makedate maketime md5 member_of memberof microsecond mid" +
		" minute mod month monthname natural_sort_key nullif nvl nvl2 oct octet_length old_password ord password period_add" +
		" period_diff pi position pow power quarter quote radians regexp regexp_instr regexp_like regexp_replace regexp_substr repeat" +
		" replace replace_oracle reverse right round row rpad rpad_oracle rtrim rtrim_oracle sec_to_time second sformat sha sha1 sha2" +
		" sign sin soundex space sqrt statement_digest statement_digest_text strcmp str_to_date string_to_vector subdate substr substr_oracle substring" +
		" substring_index subtime tan time time_format time_to_sec timediff timeliteral timestampliteral timestamp timestampadd timestampdiff to_base64 to_char" +
		" to_date to_days to_seconds to_vector trim trim_oracle truncate ucase uncompress uncompressed_length unhex updatexml upper uuid_to_bin" +
		" value values vector_dim vector_to_string week weekday weekofyear weight_string year yearweek "
	// zoneFunction is NULL for a time zone that the server's tables do not have.
	zoneFunction = "convert_tz"
	// spatialFunctions are those whose names do not begin with st_ or mbr.
	spatialFunctions = " point linestring polygon multipoint multilinestring multipolygon geometrycollection geomcollection x y area" +
		" asbinary astext aswkb aswkt boundary buffer centroid contains convexhull crosses dimension disjoint endpoint envelope" +
		" equals exteriorring geometrycollectionfromtext geometrycollectionfromwkb" +
		" geomcollfromtext geomcollfromwkb geometryn geometrytype geomfromtext geomfromwkb geometryfromtext geometryfromwkb glength interiorringn" +
		" intersects isclosed isempty isring issimple linefromtext linefromwkb linestringfromtext linestringfromwkb mlinefromtext" +
		" mlinefromwkb mpointfromtext mpointfromwkb mpolyfromtext mpolyfromwkb multilinestringfromtext multilinestringfromwkb" +
		" multipointfromtext multipointfromwkb multipolygonfromtext multipolygonfromwkb numgeometries numinteriorrings numpoints" +
		" overlaps pointfromtext pointfromwkb pointn pointonsurface polyfromtext polyfromwkb polygonfromtext polygonfromwkb srid" +
		" startpoint touches within "
)

// ownSchemas are those by which MariaDB tells functions of its own of the same name apart.
const ownSchemas = " oracle_schema mariadb_schema maxdb_schema "

// parserOwn begins the names of functions that the parser makes of what is not written as a call.
const parserOwn = "'tidb`.("

// among says whether a lower-case name is in a list above.
func among(list, name string) bool { return name != "" && strings.Contains(list, " "+name+" ") }

// pure says whether a function is one of the server's own that depends on its arguments alone.
func pure(name string) bool {
	name = strings.TrimPrefix(name, parserOwn) // DATE '2024-02-29' and its like
	return among(pureFunctions, name) || among(spatialFunctions, name) || strings.HasPrefix(name, "st_") || strings.HasPrefix(name, "mbr")
}

// mayBeStored says whether a function is none of the server's own, as far as the planner knows.
func mayBeStored(f *ast.FuncCallExpr, mode Mode) bool {
	name := f.FnName.L
	if f.Schema.O != "" {
		return !mode.MariaDB || !among(ownSchemas, f.Schema.L) || !pure(name)
	}
	return !pure(name) && !among(askedFunctions, name) && !among(timeFunctions, name) && !among(unsteadyFunctions, name) && !among(lockedFunctions, name)
}

// expression notes what an expression uses beside columns and tables, and refuses what the evaluator must not run.
func (t *tree) expression(n ast.Node) error {
	switch e := n.(type) {
	case *ast.FuncCallExpr:
		return t.call(e)
	case *ast.VariableExpr:
		return t.variable(e)
	case *ast.DefaultExpr:
		if e.Name != nil {
			t.names = append(t.names, e.Name)
		}
	case *ast.MatchAgainst:
		return refuse("fulltext", "MATCH … AGAINST in a statement with an encrypted table is not supported")
	case *ast.ByItem:
		return t.item(e)
	case *ast.VariableAssignment:
		t.assigns(e.Name)
	}
	return nil
}

func (t *tree) call(f *ast.FuncCallExpr) error {
	name := f.FnName.L
	switch {
	case t.env.Mode.MariaDB && among(ownSchemas, f.Schema.L) && pure(name):
		t.calls++ // as views have functions whose meaning sql_mode = ORACLE changes
	case f.Schema.O != "":
		t.calls++
		return t.unknown(f.Schema.O, f.FnName.O)
	case among(lockedFunctions, name):
		return refuse("function", "function %s in a statement with an encrypted table is not supported", quote(f.FnName.O))
	case slices.Contains(t.identities, f):
	case among(askedFunctions, name):
		if len(f.Args) > 0 {
			return refuse("function", "%s with an argument in a statement with an encrypted table is not supported", strings.ToUpper(name))
		}
		t.asked[name]++
	case among(timeFunctions, name):
		t.uses.Now = true
	case name == zoneFunction:
		t.uses.Zones = true
	case !pure(name) && !among(unsteadyFunctions, name):
		return t.unknown(t.env.DB, f.FnName.O)
	}
	return nil
}

// unknown notes a function that is none of the server's own as far as the planner knows. There may be a stored one of the
// name; else the evaluator has the server's own words for what there is not.
func (t *tree) unknown(db, name string) error {
	if db == "" {
		return refuse("function", "function %s in a statement with an encrypted table is not supported", quote(name))
	}
	r := Routine{DB: db, Name: name}
	if !slices.Contains(t.uses.Functions, r) {
		t.uses.Functions = append(t.uses.Functions, r)
	}
	return nil
}

func (t *tree) variable(v *ast.VariableExpr) error {
	switch {
	case v.Value != nil:
		t.assigns(v.Name)
	case v.IsSystem:
		t.vars++
	case !slices.ContainsFunc(t.uses.UserIn, func(u string) bool { return strings.EqualFold(u, v.Name) }):
		t.uses.UserIn = append(t.uses.UserIn, v.Name)
	}
	return nil
}

// assigns notes a user variable that gets a value.
func (t *tree) assigns(name string) {
	if name = strings.ToLower(name); !slices.Contains(t.uses.UserOut, name) {
		t.uses.UserOut = append(t.uses.UserOut, name)
	}
}

// item refuses to group or order by what becomes a literal: a number would be a position.
func (t *tree) item(it *ast.ByItem) error {
	switch e := unparen(it.Expr).(type) {
	case *ast.FuncCallExpr:
		if !among(askedFunctions, e.FnName.L) {
			return nil
		}
	case *ast.VariableExpr:
		if !e.IsSystem {
			return nil
		}
	default:
		return nil
	}
	return refuse("session", "grouping or ordering by a function of the session or a system variable is not supported with an encrypted table")
}
