"""What `startproject` writes, pointed at DATABASE_URL, with the persistent connections of Django's deployment checklist."""

import os

from sqlalchemy import make_url

_url = make_url(os.environ["DATABASE_URL"])
SECRET_KEY = "django-insecure-for-the-benchmark-alone"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "tests.bench.peer_django",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "tests.bench.peer_django.urls"
STATIC_URL = "static/"
_POSTGRESQL = {
    "ENGINE": "django.db.backends.postgresql",
    "HOST": _url.host or _url.query.get("host", ""),
    "PORT": _url.port,
    "USER": _url.username,
    "PASSWORD": _url.password or "",
}
_ENGINE = {"ENGINE": "django.db.backends.sqlite3"} if _url.drivername.startswith("sqlite") else _POSTGRESQL
DATABASES = {"default": {**_ENGINE, "NAME": _url.database, "CONN_MAX_AGE": 60}}
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["tests.bench.peer_django.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.LimitOffsetPagination",
    "PAGE_SIZE": 50,
}
