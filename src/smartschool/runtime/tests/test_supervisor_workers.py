"""How many worker processes a machine gets."""

import pytest

from smartschool.runtime import supervisor


@pytest.mark.parametrize(
    ("processors", "said", "names"),
    [
        (1, None, ["worker"]),
        (2, None, ["worker", "worker-2"]),
        (64, None, ["worker", "worker-2", "worker-3", "worker-4"]),
        (2, "1", ["worker"]),
        (1, "3", ["worker", "worker-2", "worker-3"]),
    ],
)
def test_a_worker_a_processor(
    processors: int, said: str | None, names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor.os, "sched_getaffinity", lambda _: set(range(processors)))
    if said is None:
        monkeypatch.delenv("SMARTSCHOOL_WORKERS", raising=False)
    else:
        monkeypatch.setenv("SMARTSCHOOL_WORKERS", said)
    assert supervisor.worker_names() == names
