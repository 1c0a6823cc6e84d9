"""What several papers say, as their templates take it: words in Chinese and English, people as they stood then."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils.translation import override

from core.languages import day_in_words
from core.legal_time import LEGAL_ZONE, legal_day
from core.models import Country, HistoryLine, Organization
from core.templatetags.lodestone import quantity_bare, unit_word
from exporters.models import PERSONS, Exporter, Party
from exporters.selectors import contacts_at, facts_at
from licensing.actions.declarations import stated
from licensing.models import Application, Declaration, DeclarationEntry, EndUse, PolicyEdition
from licensing.selectors.editions import rules_of

TEMPLATES = Path(__file__).parent
Both = dict[str, str]
LAWS = ("ECL", "DUR")  # on which every license rests, where the edition names them as law


def both(say: Callable[[], object]) -> Both:
    """What this says to a reader of Chinese, and to one of English."""
    found = {}
    for name, language in (("zh", "zh-hans"), ("en", "en")):
        with override(language):
            found[name] = str(say())
    return found


def close(text: str) -> str:
    """A number and its sign stay on one line."""
    return text.replace(" %", "\u00a0%")


def day(value: date) -> Both:
    return both(lambda: day_in_words(value))


def instant(at: datetime) -> Both:
    """On the legal clock."""
    time = f"{at.astimezone(LEGAL_ZONE):%H:%M}"
    return {name: f"{said} {time}" for name, said in day(legal_day(at)).items()}


def unit(name: str) -> Both:
    return both(lambda: unit_word(name))


def amount(base: int, of: str) -> dict[str, Any]:
    """A quantity and its unit, apart."""
    return {"quantity": quantity_bare(base, of), "unit": unit(of)}


def head(line: HistoryLine, exporter: Exporter) -> dict[str, Any]:
    """Who writes, to whom, and of which day it is."""
    offices = Organization.objects.filter(kind="ministry").order_by("pk")
    office = offices.filter(memberships__user=line.actor_id).first() or offices.get()
    return {
        "ref": line.subject_ref,
        "authority": named(office),
        "exporter": company(exporter, line.at),
        "day": day(legal_day(line.at)),
    }


def company(exporter: Exporter, at: datetime) -> dict[str, Any]:
    """As it was called at that instant, and where it was: names and address change, and what was decided does not."""
    stood = facts_at(exporter, at)
    names = {"zh": stood["name_zh"] or stood["name_en"], "en": stood["name_en"]}
    return {**names, "code": exporter.uscc, "address": stood["address"]}


def responsible(exporter: Exporter, at: datetime) -> dict[str, Any]:
    """The company's customs code, and who answers for it by which telephone, as that stood at that instant."""
    stood = facts_at(exporter, at) | contacts_at(exporter, at)
    persons = {name: ", ".join(filter(None, [stood[name], stood[f"{name}_phone"]])) for name in PERSONS}
    return {"customs_code": stood["customs_code"], **persons}


def declared(row: Declaration, at: datetime) -> dict[str, Any]:
    """What it said at that instant, by field: of one that was taken back since, what was signed then."""
    taken = row.thread.filter(kind=DeclarationEntry.Kind.REDO, at__gt=at).first()
    return (taken.before if taken else row.as_signed) or stated(row)


class Parties:
    """People abroad as they stood at an instant: whatever was entered since is not what was decided."""

    def __init__(self, parties: Iterable[Party], at: datetime) -> None:
        self.entered = {party.pk: dict(party.entered) for party in parties}
        changes = HistoryLine.objects.filter(
            subject_kind="party", verb="change", subject_id__in=self.entered, at__gt=at
        ).order_by("-seq")
        for change in changes:
            self.entered[change.subject_id] |= change.facts["before"]
        countries = Country.objects.in_bulk([one["country"] for one in self.entered.values()])
        self.countries = {
            code: {"zh": one.name_zh or one.name_en, "en": one.name_en} for code, one in countries.items()
        }

    def said(self, party: int) -> dict[str, Any]:
        entry = self.entered[party]
        return {
            "name": entry["name"],
            "local": entry["name_local"],
            "site": entry["site_address"] or entry["address"],
            "country": self.countries[entry["country"]],
        }


def countries(codes: Iterable[str]) -> list[Both]:
    found = Country.objects.in_bulk(list(codes))
    return [named(one) for _code, one in sorted(found.items())]


def named(row: Country | Organization | EndUse) -> Both:
    return {"zh": row.name_zh or row.name_en, "en": row.name_en}


def document_of(edition: str) -> Mapping[str, Any]:
    """The edition's whole text, read."""
    digest = PolicyEdition.objects.values_list("digest", flat=True).get(code=edition)
    return rules_of(digest).edition.document


def provisions(matched: Iterable[Iterable[str]], document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each law and announcement on which one of these findings rests, by its name, with what its rules say. A default
    of this product, and what nobody has verified, is no provision. matched: the rules of each."""
    met = {rule for rules in matched for rule in rules}
    named = {row["id"]: row for row in document["instruments"]}
    found: dict[str, dict[str, Any]] = {}
    for rule in document["rules"]:
        if rule["id"] not in met or rule["authority"] == "product" or not rule["verified"]:
            continue
        of = named[rule["instrument"]]
        said = found.setdefault(of["id"], {**title(of), "rules": []})
        said["rules"].append({"zh": rule["rationale_zh"], "en": rule["rationale_en"]})
    return list(found.values())


def rests_on(case: Application, moment: str, at: datetime) -> list[dict[str, Any]]:
    """The provisions on which what was found of the case rests, at this moment of it, by the rules of that day: letters
    and pages name them from here."""
    # of thousands of findings a few say something else
    rows = case.findings.filter(moment=moment, found_at=at).order_by().values_list("edition", "matched")
    found = list(rows.distinct())
    return provisions([rules for _edition, rules in found], document_of(found[0][0])) if found else []


def title(instrument: Mapping[str, Any]) -> Both:
    return {"zh": instrument["title_zh"], "en": instrument["title_en"]}


def laws(document: Mapping[str, Any]) -> list[Both]:
    named = {row["id"]: row for row in document["instruments"] if row["authority"] == "law"}
    return [title(named[law]) for law in LAWS if law in named]


def modes(case: Application) -> list[Both]:
    """By which mode of trade its goods are exported, and how they leave; of what nobody said nothing."""
    of = [(case.trade_mode, case.get_trade_mode_display), (case.transport_mode, case.get_transport_mode_display)]
    return [both(word) for slug, word in of if slug]
