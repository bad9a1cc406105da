"""The preview of a run as stored data: headings, faults, what changes, who leaves. Encrypted at rest."""

import json
from dataclasses import asdict
from itertools import islice
from typing import Any

from smartschool.contexts.exchange.checkup import Checkup
from smartschool.contexts.exchange.reading.archive import column_letters
from smartschool.kernel.cells import as_text
from smartschool.kernel.importing import ADDED, CHANGED, Importer, Target
from smartschool.kernel.tabular import Cell, Fault, is_blank

# The page shows 50 at a time; a file with more faults than this has one wrong column, not many wrong cells.
MOST_FAULTS = 2_000
MOST_CHANGES = 500


def build(checkup: Checkup, importer: Importer, target: Target) -> dict[str, Any]:
    """What the pages and the error workbook need later, without reading the file again."""
    return {
        "faults": [_fault(fault) for fault in islice(checkup.faults, MOST_FAULTS)],
        "n_faults": len(checkup.faults),
        "warnings": [_fault(fault) for fault in islice(checkup.warnings, MOST_FAULTS)],
        "brake": [_fault(fault) for fault in checkup.brake],
        "headings": _headings(checkup, importer, target),
        "skipped": checkup.reading.table.skipped if checkup.reading.table else [],
        "changes": _changes(checkup),
        "leaving": [[one.label, one.group] for one in checkup.plan.leaving] if checkup.plan else [],
        "standing": checkup.plan.standing if checkup.plan else 0,
        "sheets": [asdict(one) for one in checkup.report(applies=True).sheets],
    }


def dump(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def _fault(fault: Fault) -> list[Any]:
    return [fault.sheet, fault.row, fault.column, fault.code, fault.message]


def _headings(checkup: Checkup, importer: Importer, target: Target) -> list[dict[str, Any]]:
    """Columns of the first data sheet with a masked example each."""
    table = checkup.reading.table
    sheet = table.sheets[0] if table else checkup.reading.closest
    if sheet is None:
        return []
    names = {column.key: column.name for column in importer.columns(target)}
    body = sheet.raw.rows[sheet.header.line + 1 :]
    return [
        {
            "letter": column_letters(heading.place),
            "text": heading.text,
            "key": heading.key,
            "name": names.get(heading.key or "", ""),
            "how": heading.how or ("known" if importer.claims(heading.text) else ""),
            "own": not heading.key and importer.claims(heading.text),
            "example": _example([row[heading.place] for row in islice(body, 20)]),
        }
        for heading in sheet.header.headings
    ]


def _example(cells: list[Cell]) -> str:
    """The first filled cell, masked: the first character of words, the ends of numbers."""
    for cell in cells:
        if is_blank(cell):
            continue
        found = as_text(cell)
        text = found if isinstance(found, str) else ""
        if len(text) >= 7 and any(character.isdigit() for character in text):
            return f"{text[:3]}****（{len(text)} 位）"
        return (
            text
            if len(text) < 2 or not text[0] > "\u3400" or len(text) > 4
            else f"{text[0]}{'*' * (len(text) - 1)}"
        )
    return ""


def _changes(checkup: Checkup) -> list[dict[str, Any]]:
    plan, checked = checkup.plan, checkup.reading.checked
    if plan is None or checked is None:
        return []
    found = []
    for kind in (ADDED, CHANGED):
        places = (index for index, one in enumerate(plan.kinds) if one == kind)
        for index in islice(places, MOST_CHANGES):
            found.append(
                {
                    "kind": kind,
                    "sheet": checked.frame.sheets[index],
                    "row": checked.frame.rows[index],
                    "label": plan.labels[index],
                    "note": plan.notes.get(index, ""),
                    "fields": [[one.name, one.old, one.new] for one in plan.changes.get(index, [])],
                }
            )
    return found
