"""What a draft would do to what one company has: to its licenses, by line and end-user, and to its open cases.

By what the company may know: what screening found since a case was filed is not counted. Of a license under special
circumstances it does: it was granted in spite of that, and its certificate says so.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import TextField
from django.db.models.functions import Cast

from exporters.selectors import last_days
from licensing.models import Application, Finding, License, Verdict
from licensing.models.screenings import NO_HIT
from licensing.policy.editions import canonical
from licensing.policy.engine import Compiled
from licensing.policy.strictness import LOOSENS, TIGHTENS, Difference
from licensing.policy.vocabulary import HIT, PENDING
from licensing.selectors.editions import editions_at
from licensing.selectors.judging import Known, hits_at_filing
from licensing.selectors.what_if.cases import Cases, open_cases, parts_of
from licensing.selectors.what_if.known import Both, Compared
from licensing.selectors.what_if.licenses import OPEN, PROHIBITED, Later, Licenses, licenses_in_force
from licensing.selectors.what_if.tally import Exposure

Filed = Mapping[tuple[int, str], str]  # by key of a case and number of a party


@dataclass(frozen=True)
class Touched:
    """A line of a license or of an open case, for an end-user, of which something else is said then. later: of a
    license, when it is otherwise than without the draft. differing: of a case, channels and what else is said."""

    ref: str
    line: int
    item: str
    party: str
    old: str
    new: str
    later: Later | None = None
    holds: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())  # that stand before, and then
    differing: frozenset[Difference] = frozenset()

    @property
    def is_told(self) -> bool:
        return self.old != self.new or bool(self.later or self.differing) or self.holds[0] != self.holds[1]


@dataclass(frozen=True)
class Own:
    licenses: list[Touched]
    cases: list[Touched]
    looked_at: int  # lines and end-users, of both


def what_of_mine(draft: Compiled, starts_at: datetime, *, at: datetime, exporter: int) -> Own:
    """What the draft would change from that start on, by what this company has at the instant `at`."""
    old = editions_at(starts_at)
    both = Both(old, old.with_draft(draft, starts_at), at)
    in_force = list(licenses_in_force(starts_at).filter(exporter=exporter))
    pending = list(open_cases().filter(exporter=exporter))
    filed = _filed([*(license.application_id for license in in_force), *(case.pk for case in pending)])
    licenses, cases = _licenses(both, in_force, filed), _cases(both, pending, filed, last_days([exporter]))
    return Own(_touched(licenses), _touched(cases), len(licenses) + len(cases))


def _touched(found: Iterable[Touched]) -> list[Touched]:
    return [one for one in found if one.is_told]


def _licenses(both: Both, licenses: Iterable[License], filed: Filed) -> list[Touched]:
    of, judging = {row.pk: row for row in licenses}, Licenses(both, (Exposure(), Exposure()))
    rows = Verdict.objects.filter(line__license__in=of).annotate(said=Cast("facts", TextField()))
    columns = ("line__license", "line__license__application", "line", "line__number", "line__control_item__code")
    of_user = ("end_user", "end_user__party__ref", "end_user__party__name", "said")
    found = []
    for pk, case, line, number, code, user, party, name, said in rows.order_by("pk").values_list(*columns, *of_user):
        known = {} if of[pk].special else {HIT: filed.get((case, party), NO_HIT)}
        facts = canonical({**json.loads(said), **known})
        pair = judging.pair(of[pk], line, user, facts)
        was, becomes = (PROHIBITED if one else OPEN for one in (pair.old, pair.new))
        found.append(Touched(of[pk].ref, number, code, name, was, becomes, pair.later, pair.held))
    return found


def _cases(both: Both, cases: Iterable[Application], filed: Filed, qualified: Mapping[int, date]) -> list[Touched]:
    judging, parts, found = Cases(both, PENDING, (Exposure(), Exposure()), assumed=NO_HIT), parts_of(cases), []
    for case in cases:
        _, users = parts[case.pk]
        hits = {user.party: filed[case.pk, user.ref] for user in users if (case.pk, user.ref) in filed}
        for line, user, _, _, alike, said in judging.judged(case, parts[case.pk], Known(hits, qualified)):
            of = (case.ref, line.number, line.code, user.name, said.old, said.new)
            found.append(Touched(*of, holds=both.holding(alike), differing=_differing(said)))
    return found


def _differing(said: Compared) -> frozenset[Difference]:
    """What else is said, on some day, and the channels that are open on no day of the window then, or on one."""
    old, new = said.opened
    closed = (Difference("channel", name, None, TIGHTENS) for name in old - new)
    opened = (Difference("channel", None, name, LOOSENS) for name in new - old)
    rest = (one for one in said.differences if (one.part, one.old, one.new) != ("disposition", said.old, said.new))
    return frozenset([*closed, *opened, *rest])


def _filed(cases: Iterable[int]) -> Filed:
    """What screening had found when these cases were filed; each party's record is read once."""
    rows = Finding.objects.filter(application__in=cases, moment="submit")
    rows = rows.order_by("application_id", "party_ref", "-pk").distinct("application_id", "party_ref")
    rows = rows.only("application", "moment", "party_ref", "record")
    return {(row.application_id, party): hit for row in rows for party, hit in hits_at_filing([row]).items()}
