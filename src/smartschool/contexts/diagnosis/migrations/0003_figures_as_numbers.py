"""Figures of a group become an array of numbers with few words beside it (figures.Stored)."""

from typing import Any, ClassVar

import django.contrib.postgres.fields
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NAN = float("nan")
# Frozen as figures.SCHEMA 2 begins: what a later version calls by other numbers stays right here.
OUTCOMES = (("f", "facility"), ("d", "discrimination"), ("r", "rest"))


def _outcome(old: dict[str, Any], name: str, new: dict[str, Any]) -> list[float]:
    if "r" in old:
        codes = {word: code for code, word in new["reasons"].items()}
        code = codes.setdefault(old["r"], str(len(codes) + 1))
        new["reasons"][code] = old["r"]
        return [NAN, NAN, NAN, NAN, old["n"], float(code)]
    new["methods"][name] = [old["m"], old["c"]]
    return [old["v"], NAN if old["s"] is None else old["s"], old["l"], old["h"], old["n"], 0]


def convert(old: dict[str, Any]) -> tuple[list[float], dict[str, Any]]:
    """Numbers and words of figures of schema 1."""
    same = ("n", "mean", "quartiles", "passed", "bins", "levels", "alpha", "sem", "groups", "cautions")
    new: dict[str, Any] = {key: old[key] for key in same} | {
        "schema": 2,
        "size": [len(old["items"]), len(old["points"])],
        "methods": {name: ["", 0.95] for name in ("facility", "discrimination", "rest", "share")},
        "reasons": {},
        "options": {str(j): item["o"] for j, item in enumerate(old["items"]) if item["o"]},
        "doubts": {str(j): item["x"] for j, item in enumerate(old["items"]) if any(item["x"])},
        "easier": {str(j): item["e"] for j, item in enumerate(old["items"]) if item.get("e")},
    }
    numbers: list[float] = []
    for item in old["items"]:
        for key, name in OUTCOMES:
            numbers += _outcome(item[key], name, new)
        numbers += [*item["n"], *(item["g"] or (NAN, NAN, NAN))]
    for point in old["points"]:
        numbers += _outcome(point["p"], "share", new)
        numbers += [*point["n"], *point["s"], *(point["g"] or (NAN, NAN, NAN))]
    return numbers, new


def forward(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    figure = apps.get_model("diagnosis", "ClassFigure")
    for row in figure.objects.using(editor.connection.alias).filter(words__schema=1).iterator(500):
        row.numbers, row.words = convert(row.words)
        row.save(update_fields=["numbers", "words"])


class Migration(migrations.Migration):
    dependencies: ClassVar = [("diagnosis", "0002_row_security")]
    operations: ClassVar = [
        migrations.RenameField(model_name="classfigure", old_name="figures", new_name="words"),
        migrations.AddField(
            model_name="classfigure",
            name="numbers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.FloatField(), default=list, size=None
            ),
            preserve_default=False,
        ),
        migrations.RunPython(forward, migrations.RunPython.noop),
    ]
