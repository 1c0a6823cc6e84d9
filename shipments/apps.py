from django.apps import AppConfig


class ShipmentsConfig(AppConfig):
    """What moves: shipments and customs messages."""

    name = "shipments"

    def ready(self) -> None:
        from shipments import codes, menu, qualifying, selectors  # noqa: F401, PLC0415 (they fill core's registries)
        from shipments.web import steps  # noqa: F401, PLC0415 (likewise, once models are there)
