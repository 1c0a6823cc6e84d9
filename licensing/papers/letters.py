"""Letters about cases and licenses: each says what its step did, to whoever it concerns, as of that step."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.history import lines_of
from core.legal_time import legal_day
from core.models import HistoryLine
from core.papers import Content, Kind, papers
from core.selectors import calendar
from core.templatetags.lodestone import money
from core.working_days import NotPublished
from exporters.models import Exporter
from licensing import granted
from licensing.clock import RECEIPT_DAYS, WORKING_DAYS, Reading
from licensing.elements import show_percent, show_percents
from licensing.models import (
    Application,
    ApplicationEndUser,
    ApplicationLine,
    ClockInterval,
    DecisionStep,
    Declaration,
    EndReason,
    EndUse,
    License,
    Suspension,
)
from licensing.models.intents import intents_before
from licensing.papers import said
from licensing.prices import in_words
from licensing.selectors import clocks_of, granting_steps, steps, why, with_parts
from licensing.selectors.movements import balances_at
from licensing.selectors.reconsiderations import (
    ACCEPT_DAYS,
    CONTEST_DAYS,
    MOVED_HOW,
    SERVED_HOW,
    contestable_until,
)
from licensing.words import terms

Data = dict[str, Any]


def case_of(line: HistoryLine) -> Application:
    return with_parts(Application.objects.select_related("exporter__organization")).get(pk=line.subject_id)


def of_case(say: Callable[[HistoryLine, Application], Data]) -> Callable[[HistoryLine], Content]:
    """A letter about a case, to its applicant."""

    def write(line: HistoryLine) -> Content:
        case = case_of(line)
        return Content(case.exporter_id, said.head(line, case.exporter) | {"about": "case"} | say(line, case))

    return write


def of_license(say: Callable[[HistoryLine, License], Data]) -> Callable[[HistoryLine], Content]:
    """A letter about a license, to its holder."""

    def write(line: HistoryLine) -> Content:
        license = License.objects.select_related("exporter__organization").get(pk=line.subject_id)
        data = said.head(line, license.exporter) | {"about": "license", "at": said.instant(line.at)}
        return Content(license.exporter_id, data | say(line, license))

    return write


# --- cases ------------------------------------------------------------------------------------------------


def receipt(line: HistoryLine, case: Application) -> Data:
    """With the application as it was filed."""
    users = list(case.end_users.all())
    parties = said.Parties([*(user.party for user in users), *case.consignees.all()], line.at)
    named, uses = _named_at(case, users, line.at), EndUse.objects.in_bulk()
    signed = line if line.verb == "submit" else lines_of(case).get(verb="submit")
    handed_in = case.documents.filter(document__uploaded_at__lte=line.at).select_related("document")
    return {
        "again": line.verb == "resubmit",
        "at": said.instant(line.at),
        "days": RECEIPT_DAYS,
        "speak_by": _day_after(RECEIPT_DAYS, legal_day(line.at)),
        "responsible": said.responsible(case.exporter, line.at),
        "signed": _by_whom(signed),
        "sent": _by_whom(line),
        "kind": said.both(case.get_kind_display),
        **_of(case),
        "window": _window(case),
        "contract": case.contract_no,
        "contract_on": case.contract_on and said.day(case.contract_on),
        "contract_value": money(case.contract_value, case.currency),
        "payment": case.payment_terms,
        "ports": ", ".join(case.ports),
        "purpose": _fact("transaction.purpose", case.purpose),
        "red_flag": _fact("exporter.red_flag", case.red_flag),
        "modes": said.modes(case),
        "remarks": case.remarks,
        "circumstances": case.circumstances,
        "lines": [
            {
                **_goods(one),
                "contains": said.close(show_percents(one.composition)),
                "hs": one.hs_code,
                "price": _price(one),
                "worth": money(one.value, one.currency),
                "basis": said.both(one.get_composition_basis_display) if one.composition_basis else None,
                "specification": one.specification,
                "maker": one.maker,
                "origin": said.named(one.origin) if one.origin else None,
                "purity": said.close(show_percent(one.purity)),
                "inquiry": one.inquiry.ref if one.inquiry else "",
                **said.amount(one.quantity, one.unit),
            }
            for one in case.lines.all()
        ],
        "end_users": [{**parties.said(user.party_id), **_declares(named[user.pk], uses, line.at)} for user in users],
        "consignees": [parties.said(party.pk) for party in case.consignees.all()],
        "papers": [
            {
                "name": one.document.name,
                "kind": said.both(lambda one=one: one.label),
                "size": f"{-(-one.document.size // 1024):,} kB",
                "sha256": one.document.sha256[:16],
            }
            for one in handed_in.defer("document__content")
        ],
    }


def _by_whom(line: HistoryLine) -> Data:
    return {"by": str(line.actor), "at": said.instant(line.at)}


def _named_at(case: Application, users: list[ApplicationEndUser], at: datetime) -> dict[int, Declaration]:
    """By end-user which declaration the case named at that instant: another may have taken its place since."""
    refs = {user.pk: user.declaration.ref for user in users}
    for line in lines_of(case).filter(verb="redeclare", at__gt=at).order_by("-seq"):
        new, old = line.facts["declaration"], line.facts["rejected"]
        refs = {pk: old if ref == new else ref for pk, ref in refs.items()}
    rows = Declaration.objects.in_bulk(refs.values(), field_name="ref")
    return {pk: rows[ref] for pk, ref in refs.items()}


def _declares(row: Declaration, uses: dict[str, EndUse], at: datetime) -> Data:
    """What it said then of the use."""
    says = said.declared(row, at)
    return {
        "declaration": row.ref,
        "use": said.named(uses[says["end_use"]]),
        "product": says["product"],
        "words": says["end_use_text"],
        "need": says["yearly_need"],
    }


def _price(line: ApplicationLine) -> str:
    return f"{in_words(line.unit_price)} {line.currency}" if line.unit_price else ""


def _window(case: Application) -> said.Both:
    first, last = (said.day(one) if one else {"zh": "?", "en": "?"} for one in (case.planned_from, case.planned_until))
    return {"zh": f"{first['zh']} 至 {last['zh']}", "en": f"{first['en']} to {last['en']}"}


def _fact(name: str, value: str) -> said.Both:
    return said.both(lambda: terms.word(terms.VALUES[name], value) if value else _("Not stated"))


def _of(case: Application) -> Data:
    """Which license it would change, or renew; no number where none."""
    return {"amends": case.amends.ref if case.amends else "", "renews": case.renews.ref if case.renews else ""}


def _applied(case: Application, line: HistoryLine) -> Data:
    """Which application a letter is about, in short."""
    users = [user.party for user in case.end_users.all()]
    parties = said.Parties(users, line.at)
    return {
        **_of(case),
        "kind": said.both(case.get_kind_display),
        "filed": said.day(legal_day(case.submitted_at)) if case.submitted_at else None,
        "lines": [{**_goods(one), **said.amount(one.quantity, one.unit)} for one in case.lines.all()],
        "end_users": [parties.said(party.pk) for party in users],
    }


def _goods(line: ApplicationLine) -> Data:
    return {"number": line.number, "code": line.control_item.code, "description": line.description}


def _day_after(number: int, day: date) -> said.Both | None:
    """So many working days after that one; nothing where the table of them does not say."""
    with suppress(NotPublished):
        if found := calendar(day, number).day(number, day):
            return said.day(found)
    return None


def _clock(case: Application, line: HistoryLine) -> Reading | None:
    """As it stood on the line's day."""
    return clocks_of([case], legal_day(line.at)).get(case.pk)


def acceptance(line: HistoryLine, case: Application) -> Data:
    clock = _clock(case, line)
    return {
        **_of(case),
        "by_law": line.verb == "accept_by_law",
        "day_0": said.day(date.fromisoformat(line.facts["day_0"])),
        "untimed": clock is not None and clock.of is None,
        "of": WORKING_DAYS,
        "stops": {"by_law": _stops(by_law=True), "by_ministry": _stops(by_law=False)},
        "deadline": said.day(clock.deadline) if clock and clock.deadline else None,
        "provisional": clock is not None and clock.provisional,
    }


def _stops(*, by_law: bool) -> said.Both | None:
    """For what the clock may stand still: by law, or else by the ministry's own rule."""
    reasons = [one for one in ClockInterval.Reason.counted() if one.by_law == by_law]
    return said.both(lambda: _(", ").join(str(one.label) for one in reasons)) if reasons else None


def supplement(line: HistoryLine, case: Application) -> Data:
    points = [point.text for point in case.supplement.points.all()]
    return {"points": points, "due_on": said.day(date.fromisoformat(line.facts["due_on"]))}


def of_account(say: Callable[[HistoryLine, Exporter], Data]) -> Callable[[HistoryLine], Content]:
    """A letter about a company's account, to that company."""

    def write(line: HistoryLine) -> Content:
        exporter = Exporter.objects.select_related("organization").get(pk=line.subject_id)
        data = said.head(line, exporter) | {"about": "account", "at": said.instant(line.at)}
        return Content(exporter.organization_id, data | say(line, exporter))

    return write


def reason_alone(line: HistoryLine, case: Application) -> Data:
    return {"reason": line.reason}


def pause(line: HistoryLine, case: Application) -> Data:
    found = case.pauses.get(opened_at=line.at)
    clock = _clock(case, line)
    return {
        "from": said.day(found.begins_on),
        "cause": said.both(found.get_reason_display),
        "by_law": ClockInterval.Reason(found.reason).by_law,
        "used": clock.used if clock else None,
        "notice": found.notice,
    }


def resumption(line: HistoryLine, case: Application) -> Data:
    found: ClockInterval = case.pauses.get(ended_at=line.at)
    assert found.ends_on is not None, "it has ended"
    clock = _clock(case, line)
    return {
        "from": said.day(found.ends_on),
        "since": said.day(found.begins_on),
        "cause": said.both(found.get_reason_display),
        "deadline": said.day(clock.deadline) if clock and clock.deadline else None,
    }


def _factors(codes: list[str]) -> list[said.Both]:
    return [said.both(lambda code=code: DecisionStep.Factor(code).label) for code in codes]


def intent(line: HistoryLine, case: Application) -> Data:
    due_on = date.fromisoformat(line.facts["due_on"])
    return {
        "applied": _applied(case, line),
        "due_on": said.day(due_on),
        "factors": _factors(line.facts["factors"]),
        "reason": line.reason,
    }


def refusal(line: HistoryLine, case: Application) -> Data:
    until = contestable_until(legal_day(line.at))
    decision = case.steps.get(step=DecisionStep.Step.DECIDE, at=line.at)
    return {
        "applied": _applied(case, line),
        "announced": [
            {
                "on": said.day(legal_day(one.opened_at)),
                "due_on": said.day(one.due_on),
                "answered_on": one.answered and said.day(legal_day(one.answered.at)),
            }
            for one in intents_before(decision)
        ],
        "factors": _factors(line.facts["factors"]),
        "reason": line.reason,
        "provisions": said.rests_on(case, "refuse", line.at),
        "contest_days": CONTEST_DAYS,
        "served": said.both(lambda: SERVED_HOW),
        "moved": said.both(lambda: MOVED_HOW),
        "contest_until": until and said.day(until),
    }


def grant(line: HistoryLine, case: Application) -> Data:
    license = License.objects.get(ref=line.facts["license"])
    found = _granted(case)
    return {
        **_table(found, line),
        "license": license.ref,
        "replaces": license.replaces and license.replaces.ref,
        "special": license.special,
        "from": said.day(license.usable_from),
        "until": said.day(license.usable_until),
        "provisions": said.rests_on(case, "issue", line.at) if found.in_part else [],
        "reason": found.reason,
    }


def _granted(case: Application) -> granted.Granted:
    [row] = Application.objects.filter(pk=case.pk).prefetch_related(steps())
    found = granted.decided(row)
    assert found is not None, "what is issued was granted"
    return found


def _table(found: granted.Granted, line: HistoryLine) -> Data:
    """What was granted, beside what was asked."""
    left_out: list[ApplicationEndUser] = found.left_out
    parties = said.Parties([user.party for user in left_out], line.at)
    return {
        "in_part": found.in_part,
        "lines": [
            {
                **_goods(one),
                "asked": said.amount(one.quantity, one.unit),
                "granted": said.amount(quantity, one.unit) if quantity else None,
            }
            for one, quantity in found.lines
        ],
        "left_out": [parties.said(user.party_id) for user in left_out],
        "shorter": found.shorter,
    }


def _of_what_stands(case: Application, line: HistoryLine) -> list[Data]:
    """Of the refusal that is upheld, or of what it was changed to where that is less than was asked."""
    if line.verb == "uphold":
        refused = HistoryLine.objects.filter(
            subject_kind="application", subject_id=case.pk, verb="refuse", seq__lt=line.seq
        )
        return said.rests_on(case, "refuse", refused.latest("seq").at)
    return said.rests_on(case, "change", line.at) if line.facts.get("in_part") else []


def reconsideration(line: HistoryLine, case: Application) -> Data:
    facts = line.facts
    return {
        "provisions": _of_what_stands(case, line),
        "step": line.verb,
        "title": said.both(lambda: RECONSIDERED[line.verb]),
        "due_on": said.day(date.fromisoformat(facts["due_on"])) if "due_on" in facts else None,
        "day_0": said.day(date.fromisoformat(facts["day_0"])) if "day_0" in facts else None,
        "accept_days": ACCEPT_DAYS,
        "factors": _factors(facts.get("factors", [])),
        "reason": line.reason,
        **_changed(line, case),
    }


def _changed(line: HistoryLine, case: Application) -> Data:
    """What a refusal was changed to, whatever became of that since; nothing of other steps."""
    if line.verb != "change":
        return {}
    found = granted.of(case, granting_steps().get(application=case, step=DecisionStep.Step.RECONSIDER, at=line.at))
    assert found is not None, "what a refusal is changed to grants something"
    return {**_table(found, line), "months": found.months}


# --- licenses ---------------------------------------------------------------------------------------------


def _cause(line: HistoryLine) -> said.Both:
    return said.both(lambda: Suspension.Cause(line.facts["cause"]).label)


def _of_whom(line: HistoryLine) -> Data:
    """Which end-users and lines a cause is of; nothing where it is of the whole license."""
    facts = line.facts
    return {"end_users": facts.get("names", facts.get("end_users", "")), "lines": facts.get("lines", "")}


def suspension(line: HistoryLine, license: License) -> Data:
    """With the words that its holder reads on the license's page, and no others."""
    causes = license.suspensions.filter(opened_at=line.at).select_related("end_user__party", "edition")
    reasons = [said.both(lambda cause=cause: why(cause)) for cause in causes]
    return {
        "in_part": line.verb == "narrow",
        "rest": _rest(license, line),
        "contest_days": CONTEST_DAYS,
        "cause": _cause(line),
        **_of_whom(line),
        "reasons": [one for one in reasons if one["zh"]],
    }


def lift(line: HistoryLine, license: License) -> Data:
    """What was suspended can be used again, or is so still; or a part of the license that was closed is open again, or
    is closed still by another cause."""
    whom, part = _of_whom(line), ""
    if line.verb == "widen":
        part = "open"
    elif whom["end_users"] and line.from_state == line.to_state != "suspended":
        part = "closed"
    return {"cause": _cause(line), "reason": line.reason, "state": line.to_state, "part": part, **whom}


def revocation(line: HistoryLine, license: License) -> Data:
    found = license.revocation
    return {
        "way": said.both(lambda: EndReason(found.end_reason).label),
        "provision": found.provision,
        "reason": found.reason,
        "heard_on": found.heard_on and said.day(found.heard_on),
        "rest": _rest(license, line),
        "contest_days": CONTEST_DAYS,
    }


def _rest(license: License, line: HistoryLine) -> list[Data]:
    """What was free on each line that it is of when it happened, and what was held for shipments under way."""
    balances = balances_at(license, line.at)
    of = line.facts["lines"].split(", ") if line.verb == "narrow" else None
    return [
        {
            "number": one.number,
            "code": one.control_item.code,
            "left": said.amount(balances[one.number].left, one.unit),
            "held": said.amount(balances[one.number].held, one.unit),
            "over": said.amount(over, one.unit) if (over := balances[one.number].over) else None,
        }
        for one in license.lines.select_related("control_item").order_by("number")
        if of is None or str(one.number) in of
    ]


def replacement(line: HistoryLine, license: License) -> Data:
    new = License.objects.get(ref=line.facts["license"])
    return {"new": new.ref, "from": said.day(new.usable_from), "until": said.day(new.usable_until)}


def surrender(line: HistoryLine, license: License) -> Data:
    return {"reason": line.reason, "rest": _rest(license, line)}


# --- accounts ---------------------------------------------------------------------------------------------


def account(line: HistoryLine, exporter: Exporter) -> Data:
    """What was decided of it, by which order and on which provision, and what that does to its licenses."""
    facts, last_day = line.facts, line.facts.get("last_day")
    opened = Suspension.objects.filter(license__exporter=exporter, cause=Suspension.Cause.EXPORTER)
    causes = opened.filter(opened_at=line.at) | opened.filter(ended_at=line.at)
    lapsed = HistoryLine.objects.filter(subject_kind="qualification", subject_id=exporter.pk, verb="lapse", at=line.at)
    return {
        "step": line.verb,
        "title": said.both(lambda: OF_ACCOUNTS[line.verb]),
        "order": facts.get("number", ""),
        "provision": facts.get("provision", ""),
        "last_day": last_day and said.day(date.fromisoformat(last_day)),
        "reason": line.reason,
        "licenses": list(causes.order_by("license").values_list("license__ref", flat=True)),
        "lapsed": lapsed.exists(),
        "contest_days": CONTEST_DAYS,
    }


# the steps of a reconsideration that are told by a letter, and what each is called on it
RECONSIDERED: dict[str, "str | Promise"] = {
    "admit": _("Notice: request to reconsider accepted"),
    "admit_by_law": _("Notice: request to reconsider counts as accepted"),
    "extend": _("Notice: time to reconsider extended"),
    "uphold": _("Decision on reconsideration: upheld"),
    "change": _("Decision on reconsideration: changed"),
    "quash": _("Decision on reconsideration: quashed"),
}

# the same of the steps of an account
OF_ACCOUNTS: dict[str, "str | Promise"] = {
    "suspend": _("Decision: account suspended"),
    "bar": _("Decision: company barred"),
    "end_bar": _("Notice: the bar is over"),
    "reinstate": _("Decision: account reinstated"),
    "close": _("Confirmation: account closed"),
}

# what a letter is called after one of its steps, where that says more
CALLED: dict[str, dict[str, "str | Promise"]] = {
    "reconsideration": RECONSIDERED,
    "suspension": {"narrow": _("Notice: license closed in part")},
    "lift": {"widen": _("Notice: a part of the license is open again")},
}

Writer = Callable[[HistoryLine], Content]
LETTERS: list[tuple[str, "str | Promise", Writer, str, tuple[str, ...]]] = [
    ("receipt", _("Receipt, with the application as filed"), of_case(receipt), "application", ("submit", "resubmit")),
    ("acceptance", _("Notice of acceptance"), of_case(acceptance), "application", ("accept", "accept_by_law")),
    ("supplement", _("Notice of what is missing"), of_case(supplement), "application", ("request_supplement",)),
    ("rejection", _("Notice of non-acceptance"), of_case(reason_alone), "application", ("not_accept",)),
    ("pause", _("Notice that the clock stands still"), of_case(pause), "application", ("consult",)),
    ("resumption", _("Notice that the clock goes on"), of_case(resumption), "application", ("end_consult",)),
    ("intent", _("Notice of an intent to refuse"), of_case(intent), "application", ("intend",)),
    ("refusal", _("Decision: refused"), of_case(refusal), "application", ("refuse",)),
    ("grant", _("Decision: license granted"), of_case(grant), "application", ("issue",)),
    (
        "reconsideration",
        _("Letter about the reconsideration"),
        of_case(reconsideration),
        "application",
        tuple(RECONSIDERED),
    ),
    ("suspension", _("Notice of suspension"), of_license(suspension), "license", ("suspend", "narrow")),
    ("lift", _("Notice that a suspension was lifted"), of_license(lift), "license", ("lift", "widen")),
    ("revocation", _("Decision: license ended by the ministry"), of_license(revocation), "license", ("revoke",)),
    ("replacement", _("Notice that a license was replaced"), of_license(replacement), "license", ("replace",)),
    ("surrender", _("Confirmation: license handed back"), of_license(surrender), "license", ("surrender",)),
    ("account", _("Letter about the account"), of_account(account), "exporter", tuple(OF_ACCOUNTS)),
]
for name, label, write, noun, verbs in LETTERS:
    papers(Kind(name, label, said.TEMPLATES / f"{name}.typ", write, CALLED.get(name, {})), noun, *verbs)
