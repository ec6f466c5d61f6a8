#!/usr/bin/python3
"""Load from PyMySQL: one thread for each connection, and one that opens new ones."""
import json, os, ssl, sys, threading, time
import pymysql

ENV = {name: os.environ["LOAD_" + name] for name in
       ("HOST", "PORT", "USER", "PASSWORD", "DATABASE", "CA", "CONNECTIONS", "PACE_MS", "NEW_MS", "STOP", "NAME", "PEOPLE")}
pace, new_pace = int(ENV["PACE_MS"]) / 1000, int(ENV["NEW_MS"]) / 1000
people = int(ENV["PEOPLE"])
lock = threading.Lock()
total = {"queries": 0, "inserts": 0, "opened": 0, "kept": 0}
failures = []


def count(**more):
    with lock:
        for name, n in more.items():
            total[name] += n


def failed(what, error):
    with lock:
        failures.append("%s: %s: %s" % (what, type(error).__name__, error))


def stopped():
    return os.path.exists(ENV["STOP"])


def connect():
    # The context is made anew each time: the CA bundle changes.
    context = ssl.create_default_context(cafile=ENV["CA"])
    context.check_hostname, context.verify_mode = True, ssl.CERT_REQUIRED
    return pymysql.connect(host=ENV["HOST"], port=int(ENV["PORT"]), user=ENV["USER"], password=ENV["PASSWORD"],
                           database=ENV["DATABASE"], charset="utf8mb4", autocommit=True, ssl=context)


def one(connection, sql, *args):
    with connection.cursor() as cursor:
        cursor.execute(sql, args)
        rows = cursor.fetchall()
    count(queries=1)
    if len(rows) != 1:
        raise ValueError("%d rows, want 1: %s" % (len(rows), sql))
    return rows[0][0]


def same(got, want):
    if got != want:
        raise ValueError("got %r, want %r" % (got, want))


def work(connection, who, n):
    """One select, and at every fifth step an insert that is read back."""
    i = (hash(who) + n) % people
    same(one(connection, "SELECT note FROM people WHERE name = %s", "person %d" % i), "note %d" % i)
    if n % 5 == 0:
        tag = "%s-%s-%d" % (ENV["NAME"], who, n)
        with connection.cursor() as cursor:
            same(cursor.execute("INSERT INTO visits (tag, text) VALUES (%s, %s)", (tag, "text of " + tag)), 1)
        count(queries=1, inserts=1)
        same(one(connection, "SELECT text FROM visits WHERE tag = %s", tag), "text of " + tag)


def stay(connection, who):
    """A long-lived connection: it must be the same one at the end."""
    try:
        started = one(connection, "SELECT CONNECTION_ID()")
        n = 0
        while not stopped():
            n += 1
            work(connection, who, n)
            time.sleep(pace)
        same(one(connection, "SELECT CONNECTION_ID()"), started)
        connection.close()
        count(kept=1)
    except Exception as error:
        failed("connection " + who, error)


def come_and_go():
    n = 0
    while not stopped():
        n += 1
        try:
            connection = connect()
            work(connection, "new", n)
            connection.close()
            count(opened=1)
        except Exception as error:
            failed("new connection %d" % n, error)
        time.sleep(new_pace)


def main():
    connections = []
    try:
        for _ in range(int(ENV["CONNECTIONS"])):
            connections.append(connect())
    except Exception as error:
        failed("connecting", error)
    else:
        print("ready", flush=True)
        threads = [threading.Thread(target=stay, args=(c, str(i))) for i, c in enumerate(connections)]
        threads.append(threading.Thread(target=come_and_go))
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    version = "PyMySQL %s, %s" % (pymysql.__version__, ssl.OPENSSL_VERSION)
    print(json.dumps(dict(total, version=version, failed=len(failures), failures=failures[:20])), flush=True)


main()
