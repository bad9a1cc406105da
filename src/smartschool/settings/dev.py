"""One box over plain HTTP on a school network: what `./smartschool up` serves."""

from smartschool.settings.base import *  # noqa: F403
from smartschool.settings.base import DATABASES, POOL

DATABASES["default"]["OPTIONS"] = {**DATABASES["default"]["OPTIONS"], "pool": POOL}  # type: ignore[dict-item]

ALLOWED_HOSTS = ["*"]
