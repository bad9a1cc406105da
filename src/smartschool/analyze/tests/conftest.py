"""Exam folders for the tests of the analysis."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from smartschool.cli import analyze

SHIPPED = Path(__file__).resolve().parents[4] / "tests" / "fixtures" / "exams"


def folder(name: str) -> Path:
    """A shipped exam, or one of the folder named in SMARTSCHOOL_DATA."""
    if (SHIPPED / name).is_dir():
        return SHIPPED / name
    root = os.environ.get("SMARTSCHOOL_DATA")
    if not root:
        pytest.skip("SMARTSCHOOL_DATA does not name a folder of exams")
    exams = Path(root) / "exams"  # beside the sample workbooks
    return (exams if exams.is_dir() else Path(root)) / name


def strict(text: str) -> dict:
    """JSON without NaN and Infinity."""

    def never(constant: str) -> None:
        raise AssertionError(f"{constant} in JSON")

    return json.loads(text, parse_constant=never)


@pytest.fixture
def run(capsys, tmp_path) -> Callable[..., SimpleNamespace]:
    """Run the verb in this process: exit code, report, messages."""

    def call(path: Path | str, *arguments: str, out: bool = True) -> SimpleNamespace:
        import argparse

        parser = argparse.ArgumentParser()
        analyze.add_arguments(parser)
        target = tmp_path / "report"
        shutil.rmtree(target, ignore_errors=True)
        more = ["--out", str(target)] if out else []
        code = analyze.run(parser.parse_args([str(path), *more, *arguments]))
        printed = capsys.readouterr()
        report = (
            strict((target / "report.json").read_text("utf-8")) if (target / "report.json").exists() else None
        )
        return SimpleNamespace(code=code, out=printed.out, err=printed.err, folder=target, report=report)

    return call


@pytest.fixture
def exam(tmp_path) -> Callable[..., Path]:
    """Write an exam folder from texts or bytes."""

    def write(responses: str | bytes, **others: str) -> Path:
        place = tmp_path / "exam"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        data = responses if isinstance(responses, bytes) else responses.encode()
        (place / "responses.csv").write_bytes(data)
        for name, text in others.items():
            (place / f"{name}.csv").write_text(text, "utf-8")
        return place

    return write
