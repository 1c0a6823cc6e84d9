from django.apps import AppConfig


class ExportersConfig(AppConfig):
    """Companies and their standing, parties abroad."""

    name = "exporters"

    def ready(self) -> None:
        from exporters import codes, menu, selectors  # noqa: F401, PLC0415 (they fill core's registries)
        from exporters.web import steps  # noqa: F401, PLC0415 (likewise, once models are there)
