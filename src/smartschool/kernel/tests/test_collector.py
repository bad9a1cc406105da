"""The pause of the collector: nested pauses end with the last, also after an error."""

import gc

import pytest

from smartschool.kernel.collector import collector_paused


def test_the_outermost_pause_decides() -> None:
    with collector_paused():
        with collector_paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_an_error_ends_the_pause() -> None:
    with pytest.raises(ValueError, match="x"), collector_paused():
        raise ValueError("x")
    assert gc.isenabled()
