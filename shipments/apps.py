from importlib import import_module

from django.apps import AppConfig

from licensing.books import WITNESSES


class ShipmentsConfig(AppConfig):
    """What moves: shipments and customs messages."""

    name = "shipments"

    def ready(self) -> None:
        """What fills core's registries is imported once models are there; nothing else here asks for it."""
        for module in ("codes", "menu", "qualifying", "selectors", "web.steps"):
            import_module(f"{self.name}.{module}")
        WITNESSES.extend(["shipment_drift", "shipment_pool_drift"])
