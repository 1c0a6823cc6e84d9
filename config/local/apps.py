from django.apps import AppConfig


class LocalConfig(AppConfig):
    """Installed in local mode alone: production knows neither these commands nor what they call."""

    name = "config.local"
    label = "local"
