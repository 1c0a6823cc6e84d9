"""Settings, read from the environment and loud about nonsense.

One switch: LODESTONE_MODE is `production` where nobody says otherwise (https behind a proxy, no demo anything;
core.checks refuses to start else), or `local`, which ./run says (http on loopback, demo accounts, a mailbox page).
"""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from core import legal_time, sizes
from core.decided import filled

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

MODE = env.str("LODESTONE_MODE", "production")
if MODE not in ("local", "production"):
    raise ImproperlyConfigured(f"LODESTONE_MODE is {MODE!r}; it must be 'local' or 'production'.")
LOCAL = MODE == "local"
DEBUG = False


def natural(name: str, default: int) -> int:
    """A whole number that is not below 0."""
    value = int(env.int(name, default))
    if value < 0:
        raise ImproperlyConfigured(f"{name} is {value}; it must be 0 or more.")
    return value


DATA_DIR = Path(env.str("LODESTONE_DATA", str(BASE_DIR / "var"))).resolve()

LOCAL_SECRET = "local-only-" + "0" * 50
SECRET_KEY = env.str("SECRET_KEY", LOCAL_SECRET if LOCAL else "")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set; production needs at least 50 random characters.")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

# The folder of the keys that sign papers, outside the database: `manage.py signing_key` makes them.
SIGNING_KEYS = env.str("SIGNING_KEYS", str(DATA_DIR / "signing_keys") if LOCAL else "")

BASE_URL = env.str("BASE_URL", "http://127.0.0.1:8000" if LOCAL else "").rstrip("/")
if not BASE_URL.startswith("http://127.0.0.1" if LOCAL else "https://") and not LOCAL:
    raise ImproperlyConfigured("BASE_URL must be the public https:// address of this Lodestone.")
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS",
    default=["127.0.0.1", "localhost", "[::1]"] if LOCAL else [BASE_URL.removeprefix("https://").split(":")[0]],
)
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[] if LOCAL else [BASE_URL])

INSTALLED_APPS = [
    "config",
    "shipments",
    "licensing",
    "exporters",
    "core",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pgtrigger",
    "rest_framework",
]
if LOCAL:
    INSTALLED_APPS.insert(0, "config.local")

MIDDLEWARE = [
    "core.middleware.RequestId",
    "core.middleware.Reading",
    "core.middleware.Personal",
    "django.middleware.security.SecurityMiddleware",
    "core.middleware.Policy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.middleware.Transport",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "core.middleware.Keyed",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "core.web.sessions.Idle",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "core.middleware.Access",
    "core.web.strict.Strict",
    "core.middleware.Refusals",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": [
                "core.templatetags.lodestone",
                "core.templatetags.typed",
                "licensing.templatetags.licensing",
                "django.templatetags.i18n",
                "django.templatetags.static",
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "core.context.page",
            ],
        },
    }
]

# --- PostgreSQL -------------------------------------------------------------------------------------------
# DATABASE_URL is the application's role; DATABASE_OWNER_URL owns the tables, migrates, and may shift legal_now().
# Without either, the copy that ./run keeps in DATA_DIR is used, so that `manage.py` works beside it.


def _running_copy() -> dict[str, Any]:
    try:
        return dict(json.loads((DATA_DIR / "state.json").read_text()))
    except (OSError, ValueError):
        return {}


_copy = _running_copy() if LOCAL else {}
# A visit to the site stops a case's clock too: no provision says so, and it is off unless the ministry wants it.
CLOCK_SITE_VISITS = env.bool("CLOCK_SITE_VISITS", False)
# From so many days before an annual license's last day on its holder may begin its renewal.
LICENSE_RENEWAL_DAYS = env.int("LICENSE_RENEWAL_DAYS", 150)
INTENT_DAYS = env.int("INTENT_DAYS", 5)  # working days that are proposed for the answer to an intent to refuse

DATABASE_URL = env.str("DATABASE_URL", _copy.get("database_url", ""))
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", _copy.get("owner_url", ""))
REDIS_URL = env.str("REDIS_URL", _copy.get("redis_url", ""))


def database(url: str) -> dict[str, Any]:
    """A Django database for a postgres:// address, with time-outs: no request waits for ever."""
    return dict(environ.Env.db_url_config(url)) | {
        "ENGINE": "core.postgres",
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            "keepalives": 1,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "options": "-c statement_timeout=30000 -c lock_timeout=2000 "
            "-c idle_in_transaction_session_timeout=15000 -c timezone=UTC",
        },
    }


if not LOCAL and not DATABASE_URL:
    raise ImproperlyConfigured("DATABASE_URL is not set.")
# Where no copy runs nobody answers, which commands that only read the models, like makemigrations, can do without.
DATABASES = {"default": database(DATABASE_URL or "postgresql://nobody@127.0.0.1:9/no-copy-runs")}
if not LOCAL and not REDIS_URL:
    raise ImproperlyConfigured("REDIS_URL is not set.")

# How long the client's side waits for one statement; 0 leaves it to the server's own limits. config/wsgi.py sets it for
# whoever serves people. Whether the server answers at all is watched everywhere (core/postgres).
STATEMENT_DEADLINE_S = natural("STATEMENT_DEADLINE_S", 0)

# Rate limits and other short memory; a table, so that losing the broker loses nobody's sign-in.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "core_cache"}}

# --- people -----------------------------------------------------------------------------------------------
NUM_PROXIES = natural("NUM_PROXIES", 0 if LOCAL else 1)  # of ours, between a caller and the web server
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = ["core.accounts.Backend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
ACCOUNT_ADAPTER = "core.accounts.Adapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_FORMS = {"signup": "exporters.web.forms.SignupForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_USER_DISPLAY = "core.accounts.display_name"
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600  # for so long counts a link that sets a password or accepts an invitation
ACCOUNT_RATE_LIMITS = {"login_failed": "10/15m/key,60/15m/ip"}
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if LOCAL else "https"
ALLAUTH_TRUSTED_PROXY_COUNT = NUM_PROXIES
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "overview"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 8 * 3600
SESSION_IDLE_S = 1800
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not LOCAL
SESSION_COOKIE_NAME = "sid" if LOCAL else "__Host-sid"
CSRF_COOKIE_NAME = "csrf" if LOCAL else "__Host-csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "core.web.kept.csrf_failure"
LANGUAGE_COOKIE_NAME = "language"

# --- the wire ---------------------------------------------------------------------------------------------
SECURE_SSL_REDIRECT = not LOCAL
API_DOOR = "api/"  # below it programs call, and are answered as such
API = f"{API_DOOR}v1/"
SECURE_REDIRECT_EXEMPT = [f"^{API_DOOR}", "^healthz$", "^readyz$"]  # an API call over http is refused, not redirected
SECURE_HSTS_SECONDS = 0 if LOCAL else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not LOCAL
SECURE_PROXY_SSL_HEADER = None if LOCAL else ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
# Calls a minute: of one key (or person), reading and writing, and of one address without a key. 0 counts nothing.
RATE_READS = natural("RATE_READS", 600)
RATE_WRITES = natural("RATE_WRITES", 300)
RATE_ADDRESS = natural("RATE_ADDRESS", 3000)
# Of one address, whoever calls: tries at the code of a paper.
RATE_VERIFY = natural("RATE_VERIFY", 10)
# Invitations of one company in 24 hours; 0 counts nothing.
INVITATIONS_A_DAY = natural("INVITATIONS_A_DAY", 20)
# In memory that all web processes of this machine share; one file for each copy of Lodestone.
RATE_FILE = env.str(
    "RATE_FILE",
    str(
        Path("/dev/shm" if os.path.isdir("/dev/shm") else tempfile.gettempdir())
        / f"lodestone-rates-{os.geteuid()}-{hashlib.sha256(DATABASE_URL.encode()).hexdigest()[:16]}"
    ),
)
DATA_UPLOAD_MAX_MEMORY_SIZE = sizes.BODY_MEGABYTES << 20
DATA_UPLOAD_MAX_NUMBER_FIELDS = sizes.FORM_FIELDS
DATA_UPLOAD_MAX_NUMBER_FILES = sizes.FORM_FILES

STATIC_URL = "/static/"
STATIC_ROOT = None if LOCAL else Path(env.str("STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = LOCAL
WHITENOISE_AUTOREFRESH = False

EMAIL_BACKEND = "core.mailbox.Backend" if LOCAL else "django.core.mail.backends.smtp.EmailBackend"
if not LOCAL:
    vars().update(env.email_url("EMAIL_URL", default="smtp://localhost:25"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Lodestone <licenses@lodestone.example>")

# --- language and time ------------------------------------------------------------------------------------
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("简体中文"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"  # instants; legal days are those of core.legal_time

# --- REST -------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["core.api.authentication.RequestActor"],
    "DEFAULT_PERMISSION_CLASSES": ["core.api.authentication.Admitted"],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["core.api.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.Schema",
    "EXCEPTION_HANDLER": "core.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": "core.models.anonymous",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Lodestone",
    "VERSION": "1.0.0",
    "DESCRIPTION": "Export licenses: control list, licenses and quota, shipments, customs messages.",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": f"/{API.rstrip('/')}",
    "POSTPROCESSING_HOOKS": [],
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "APPEND_COMPONENTS": {
        "securitySchemes": {
            "key": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": filled("{key}…", key="core.models.people.KEY_PREFIX"),
            },
            "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIE_NAME},
        }
    },
}

# --- Celery -----------------------------------------------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL or "memory://"
CELERY_TIMEZONE = legal_time.LEGAL_ZONE.key
CELERY_ENABLE_UTC = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")  # its own default is where it was started
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
RUN_SECONDS = CELERY_TASK_SOFT_TIME_LIMIT // 2  # what is left of a run after these is for another
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "global_keyprefix": env.str("BROKER_PREFIX", "lodestone:"),
    "socket_timeout": 10,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "health_check_interval": 10,
    "retry_on_timeout": True,
}

# --- logs -------------------------------------------------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "core.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {"django.request": {"level": "ERROR"}, "django.security.csrf": {"level": "ERROR"}},
}
