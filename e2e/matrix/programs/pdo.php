<?php
// The matrix's work by PDO, with prepared statements that it emulates, and with real ones.
require __DIR__ . '/work.php';

class Work {
    private PDO $c;

    function __construct(bool $prepared) {
        $this->c = new PDO('mysql:host=127.0.0.1;port=' . setting('PORT') . ';dbname=' . setting('DATABASE') . ';charset=utf8mb4',
            setting('USER'), setting('PASSWORD'), [
                PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_EMULATE_PREPARES => !$prepared,
                PDO::MYSQL_ATTR_SSL_CA => setting('CA'), PDO::MYSQL_ATTR_SSL_VERIFY_SERVER_CERT => true, PDO::MYSQL_ATTR_LOCAL_INFILE => true]);
    }

    function version(): string { return 'PDO ' . $this->c->getAttribute(PDO::ATTR_CLIENT_VERSION) . ', PHP ' . PHP_VERSION; }

    private function run(string $sql, array $args): PDOStatement {
        $s = $this->c->prepare($sql);
        foreach ($args as $i => $v) {
            $s->bindValue($i + 1, $v, $v === null ? PDO::PARAM_NULL : (is_int($v) ? PDO::PARAM_INT : (is_string($v) && strlen($v) > 200 ? PDO::PARAM_LOB : PDO::PARAM_STR)));
        }
        $s->execute();
        return $s;
    }

    function do(string $sql, string ...$args): void {
        $s = $this->run($sql, values($args));
        echo "affected {$s->rowCount()} id {$this->c->lastInsertId()}\n";
    }

    function get(string $sql, string ...$args): void {
        $s = $this->run($sql, values($args));
        for ($i = 0; $i < $s->columnCount(); $i++) {
            echo 'column ', json_encode($s->getColumnMeta($i), JSON_INVALID_UTF8_SUBSTITUTE), "\n";
        }
        foreach ($s->fetchAll(PDO::FETCH_NUM) as $row) {
            show($row);
        }
    }

    function stream(string $sql): void {
        $this->c->setAttribute(PDO::MYSQL_ATTR_USE_BUFFERED_QUERY, false);
        $n = 0;
        try {
            $s = $this->c->query($sql);
            while ($row = $s->fetch(PDO::FETCH_NUM)) {
                if ($n++ % 500 == 0) {
                    show($row);
                }
            }
            unset($s);
        } finally {
            $this->c->setAttribute(PDO::MYSQL_ATTR_USE_BUFFERED_QUERY, true);
        }
        echo "rows $n\n";
    }

    function batch(string $sql, string $width, string ...$args): void {
        $s = $this->c->prepare($sql);
        foreach (array_chunk(values($args), (int)$width) as $row) {
            $s->execute($row);
            echo "affected {$s->rowCount()} id {$this->c->lastInsertId()}\n";
        }
    }

    function load(string $sql): void { echo 'affected ', $this->c->exec(str_replace('{FILE}', setting('FILE'), $sql)), "\n"; }
    function begin(): void { $this->c->beginTransaction(); }
    function commit(): void { $this->c->commit(); }
    function rollback(): void { $this->c->rollBack(); }
    function meta(string $table): void { $this->get("SHOW FULL COLUMNS FROM $table"); }
}

steps(new Work(setting('MODE') == 'prepared'));
