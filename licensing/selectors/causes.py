"""Open causes of licenses and of their end-users, and what says why."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from core.legal_time import legal_day
from licensing.models import License, LicenseEndUser, Suspension, Verdict
from licensing.policy.vocabulary import HIT
from licensing.selectors.editions import editions_at, rules_of
from licensing.selectors.verdicts import standing
from licensing.words import holds, rules


def open_causes() -> QuerySet[Suspension]:
    rows = Suspension.objects.filter(ended_at=None)
    return rows.select_related("end_user__party", "edition", "opened_by").defer("edition__text")


def end_users() -> QuerySet[LicenseEndUser]:
    """End-users of licenses, each with `closed`: whether a cause of its own is open."""
    own = Suspension.objects.filter(end_user=OuterRef("pk"), ended_at=None)
    return LicenseEndUser.objects.annotate(closed=Exists(own) | Q(open=False)).select_related("party__country")


def why(cause: Suspension) -> str:
    """Whoever opened it says so; of an end-user the rules that close it do, in the reader's language, or nobody."""
    if cause.end_user is None:
        return cause.reason
    if cause.edition is None:  # what screening found is the ministry's to know
        return _("{name}: the ministry looks into a question about this end-user.").format(
            name=cause.end_user.party.name
        )
    return _said(cause.end_user.party.name, cause.edition.digest, cause.rules)


def closed_in_part(license: License, at: datetime) -> list[tuple[int, str]]:
    """Lines that the rules prohibit for an end-user who is open on others, and lines on which a hold stops
    reservations: number, and for whom and why."""
    _code, digest = editions_at(at).of(legal_day(at))
    rows = Verdict.objects.filter(line__license=license).select_related("line", "end_user__party")
    rows = rows.exclude(end_user__in=open_causes().filter(end_user__isnull=False).values("end_user"))
    found = []
    for row in rows.order_by("line__number", "pk"):
        name = row.end_user.party.name
        if one := standing(row.prohibited, at):
            found.append((row.line.number, _said(name, digest, one["rules"])))
        if one := standing(row.held, at):
            found.append((row.line.number, _("{name}: {why}").format(name=name, why=holds.told_of(one))))
    return found


def _said(name: str, digest: str, names: Collection[str]) -> str:
    """What a rule about results of screening says is the ministry's to know: of it the number is told."""
    edition = rules_of(digest).edition
    silent = {rule.id for rule in edition.rules if HIT in rule.match}
    said = [rules.in_full(edition, [one for one in names if one not in silent])]
    said += [_("Rule {rule}.").format(rule=one) for one in names if one in silent]
    return _("{name}: {why}").format(name=name, why=" ".join(filter(None, said)))
