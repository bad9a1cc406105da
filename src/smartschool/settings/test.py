"""Tests: fixed keys, the app role of a temporary cluster, its files in a temporary folder."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

os.environ.setdefault("SMARTSCHOOL_SECRET_KEY", "only-for-tests-" + "x" * 50)
if "SMARTSCHOOL_DATA_DIR" not in os.environ:  # processes that a test starts share the folder of the test
    os.environ["SMARTSCHOOL_DATA_DIR"] = tempfile.mkdtemp(prefix="smartschool-test-")
    atexit.register(shutil.rmtree, os.environ["SMARTSCHOOL_DATA_DIR"], ignore_errors=True)

from smartschool.settings.base import *  # noqa: F403
from smartschool.settings.base import DATA_DIR, DATABASES, POOL

ALLOWED_HOSTS = ["*"]
FIELD_KEYS = {"t1": "11" * 32}
if "SMARTSCHOOL_POOL" in os.environ:  # processes that are measured keep their connections, as in production
    DATABASES["default"]["OPTIONS"] = {**DATABASES["default"]["OPTIONS"], "pool": POOL}  # type: ignore[dict-item]
STATIC_ROOT = Path(DATA_DIR) / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
WHITENOISE_USE_FINDERS = True
# No collected files in tests: pages name their sources, the live server finds them.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
