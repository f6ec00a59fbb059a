"""Every setting, in Django's order of topics. The environment is read through ``anct_portal.env`` only.

``DEBUG`` defaults to false; ``make run`` sets it. Importing them starts nothing.
"""

import datetime as dt

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

from anct_portal import embedded, env
from anct_portal.declarations import LAYERS

DEBUG = env.boolean("DEBUG")
SECRET_KEY = env.text("SECRET_KEY", "development-only" if DEBUG else None)
BASE_DIR = env.BASE_DIR
VAR_DIR = env.VAR_DIR
ALLOWED_HOSTS = [*env.words("ALLOWED_HOSTS", "localhost,[::1]"), "127.0.0.1"]  # where the health check asks
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
SITE_URL = env.text("SITE_URL", "http://localhost:8000").rstrip("/")

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "pgtrigger",
    "guardian",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "django_htmx",
    "csp",
    "django_prometheus",
    "widget_tweaks",
    "dsfr",
    *LAYERS,
    "anct_portal",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "common.unavailable.UnavailableMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "common.size.SizeMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.middleware.ActorMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
    "common.readonly.ReadOnlyMiddleware",
]

ROOT_URLCONF = "anct_portal.urls"
WSGI_APPLICATION = "anct_portal.wsgi.application"

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
                "common.context_processors.site",
                "accounts.context_processors.actor",
            ],
            "builtins": ["common.templatetags.french"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

# --- data ------------------------------------------------------------------------------------------------------------
_DATABASE = embedded.database(env.text("DATABASE_URL", ""))
#: Of a host that swallows packets: seconds to connect, then to hear from it (no matter for a local socket).
_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}
DATABASES = {
    "default": {
        **_DATABASE,
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**_PATIENCE, **_DATABASE.get("OPTIONS", {})},
    }
}
#: The role that web and workers take after connecting (no UPDATE, DELETE, TRUNCATE on append-only tables).
#: Empty: the owner.
DATABASE_ROLE = env.text("DATABASE_ROLE", "")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- people ----------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
ANONYMOUS_USER_NAME = None  # guardian must not insert a person
AUTHENTICATION_BACKENDS = ["accounts.backends.PortalBackend"]
#: guardian keeps the named exceptions, which querysets read: nobody asks it through ``has_perm``.
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "/mon-espace/"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
#: A session ends so long after it was opened, or after its last page (accounts.sessions).
SESSION_LONGEST, SESSION_LONGEST_IDLE = dt.timedelta(days=14), dt.timedelta(hours=24)
SESSION_COOKIE_AGE = int(SESSION_LONGEST.total_seconds())
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SESSION_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"  # a GET may show a message without writing

# --- language and time -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "fr"
TIME_ZONE = "Europe/Paris"
USE_I18N = True
USE_TZ = True

# --- files -----------------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
FILE_MAX_BYTES = env.integer("FILE_MAX_BYTES", 20_000_000)
REQUEST_MAX_BYTES = env.integer("REQUEST_MAX_BYTES", 100_000_000)
#: clamd, ``host:port`` or the path of its socket; empty: files are marked as not scanned.
CLAMD_ADDRESS = env.text("CLAMD_ADDRESS", "")

#: Month and day after which the agency no longer commits the year's credits: the one its screens announce, a parameter
#: of the agency. A referral sent later belongs to the next year.
COMMITMENTS_CLOSE_ON = env.text("COMMITMENTS_CLOSE_ON", "11-30")
try:
    dt.date.fromisoformat(f"2025-{COMMITMENTS_CLOSE_ON}")  # not a leap year: the day is one of every year
except ValueError as error:
    raise ImproperlyConfigured("COMMITMENTS_CLOSE_ON is a month and a day of every year: 11-30") from error

# --- work ------------------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = embedded.redis_url(env.text("REDIS_URL", ""))
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 10.0
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 90
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 300, "unacked_restore_throttle": 1}
CELERY_TIMEZONE = TIME_ZONE
#: The canary does not queue behind the work: a worker that has much to do is not a silent one.
CELERY_TASK_QUEUES = (Queue("celery"), Queue("canary"))
#: Each of these does what is due and nothing twice: a day missed is made up for by the next.
CELERY_BEAT_SCHEDULE = {
    "canary": {"task": "anct_portal.sing", "schedule": 15.0, "options": {"queue": "canary", "expires": 60}},
    "surveys that are due": {"task": "requests.ask_due_surveys", "schedule": crontab(hour=7, minute=0)},
    "providers who have not answered": {"task": "requests.remind_providers", "schedule": crontab(hour=8, minute=0)},
    "drafts nobody holds any more": {"task": "requests.purge_drafts", "schedule": crontab(hour=3, minute=10)},
    "acts that can no longer be taken back": {
        "task": "requests.purge_held_acts",
        "schedule": crontab(hour=3, minute=15),
    },
    "offers past their last day": {"task": "operators.keep_catalogue", "schedule": crontab(hour=3, minute=25)},
    "where help is missing": {"task": "operators.compute_coverage", "schedule": crontab(hour=3, minute=30)},
    "guides made of the catalogue": {"task": "operators.publish_guides", "schedule": crontab(hour=4, minute=0)},
    "codes and attempts past their time": {"task": "accounts.purge_sign_in", "schedule": crontab(hour=3, minute=20)},
}

#: Seconds during which the mails of an act wait, and whoever did it may take it back; 0: they leave at once.
UNDO_SECONDS = env.integer("UNDO_SECONDS", 60)

# --- mail ------------------------------------------------------------------------------------------------------------
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.integer("EMAIL_PORT", 1025)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.boolean("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Guichet de l’ingénierie <guichet@localhost>")

# --- security --------------------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'self'"],
    }
}
CSRF_FAILURE_VIEW = "anct_portal.pages.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_SSL_REDIRECT = env.boolean("SECURE_SSL_REDIRECT", not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^sante/"]
#: Number of reverse proxies in front of the portal whose X-Forwarded-For entries are trusted.
TRUSTED_PROXIES = env.integer("TRUSTED_PROXIES", 0)
if TRUSTED_PROXIES:  # they end TLS: without it every page would lead to itself
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
METRICS_TOKEN = env.text("METRICS_TOKEN", "")

# --- API -------------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["common.api.JsonParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.TokenAuthentication",
        "accounts.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "common.api.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "common.api.problem_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Guichet unique de l’ingénierie",
    "DESCRIPTION": "Demandes d’appui en ingénierie des collectivités, offres, territoires et programmes.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "StateEnum": "requests.enums.StateChoices",
        "ChannelEnum": "requests.enums.Channel",
        "ConversationChannelEnum": "requests.enums.ConversationChannel",
        "DecisionKindEnum": "requests.enums.DecisionKind",
        "DocumentKindEnum": "requests.enums.DocumentKind",
        "CollectivityKindEnum": "territories.enums.CollectivityKind",
        "ProviderKindEnum": "operators.enums.ProviderKind",
    },
}

# --- demonstration ---------------------------------------------------------------------------------------------------
#: Accepted as second factor beside the code sent by mail; development only.
DEMONSTRATION_CODE = env.text("DEMONSTRATION_CODE", "") if DEBUG else ""
