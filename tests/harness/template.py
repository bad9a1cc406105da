"""Owns the content of the template database: all migrations and the small demo district, in one process."""

from __future__ import annotations

import os

import django
from django.core.management import call_command
from django.db import connections

from smartschool.settings import env


def _become(url: str) -> None:
    """All connections of this process speak as the role of `url` from now on."""
    place = {key: value for key, value in env.database(url).items() if key not in ("ENGINE", "OPTIONS")}
    for connection in connections.all():
        connection.close()
        connection.settings_dict.update(
            {key: place[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
        )


def main() -> None:
    """As the verbs `migrate` and `seed --small` do it."""
    django.setup()
    from smartschool.kernel.registry import seeds

    _become(os.environ["DATABASE_OWNER_URL"])
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    _become(os.environ["DATABASE_URL"])
    for seed in sorted(seeds, key=lambda seed: seed.order):
        seed.run("small")


if __name__ == "__main__":
    main()
