<?php
// What the matrix's PHP programs have in common: the steps, their parameters, and how values are shown.
ini_set('display_errors', 'stderr');
ini_set('memory_limit', '512M');
ini_set('precision', '17');

function setting(string $name): string { return getenv("MATRIX_$name"); }

function value(string $arg) {
    [$kind, $text] = explode(':', "$arg:", 2);
    $text = substr($text, 0, -1);
    switch ($kind) {
        case 'i': return (int)$text;
        case 'f': return (float)$text;
        case 'n': return null;
        case 'x': return hex2bin($text);
        case 's': case 't': return $text;
    }
    [$letter, $count] = explode(':', $text);
    return str_repeat($letter, (int)$count);
}

function values(array $args): array { return array_map('value', $args); }

// interpolated puts parameters in the places of question marks; no statement has others.
function interpolated(string $sql, array $args, callable $quote): string {
    return preg_replace_callback('/\?/', function () use (&$args, $quote) {
        $v = array_shift($args);
        return $v === null ? 'NULL' : (is_int($v) || is_float($v) ? (string)$v : $quote($v));
    }, $sql);
}

function shown($v): string {
    if (is_string($v) && strlen($v) > 200) {
        return 'long ' . strlen($v) . ' ' . md5($v);
    }
    return is_string($v) && !preg_match('//u', $v) ? 'hex ' . bin2hex($v) : var_export($v, true);
}

function show(array $row): void { echo 'row ', implode(', ', array_map('shown', $row)), "\n"; }

function steps(object $w): void {
    echo 'version ', $w->version(), "\n";
    foreach (file(setting('WORK'), FILE_IGNORE_NEW_LINES) as $line) {
        if ($line === '' || $line[0] === '#') {
            continue;
        }
        echo '> ', substr($line, 0, 160), "\n";
        $rest = explode("\t", $line);
        $op = array_shift($rest);
        try {
            $w->$op(...$rest);
        } catch (Exception $e) {
            echo 'error ', $e instanceof mysqli_sql_exception ? $e->getSqlState() . ' ' : '', $e->getCode(), ' ', $e->getMessage(), "\n";
        }
    }
}
