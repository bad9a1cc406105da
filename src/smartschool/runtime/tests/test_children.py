"""When a child that keeps dying is given up."""

import subprocess
from pathlib import Path

import pytest

from smartschool.runtime.children import Child


@pytest.mark.parametrize(
    ("lives", "given_up"),
    [
        ([1, 1, 1, 1], False),
        ([1, 1, 1, 1, 1], True),
        ([14, 15, 16, 14, 15], True),  # a slow machine: 74 s for five starts that fail
        ([90_000, 1, 1, 1, 1], True),  # broken while it ran
        ([1, 1, 1, 1, 61], False),
        ([1, 1, 61, 1, 1, 1], False),  # one that stayed begins the count anew
        ([1, 1, 61, 1, 1, 1, 1], True),
    ],
)
def test_five_deaths_soon_after_each_restart_are_a_crash_loop(lives: list[float], given_up: bool) -> None:
    child = Child("web", spawn=lambda: pytest.fail("not started here"), log=Path("/nowhere"))
    child.lives.extend(lives)
    assert child.loops() is given_up


def test_a_life_is_counted_from_its_own_start(tmp_path: Path) -> None:
    child = Child("web", lambda: subprocess.Popen(["/bin/true"], start_new_session=True), tmp_path / "log")
    for number in range(1, 6):
        child.start()
        assert child.process is not None
        child.process.wait()
        assert child.died()
        assert not child.died()
        assert child.loops() is (number == 5)
