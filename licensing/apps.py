from importlib import import_module

from django.apps import AppConfig


class LicensingConfig(AppConfig):
    """What is allowed: control list, declarations, policy, applications, decisions, licenses, the quota ledger."""

    name = "licensing"

    def ready(self) -> None:
        """What fills core's registries is imported once models are there; nothing else here asks for it."""
        for module in (
            "codes",
            "menu",
            "selectors.papers",
            "selectors.accounts",
            "actions.deadlines",
            "papers.answers",
            "papers.certificate",
            "papers.extract",
            "papers.letters",
            "web.steps",
        ):
            import_module(f"{self.name}.{module}")
