"""Each guard that `--mutate-guards` removes is found where the list says, and so are its tests."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUARDS = tomllib.loads((ROOT / "tests" / "guards.toml").read_text(encoding="utf-8"))["guard"]


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard["name"])
def test_the_guard_stands_once_and_its_tests_are_there(guard: dict[str, str | list[str]]) -> None:
    source = (ROOT / str(guard["file"])).read_text(encoding="utf-8")
    assert source.count(str(guard["text"])) == 1
    for node in guard["tests"]:
        path, _, name = node.partition("::")
        assert (ROOT / path).exists(), node
        if name and (ROOT / path).is_file():
            assert f"def {name.split('[')[0]}(" in (ROOT / path).read_text(encoding="utf-8"), node
