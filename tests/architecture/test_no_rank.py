"""No rank, by construction: the order of people on every page, export and API does not depend on marks.

Metamorphic: permute the pupils' marks among the pupils, analyse again, and the sequence of pupils everywhere
must be the same. Sweeps: no sort key on marks in Python or SQL, no field that is a place in an order.
"""

import ast
import io
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import python_calamine
from django.apps import apps
from django.db import transaction
from django.test import Client
from pypdf import PdfReader

from smartschool.contexts.assessment.models import Attempt
from smartschool.contexts.assessment.public.contracts import Mark
from smartschool.contexts.diagnosis.commands.analyse import analyse_paper
from smartschool.contexts.diagnosis.commands.release import release_results
from smartschool.contexts.diagnosis.models import AnalysisRun, Release
from smartschool.contexts.diagnosis.tests import school
from smartschool.contexts.diagnosis.tests.conftest import district, sign_in  # noqa: F401 - fixtures
from smartschool.kernel.scope import scope_of

SOURCE = Path(__file__).resolve().parents[2] / "src" / "smartschool"

# Columns and attributes that hold what a person got. An order by one of them is an order of people.
MARKS = {
    "marks",
    "mark",
    "stated_total",
    "share",
    "level",
    "total",
    "totals",
    "score",
    "scores",
    "estimates",
    "sure",
    "share_sum",
}
BANNED_FIELDS = re.compile(r"(?:^|_)(?:rank(?:ing)?|percentile|t_?score|place_in|position_in)(?:_|$)", re.I)
# The same words in another sense; the list may only shrink.
OTHER_SENSE = {
    ("level", "contexts/curriculum/queries.py"),  # depth of a knowledge point in its tree
    ("mark", "contexts/exchange/reading/delimited.py"),  # the punctuation mark that separates columns
}


def names_in(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute):
            yield inner.attr
        elif isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield from re.split(r"__|\W+", inner.value)


def ordering_calls(tree: ast.AST) -> Iterator[tuple[int, set[str]]]:
    """(line, names) of what each sort, order_by or window is keyed on."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called in {"order_by", "Window", "Rank", "DenseRank", "PercentRank", "Ntile", "distinct"}:
            yield node.lineno, {name for part in [*node.args, *node.keywords] for name in names_in(part)}
        elif called in {"sorted", "sort", "min", "max"}:
            keys = [keyword.value for keyword in node.keywords if keyword.arg == "key"]
            yield node.lineno, {name for key in keys for name in names_in(key)}
        elif called in {"argsort", "lexsort", "argpartition", "rankdata"}:
            yield node.lineno, {name for part in node.args for name in names_in(part)} | {called}


def test_no_python_order_is_keyed_on_marks() -> None:
    found = set()
    for path in sorted(SOURCE.rglob("*.py")):
        if "tests" in path.parts or "migrations" in path.parts:
            continue
        for _, names in ordering_calls(ast.parse(path.read_text(encoding="utf-8"))):
            found |= {(name, str(path.relative_to(SOURCE))) for name in names & MARKS}
    assert found == OTHER_SENSE


def sql_texts() -> Iterator[tuple[str, str]]:
    """(file, statement) of every SQL file and of every string in Python that selects."""
    for path in sorted(SOURCE.rglob("*.sql")):
        yield str(path.relative_to(SOURCE)), path.read_text(encoding="utf-8")
    for path in sorted(SOURCE.rglob("*.py")):
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and re.search(r"\bselect\b|^order by", text, re.I):
                yield str(path.relative_to(SOURCE)), text


def test_no_sql_order_or_window_on_marks() -> None:
    window = r"\b(rank|dense_rank|percent_rank|ntile|cume_dist)\s*\("
    ordering = re.compile(r"order\s+by\s+([^)\n]*)|" + window, re.I)
    found = []
    for name, text in sql_texts():
        for match in ordering.finditer(text):
            columns = set(re.findall(r"\w+", (match.group(1) or "").lower()))
            if match.group(2) or columns & MARKS:
                found.append(f"{name}: {match.group(0).strip()}")
    assert not found, found


def test_no_field_is_a_place_in_an_order() -> None:
    found = [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if BANNED_FIELDS.search(field.name)
    ]
    assert not found, found


def test_a_mark_has_no_order() -> None:
    with pytest.raises(TypeError):
        sorted([Mark(3.0, 4.0), Mark(2.0, 4.0)])  # type: ignore[type-var]


# --- metamorphic ----------------------------------------------------------------------------------------


def answers(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, (url, answer.status_code)
    kind = answer.headers["Content-Type"]
    if "pdf" in kind:
        pages = PdfReader(io.BytesIO(answer.content)).pages
        return "\n".join(re.sub(r"\s", "", page.extract_text()) for page in pages)
    if "spreadsheet" in kind:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(answer.content))
        return "\n".join(str(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names)
    return answer.content.decode()


def sequence(text: str, names: list[str]) -> list[str]:
    """Names in the order in which they occur, first occurrences only."""
    found = sorted((text.find(name), name) for name in names if name in text)
    return [name for _, name in found]


def is_in_natural_order(seen: list[str], names: list[str]) -> bool:
    places = [names.index(name) for name in seen]
    return places == sorted(places)


def permute(world: school.District, order: np.ndarray) -> None:
    """Give the marks and choices of pupil order[i] to pupil i, in one class."""
    with transaction.atomic(), scope_of([world.town.pk]):
        rows = list(
            Attempt.objects.filter(
                paper=world.papers["final"], home_class=world.classes[0], status=0
            ).order_by("class_number")
        )
        content = [(row.marks, row.states, row.choices) for row in rows]
        for row, source in zip(rows, order, strict=True):
            row.marks, row.states, row.choices = content[source]
            row.save()
        analyse_paper(
            actor=school.ACTOR,
            paper_id=world.papers["final"].pk,
            trigger=AnalysisRun.Trigger.CORRECTION,
            reason="重新核对",
        )


def test_permuting_marks_leaves_the_order_of_pupils_everywhere(district, sign_in) -> None:  # noqa: F811
    names = [seat.enrolment.name for seat in district.seats[0]]
    with transaction.atomic(), scope_of([district.town.pk]):
        run = AnalysisRun.objects.get(paper=district.papers["final"], current=True)
        release_results(actor=school.ACTOR, runs=[run], audience=Release.Audience.BOTH, marks=True)
    base = f"/schools/{district.town.code}"
    seen_by = {
        "t-maths": [
            district.url("final", 0, tail)
            for tail in (
                "", "?tab=items", "?tab=points", "?tab=pupils", "?tab=sheet", "cast/", "items/4/", "items/5/",
                "items/18/", "changes/", "sheet.pdf", "mistakes.pdf", "report.xlsx",
            )
        ] + [f"{base}/analysis/", f"{base}/today/"],
        "t-form": [f"{base}/analysis/levels/", f"{base}/today/"],
        "t-office": [district.url("final", 0), f"{base}/analysis/releases/", f"{base}/analysis/raw/"],
        "t-head": [district.url("final", 0, "?tab=items"), f"{base}/analysis/"],
        "g-first": ["/me/analysis/", district.own_url("final", 0, 0), "/me/today/"],
        "p-first": ["/me/analysis/", district.own_url("final", 0, 0)],
        "d-research": ["/district/quality/", "/district/quality/quality.xlsx"],
    }  # fmt: skip
    clients = {login: sign_in(login) for login in seen_by}
    rng = np.random.default_rng(77)
    whole_lists = 0
    for order in (np.arange(31), rng.permutation(31), np.arange(31)[::-1]):
        permute(district, order)
        for login, urls in seen_by.items():
            for url in urls:
                found = sequence(answers(clients[login], url), names)
                assert is_in_natural_order(found, names), (login, url, found)
                whole_lists += len(found) >= 31
                if login in ("g-first", "p-first"):
                    assert set(found) <= {names[0]}, (login, url, found)
                elif login not in ("t-maths", "t-form"):
                    assert not found, (login, url, found)
    assert whole_lists >= 12, "the check must have seen whole classes"
