"""Queries and writes of single rows whose SQL is composed once: composing a short statement costs more than
the database takes for it.

A query is written with the ORM as any other; its text and the places of its values are kept, and each call
only fills the values in. Row security and the scope apply as always.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from django.db import DatabaseError, connections
from django.db.models import Model, QuerySet
from django.db.models.expressions import DatabaseDefault
from django.db.models.query import get_related_populators
from psycopg import sql as words

from smartschool.kernel.bound import bound_cursor
from smartschool.kernel.bulk import array
from smartschool.kernel.owned import Owned
from smartschool.kernel.scope import current_scope

Row = Sequence[Any]
Many = Collection[int] | Collection[bytes] | Collection[str]


@dataclass(frozen=True, slots=True)
class _Composed:
    sql: str
    parameters: tuple[Any, ...]
    places: tuple[tuple[int, str, Any], ...]  # position in `parameters`, argument, type on the wire
    converters: dict[int, tuple[list[Callable[..., Any]], Any]]  # column → its converters, its expression
    owned: bool
    compiler: Any


class Ready:
    """A query of rows (``values_list``) or of `instances`, with named arguments: whole numbers, texts, days
    or instants, and many numbers, hashes or texts for the look-up ``any_of``.

    The arguments may only be compared with columns: a query whose text depends on them, as lists of ``__in``
    do, is refused at its first use.
    """

    def __init__(self, compose: Callable[..., QuerySet[Any, Any]], *, using: str = "default") -> None:
        self._compose = compose
        self._using = using
        self._composed: _Composed | None = None

    def __call__(self, **arguments: int | str | date | Many) -> list[Row]:
        """The rows, as ``values_list`` gives them.

        Raises
        ------
        NoScope
            The rows belong to organisations and no scope is open.
        """
        made = self._composed
        if made is None:
            made = self._composed = self._composed_for(arguments)
        if made.owned:
            current_scope()
        parameters = list(made.parameters)
        for place, name, kind in made.places:
            value = arguments[name]
            # The driver's own integer types say how wide the column is.
            parameters[place] = kind(value) if isinstance(value, int) else _sent(value)
        connection = connections[self._using]
        with bound_cursor(self._using) as cursor:
            cursor.execute(made.sql, parameters)
            rows: list[Row] = cursor.fetchall()
        return [_converted(row, made.converters, connection) for row in rows] if made.converters else rows

    def instances(self, **arguments: int | str | date | Many) -> list[Any]:
        """The rows of a query without ``values_list`` as instances, with what ``select_related`` names."""
        rows = self(**arguments)
        made = cast("_Composed", self._composed)
        select, info, places = (
            made.compiler.select,
            made.compiler.klass_info,
            made.compiler.annotation_col_map,
        )
        if places:
            raise TypeError("a ready query of instances takes no annotations")
        own = info["select_fields"]
        names = [select[place][0].target.attname for place in own]
        others = get_related_populators(info, select, self._using)  # type: ignore[call-arg]  # newer stubs
        found = []
        for row in rows:
            one = info["model"].from_db(self._using, names, row[own[0] : own[-1] + 1])
            for other in others:
                other.populate(row, one)
            found.append(one)
        return found

    def _composed_for(self, arguments: dict[str, Any]) -> _Composed:
        """Compose with two sets of marks: where the parameters differ, an argument stands."""
        first, second = (self._marked(arguments, start) for start in (0, len(arguments)))
        (compiler, sql, parameters), marks = first
        name_of = {_sent(mark): name for name, mark in marks.items()}
        if sql != second[0][1]:
            raise TypeError("the text of the query depends on an argument")
        varying = [
            (place, one)
            for place, (one, other) in enumerate(zip(parameters, second[0][2], strict=True))
            if one != other
        ]
        if any(one not in name_of for _, one in varying):
            raise TypeError("an argument does not stand among the parameters as it is")
        places = tuple((place, name_of[one], type(one)) for place, one in varying)
        if {name for _, name, _ in places} != arguments.keys():
            raise TypeError("an argument is not among the parameters of the query")
        return _Composed(
            sql,
            parameters,
            places,
            compiler.get_converters([expression for expression, *_ in compiler.select]),
            any(issubclass(model, Owned) for model in _models_of(compiler.query)),
            compiler,
        )

    def _marked(
        self, arguments: dict[str, Any], start: int
    ) -> tuple[tuple[Any, str, tuple[Any, ...]], dict[str, Any]]:
        marks = {name: _mark(value, start + place) for place, (name, value) in enumerate(arguments.items())}
        compiler = self._compose(**marks).query.get_compiler(self._using)
        sql, parameters = compiler.as_sql()
        return (compiler, sql, tuple(parameters)), marks


def _converted(row: Row, converters: dict[int, tuple[list[Callable[..., Any]], Any]], connection: Any) -> Row:
    """What ``from_db_value`` of each column makes of it (encrypted texts are opened)."""
    values = list(row)
    for place, (chain, expression) in converters.items():
        for convert in chain:
            values[place] = convert(values[place], expression, connection)
    return values


def _sent(value: Any) -> Any:
    """A value as it stands among the parameters."""
    many = isinstance(value, Collection) and not isinstance(value, str)
    return array(cast("Many", value)) if many else value


def _mark(value: Any, number: int) -> Any:
    """A value of the same type that no query holds by itself."""
    if isinstance(value, Collection) and not isinstance(value, str):
        return [30_000 + number]
    if isinstance(value, datetime):
        return datetime(1, 1, 1, tzinfo=UTC) + timedelta(days=number)
    if isinstance(value, date):
        return date(1, 1, 1) + timedelta(days=number)
    if isinstance(value, str):
        return f"\x01{number}"
    if type(value) is int:
        return 30_000 + number  # fits the smallest column
    raise TypeError(f"a ready query takes no {type(value).__name__}")


def _models_of(query: Any) -> set[type]:
    """Models of the tables that a query reads, subqueries apart: their rows are behind row security too."""
    found = {query.model}
    for alias in query.alias_map.values():
        field = getattr(alias, "join_field", None)
        if field is not None:
            found.add(field.related_model)
    return found


def insert_row(row: Model, *, once: str | None = None, using: str = "default") -> None:
    """Insert a row of which the database gives the key, as ``bulk_create`` of one does.

    Columns that the database fills in (``db_default``) are not read back. Where `once` names a unique column
    and a row with its value is there already, that one is taken; a twin that is being written is waited for.
    """
    _need_scope(row)
    connection = connections[using]
    fields = [
        field
        for field in row._meta.concrete_fields
        if not field.primary_key and not isinstance(getattr(row, field.attname), DatabaseDefault)
    ]
    names = tuple(field.column for field in fields)
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    with bound_cursor(using) as cursor:
        cursor.execute(_insertion(row._meta.db_table, row._meta.pk.column, names, once), values)
        row.pk = cursor.fetchone()[0]
    row._state.adding, row._state.db = False, using


def update_row(row: Model, names: Sequence[str], *, using: str = "default") -> None:
    """Write these columns of a row, as ``save(update_fields=names)`` does without signals.

    Raises
    ------
    DatabaseError
        There is no such row in the scope.
    """
    _need_scope(row)
    connection = connections[using]
    fields = [cast("Any", row._meta.get_field(name)) for name in names]
    values = [field.get_db_prep_save(field.pre_save(row, add=False), connection) for field in fields]
    columns = tuple(field.column for field in fields)
    with bound_cursor(using) as cursor:
        cursor.execute(_change(row._meta.db_table, row._meta.pk.column, columns), [*values, row.pk])
        if cursor.rowcount != 1:
            raise DatabaseError(f"no row {row.pk} of {row._meta.label} was changed")


def _need_scope(row: Model) -> None:
    if isinstance(row, Owned):
        current_scope()


@lru_cache(maxsize=256)
def _insertion(table: str, key: str, names: tuple[str, ...], once: str | None) -> str:
    statement = words.SQL("INSERT INTO {} ({}) VALUES ({})").format(
        words.Identifier(table),
        words.SQL(", ").join(map(words.Identifier, names)),
        words.SQL(", ").join([words.SQL("%s")] * len(names)),
    )
    if once is not None:
        # An UPDATE, because DO NOTHING returns no row.
        statement += words.SQL(" ON CONFLICT ({0}) DO UPDATE SET {0} = EXCLUDED.{0}").format(
            words.Identifier(once)
        )
    return (statement + words.SQL(" RETURNING {}").format(words.Identifier(key))).as_string(None)


@lru_cache(maxsize=256)
def _change(table: str, key: str, names: tuple[str, ...]) -> str:
    settings = words.SQL(", ").join(words.SQL("{} = %s").format(words.Identifier(name)) for name in names)
    statement = words.SQL("UPDATE {} SET {} WHERE {} = %s").format(
        words.Identifier(table), settings, words.Identifier(key)
    )
    return statement.as_string(None)
