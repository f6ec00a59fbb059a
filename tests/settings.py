"""Settings of the test suite: the same portal, quick password hashes, no broker, and guards that make slips fail."""

from anct_portal import env

env.default("SECRET_KEY", "only the tests know it")
env.default("SECURE_SSL_REDIRECT", "False")

from anct_portal.settings import *  # noqa: E402, F403
from anct_portal.settings import INSTALLED_APPS, MIDDLEWARE, STORAGES, TEMPLATES  # noqa: E402
from tests.guards import UndefinedVariable  # noqa: E402

ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
INSTALLED_APPS = [*INSTALLED_APPS, "django_linear_migrations", "zeal"]
#: Each HTTP request is watched for N+1 on its own: two requests of one test are not a loop.
MIDDLEWARE = ["zeal.middleware.zeal_middleware", *MIDDLEWARE]
ZEAL_RAISE = True
ZEAL_NPLUSONE_THRESHOLD = 2
#: Django reads a session, then reads it again to delete it.
ZEAL_ALLOWLIST = [{"model": "sessions.Session"}]
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = UndefinedVariable()  # type: ignore[index]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = True  # files are found where they stand: nothing is collected for the tests
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = False

UNDO_SECONDS = 0  # mails leave at once, but where a test says otherwise

#: Messages stay in the process: what a task does is tested by calling it, what a lost message does by tests/faults.
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS = {}
