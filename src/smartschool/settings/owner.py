"""Only for `smartschool migrate`: the connection that owns the tables."""

from smartschool.settings import env
from smartschool.settings.base import *  # noqa: F403

DATABASES = {"default": env.database(env.text("DATABASE_OWNER_URL"))}
