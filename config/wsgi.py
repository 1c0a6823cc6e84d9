"""What gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("STATEMENT_DEADLINE_S", "4")  # people get an answer within five seconds
application = get_wsgi_application()

from core.checks import start_gate  # noqa: E402 (needs the app registry)

start_gate()
