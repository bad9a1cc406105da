"""Settings common to every place of use."""

import os
from pathlib import Path

from smartschool.settings import env

# Threads of the matrix library cost more than they bring at the size of a paper: they spin while they wait.
# NumPy reads this once, when it is loaded, which is after the settings.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

PACKAGE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.text("SMARTSCHOOL_DATA_DIR", str(PACKAGE_DIR.parent.parent / "data")))

SECRET_KEY = env.text("SMARTSCHOOL_SECRET_KEY", "")
DEBUG = False
ALLOWED_HOSTS = env.words("SMARTSCHOOL_HOSTS", "localhost,127.0.0.1,[::1]")

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",  # its widget templates, found through ours
    "django_htmx",
    "procrastinate.contrib.django",
    "smartschool.kernel",
    # rooms, from the ground up (the order of .importlinter)
    "smartschool.contexts.directory",
    "smartschool.contexts.identity",
    "smartschool.contexts.curriculum",
    "smartschool.contexts.exchange",
    "smartschool.contexts.assessment",
    "smartschool.contexts.diagnosis",
    "smartschool.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "smartschool.web.middleware.SecurityHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "smartschool.kernel.request_context.RequestContextMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "smartschool.web.middleware.IconSprite",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "smartschool.contexts.identity.middleware.ActorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "smartschool.web.errors.DomainErrors",
]

ROOT_URLCONF = "smartschool.web.urls"
WSGI_APPLICATION = "smartschool.web.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "smartschool.web.shell.shell",
            ]
        },
    }
]
FORM_RENDERER = "smartschool.web.renderer.KitRenderer"
CSRF_FAILURE_VIEW = "smartschool.web.errors.csrf_failure"
# In the session, not in a cookie: a message may name a pupil.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
MESSAGE_TAGS = {25: "ok", 30: "warn", 40: "bad"}  # success, warning, error in the words of the kit

# No address: commands that need no database (checks, migrations' text) still run.
DATABASES = {"default": env.database(env.text("DATABASE_URL", "postgresql:///unset"))}
# Scope lives in transaction-local settings, so a pooled connection carries nothing over;
# each is checked when taken, because the database may have been restarted meanwhile.
DATABASES["default"] |= {"ATOMIC_REQUESTS": True, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}
# Commits at once: what must survive the rollback of a request (failed sign-ins) is written through it.
DATABASES["facts"] = {**DATABASES["default"], "ATOMIC_REQUESTS": False}
POOL = {"min_size": 1, "max_size": env.number("SMARTSCHOOL_POOL", 8), "timeout": 20}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "identity.Account"
PASSWORD_HASHERS = ["smartschool.contexts.identity.hashers.SchoolArgon2"]

# key id → 32 bytes; the newest key encrypts, all decrypt. Read by kernel.crypto.
FIELD_KEYS_FILE = env.text("SMARTSCHOOL_FIELD_KEYS", str(DATA_DIR / "secrets" / "field-keys.json"))
FILES_DIR = DATA_DIR / "files"

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "smartschool.web.storage.KitStaticFilesStorage"},
}

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "smartschool.contexts.identity.session_store"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
CSRF_COOKIE_HTTPONLY = True
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # The audit sealer runs every five seconds; its successes would fill the disk.
        "procrastinate": {"level": "WARNING"},
        # One line per glyph table of each PDF.
        "fontTools": {"level": "WARNING"},
    },
}
