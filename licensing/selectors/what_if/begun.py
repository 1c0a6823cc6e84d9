"""Editions that came into force lately and say something else of what one company has. Nothing is written here."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from core.legal_time import legal_day
from licensing.models import Application, Follow, PolicyEdition
from licensing.models.balances import LicenseLine
from licensing.policy.editions import Span
from licensing.policy.engine import Compiled
from licensing.policy.facts import Facts, as_read
from licensing.policy.vocabulary import CODE, COUNTRY, HIT
from licensing.selectors.editions import Editions
from licensing.selectors.judging import said_of
from licensing.selectors.what_if.cases import parts_of
from licensing.states import UNDER_WAY


def begun(exporter: int, editions: Editions, since: datetime) -> list[PolicyEdition]:
    """Those that began after that instant, and by which other rules or holds may fit what this company has or follows;
    the last first. Where none began, no query; else the same few."""
    found = [(was, now) for was, now in pairwise(editions.rows) if since < now[2] <= editions.at]
    if not found:
        return []
    has, follows = list(_facts_of(exporter)), list(Follow.objects.filter(exporter=exporter))
    touching = []
    for (_, before, _), (code, digest, starts_at) in found:
        old, new, day = editions.rules(before), editions.rules(digest), legal_day(starts_at)
        codes = {*old.edition.codes, *new.edition.codes}
        followed = [{CODE: one} for one in codes if any(row.covers(one) for row in follows)]
        if any(_fitting(old, facts, day) != _fitting(new, facts, day) for facts in (*has, *followed)):
            touching.append(code)
    return list(PolicyEdition.objects.defer("text").filter(code__in=touching).order_by("-starts_at"))


def _facts_of(exporter: int) -> Iterator[Facts]:
    """Of lines of licenses in force or with something reserved, wherever they may go, and of drafts and cases that may
    still bring one: as far as the company knows them, which is not what screening found."""
    lines = LicenseLine.objects.filter(LicenseLine.STANDS, exporter=exporter).order_by().distinct()
    for code, there, said in lines.values_list("control_item__code", "license__destinations", "verdicts__facts"):
        facts: dict[str, Any] = {CODE: code, **(said or {})}
        facts[COUNTRY] = sorted({*facts.get(COUNTRY, ()), *there})
        facts.pop(HIT, None)
        yield facts
    cases = {case.pk: case for case in Application.objects.filter(exporter=exporter, state__in=UNDER_WAY)}
    for pk, (goods, users) in parts_of(cases.values()).items():
        yield from (said_of(cases[pk], line.code, user.signed, None) for line in goods for user in users)


def _fitting(rules: Compiled, said: Facts, since: date) -> list[Any]:
    """The rules and holds that may count from that day on and that none of these facts fails, but for what they look
    at: as an edition has them, by their ids."""
    facts = as_read(said, rules.edition)
    fitting = [
        replace(rule, match={}, pauses=tuple(span for span in rule.pauses if _lasts(span, since)))
        for rule in rules.of(rules.all & ~rules.failing(facts))
        if rule.enabled and _lasts(rule.span, since)
    ]
    holding = [
        replace(hold, match={})
        for hold in rules.edition.holds
        if _lasts(hold.span, since) and False not in {rules.fits(hold, key, facts) for key in hold.match}
    ]
    return [*fitting, *holding]


def _lasts(span: Span, since: date) -> bool:
    return span.last is None or span.last >= since
