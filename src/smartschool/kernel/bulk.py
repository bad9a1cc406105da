"""Many rows in few statements: an INSERT of `records`; or COPY into a temporary table and one statement.

PostgreSQL refuses COPY into a table with row security, hence the temporary table of an UPDATE and of values
that only their text can carry; row security judges the set-based statement, so a row outside the write scope
fails or is left alone as always. A session keeps its temporary tables, empty after each transaction: making
and dropping one costs more than a class's rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any
from weakref import WeakKeyDictionary
from zlib import crc32

from django.contrib.postgres.fields import ArrayField
from django.db import DatabaseError, connections, models
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from smartschool.kernel import crypto, records, wire
from smartschool.kernel.bound import Packed, bound_cursor
from smartschool.kernel.fields import EncryptedTextField

_AT_ONCE = 4096  # rows of one statement, so that ten districts take no more memory than one's
# A connection sees one database, whose tables change only in a migration.
_ROW_TYPES: WeakKeyDictionary[Any, dict[str, records.RowType]] = WeakKeyDictionary()


def allocate_ids(model: type[models.Model], number: int, *, using: str = "default") -> list[int]:
    """`number` fresh primary keys, so that children can be written without asking back."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connections[using].cursor() as cursor:
        cursor.execute(
            # The name is looked up once: in the list of columns it would be looked up a row.
            """SELECT nextval(name) FROM
            (SELECT pg_get_serial_sequence(%s, %s)::regclass AS name OFFSET 0) s, generate_series(1, %s)""",
            [f'"{table}"', column, number],
        )
        return [row[0] for row in cursor.fetchall()]


def insert(
    model: type[models.Model],
    columns: Mapping[str, Sequence[Any]],
    *,
    ignore_conflicts: bool = False,
    using: str = "default",
) -> int:
    """Insert rows given column by column; returns how many were written.

    Parameters
    ----------
    columns
        Attribute name (``organisation_id``) → one value a row; all of one length. Columns that are left
        out take the default of the model (a callable is called once a row).
    ignore_conflicts
        Skip rows that collide with an existing unique key.
    """
    size = _size(columns)
    if not size:
        return 0
    full = {**_defaults(model, columns, size), **columns}
    table = model._meta.db_table
    taken = fields_of(model, full, using=using)
    if taken is not None:
        statement = _insert_records(table, tuple(taken), ignore_conflicts)
        written = 0
        with bound_cursor(using) as cursor:
            for start in range(0, size, _AT_ONCE):
                part = {name: values[start : start + _AT_ONCE] for name, values in taken.items()}
                run(cursor, statement, {"rows": pack(table, part, using=using)}, using=using)
                written += cursor.rowcount
        return written
    with connections[using].cursor() as cursor:
        names, stage = _stage(cursor, model, full, using)
        statement = _insert_statement(table, names, sql.Identifier(stage), ignore_conflicts)
        cursor.execute(statement)
        return int(cursor.rowcount)


def fields_of(
    model: type[models.Model], columns: Mapping[str, Sequence[Any]], *, using: str = "default"
) -> dict[str, list[bytes]] | None:
    """Column → its fields for `pack`, encrypted where the column is; None where a value is not for binary."""
    fields = [model._meta.get_field(name) for name in columns]
    kinds = [field.db_type(connections[using]) for field in fields]
    if not wire.can_carry(kinds):
        return None
    sealed = [_sealed(field, values) for field, values in zip(fields, columns.values(), strict=True)]
    found = wire.fields(kinds, sealed)
    return None if found is None else dict(zip(map(_column, fields), found, strict=True))


def pack(table: str, fields: Mapping[str, Sequence[bytes]], *, using: str = "default") -> Packed:
    """Rows of a table as one value, from the fields of their columns; see `records.pack`."""
    return records.pack(_row_type(table, using), fields)


def run(
    cursor: CursorWrapper, statement: str, parameters: Mapping[str, Any], *, using: str = "default"
) -> None:
    """Execute a statement with what `pack` made among its parameters, in a `bound_cursor`."""
    try:
        cursor.execute(statement, parameters)
    except DatabaseError:
        # The table may have been altered since it was looked at: the next attempt looks again.
        _ROW_TYPES.pop(connections[using].connection, None)
        raise


def _row_type(table: str, using: str) -> records.RowType:
    connection = connections[using]
    connection.ensure_connection()
    known = _ROW_TYPES.setdefault(connection.connection, {})
    if table not in known:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT c.reltype, a.attname, a.atttypid
                FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                WHERE c.oid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY a.attnum""",
                [f'"{table}"'],
            )
            rows = cursor.fetchall()
        columns = tuple((str(name), int(oid)) for _, name, oid in rows)
        known[table] = records.RowType(int(rows[0][0]), columns)
    return known[table]


@lru_cache(maxsize=256)
def _insert_records(table: str, names: tuple[str, ...], ignore_conflicts: bool) -> str:
    source = sql.SQL("unnest(%(rows)s::{}[])").format(sql.Identifier(table))
    return _insert_statement(table, names, source, ignore_conflicts)


def _insert_statement(
    table: str, names: tuple[str, ...], source: sql.Composable, ignore_conflicts: bool
) -> str:
    statement = sql.SQL("INSERT INTO {table} ({columns}) SELECT {columns} FROM {source}").format(
        table=sql.Identifier(table),
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        source=source,
    )
    return statement.as_string(None) + (" ON CONFLICT DO NOTHING" if ignore_conflicts else "")


def update(model: type[models.Model], columns: Mapping[str, Sequence[Any]], *, using: str = "default") -> int:
    """Set columns of rows found by their primary key (``id`` must be a column); returns rows changed."""
    if not _size(columns):
        return 0
    key_column = _column(model._meta.pk)
    with connections[using].cursor() as cursor:
        names, stage = _stage(cursor, model, columns, using)
        settings = sql.SQL(", ").join(
            sql.SQL("{0} = s.{0}").format(sql.Identifier(name)) for name in names if name != key_column
        )
        cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(stage)))
        cursor.execute(
            sql.SQL("UPDATE {table} t SET {settings} FROM {stage} s WHERE t.{key} = s.{key}").format(
                table=sql.Identifier(model._meta.db_table),
                settings=settings,
                stage=sql.Identifier(stage),
                key=sql.Identifier(key_column),
            )
        )
        return int(cursor.rowcount)


def _column(field: Any) -> str:
    return str(field.column)


def matching(
    model: type[models.Model],
    by: str,
    values: Sequence[Any],
    columns: Sequence[str],
    *,
    using: str = "default",
) -> list[tuple[Any, ...]]:
    """Rows whose column `by` is one of many values, as tuples of raw columns. One array parameter: the
    ORM's ``__in`` prepares and splits a parameter a value, which costs more than the query."""
    if not values:
        return []
    statement = _matching(model._meta.db_table, by, tuple(columns))
    with bound_cursor(using) as cursor:
        cursor.execute(statement, [array(values)])
        return cursor.fetchall()


@lru_cache(maxsize=256)
def _matching(table: str, by: str, columns: tuple[str, ...]) -> str:
    statement = sql.SQL("SELECT {columns} FROM {table} WHERE {by} = ANY(%s)").format(
        columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
        table=sql.Identifier(table),
        by=sql.Identifier(by),
    )
    return statement.as_string(None)


def array(values: Iterable[int] | Iterable[bytes] | Iterable[str]) -> str:
    """Array literal of integers, of bytea or of texts. Written by hand, because the driver adapts a list
    value by value in Python: ten thousand ids cost more there than the query that they are for."""
    words = [
        f'"\\\\x{value.hex()}"'
        if isinstance(value, bytes)
        else _quoted(value)
        if isinstance(value, str)
        else str(value)
        for value in values
    ]
    return "{" + ",".join(words) + "}"


def _quoted(text: str) -> str:
    """A text as an element of an array literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _number_literal(values: Sequence[float | None] | None) -> str | None:
    """Array literal of numbers: field and driver together take ten times as long, a number at a time."""
    if values is None:
        return None
    # The text of a list is made in C; only "None" is not how PostgreSQL says it.
    return "{" + repr(list(values))[1:-1].replace("None", "NULL") + "}"


def _size(columns: Mapping[str, Sequence[Any]]) -> int:
    sizes = {len(values) for values in columns.values()}
    if len(sizes) != 1:
        raise ValueError(f"columns of different lengths: {sorted(sizes)}")
    return sizes.pop()


def _defaults(
    model: type[models.Model], columns: Mapping[str, Sequence[Any]], size: int
) -> dict[str, list[Any]]:
    missing: dict[str, list[Any]] = {}
    for field in model._meta.concrete_fields:
        if field.attname in columns or field.primary_key or field.has_db_default():
            continue
        if field.has_default():
            missing[field.attname] = [field.get_default() for _ in range(size)]
    return missing


@lru_cache(maxsize=256)
def _stage_statements(table: str, names: tuple[str, ...]) -> tuple[str, str, str]:
    """Name of the temporary table, the statements that leave it there and empty, COPY's table and columns."""
    name = f"stage_{crc32(repr((table, names)).encode()):08x}_{table}"[:63]
    stage, listed = sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, names))
    opening = sql.SQL(
        "CREATE TEMPORARY TABLE IF NOT EXISTS {stage} ON COMMIT DELETE ROWS AS"
        " SELECT {columns} FROM {table} WITH NO DATA; DELETE FROM {stage}"
    ).format(stage=stage, columns=listed, table=sql.Identifier(table))
    return name, opening.as_string(None), sql.SQL("{} ({})").format(stage, listed).as_string(None)


def _stage(
    cursor: CursorWrapper, model: type[models.Model], columns: Mapping[str, Sequence[Any]], using: str
) -> tuple[tuple[str, ...], str]:
    """Columns and name of a temporary table of the model's own column types, filled by COPY."""
    fields = [model._meta.get_field(name) for name in columns]
    names = tuple(_column(field) for field in fields)
    stage, opening, place = _stage_statements(model._meta.db_table, names)
    cursor.execute(opening)
    kinds = [field.db_type(connections[using]) for field in fields]
    sealed = [_sealed(field, values) for field, values in zip(fields, columns.values(), strict=True)]
    if wire.can_carry(kinds) and (body := wire.rows(kinds, sealed)) is not None:
        with cursor.copy(f"COPY {place} FROM STDIN (FORMAT BINARY)") as copy:
            copy.write(body)
        return names, stage
    prepared = [_prepared(field, values, using) for field, values in zip(fields, sealed, strict=True)]
    with cursor.copy(f"COPY {place} FROM STDIN") as copy:
        for row in zip(*prepared, strict=True):
            copy.write_row(row)
    return names, stage


def _sealed(field: Any, values: Sequence[Any]) -> Sequence[Any]:
    """Values of an encrypted column as they are stored; those of any other column as they came."""
    if not isinstance(field, EncryptedTextField):
        return values
    plains = [value.encode() for value in values if value is not None]
    tokens = iter(crypto.key_ring().encrypt_all(plains, purpose=field.purpose))
    return [None if value is None else next(tokens) for value in values]


_PLAIN = (models.TextField, models.CharField, models.IntegerField, models.DateField, models.ForeignKey)


def _prepared(field: Any, values: Sequence[Any], using: str) -> Sequence[Any]:
    """Values as the driver takes them; plain columns need no preparation and 10⁵ calls are saved."""
    if type(field) in _PLAIN or isinstance(field, models.IntegerField):
        return values
    if isinstance(field, models.BinaryField):
        return values
    if isinstance(field, ArrayField) and isinstance(
        field.base_field, (models.IntegerField, models.FloatField)
    ):
        return [_number_literal(value) for value in values]
    connection = connections[using]
    return [field.get_db_prep_save(value, connection) for value in values]
