from importlib import import_module

from django.apps import AppConfig


class ExportersConfig(AppConfig):
    """Companies and their standing, parties abroad."""

    name = "exporters"

    def ready(self) -> None:
        """What fills core's registries is imported once models are there; nothing else here asks for it."""
        for module in ("codes", "menu", "selectors", "web.steps"):
            import_module(f"{self.name}.{module}")
