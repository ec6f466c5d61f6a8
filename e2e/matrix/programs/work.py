"""What the matrix's Python programs have in common: the steps, their parameters, and how values are shown."""
import datetime, hashlib, os

ENV = {name[7:]: value for name, value in os.environ.items() if name.startswith("MATRIX_")}


def arguments(arg):
    kind, _, text = arg.partition(":")
    if kind == "i":
        return int(text)
    if kind == "f":
        return float(text)
    if kind == "s":
        return text
    if kind == "x":
        return bytes.fromhex(text)
    if kind == "t":
        return datetime.datetime.fromisoformat(text)
    if kind == "n":
        return None
    letter, _, count = text.partition(":")
    return letter * int(count) if kind == "r" else letter.encode() * int(count)


def values(args):
    return tuple(arguments(a) for a in args)


def shown(v):
    if isinstance(v, (str, bytes)) and len(v) > 200:
        return "%s of %d: %s" % (type(v).__name__, len(v), hashlib.md5(v.encode() if isinstance(v, str) else v).hexdigest())
    return repr(v)


def steps(w):
    with open(ENV["WORK"], encoding="utf-8") as f:
        for line in f.read().split("\n"):
            if line == "" or line.startswith("#"):
                continue
            print(">", line[:160])
            op, *rest = line.split("\t")
            try:
                getattr(w, op)(*rest)
            except Exception as error:
                # ODBC's errors have the server's version, and that whether it logs.
                print("error", type(error).__name__, str(error).replace("-log]", "]"))
