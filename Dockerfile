# The first stage installs exactly what the lock names, hash by hash; the second holds the result and no tool that made it.
FROM python:3.11-slim AS packages

ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock /tmp/requirements.lock
RUN python -m venv /opt/himoya \
    && /opt/himoya/bin/python -m pip install --no-compile --require-hashes --requirement /tmp/requirements.lock


FROM python:3.11-slim

# A fixed number, so that volumes and Kubernetes' runAsNonRoot can name it. /data holds the keys that sign
# tokens, and the embedded database where no DATABASE_URL points elsewhere; production gives PostgreSQL.
RUN groupadd --system --gid 10001 himoya \
    && useradd --system --uid 10001 --gid himoya --home-dir /srv/himoya --no-create-home --shell /usr/sbin/nologin himoya \
    && install --directory --owner=himoya --group=himoya --mode=0750 /data

COPY --from=packages /opt/himoya /opt/himoya
WORKDIR /srv/himoya
# It listens on every address, so PUBLIC_URL has to be given: the service does not start without.
# The code belongs to root: the service can read it and change none of it.
COPY LICENSE NOTICE alembic.ini ./
COPY migrations migrations
COPY app app

ENV PATH=/opt/himoya/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DATABASE_URL=sqlite:////data/himoya.db \
    KEYS_DIR=/data/keys \
    HOST=0.0.0.0 \
    PORT=8000

USER 10001:10001
VOLUME ["/data"]
EXPOSE 8000

# Ready means: the database answers and its migrations are at head. urlopen raises on any refusal, and that ends the probe with 1.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/readyz\", timeout=4).close()"]

CMD ["python", "-m", "app", "serve"]
