"""Open causes of licenses and of their end-users, and what says why."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from licensing.models import Suspension
from licensing.selectors.editions import rules_of
from licensing.words import rules


def open_causes() -> QuerySet[Suspension]:
    rows = Suspension.objects.filter(ended_at=None)
    return rows.select_related("end_user__party", "edition", "opened_by").defer("edition__text")


def why(cause: Suspension) -> str:
    """Whoever opened it says so; for one of policy the rules that close the end-user do, in the reader's language."""
    if cause.edition is None or cause.end_user is None:
        return cause.reason
    said = rules.in_full(rules_of(cause.edition.digest).edition, cause.rules)
    return _("{name}: {why}").format(name=cause.end_user.party.name, why=said)
