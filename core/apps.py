from django.apps import AppConfig


class CoreConfig(AppConfig):
    """The ground: organizations, people, keys, access, legal time, command, history, deliveries, errors."""

    name = "core"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate  # noqa: PLC0415, TID251 (Django's only hook after migrate)

        from core import checks, grants, invitations, menu, selectors  # noqa: F401, PLC0415

        post_migrate.connect(grants.after_migrate, sender=self)
