#!/usr/bin/python3
"""The matrix's work by a driver of Python's DB-API: pymysql, MySQLdb or pyodbc."""
import os, ssl
from work import ENV, shown, steps, values


def connect_pymysql():
    import pymysql
    import pymysql.cursors
    context = ssl.create_default_context(cafile=ENV["CA"])
    c = pymysql.connect(host="localhost", port=int(ENV["PORT"]), user=ENV["USER"], password=ENV["PASSWORD"], database=ENV["DATABASE"],
                        charset="utf8mb4", autocommit=True, ssl=context, local_infile=True)
    return c, "PyMySQL " + pymysql.__version__, pymysql.cursors.SSCursor


def connect_mysqldb():
    import MySQLdb
    import MySQLdb.cursors
    # Only a file of options can ask for the certificate to be verified.
    options = os.path.join(os.path.dirname(ENV["WORK"]), "mysqldb.cnf")
    with open(options, "w") as f:
        f.write("[client]\nssl-ca=%s\nssl-verify-server-cert\n" % ENV["CA"])
    c = MySQLdb.connect(host="127.0.0.1", port=int(ENV["PORT"]), user=ENV["USER"], passwd=ENV["PASSWORD"], db=ENV["DATABASE"],
                        charset="utf8mb4", read_default_file=options, local_infile=1, autocommit=True)
    return c, "mysqlclient " + MySQLdb.__version__, MySQLdb.cursors.SSCursor


def connect_pyodbc():
    import pyodbc
    # The driver is named by its file: no configuration of the machine is needed.
    settings = {"DRIVER": ENV["ODBC"], "SERVER": "127.0.0.1", "PORT": ENV["PORT"], "UID": ENV["USER"], "PWD": ENV["PASSWORD"],
                "DATABASE": ENV["DATABASE"], "SSLCA": ENV["CA"], "SSLVERIFY": "1", "CHARSET": "utf8mb4"}
    c = pyodbc.connect(";".join(k + "=" + v for k, v in settings.items()), autocommit=True)
    import pyodbc
    return c, "%s %s, pyodbc %s" % (c.getinfo(pyodbc.SQL_DRIVER_NAME), c.getinfo(pyodbc.SQL_DRIVER_VER), pyodbc.version), None


class Work:
    def __init__(self):
        self.odbc = ENV["DRIVER"] == "pyodbc"
        self.c, self.version, self.streaming = globals()["connect_" + ENV["DRIVER"]]()

    def execute(self, cursor, sql, args):
        if self.odbc:
            return cursor.execute(sql, *args)
        if args:
            return cursor.execute(sql.replace("%", "%%").replace("?", "%s"), args)
        return cursor.execute(sql)

    def do(self, sql, *args):
        cursor = self.c.cursor()
        self.execute(cursor, sql, values(args))
        if self.odbc:
            print("affected", cursor.rowcount, "id", self.c.execute("SELECT LAST_INSERT_ID()").fetchone()[0])
        else:
            print("affected", cursor.rowcount, "id", cursor.lastrowid)
            if hasattr(self.c, "show_warnings"):
                print("warnings", self.c.show_warnings())
        cursor.close()

    def get(self, sql, *args):
        cursor = self.c.cursor()
        self.execute(cursor, sql, values(args))
        print("columns", [str(d) for d in cursor.description])
        for row in cursor.fetchall():
            print("row", ", ".join(shown(v) for v in row))
        cursor.close()

    def stream(self, sql):
        cursor = self.c.cursor(self.streaming) if self.streaming else self.c.cursor()
        cursor.execute(sql)
        n = 0
        while True:
            row = cursor.fetchone()
            if row is None:
                break
            n += 1
            if n % 500 == 1:
                print("row", ", ".join(shown(v) for v in row))
        print("rows", n)
        cursor.close()

    def batch(self, sql, width, *args):
        width, args = int(width), values(args)
        rows = [args[i:i + width] for i in range(0, len(args), width)]
        cursor = self.c.cursor()
        cursor.executemany(sql if self.odbc else sql.replace("?", "%s"), rows)
        print("affected", cursor.rowcount)
        cursor.close()

    def load(self, sql):
        self.do(sql.replace("{FILE}", ENV["FILE"]))

    def begin(self):
        if self.odbc:
            self.c.autocommit = False
        else:
            self.c.begin()

    def end(self, how):
        how()
        if self.odbc:
            self.c.autocommit = True

    def commit(self):
        self.end(self.c.commit)

    def rollback(self):
        self.end(self.c.rollback)

    def meta(self, table):
        if not self.odbc:
            return self.get("DESCRIBE " + table)
        cursor = self.c.cursor()
        for what in (cursor.columns, cursor.primaryKeys, cursor.statistics, cursor.foreignKeys):
            print(what.__name__)
            for row in what(table=table):
                print("row", ", ".join(shown(v) for v, d in zip(row, row.cursor_description) if d[0].lower() != "cardinality"))


w = Work()
print("version", w.version)
steps(w)
