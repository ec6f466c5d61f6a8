"""A Django application in one file: migrations, the ORM, transactions, constraints, dumpdata and loaddata. It prints all that it gets."""
import datetime, decimal, io, json, os, sys, uuid
import django
from django.apps import AppConfig
from django.conf import settings

ENV = {name[7:]: value for name, value in os.environ.items() if name.startswith("MATRIX_")}
OPTIONS = "django.cnf"  # only a file of options can ask for the certificate to be verified
with open(OPTIONS, "w") as f:
    f.write("[client]\nssl-ca=%s\nssl-verify-server-cert\n" % ENV["CA"])


class App(AppConfig):
    """The application that this file is."""
    name, path = "django_work", "."

    def import_models(self):
        self.models, self.models_module = self.apps.all_models[self.label], sys.modules["__main__"]


settings.configure(
    SECRET_KEY="of a test", USE_TZ=True, TIME_ZONE="UTC", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django_work.App"],
    DATABASES={"default": {
        "ENGINE": "django.db.backends.mysql", "HOST": "127.0.0.1", "PORT": ENV["PORT"], "USER": ENV["USER"], "PASSWORD": ENV["PASSWORD"],
        "NAME": ENV["DATABASE"], "OPTIONS": {"charset": "utf8mb4", "read_default_file": OPTIONS}}},
)
sys.modules["django_work"] = sys.modules["__main__"]
django.setup()

from django.core import management, serializers
from django.core.cache import cache
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, models, transaction
from django.db.models import Avg, Case, Count, Exists, F, Max, Min, OuterRef, Prefetch, Q, StdDev, Subquery, Sum, Value, When, Window
from django.db.models.functions import Coalesce, Concat, ExtractYear, Length, Lower, Rank, RowNumber, TruncMonth, Upper


class Author(models.Model):
    name = models.CharField(max_length=100, unique=True)
    email = models.EmailField(null=True, db_index=True)
    born = models.DateField(null=True)
    score = models.FloatField(default=0)
    key = models.UUIDField(unique=True)

    class Meta:
        app_label = "django_work"
        ordering = ["name"]


class Tag(models.Model):
    slug = models.SlugField(primary_key=True)

    class Meta:
        app_label = "django_work"


class Book(models.Model):
    title = models.CharField(max_length=200)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    tags = models.ManyToManyField(Tag)
    price = models.DecimalField(max_digits=10, decimal_places=2)
    pages = models.PositiveIntegerField(default=1)
    printed = models.DateTimeField(null=True)
    lasted = models.DurationField(null=True)
    at = models.TimeField(null=True)
    available = models.BooleanField(default=True)
    data = models.JSONField(default=dict)
    blob = models.BinaryField(default=b"")
    text = models.TextField(blank=True)
    size = models.BigIntegerField(null=True)
    ip = models.GenericIPAddressField(null=True)

    class Meta:
        app_label = "django_work"
        indexes = [models.Index(fields=["title", "price"])]
        constraints = [models.UniqueConstraint(fields=["author", "title"], name="one_title"),
                       models.CheckConstraint(check=Q(pages__gt=0), name="has_pages")]


def shown(value):
    if isinstance(value, models.Model):
        return {f.attname: shown(getattr(value, f.attname)) for f in value._meta.concrete_fields if f.attname not in ("password", "last_login", "date_joined")}
    if isinstance(value, (list, tuple, models.QuerySet)):
        return [shown(v) for v in value]
    if isinstance(value, dict):
        return {str(k): shown(v) for k, v in value.items()}
    return "%s %r" % (type(value).__name__, value)


def step(name, do):
    print(">", name)
    try:
        print("result", json.dumps(shown(do()), ensure_ascii=False))
    except Exception as error:
        print("error", type(error).__name__, error)


def schema():
    with connection.cursor() as cursor:
        for table in sorted(connection.introspection.table_names(cursor)):
            cursor.execute("SHOW CREATE TABLE " + table)
            print(cursor.fetchone()[1])
            for column in connection.introspection.get_table_description(cursor, table):
                print("column", column[:2], column[3:])  # without the length of the value in the one row that it has read
            print("sequences", connection.introspection.get_sequences(cursor, table))
            print("relations", connection.introspection.get_relations(cursor, table))
            for name, c in sorted(connection.introspection.get_constraints(cursor, table).items()):
                print("constraint", name, {k: v if not isinstance(v, set) else sorted(v) for k, v in sorted(c.items())})


MONTH = datetime.datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=datetime.timezone.utc)


def migrate():
    management.call_command("migrate", verbosity=0, run_syncdb=True)
    management.call_command("migrate", verbosity=0, run_syncdb=True)


def field(name, f):
    f.set_attributes_from_name(name)
    return f


MORE = field("more", models.CharField(max_length=30, default="more", db_index=True))
PAGES, WIDER = Book._meta.get_field("pages"), field("pages", models.BigIntegerField(default=1))
BY_SCORE = models.Index(fields=["score", "born"], name="by_score")
CHANGES = [
    ("add a field", lambda e: e.add_field(Book, MORE)), ("widen a field", lambda e: e.alter_field(Book, PAGES, WIDER)),
    ("narrow a field", lambda e: e.alter_field(Book, WIDER, PAGES)), ("remove a field", lambda e: e.remove_field(Book, MORE)),
    ("add an index", lambda e: e.add_index(Author, BY_SCORE)), ("remove an index", lambda e: e.remove_index(Author, BY_SCORE)),
    ("rename a table", lambda e: e.alter_db_table(Tag, "django_work_tag", "labels")), ("rename it back", lambda e: e.alter_db_table(Tag, "labels", "django_work_tag")),
]


def changed(change):
    with connection.schema_editor() as editor:
        change(editor)


def fill():
    authors = [Author(name="author %02d é" % i, email=None if i % 4 == 0 else "a%d@example.org" % i, born=datetime.date(1950 + i, 1 + i % 12, 5),
                      score=i / 7, key=uuid.UUID(int=i + 1)) for i in range(12)]
    Author.objects.bulk_create(authors, batch_size=5)
    for slug in ("novel", "poem", "essay"):
        Tag.objects.create(slug=slug)
    for i, author in enumerate(Author.objects.order_by("id")):
        for k in range(1 + i % 3):
            book = author.books.create(
                title="book %d of %d" % (k, i), price=decimal.Decimal("9.95") + i * 3 + k, pages=100 + i * 11 + k, printed=MONTH + datetime.timedelta(days=31 * i),
                lasted=datetime.timedelta(hours=i, microseconds=k), at=datetime.time(i, k, 3), available=i % 2 == 0,
                data={"k": i, "list": [1, "ü", None], "in": {"deep": k}}, blob=bytes([0, 255, i, 39, 92]), text="it's \"text\" %d 😀" % i, size=10 ** 17 + i,
                ip="2001:db8::%d" % i)
            book.tags.add(*["novel", "poem", "essay"][:1 + (i + k) % 3])
    return [Author.objects.count(), Book.objects.count()]


def fails(do):
    with transaction.atomic():
        do()


def undone():
    try:
        with transaction.atomic():
            Tag.objects.create(slug="lost")
            with transaction.atomic():
                Tag.objects.create(slug="lost, too")
            raise ValueError("back")
    except ValueError:
        pass
    with transaction.atomic():
        Tag.objects.create(slug="kept")
        try:
            with transaction.atomic():
                Tag.objects.create(slug="inner")
                raise ValueError("back")
        except ValueError:
            pass
    return list(Tag.objects.order_by("slug").values_list("slug", flat=True))


def dumped():
    out = io.StringIO()
    management.call_command("dumpdata", "django_work", "auth.user", "auth.group", stdout=out, indent=1)
    return out.getvalue()


def loaded():
    before = dumped()
    with open("fixture.json", "w", encoding="utf-8") as f:
        f.write(before)
    Book.objects.all().delete()
    Author.objects.all().delete()
    Tag.objects.all().delete()
    management.call_command("loaddata", "fixture.json", verbosity=0)
    return [before == dumped(), Book.objects.count()]


def users():
    user = User.objects.create(username="ann", email="ann@example.org", password=make_password("a password", salt="salt"), date_joined=MONTH)
    group = Group.objects.create(name="readers")
    group.permissions.set(Permission.objects.filter(codename__startswith="view_").order_by("id"))
    user.groups.add(group)
    again = User.objects.get(username="ann")
    return [again.check_password("a password"), again.has_perm("auth.view_user"), sorted(again.get_all_permissions()), Permission.objects.count()]


def session():
    store = SessionStore(session_key="k" * 32)
    store["cart"] = [1, 2, "drei"]
    store.save(must_create=True)
    again = SessionStore(session_key="k" * 32)
    return [again["cart"], again.exists("k" * 32), again.exists("none")]


def walked():
    return [(b.title, b.author.name, sorted(t.slug for t in b.tags.all())) for b in
            Book.objects.select_related("author").prefetch_related("tags").order_by("title").iterator(chunk_size=4)]


books, authors = Book.objects.order_by("title", "id"), Author.objects.order_by("id")
STEPS = [
    ("migrate", migrate), ("schema", schema), ("fill", fill), ("all", lambda: books), ("authors", lambda: authors),
    ("get", lambda: Book.objects.get(title="book 1 of 4")), ("get none", lambda: Book.objects.get(title="nothing")), ("get many", lambda: Book.objects.get(pages__gt=1)),
    ("iexact", lambda: Author.objects.filter(name__iexact="AUTHOR 03 É")), ("exact", lambda: Author.objects.filter(name="author 03 é")),
    ("contains", lambda: Author.objects.filter(name__contains="r 1")), ("icontains", lambda: Author.objects.filter(email__icontains="EXAMPLE")),
    ("startswith", lambda: Book.objects.filter(title__startswith="book 2").order_by("id")), ("endswith", lambda: books.filter(title__endswith=" 5")),
    ("regex", lambda: books.filter(title__regex=r"^book [12] of 1\d$")), ("iregex", lambda: authors.filter(email__iregex=r"^A[1-3]@")),
    ("in", lambda: books.filter(pages__in=[100, 111, 112])), ("range", lambda: books.filter(price__range=(12, 20))),
    ("null", lambda: authors.filter(email__isnull=True)), ("date", lambda: books.filter(printed__date=datetime.date(2024, 5, 6))),
    ("year", lambda: books.filter(printed__year=2025)), ("month", lambda: books.filter(printed__month__gte=11)), ("hour", lambda: books.filter(at__hour__lt=2)),
    ("uuid", lambda: Author.objects.get(key=uuid.UUID(int=5))), ("ip", lambda: books.filter(ip="2001:db8::3")), ("binary", lambda: books.filter(blob=bytes([0, 255, 2, 39, 92]))),
    ("duration", lambda: books.filter(lasted__gt=datetime.timedelta(hours=9))), ("big", lambda: books.filter(size=10 ** 17 + 4)),
    ("json key", lambda: books.filter(data__k=3)), ("json path", lambda: books.filter(data__in__deep=1)), ("json contains", lambda: books.filter(data__contains={"k": 2})),
    ("json has key", lambda: books.filter(data__has_key="list").count()), ("json whole", lambda: books.filter(data={"k": 0, "list": [1, "ü", None], "in": {"deep": 0}})),
    ("or", lambda: books.filter(Q(pages__lt=105) | Q(price__gt=40) & ~Q(available=True))), ("exclude", lambda: books.exclude(tags__slug="poem")),
    ("fields", lambda: books.filter(pages__gt=F("price") * 5)), ("join", lambda: books.filter(author__born__year__lt=1955, tags="novel").distinct()),
    ("reverse join", lambda: authors.filter(books__price__gt=40).distinct()), ("values", lambda: list(books.values("title", "author__name")[:5])),
    ("page", lambda: books[3:7]), ("latest", lambda: Book.objects.latest("printed", "id")), ("exists", lambda: [books.filter(pages=100).exists(), books.filter(pages=1).exists()]),
    ("only", lambda: list(Book.objects.only("title").order_by("id").values_list("title", flat=True))), ("dates", lambda: list(Book.objects.dates("printed", "month"))),
    ("datetimes", lambda: list(Book.objects.datetimes("printed", "hour"))), ("distinct", lambda: list(Book.objects.values_list("available").distinct().order_by("available"))),
    ("aggregate", lambda: Book.objects.aggregate(Sum("price"), Avg("pages"), Max("printed"), Min("title"), Count("ip", distinct=True), StdDev("pages"))),
    ("annotate", lambda: list(authors.annotate(n=Count("books"), total=Sum("books__price")).values("name", "n", "total"))),
    ("having", lambda: list(authors.annotate(n=Count("books")).filter(n__gt=2).values_list("name", "n"))),
    ("group", lambda: list(Book.objects.annotate(m=TruncMonth("printed")).values("m").annotate(n=Count("id"), p=Avg("price")).order_by("m"))),
    ("functions", lambda: list(books.annotate(u=Upper("title"), n=Length("text"), c=Concat("title", Value(": "), Lower("author__name")), y=ExtractYear("printed")).values("u", "n", "c", "y"))),
    ("case", lambda: list(books.annotate(kind=Case(When(pages__lt=120, then=Value("thin")), When(price__gt=30, then=Value("dear")), default=Value("other"))).values_list("title", "kind"))),
    ("coalesce", lambda: list(authors.annotate(m=Coalesce("email", Value("none"))).values_list("m", flat=True))),
    ("subquery", lambda: list(authors.annotate(first=Subquery(Book.objects.filter(author=OuterRef("pk")).order_by("price").values("title")[:1])).values("name", "first"))),
    ("exists subquery", lambda: authors.filter(~Exists(Book.objects.filter(author=OuterRef("pk"), price__gt=20)))),
    ("window", lambda: list(Book.objects.annotate(r=Window(RowNumber(), partition_by="author", order_by=F("price").desc()), k=Window(Rank(), order_by="available")).values("title", "r", "k").order_by("title"))),
    ("union", lambda: list(Author.objects.values_list("name").order_by().union(Tag.objects.values_list("slug")).order_by("name"))),
    ("prefetch", lambda: [(a.name, [b.title for b in a.dear]) for a in authors.prefetch_related(Prefetch("books", Book.objects.filter(price__gt=15).order_by("-price"), to_attr="dear"))]),
    ("iterator", walked), ("raw", lambda: [a.n for a in Author.objects.raw("SELECT id, CONCAT(name, '!') AS n FROM django_work_author WHERE score > %s ORDER BY id", [1])]),
    ("explain", lambda: len(Book.objects.filter(pages=1).explain()) > 0),
    ("save", lambda: [b.save() for b in Book.objects.filter(pages=100)]), ("update", lambda: Book.objects.filter(pages__lt=110).update(price=F("price") * 2, text=Concat("text", Value("!")))),
    ("update case", lambda: Book.objects.update(pages=Case(When(available=True, then=F("pages") + 1), default=F("pages")))),
    ("bulk update", lambda: Book.objects.bulk_update([setattr(b, "title", b.title.upper()) or b for b in books[:4]], ["title"])),
    ("after updates", lambda: Book.objects.order_by("id")), ("get or create", lambda: Author.objects.get_or_create(name="new one", defaults={"key": uuid.UUID(int=99)})[1]),
    ("update or create", lambda: Author.objects.update_or_create(name="new one", defaults={"score": 5.5})[1]),
    ("ignored conflicts", lambda: [Tag.objects.bulk_create([Tag(slug="novel"), Tag(slug="fresh")], ignore_conflicts=True)[0].slug, Tag.objects.count()]),
    ("duplicate", lambda: fails(lambda: Author.objects.create(name="new one", key=uuid.UUID(int=100)))), ("check", lambda: fails(lambda: Book.objects.create(title="x", author=Author.objects.first(), price=1, pages=0))),
    ("no author", lambda: fails(lambda: Book.objects.create(title="x", author_id=10 ** 9, price=1))), ("too long", lambda: fails(lambda: Tag.objects.create(slug="s" * 60))),
    ("too big", lambda: fails(lambda: Book.objects.create(title="x", author=Author.objects.first(), price=decimal.Decimal(10) ** 9))),
    ("transactions", undone), ("locked", lambda: fails(lambda: print(shown(list(Tag.objects.select_for_update().filter(slug="novel")))))),
    ("tags", lambda: [Book.objects.order_by("id").first().tags.set(["essay"]), list(Book.objects.order_by("id").first().tags.values_list("slug", flat=True))]),
] + [pair for name, change in CHANGES for pair in ((name, lambda change=change: changed(change)), ("schema after: " + name, schema))] + [
    ("users", users), ("session", session), ("dumpdata", lambda: print(dumped())), ("loaddata", loaded), ("after loaddata", lambda: Book.objects.order_by("id")),
    ("delete", lambda: Author.objects.filter(name__startswith="author 0").delete()), ("delete one", lambda: Tag.objects.get(slug="essay").delete()), ("left", lambda: books),
    ("flush", lambda: management.call_command("flush", interactive=False, verbosity=0)), ("empty", lambda: [Book.objects.count(), User.objects.count()]),
]

print("version Django", django.get_version())
for name, do in STEPS:
    step(name, do)
