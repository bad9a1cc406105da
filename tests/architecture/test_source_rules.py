"""Ways around the scope: bare cursors, raw SQL, other managers, foreign models. Each use is listed with why.

The lists may only shrink. What a cursor reads is still behind row security; what it may forget is the loud
error of a missing scope, so such files stay few and short.
"""

import ast
from functools import cache
from pathlib import Path

import psycopg
import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "smartschool"

CURSORS = {
    "kernel/audit.py": "calls the functions that seal and verify the chain",
    "kernel/bulk.py": "COPY has no spelling in the ORM",
    "kernel/events.py": "NOTIFY, and rows older than every running transaction",
    "kernel/journal.py": "images of rows of any table, for undo",
    "kernel/ready.py": "queries of the ORM that are composed once",
    "kernel/scope.py": "sets the scope itself",
    "contexts/assessment/store.py": "one statement that sets arrays of many attempts",
    "contexts/exchange/commands/applying.py": "advisory locks on the schools of an import",
    "contexts/identity/actors.py": "calls actor_affiliations, the one read across scopes",
}
DRIVER = {
    "kernel/bound.py": "makes the cursor that Django has not: values beside the statement, on its connection",
    "contexts/assessment/blocks.py": "arrays in binary, which Django's cursor cannot ask for",
    "edges/worker.py": "LISTEN, on a connection of its own",
}
BANNED_CALLS = ("raw", "get_model", "extra")
BANNED_NAMES = {"_base_manager", "_default_manager"}


@cache
def trees() -> dict[str, ast.Module]:
    """Product files, without migrations, tests and the runtime that has no Django."""
    skipped = {"tests", "migrations", "runtime", "cli", "settings"}
    return {
        path.relative_to(SOURCE).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in SOURCE.rglob("*.py")
        if not skipped & set(path.relative_to(SOURCE).parts)
    }


def calls(name: str) -> set[str]:
    """Files that call a function or method of this name."""
    return {
        path
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name
    }


def test_cursors_are_listed() -> None:
    found = calls("cursor") | calls("bound_cursor")
    assert found == set(CURSORS), {"new": found - set(CURSORS), "gone": set(CURSORS) - found}


def test_what_goes_past_django_to_the_driver_is_listed() -> None:
    """A cursor that is made from a class of psycopg is no call of `cursor`: the list above would not see it,
    only the files that call its maker. So naming such a class, or one of a connection, is enough."""
    classes = {name for name in dir(psycopg) if name.endswith(("Cursor", "Connection"))} | {"connect"}
    assert {"Cursor", "AsyncConnection"} <= classes
    found = {
        path
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if (
            isinstance(node, ast.Attribute)
            and node.attr in classes
            and ast.unparse(node.value).startswith("psycopg")
        )
        or (
            isinstance(node, ast.ImportFrom)
            and (node.module or "").startswith("psycopg")
            and classes & {alias.name for alias in node.names}
        )
        or (isinstance(node, ast.Import) and any("psycopg" in one.name and one.asname for one in node.names))
    }
    assert found == set(DRIVER), {"new": found - set(DRIVER), "gone": set(DRIVER) - found}


@pytest.mark.parametrize("name", BANNED_CALLS)
def test_no_raw_sql_and_no_foreign_models(name: str) -> None:
    assert calls(name) == set()


def test_no_way_around_the_scoped_manager() -> None:
    wrong = {
        path
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in BANNED_NAMES
    }
    assert not wrong
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("models.Manager", "Manager"):
                raise AssertionError(f"{path}:{node.lineno}: an owned table has one manager")


def test_commands_take_their_actor_by_name() -> None:
    """`@command` functions are keyword-only with `actor` first."""
    seen = 0
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef):
                continue
            marks = [d for d in node.decorator_list if isinstance(d, ast.Call)]
            if not any(ast.unparse(mark.func) == "command" for mark in marks):
                continue
            seen += 1
            names = [argument.arg for argument in node.args.kwonlyargs]
            assert not node.args.args, f"{path}:{node.lineno}"
            assert names[:1] == ["actor"], f"{path}:{node.lineno}"
    assert seen > 20


def test_the_actor_of_a_request_is_read_in_one_place() -> None:
    """`kernel.policy.actor_of` says its type and what stands there when nobody signed in."""
    reads = {
        path
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and ast.unparse(node) == "request.actor"
    }
    assert not reads
