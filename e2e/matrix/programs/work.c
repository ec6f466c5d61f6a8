/* The matrix's work by MariaDB Connector/C: mysql_real_query in text mode; in prepared mode mysql_stmt_execute, cursors and long data. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <mysql.h>
#include <errmsg.h>

enum { PARAMS = 128, COLUMNS = 64, PIECE = 300000 };

typedef struct {
    char kind;
    char *text;
    unsigned long size;
    long long whole;
    double real;
} value;

static MYSQL *c;
static int prepared;

static const char *setting(const char *name) {
    char full[64];
    snprintf(full, sizeof full, "MATRIX_%s", name);
    const char *v = getenv(full);
    if (!v) {
        fprintf(stderr, "%s is not set\n", full);
        exit(2);
    }
    return v;
}

static value parse(const char *arg) {
    value v = {arg[0], NULL, 0, 0, 0};
    const char *text = arg[0] && arg[1] == ':' ? arg + 2 : "";
    switch (v.kind) {
    case 'i':
        v.whole = atoll(text);
        break;
    case 'f':
        v.real = atof(text);
        break;
    case 'x':
        v.size = strlen(text) / 2;
        v.text = calloc(1, v.size + 1);
        for (unsigned long i = 0; i < v.size; i++) {
            unsigned byte;
            sscanf(text + 2 * i, "%2x", &byte);
            v.text[i] = (char)byte;
        }
        return v;
    case 'r':
    case 'R': {
        unsigned long letter = strcspn(text, ":"), count = strtoul(text + letter + 1, NULL, 10);
        v.size = letter * count;
        v.text = malloc(v.size + 1);
        for (unsigned long i = 0; i < count; i++) memcpy(v.text + i * letter, text, letter);
        return v;
    }
    }
    v.text = strdup(text);
    v.size = strlen(text);
    return v;
}

static void fail(void) { printf("error %u %s %s\n", mysql_errno(c), mysql_sqlstate(c), mysql_error(c)); }

static void fail_statement(MYSQL_STMT *s) { printf("error %u %s %s\n", mysql_stmt_errno(s), mysql_stmt_sqlstate(s), mysql_stmt_error(s)); }

static void show(const char *text, unsigned long size) {
    if (!text) {
        printf("NULL");
        return;
    }
    if (size > 200) {
        unsigned long long h = 1469598103934665603ULL; /* FNV-1a */
        for (unsigned long i = 0; i < size; i++) h = (h ^ (unsigned char)text[i]) * 1099511628211ULL;
        printf("long %lu %016llx", size, h);
        return;
    }
    putchar('\'');
    for (unsigned long i = 0; i < size; i++) {
        unsigned char b = (unsigned char)text[i];
        if (b < 0x20 || b == '\\') printf("\\x%02x", b);
        else putchar(b);
    }
    putchar('\'');
}

static void columns(MYSQL_RES *r, unsigned flags) {
    MYSQL_FIELD *f;
    while ((f = mysql_fetch_field(r)))
        printf("column %s %s %s %s %s type %d flags %u length %lu decimals %u charset %u\n", f->name, f->org_name, f->table, f->org_table, f->db,
               f->type, f->flags & flags, f->length, f->decimals, f->charsetnr);
}

static void rows(MYSQL_RES *r, unsigned every) {
    columns(r, ~0u);
    unsigned n = 0;
    MYSQL_ROW row;
    while ((row = mysql_fetch_row(r))) {
        if (n++ % every) continue;
        unsigned long *size = mysql_fetch_lengths(r);
        printf("row ");
        for (unsigned i = 0; i < mysql_num_fields(r); i++) {
            show(row[i], size[i]);
            printf(i + 1 < mysql_num_fields(r) ? ", " : "\n");
        }
    }
    printf("rows %u\n", n);
    if (mysql_errno(c)) fail();
    mysql_free_result(r);
}

/* interpolated puts parameters in the places of question marks. */
static char *interpolated(const char *sql, value *v, unsigned long *size) {
    unsigned long room = strlen(sql) + 1;
    unsigned n = 0;
    for (const char *p = sql; *p; p++)
        if (*p == '?') room += 2 * v[n++].size + 64;
    char *text = malloc(room), *out = text;
    n = 0;
    for (const char *p = sql; *p; p++) {
        if (*p != '?') {
            *out++ = *p;
            continue;
        }
        value *a = &v[n++];
        if (a->kind == 'n') out += sprintf(out, "NULL");
        else if (a->kind == 'i' || a->kind == 'f') out += sprintf(out, "%s", a->text);
        else {
            *out++ = '\'';
            out += mysql_real_escape_string(c, out, a->text, a->size);
            *out++ = '\'';
        }
    }
    *size = (unsigned long)(out - text);
    return text;
}

static void text_query(const char *sql, value *v, int streaming) {
    unsigned long size;
    char *text = interpolated(sql, v, &size);
    int failed = mysql_real_query(c, text, size);
    free(text);
    if (failed) {
        fail();
        return;
    }
    MYSQL_RES *r = streaming ? mysql_use_result(c) : mysql_store_result(c);
    if (r) rows(r, streaming ? 500 : 1);
    else printf("affected %llu id %llu warnings %u info %s\n", mysql_affected_rows(c), mysql_insert_id(c), mysql_warning_count(c), mysql_info(c) ? mysql_info(c) : "none");
}

static void bind(MYSQL_BIND *b, value *v, MYSQL_TIME *at) {
    switch (v->kind) {
    case 'n':
        b->buffer_type = MYSQL_TYPE_NULL;
        return;
    case 'i':
        b->buffer_type = MYSQL_TYPE_LONGLONG;
        b->buffer = &v->whole;
        return;
    case 'f':
        b->buffer_type = MYSQL_TYPE_DOUBLE;
        b->buffer = &v->real;
        return;
    case 't': {
        unsigned micro = 0;
        at->time_type = MYSQL_TIMESTAMP_DATETIME;
        sscanf(v->text, "%u-%u-%u %u:%u:%u.%u", &at->year, &at->month, &at->day, &at->hour, &at->minute, &at->second, &micro);
        at->second_part = micro;
        b->buffer_type = MYSQL_TYPE_DATETIME;
        b->buffer = at;
        return;
    }
    }
    b->buffer_type = v->kind == 'x' || v->kind == 'R' ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING;
    b->buffer = v->text;
    b->buffer_length = v->size;
}

static void statement_rows(MYSQL_STMT *s, MYSQL_RES *meta, unsigned every) {
    /* A cursor's result comes of a temporary table, which knows no keys. */
    columns(meta, every == 1 ? ~0u : ~(unsigned)(MULTIPLE_KEY_FLAG | PART_KEY_FLAG));
    unsigned width = mysql_num_fields(meta), n = 0;
    MYSQL_BIND b[COLUMNS];
    unsigned long size[COLUMNS];
    my_bool null[COLUMNS];
    memset(b, 0, sizeof b);
    for (unsigned i = 0; i < width; i++) {
        b[i].buffer_type = MYSQL_TYPE_STRING;
        b[i].length = &size[i];
        b[i].is_null = &null[i];
    }
    mysql_stmt_bind_result(s, b);
    for (;;) {
        int status = mysql_stmt_fetch(s);
        if (status == MYSQL_NO_DATA) break;
        if (status == 1) {
            fail_statement(s);
            break;
        }
        if (n++ % every) continue;
        printf("row ");
        for (unsigned i = 0; i < width; i++) {
            char *text = NULL;
            if (!null[i]) {
                MYSQL_BIND one = b[i];
                text = malloc(size[i] + 1);
                one.buffer = text;
                one.buffer_length = size[i] + 1;
                mysql_stmt_fetch_column(s, &one, i, 0);
            }
            show(text, null[i] ? 0 : size[i]);
            printf(i + 1 < width ? ", " : "\n");
            free(text);
        }
    }
    printf("rows %u\n", n);
}

static void statement(const char *sql, value *v, unsigned count, int streaming) {
    MYSQL_STMT *s = mysql_stmt_init(c);
    MYSQL_BIND b[PARAMS];
    MYSQL_TIME at[PARAMS];
    memset(b, 0, sizeof b);
    memset(at, 0, sizeof at);
    for (unsigned i = 0; i < count; i++) bind(&b[i], &v[i], &at[i]);
    if (mysql_stmt_prepare(s, sql, strlen(sql))) {
        fail_statement(s);
        mysql_stmt_close(s);
        return;
    }
    if (streaming) {
        unsigned long cursor = CURSOR_TYPE_READ_ONLY, prefetch = 100;
        mysql_stmt_attr_set(s, STMT_ATTR_CURSOR_TYPE, &cursor);
        mysql_stmt_attr_set(s, STMT_ATTR_PREFETCH_ROWS, &prefetch);
    }
    if (count) mysql_stmt_bind_param(s, b);
    for (unsigned i = 0; i < count; i++)
        if (v[i].kind == 'R' || v[i].kind == 'r')
            for (unsigned long at = 0; at < v[i].size; at += PIECE)
                mysql_stmt_send_long_data(s, i, v[i].text + at, v[i].size - at < PIECE ? v[i].size - at : PIECE);
    MYSQL_RES *meta = mysql_stmt_result_metadata(s);
    if (mysql_stmt_execute(s)) fail_statement(s);
    else if (meta) {
        if (!streaming) mysql_stmt_store_result(s);
        statement_rows(s, meta, streaming ? 500 : 1);
    } else printf("affected %llu id %llu warnings %u\n", mysql_stmt_affected_rows(s), mysql_stmt_insert_id(s), mysql_warning_count(c));
    if (meta) mysql_free_result(meta);
    mysql_stmt_close(s);
}

static void run(const char *sql, value *v, unsigned count, int streaming) {
    if (prepared) statement(sql, v, count, streaming);
    else text_query(sql, v, streaming);
}

/* batch_array sends all rows in one command, where the server has that: texts and NULLs are bound as arrays. */
static int batch_array(const char *sql, unsigned width, value *v, unsigned count) {
    unsigned rows = count / width;
    MYSQL_BIND b[PARAMS];
    memset(b, 0, sizeof b);
    for (unsigned i = 0; i < count; i++)
        if (v[i].kind != 's' && v[i].kind != 'n') return 0;
    MYSQL_STMT *s = mysql_stmt_init(c);
    if (mysql_stmt_prepare(s, sql, strlen(sql)) || mysql_stmt_attr_set(s, STMT_ATTR_ARRAY_SIZE, &rows)) {
        mysql_stmt_close(s);
        return 0;
    }
    for (unsigned i = 0; i < width; i++) {
        char **texts = calloc(rows, sizeof *texts), *indicators = calloc(rows, 1);
        unsigned long *sizes = calloc(rows, sizeof *sizes);
        for (unsigned r = 0; r < rows; r++) {
            value *one = &v[r * width + i];
            texts[r] = one->text;
            sizes[r] = one->size;
            indicators[r] = one->kind == 'n' ? STMT_INDICATOR_NULL : STMT_INDICATOR_NONE;
        }
        b[i].buffer_type = MYSQL_TYPE_STRING;
        b[i].buffer = texts;
        b[i].length = sizes;
        b[i].u.indicator = indicators;
    }
    int done = !mysql_stmt_bind_param(s, b);
    if (done && mysql_stmt_execute(s)) {
        done = mysql_stmt_errno(s) != CR_FUNCTION_NOT_SUPPORTED;
        if (done) fail_statement(s);
    } else if (done)
        printf("array of %u: affected %llu id %llu warnings %u\n", rows, mysql_stmt_affected_rows(s), mysql_stmt_insert_id(s), mysql_warning_count(c));
    for (unsigned i = 0; i < width; i++) {
        free(b[i].buffer);
        free(b[i].length);
        free(b[i].u.indicator);
    }
    mysql_stmt_close(s);
    return done;
}

static void batch(const char *sql, unsigned width, value *v, unsigned count) {
    if (prepared && batch_array(sql, width, v, count)) return;
    for (unsigned i = 0; i < count / width; i++) run(sql, v + i * width, width, 0);
}

static void load(const char *sql) {
    char text[4096];
    const char *place = strstr(sql, "{FILE}");
    snprintf(text, sizeof text, "%.*s%s%s", (int)(place - sql), sql, setting("FILE"), place + 6);
    text_query(text, NULL, 0);
}

static void meta(const char *table) {
    char text[256];
    snprintf(text, sizeof text, "SHOW FULL COLUMNS FROM %s", table);
    text_query(text, NULL, 0);
}

static void step(char *line) {
    printf("> %.160s\n", line);
    char *part[PARAMS + 3];
    unsigned n = 0;
    for (char *p = line; p && n < PARAMS + 3; n++) {
        part[n] = p;
        p = strchr(p, '\t');
        if (p) *p++ = 0;
    }
    int batched = !strcmp(part[0], "batch");
    value v[PARAMS];
    unsigned first = batched ? 3 : 2, count = 0;
    for (unsigned i = first; i < n; i++) v[count++] = parse(part[i]);
    if (batched) batch(part[1], (unsigned)atoi(part[2]), v, count);
    else if (!strcmp(part[0], "stream")) run(part[1], v, count, 1);
    else if (!strcmp(part[0], "load")) load(part[1]);
    else if (!strcmp(part[0], "meta")) meta(part[1]);
    else if (!strcmp(part[0], "begin")) text_query("START TRANSACTION", NULL, 0);
    else if (!strcmp(part[0], "commit")) printf("commit %d\n", mysql_commit(c));
    else if (!strcmp(part[0], "rollback")) printf("rollback %d\n", mysql_rollback(c));
    else run(part[1], v, count, 0);
    for (unsigned i = 0; i < count; i++) free(v[i].text);
}

int main(void) {
    my_bool verify = 1;
    unsigned local = 1;
    prepared = !strcmp(setting("MODE"), "prepared");
    c = mysql_init(NULL);
    mysql_options(c, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    mysql_options(c, MYSQL_OPT_LOCAL_INFILE, &local);
    mysql_options(c, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (*setting("COMPRESS")) mysql_options(c, MYSQL_OPT_COMPRESS, NULL);
    mysql_ssl_set(c, NULL, NULL, setting("CA"), NULL, NULL);
    if (!mysql_real_connect(c, "127.0.0.1", setting("USER"), setting("PASSWORD"), setting("DATABASE"), (unsigned)atoi(setting("PORT")), NULL, CLIENT_MULTI_STATEMENTS)) {
        fail();
        return 1;
    }
    printf("version MariaDB Connector/C %s\n", mysql_get_client_info());
    FILE *work = fopen(setting("WORK"), "r");
    if (!work) {
        perror("work");
        return 1;
    }
    static char line[1 << 16];
    while (fgets(line, sizeof line, work)) {
        line[strcspn(line, "\n")] = 0;
        if (*line && *line != '#') step(line);
    }
    fclose(work);
    mysql_close(c);
    return 0;
}
