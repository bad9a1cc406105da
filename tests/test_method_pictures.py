"""The pictures of docs/methods are what their script draws today."""

import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize(
    ("script", "name"),
    [("between", name) for name in ("dif", "linking", "tracing", "rating", "growth")]
    + [("classical", name) for name in ("exams", "items", "distractors", "reliability", "mastery", "groups")]
    + [("models", name) for name in ("irt", "cdm", "runners")],
)
def test_picture_is_up_to_date(script: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [str(ROOT / "tools"), *sys.path])
    drawn = runpy.run_path(str(ROOT / "tools" / f"method_pictures_{script}.py"))[name]()
    kept = (ROOT / "docs" / "methods" / f"{name}.svg").read_text(encoding="utf-8")
    # The last decimals depend on the processor's linear algebra: compare what a reader sees.
    assert drawn.count("<circle") == kept.count("<circle")
    assert drawn.count("<line") == kept.count("<line")
    assert len(drawn) == pytest.approx(len(kept), abs=40)
