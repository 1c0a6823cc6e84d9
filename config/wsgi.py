"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from core.postgres.watch import DEADLINE_S

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("STATEMENT_DEADLINE_S", str(DEADLINE_S))
application = get_wsgi_application()

from core.checks import start_gate  # noqa: E402 (needs the app registry)

start_gate()
