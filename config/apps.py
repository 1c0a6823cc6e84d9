from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The outermost room; an app only so that its management commands are found."""

    name = "config"
    label = "config"
