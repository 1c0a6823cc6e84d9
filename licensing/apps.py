from django.apps import AppConfig


class LicensingConfig(AppConfig):
    """What is allowed: control list, declarations, policy, applications, decisions, licenses, the quota ledger."""

    name = "licensing"

    def ready(self) -> None:
        from licensing import codes, menu, selectors  # noqa: F401, PLC0415 (they fill core's registries)
        from licensing.actions import deadlines  # noqa: F401, PLC0415 (it watches the working-day table)
        from licensing.web import steps  # noqa: F401, PLC0415 (likewise, once models are there)
