<?php
// Load from mysqli: PHP has no threads, so all connections take turns, and new ones are opened in between.
ini_set('display_errors', '0');
mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);

function setting(string $name): string { return getenv("LOAD_$name"); }

$total = ['queries' => 0, 'inserts' => 0, 'opened' => 0, 'kept' => 0];
$failures = [];

function connect(): mysqli {
    error_clear_last();
    $c = mysqli_init();
    $c->options(MYSQLI_OPT_SSL_VERIFY_SERVER_CERT, 1);
    $c->ssl_set(null, null, setting('CA'), null, null);
    // Verified is the chain and, with mysqlnd, the host's name.
    $c->real_connect(setting('HOST'), setting('USER'), setting('PASSWORD'), setting('DATABASE'), (int)setting('PORT'), null,
        MYSQLI_CLIENT_SSL);
    $c->set_charset('utf8mb4');
    return $c;
}

function one(mysqli $c, string $sql, array $args = []): string {
    global $total;
    $rows = $c->execute_query($sql, $args)->fetch_all();
    $total['queries']++;
    if (count($rows) != 1) {
        throw new Exception(count($rows) . " rows, want 1: $sql");
    }
    return (string)$rows[0][0];
}

function same($got, $want): void {
    if ($got !== $want) {
        throw new Exception("got '$got', want '$want'");
    }
}

// One select, and at every fifth step an insert that is read back.
function work(mysqli $c, string $who, int $n): void {
    global $total;
    $i = (crc32($who) + $n) % (int)setting('PEOPLE');
    same(one($c, 'SELECT note FROM people WHERE name = ?', ["person $i"]), "note $i");
    if ($n % 5 == 0) {
        $tag = setting('NAME') . "-$who-$n";
        $c->execute_query('INSERT INTO visits (tag, text) VALUES (?, ?)', [$tag, "text of $tag"]);
        same($c->affected_rows, 1);
        $total['queries']++;
        $total['inserts']++;
        same(one($c, 'SELECT text FROM visits WHERE tag = ?', [$tag]), "text of $tag");
    }
}

function failed(string $what, Throwable $e): void {
    global $failures;
    // Why TLS failed stands in PHP's own warning.
    $failures[] = "$what: " . get_class($e) . ': ' . $e->getMessage() . ' ' . (error_get_last()['message'] ?? '');
}

function stopped(): bool {
    clearstatcache();
    return file_exists(setting('STOP'));
}

function come_and_go(int $n): void {
    global $total;
    try {
        $c = connect();
        work($c, 'new', $n);
        $c->close();
        $total['opened']++;
    } catch (Throwable $e) {
        failed("new connection $n", $e);
    }
}

function run(array $connections, array $ids): void {
    global $total;
    $next = microtime(true);
    $opened = 0;
    for ($n = 1; !stopped(); $n++) {
        $round = microtime(true);
        foreach ($connections as $who => $c) {
            try {
                work($c, (string)$who, $n);
            } catch (Throwable $e) {
                failed("connection $who", $e);
                unset($connections[$who]);
            }
            if (microtime(true) >= $next) {
                $next = microtime(true) + (int)setting('NEW_MS') / 1000;
                come_and_go(++$opened);
            }
        }
        usleep((int)max(1000, (int)setting('PACE_MS') * 1000 - (microtime(true) - $round) * 1e6));
    }
    foreach ($connections as $who => $c) {
        try {
            same(one($c, 'SELECT CONNECTION_ID()'), $ids[$who]);
            $c->close();
            $total['kept']++;
        } catch (Throwable $e) {
            failed("connection $who", $e);
        }
    }
}

try {
    $connections = $ids = [];
    for ($i = 0; $i < (int)setting('CONNECTIONS'); $i++) {
        $connections[$i] = connect();
        $ids[$i] = one($connections[$i], 'SELECT CONNECTION_ID()');
    }
    echo "ready\n";
    run($connections, $ids);
} catch (Throwable $e) {
    failed('connecting', $e);
}
$version = 'PHP ' . PHP_VERSION . ', ' . mysqli_get_client_info() . ', ' . OPENSSL_VERSION_TEXT;
echo json_encode($total + ['version' => $version, 'failed' => count($failures), 'failures' => array_slice($failures, 0, 20)]), "\n";
