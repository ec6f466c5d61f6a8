package suite

import (
	"regexp"
	"strings"
)

// Kind is a class of statements.
type Kind string

// The kinds.
const (
	Select Kind = "SELECT" // also WITH, VALUES, TABLE and set operations
	DML    Kind = "DML"    // INSERT, REPLACE, UPDATE, DELETE, LOAD DATA
	DDL    Kind = "DDL"    // CREATE, ALTER, DROP, RENAME, TRUNCATE
	Show   Kind = "SHOW"   // also DESCRIBE, EXPLAIN, ANALYZE
	Other  Kind = "other"  // SET, PREPARE, EXECUTE, CALL, transactions, locks, …
)

// Kinds lists all, in the order of reports.
func Kinds() []Kind { return []Kind{Select, DML, DDL, Show, Other} }

var kindWords = map[string]Kind{
	"select": Select, "values": Select, "table": Select, "with": Select,
	"insert": DML, "replace": DML, "update": DML, "delete": DML, "load": DML,
	"create": DDL, "alter": DDL, "drop": DDL, "rename": DDL, "truncate": DDL,
	"show": Show, "describe": Show, "desc": Show, "explain": Show, "analyze": Show,
}

var (
	leading   = regexp.MustCompile(`^(?s)(?:\s+|/\*[^!M].*?\*/|(?:#|--\s)[^\n]*\n|\()+`)
	firstWord = regexp.MustCompile(`^[A-Za-z]+`)
	withWrite = regexp.MustCompile(`(?is)\)\s*(update|delete)\s`)
)

// KindOf classifies a statement by its first word.
func KindOf(sql string) Kind {
	sql = sql[len(leading.FindString(sql)):]
	word := strings.ToLower(firstWord.FindString(sql))
	kind, ok := kindWords[word]
	switch {
	case !ok:
		return Other
	case word == "with" && withWrite.MatchString(sql):
		return DML
	case word == "analyze" && !regexp.MustCompile(`(?i)^analyze\s+(format|select|update|delete|insert|replace)`).MatchString(sql):
		return Other
	}
	return kind
}

// volatile finds statements whose answers differ between two equal servers: they tell of time, chance, file names,
// statistics, counters or the connection. Only their error code is compared.
var volatile = regexp.MustCompile(`(?is)^\s*(explain|analyze|optimize|desc(ribe)?\s+(select|insert|update|delete|extended|format)` +
	`|show\s+((full|global|session|extended)\s+)*(processlist|status|engine|binary|binlog|master|slave|replica|table\s+status|open\s+tables|profile` +
	`|index|indexes|keys|variables|plugins|grants|create\s+user|warnings|errors|events|triggers|procedure|function|locales|privileges|session))` +
	`|\b(explain|analyze)\s+(extended|partitions|format|select|update|delete|insert|replace)\b` +
	`|\b(uuid|uuid_short|sys_guid|sysdate|rand|connection_id|benchmark|random_bytes|encrypt|last_query_cost|ps_thread_id|ps_current_thread_id)\b\s*\(?` +
	`|performance_schema|information_schema|\bsys\.|mysql\.|optimizer_trace` +
	`|@@(global\.|session\.|local\.)?(hostname|port|server_id|server_uuid|datadir|pid_file|socket|pseudo_thread_id|last_|gtid|log_|ssl_|slave_load_tmpdir|plugin_dir|general_log|slow|innodb|tmpdir|timestamp|version|basedir|in_transaction|wsrep)`)

var comment = regexp.MustCompile(`(?s)/\*[^!M].*?\*/`)

// isVolatile says whether only a statement's error code is compared.
func isVolatile(sql string) bool { return volatile.MatchString(comment.ReplaceAllString(sql, " ")) }

var (
	preparesText = regexp.MustCompile("(?is)^\\s*prepare\\s+`?(\\w+)`?\\s+from\\s+(.*)")
	explainsText = regexp.MustCompile("(?i)^['\"\\s]*(explain|analyze|desc|describe)\\b")
	executesText = regexp.MustCompile("(?is)^\\s*execute\\s+`?(\\w+)`?")
)

// explains says of prepared statements, by name, whether they were prepared from EXPLAIN and its kin.
type explains map[string]bool

// executed says whether a statement executes one that was prepared from EXPLAIN, and takes notice of PREPARE.
func (e explains) executed(sql string) bool {
	if m := preparesText.FindStringSubmatch(sql); m != nil {
		e[strings.ToLower(m[1])] = explainsText.MatchString(m[2])
		return false
	}
	m := executesText.FindStringSubmatch(sql)
	return m != nil && e[strings.ToLower(m[1])]
}

// unsafe finds statements that are never run: they end or reconfigure a server, write its files or its system tables,
// or wait.
var unsafe = regexp.MustCompile(`(?is)^\s*(shutdown|restart|kill|change\s+(master|replication)|(start|stop|reset)\s+(slave|replica|master|group|binary)|install|uninstall` +
	`|purge|clone|xa\s+prepare|(insert|replace)\s+delayed|set\s+(global|persist|persist_only|@@global\.|@@persist)|flush\s+tables\s+with|lock\s+instance|backup|set\s+password` +
	`|alter\s+user\s+(user\(\)|current_user|root)|drop\s+user\s+.?root|alter\s+instance|use\s+.?mysql)\b|^\s*set\b.*(\bglobal\s|@@global\.)` +
	`|^\s*(alter|drop|rename|create|insert|update|delete|truncate|replace|repair|optimize|grant)\b.*\bmysql.?\.` +
	`|\bload\s+(data|xml)\s+((low_priority|concurrent)\s+)?infile|into\s+(outfile|dumpfile)|\bsleep\s*\(|load_file\s*\(`)

// looksBack finds statements that ask about the one before them.
var looksBack = regexp.MustCompile(`(?i)\b(row_count|found_rows|last_insert_id)\s*\(|@@(session\.)?(warning_count|error_count|last_insert_id|identity)|^\s*(show\s+(count.*\s)?(warnings|errors)|get\s+diagnostics)`)

// fileError finds messages that name the server's own files.
var fileError = regexp.MustCompile(`(?i)\(?(errcode|errno)`)

var (
	quotedText = regexp.MustCompile(`'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|/\*.*?\*/`)
	orderBy    = regexp.MustCompile(`(?i)\border\s+by\b`)
	innermost  = regexp.MustCompile(`\([^()]*\)`)
)

// ordered says whether the statement itself, no subquery of it, has an ORDER BY.
func ordered(sql string) bool {
	sql = quotedText.ReplaceAllString(sql, "''")
	for innermost.MatchString(sql) {
		sql = innermost.ReplaceAllString(sql, "")
	}
	return orderBy.MatchString(sql)
}

func isCall(sql string) bool { return len(sql) > 4 && strings.EqualFold(sql[:4], "call") }

var (
	backquoted = regexp.MustCompile("`[^`]*`")
	dottedName = regexp.MustCompile(`[\w$-]+(\.[\w$-]+)+`)
	singles    = regexp.MustCompile(`'[^']*'`)
	bracketed  = regexp.MustCompile(`\([\w$]+\)`)
	keyName    = regexp.MustCompile(`foreign key \S+ to \S+,`)
)

// reasonOf is a refusal's message without the names in it.
func reasonOf(message string) string {
	message = strings.TrimPrefix(message, ownError)
	for _, names := range []*regexp.Regexp{backquoted, singles, dottedName} {
		message = names.ReplaceAllString(message, "…")
	}
	return keyName.ReplaceAllString(bracketed.ReplaceAllString(message, "(…)"), "foreign key to …,")
}
