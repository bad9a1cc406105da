"""A web process answers its first request without loading what only jobs and prints need."""

import subprocess
import sys

import pytest

HEAVY = {
    "numba": "curves are estimated by jobs",
    "scipy.stats": "scipy.special has the distributions",
    "scipy.optimize": "scales are linked by jobs",
    "fpdf": "only who prints pays",
    "fontTools": "only who prints pays",
}
STARTED = (
    "import sys, django; django.setup(); from django.urls import get_resolver; get_resolver().url_patterns; "
    f"print(*(name for name in {sorted(HEAVY)} if name in sys.modules))"
)


@pytest.mark.slow
def test_first_page_loads_no_heavy_library() -> None:
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, check=True)
    assert [f"{name}: {HEAVY[name]}" for name in done.stdout.split()] == []
