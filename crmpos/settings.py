"""Django's settings, all of them from environment variables; without any, the embedded default.

Whoever needs a setting reads django.conf.settings: nobody imports this module.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _
from kombu import Queue

from crmpos.admin_site import UNFOLD  # noqa: F401  (read by django-unfold)
from crmpos.environment import (
    read_boolean,
    read_broker,
    read_cache,
    read_choice,
    read_database,
    read_integer,
    read_list,
    read_mail_server,
    read_secret,
    read_site,
    read_text,
    read_time_zone,
)
from crmpos.operating.content_policy import STRICT
from crmpos.operating.logs import FORMATS, configure_logging
from crmpos.operating.metrics_files import share_metrics
from crmpos.schedule import SCHEDULE
from crmpos.secret_key import load_or_make_secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(read_text("CRMPOS_DATA", str(BASE_DIR / ".data"))).absolute()

# Security

DEBUG = read_boolean("DEBUG", default=False)
ALLOWED_HOSTS = read_list("ALLOWED_HOSTS", default=("localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = read_list("CSRF_TRUSTED_ORIGINS")
SECRET_KEY_FALLBACKS = read_list("SECRET_KEY_FALLBACKS")

SECRET_KEY = read_secret("SECRET_KEY")
SECRET_KEY_IS_GIVEN = bool(SECRET_KEY)
if not SECRET_KEY_IS_GIVEN:
    SECRET_KEY = load_or_make_secret_key(DATA_DIR / "secret_key")

# HTTPS=true means: a proxy in front ends TLS, and itself sets X-Forwarded-Proto on every request.
HTTPS = read_boolean("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
# To have a domain and all below it built into browsers is its owner's decision, and can hardly be taken back.
# That SQLite keeps no further columns in an index costs it a look into the table, and tells a new user nothing.
SILENCED_SYSTEM_CHECKS = ["security.W021", "models.W040"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {"DIRECTIVES": STRICT}
SESSION_COOKIE_AGE = 14 * 24 * 60 * 60
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"

# How many proxies stand in front, each of which writes the address it was called from at the end of X-Forwarded-For.
PROXY_COUNT = read_integer("PROXY_COUNT", default=1 if HTTPS else 0, minimum=0, maximum=10)

# Logging in (crmpos/accounts): one page for all, whoever came to it by itself finds the way in from there.
LOGIN_URL = "account:log_in"
LOGIN_REDIRECT_URL = "home"
PASSWORD_RESET_TIMEOUT = 24 * 60 * 60
SESSION_ENGINE = "crmpos.accounts.session_store"
# Shops require two-step log-in for their own people; this does for everybody who may enter the accountant's pages.
TWO_STEP_REQUIRED_FOR_STAFF = read_boolean("TWO_STEP_REQUIRED_FOR_STAFF", default=False)
OTP_TOTP_ISSUER = "crmpos"

AXES_HANDLER = "crmpos.accounts.lockout.Handler"
AXES_LOCKOUT_CALLABLE = "crmpos.accounts.lockout.show_lockout"
AXES_CLIENT_IP_CALLABLE = "crmpos.accounts.client.find_counted_address"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = read_integer("LOGIN_FAILURE_LIMIT", default=5, minimum=1, maximum=1000)
# Higher, for it lets a stranger lock somebody out; without it many addresses could try many passwords each.
LOGIN_FAILURE_LIMIT_BY_NAME = read_integer("LOGIN_FAILURE_LIMIT_BY_NAME", default=50, minimum=1, maximum=10_000)
AXES_COOLOFF_TIME = timedelta(minutes=read_integer("LOGIN_LOCK_MINUTES", default=15, minimum=1, maximum=1440))
# The time that somebody was told is kept, however often they try meanwhile.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_SENSITIVE_PARAMETERS = [
    "username",
    "ip_address",
    "code",
    "csrfmiddlewaretoken",
    "old_password",
    "new_password1",
    "new_password2",
    "renewal-password",
    "ending-password",
]

# The first one is for new passwords; what was hashed by another is hashed anew when its person logs in.
PASSWORD_HASHERS = [
    f"django.contrib.auth.hashers.{name}"
    for name in ("Argon2PasswordHasher", "PBKDF2PasswordHasher", "ScryptPasswordHasher")
]

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "shops.roles.RoleBackend"]

AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("UserAttributeSimilarityValidator", {}),
        ("MinimumLengthValidator", {"min_length": 10}),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]

# Applications

INSTALLED_APPS = [
    "crmpos",
    "reconciliation",
    "shops",
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "csp",
]

MIDDLEWARE = [
    "crmpos.operating.requests.RequestWatch",
    "crmpos.operating.doors.OperatingDoors",
    "django.middleware.security.SecurityMiddleware",
    # What follows is for pages: the protocol's addresses are answered here.
    "crmpos.protocol_door.ProtocolDoor",
    "crmpos.operating.content_policy.ContentPolicy",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "crmpos.accounts.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "crmpos.accounts.middleware.TwoStepMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
    "crmpos.database_failures.DatabaseFailureMiddleware",
]

ROOT_URLCONF = "crmpos.urls"
WSGI_APPLICATION = "crmpos.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

REST_FRAMEWORK = {
    # An endpoint that says nothing about who may call it is closed.
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
# Calls a minute that one key, or one person, may make.
API_RATE_OFFICE = read_integer("API_RATE_OFFICE", default=600, minimum=1, maximum=1_000_000)
API_RATE_REGISTER = read_integer("API_RATE_REGISTER", default=100_000, minimum=1, maximum=10_000_000)
API_RATE_CRM = read_integer("API_RATE_CRM", default=100_000, minimum=1, maximum=10_000_000)

SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "crmpos",
    "DESCRIPTION": _("Bills, receipts, the exchange journal and what was found about them."),
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX": "/api/(office/)?",
    "SERVE_INCLUDE_SCHEMA": False,
    # What stands in it is no secret: it is the same for every installation.
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Without null here the page would show the schema's address to a service elsewhere.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "displayOperationId": False, "validatorUrl": None},
    "ENUM_NAME_OVERRIDES": {
        "DiscrepancyKind": "reconciliation.models.KindChoice",
        "DiscrepancyStatus": "reconciliation.models.Status",
        "DiscrepancyReason": "reconciliation.models.Reason",
        "PersonsReason": "reconciliation.api.decisions.REASON_CHOICES",
    },
}

# Database

SQLITE_OPTIONS = {
    # A reader never waits for the writer (WAL), a writer takes its lock when its transaction
    # begins and not in the middle of it (IMMEDIATE), and waits for another writer 20 seconds.
    # A committed message must outlive a power cut, so every commit is synced (FULL).
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
}

_database = read_database("DATABASE_URL")
if _database is None:
    DATA_DIR.mkdir(parents=True, exist_ok=True)
    _database = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(DATA_DIR / "crmpos.sqlite3")}
if _database["ENGINE"] == "django.db.backends.sqlite3":
    _database["OPTIONS"] = SQLITE_OPTIONS | _database.get("OPTIONS", {})
else:
    _database["CONN_MAX_AGE"] = read_integer("DATABASE_CONNECTION_AGE_SECONDS", default=60, minimum=0, maximum=86400)
    _database["CONN_HEALTH_CHECKS"] = True
    _database["OPTIONS"] = {
        # Evotor waits ten seconds for an answer: a server that cannot be reached is given up long before. One that
        # vanishes in the middle of a query is noticed within half a minute.
        "connect_timeout": 3,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 30_000,
        # PostgreSQL compiles a query that it takes for a long one. For the sums of a page that costs more than it
        # saves: seconds, where the sum itself takes a tenth of one.
        "options": "-c jit=off",
        # Only what is asked to be prepared is: the statements of a register's requests (shops/statements.py).
        "prepare_threshold": 5,
    } | _database.get("OPTIONS", {})
DATABASES = {"default": _database}

# Tasks (crmpos/celery.py takes what begins with CELERY_)

CELERY_BROKER_URL = read_broker("CELERY_BROKER_URL") or "memory://localhost/"
TASKS_RUN_IN_PROCESS = CELERY_BROKER_URL.startswith("memory://")
# A worker takes from all queues or, with `-Q judging,forwarding`, from some: so that a slow CRM or mail server keeps no
# judgement waiting. What is in no hurry at all goes to `reports`.
CELERY_TASK_QUEUES = [Queue(name) for name in ("judging", "forwarding", "notifying", "reports")]
CELERY_TASK_DEFAULT_QUEUE = "reports"
CELERY_TASK_ROUTES = {
    "reconciliation.tasks.reconcile_unjudged": {"queue": "judging"},
    "reconciliation.tasks.judge_shop": {"queue": "judging"},
    "reconciliation.tasks.age_cases": {"queue": "judging"},
    "reconciliation.tasks.send_letters": {"queue": "notifying"},
    "shops.tasks.forward_*": {"queue": "forwarding"},
    "shops.tasks.send_webhooks": {"queue": "notifying"},
    "crmpos.tasks.send_password_resets": {"queue": "notifying"},
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
# Redis gives a task that was not confirmed within an hour to another worker: no task may run that long.
CELERY_TASK_SOFT_TIME_LIMIT = read_integer("TASK_TIME_LIMIT_SECONDS", default=600, minimum=1, maximum=3000)
CELERY_TASK_TIME_LIMIT = CELERY_TASK_SOFT_TIME_LIMIT + 60
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Workers and beat wait for a broker that is down, however long.
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CONSUMER = "crmpos.consumer:LastingConsumer"
# A task that runs while the broker goes away is finished. It may be brought to another worker too, which does no harm.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {"polling_interval": 0.1}
    if TASKS_RUN_IN_PROCESS
    else {"visibility_timeout": 3600, "socket_connect_timeout": 5, "socket_timeout": 30, "socket_keepalive": True}
)
# Nothing is scheduled so seldom that a restart would have to be remembered: beat needs no file.
CELERY_BEAT_SCHEDULER = "celery.beat.Scheduler"
CELERY_BEAT_SCHEDULE = SCHEDULE

# What `/readyz` bears: longer than this no case may wait for its judgement.
READY_UNJUDGED_LIMIT_SECONDS = read_integer("READY_UNJUDGED_LIMIT_SECONDS", default=300, minimum=1, maximum=86400)

# Whether a shop's CRM may stand on this machine or in a private network, as it does beside a shop. Where shops' owners
# enter addresses themselves, false keeps them from reaching into the network of the server.
WEBHOOK_ALLOW_PRIVATE_ADDRESSES = read_boolean("WEBHOOK_ALLOW_PRIVATE_ADDRESSES", default=True)

# Letters to people. Without a mail server they are written and wait.

_mail_server = read_mail_server("EMAIL_URL")
MAIL_SERVER_IS_SET = _mail_server is not None
if _mail_server is not None:
    EMAIL_HOST, EMAIL_PORT = _mail_server.host, _mail_server.port
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail_server.user, _mail_server.password
    EMAIL_USE_TLS, EMAIL_USE_SSL = _mail_server.starts_tls, _mail_server.is_tls
EMAIL_TIMEOUT = 10
EMAIL_FROM_IS_GIVEN = bool(read_text("EMAIL_FROM"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = read_text("EMAIL_FROM", "crmpos@localhost")
# Where people reach the site: links in letters begin with it, and without it there are none.
SITE_URL = read_site("SITE_URL")

# Evotor (the token that is written down for this application on Evotor's site; without one its calls are refused)

EVOTOR_APPLICATION_TOKEN = read_secret("EVOTOR_APPLICATION_TOKEN")

# Requests: Evotor sends at most 10 MB; the endpoints of the protocol refuse more in its own form.
DATA_UPLOAD_MAX_MEMORY_SIZE = 11 << 20

# Cache (what is counted for the limits of callers; nothing in it is missed when it is lost)

_cache_url = read_cache("CACHE_URL")
if not _cache_url and CELERY_BROKER_URL.startswith(("redis://", "rediss://")):
    _cache_url = CELERY_BROKER_URL
if _cache_url:
    CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": _cache_url,
            "KEY_PREFIX": "crmpos",
            "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
        }
    }

# Language and time

LANGUAGE_CODE = read_choice("LANGUAGE_CODE", default="ru", choices=("ru", "en"))
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "crmpos" / "locale"]
USE_I18N = True
USE_TZ = True
USE_THOUSAND_SEPARATOR = True
TIME_ZONE = read_time_zone("TIME_ZONE", default="Europe/Moscow")
CELERY_TIMEZONE = TIME_ZONE

# Static files

STATIC_URL = "static/"
# Without a folder to collect them into, as after a fresh clone, files are served from where they lie.
STATIC_ROOT = Path(read_text("STATIC_ROOT")).absolute() if read_text("STATIC_ROOT") else None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_ROOT
        else "django.contrib.staticfiles.storage.StaticFilesStorage",
    },
}

# Logs, metrics

LOG_LEVEL = read_choice("LOG_LEVEL", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
LOG_FORMAT = read_choice("LOG_FORMAT", default="line", choices=FORMATS)
LOG_REQUESTS = read_boolean("LOG_REQUESTS", default=False)
LOGGING = configure_logging(LOG_FORMAT, LOG_LEVEL, tasks_run_in_process=TASKS_RUN_IN_PROCESS)

# Where errors are reported to (crmpos/apps.py begins with it).
SENTRY_DSN = read_secret("SENTRY_DSN")

# Who may scrape `/metrics`; without a token there is no such address.
METRICS_TOKEN = read_secret("METRICS_TOKEN")
# Where several processes of a machine put their metrics together. One process by itself needs none.
METRICS_DIR = share_metrics(read_text("METRICS_DIR")) if read_text("METRICS_DIR") else None
