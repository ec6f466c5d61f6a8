<?php
// The matrix's work by mysqli, in text (query) and in prepared mode.
require __DIR__ . '/work.php';
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);

class Work {
    private mysqli $c;

    function __construct(private bool $prepared) {
        $this->c = mysqli_init();
        $this->c->options(MYSQLI_OPT_SSL_VERIFY_SERVER_CERT, 1);
        $this->c->options(MYSQLI_OPT_LOCAL_INFILE, 1);
        $this->c->ssl_set(null, null, setting('CA'), null, null);
        $this->c->real_connect('127.0.0.1', setting('USER'), setting('PASSWORD'), setting('DATABASE'), (int)setting('PORT'), null,
            MYSQLI_CLIENT_SSL | (setting('COMPRESS') ? MYSQLI_CLIENT_COMPRESS : 0));
        $this->c->set_charset('utf8mb4');
    }

    function version(): string { return 'mysqli ' . mysqli_get_client_info() . ', PHP ' . PHP_VERSION; }

    private function run(string $sql, array $args) {
        if (!$this->prepared) {
            return $this->c->query(interpolated($sql, $args, fn($v) => "'" . $this->c->real_escape_string($v) . "'"));
        }
        $s = $this->c->prepare($sql);
        $types = '';
        $bound = [];
        $long = [];
        foreach ($args as $i => $v) {
            // Long bytes go by COM_STMT_SEND_LONG_DATA.
            if (is_string($v) && strlen($v) > 200) {
                $types .= 'b';
                $long[$i] = $v;
                $v = null;
            } else {
                $types .= is_int($v) ? 'i' : (is_float($v) ? 'd' : 's');
            }
            $bound[] = $v;
        }
        if ($args) {
            $s->bind_param($types, ...$bound);
        }
        foreach ($long as $i => $v) {
            foreach (str_split($v, 300000) as $piece) {
                $s->send_long_data($i, $piece);
            }
        }
        $s->execute();
        $r = $s->get_result();
        return $r === false ? $s : $r;
    }

    function do(string $sql, string ...$args): void {
        $r = $this->run($sql, values($args));
        $from = $r instanceof mysqli_stmt ? $r : $this->c;
        echo "affected $from->affected_rows id $from->insert_id info {$this->c->info}\n";
        foreach ($this->c->query('SHOW WARNINGS')->fetch_all() as $w) {
            echo 'warning ', implode(' ', $w), "\n";
        }
    }

    function get(string $sql, string ...$args): void {
        $r = $this->run($sql, values($args));
        foreach ($r->fetch_fields() as $f) {
            unset($f->max_length); // what PHP has seen of the rows
            echo 'column ', json_encode($f, JSON_INVALID_UTF8_SUBSTITUTE), "\n";
        }
        foreach ($r->fetch_all() as $row) {
            show($row);
        }
    }

    function stream(string $sql): void {
        $n = 0;
        if ($this->prepared) {
            $s = $this->c->prepare($sql);
            $s->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
            $s->execute();
            $row = array_fill(0, $s->field_count, null);
            $s->bind_result(...$row);
            while ($s->fetch()) {
                if ($n++ % 500 == 0) {
                    show($row);
                }
            }
        } else {
            $r = $this->c->query($sql, MYSQLI_USE_RESULT);
            while ($row = $r->fetch_row()) {
                if ($n++ % 500 == 0) {
                    show($row);
                }
            }
        }
        echo "rows $n\n";
    }

    function batch(string $sql, string $width, string ...$args): void {
        $affected = [];
        foreach (array_chunk(values($args), (int)$width) as $row) {
            $r = $this->run($sql, $row);
            $affected[] = ($r instanceof mysqli_stmt ? $r : $this->c)->affected_rows;
        }
        echo 'affected ', implode(',', $affected), "\n";
    }

    function load(string $sql): void {
        $this->c->query(str_replace('{FILE}', setting('FILE'), $sql));
        echo "affected {$this->c->affected_rows} info {$this->c->info}\n";
    }

    function begin(): void { $this->c->begin_transaction(); }
    function commit(): void { $this->c->commit(); }
    function rollback(): void { $this->c->rollback(); }

    function meta(string $table): void {
        $this->get("SHOW FULL COLUMNS FROM $table");
        $this->get("SELECT * FROM $table LIMIT 0");
    }
}

steps(new Work(setting('MODE') == 'prepared'));
