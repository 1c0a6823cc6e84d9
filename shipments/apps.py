from django.apps import AppConfig


class ShipmentsConfig(AppConfig):
    """What moves: shipments and customs messages."""

    name = "shipments"

    def ready(self) -> None:
        from shipments import codes, menu, notices, selectors  # noqa: F401, PLC0415
