"""The verbs of exporters and their parties; what is changed once a company is verified stands in `changes`."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from stdnum.cn import uscc as credit_code
from stdnum.exceptions import ValidationError as BadNumber

from core import provinces
from core.access import Actor
from core.actions import keep_file, taken_names
from core.command import command
from core.errors import DomainError, Forbidden, Invalid, Problem, WrongState
from core.files import PAPER
from core.history import in_turn, move, record, require, require_version
from core.legal_time import legal_now
from core.locks import lock
from core.models import Kind, Membership, Organization, Role, User
from core.references import draw
from exporters.models import (
    CREDIT_CODE_LENGTH,
    CUSTOMS_CODE_PATTERN,
    CUSTOMS_CODE_WORDS,
    PERSONS,
    PHONE,
    PHONES,
    Exporter,
    Party,
    Qualification,
)
from exporters.selectors import exporters_for, holders_of, parties_for
from exporters.states import ExporterState

FILE_KINDS = PAPER  # of the files that its verbs take
NEEDED = (*PERSONS, "handler_phone", "province", "address", "business_license")
IDENTITY = ("name_en", "name_zh", "uscc")
# in the order of the page, as the next
STATED = ("province", "address", "customs_code", *PERSONS, *PHONES)
MENDED = (*IDENTITY, *STATED, "business_license")


def read_credit_code(text: str) -> str:
    """The code, check character verified. Raises Invalid naming the field.

    Source: GB 32100 (through python-stdnum).
    """
    try:
        return credit_code.validate(text)
    except BadNumber as error:
        message = _(
            "This is not a unified social credit code: {n} characters, the last one checks the others. "
            "Copy it from the business license."
        ).format(n=CREDIT_CODE_LENGTH)
        raise Invalid([Problem("/uscc", "invalid-credit-code", message)]) from error


def read_customs_code(text: str) -> str:
    """The characters under which customs registered the company, without blanks and in capitals; nothing for none.
    Raises Invalid naming the field."""
    code = "".join(text.split()).upper()
    if code and not re.fullmatch(CUSTOMS_CODE_PATTERN, code):
        text = _("A customs registration code has {characters}. Copy it from the registration.")
        message = text.format(characters=CUSTOMS_CODE_WORDS)
        raise Invalid([Problem("/customs_code", "invalid-customs-code", message)])
    return code


def read_phone(text: str, name: str) -> str:
    """The number as people write it, in digits of this alphabet; nothing for none. Raises Invalid naming the field."""
    number = " ".join(unicodedata.normalize("NFKC", text).split())
    digits = sum(character.isdigit() for character in number)
    if number and not (re.fullmatch(PHONE, number, re.ASCII) and 7 <= digits <= 15):
        message = _("Write a telephone number in digits, with its area code, such as +86 138 0013 8000.")
        raise Invalid([Problem(f"/{name}", "invalid-phone", message)])
    return number


def require_free_credit_code(text: str) -> str:
    """The code, which no verified company holds; drafts that typed it do not count. Raises Invalid otherwise."""
    code = read_credit_code(text)
    if holders_of(code).exists():
        message = _("This company is already registered. Ask its administrators (its signatories) to add you.")
        raise Invalid([Problem("/uscc", "already-registered", message)])
    return code


def require_free_names(**names: str) -> None:
    """None of the names is that of the ministry or of a customs office. Raises Invalid otherwise."""
    message = _("This is the name of an authority. Give the name that stands in the business license.")
    if problems := taken_names(names, Organization.objects.exclude(kind=Kind.EXPORTER), message):
        raise Invalid(problems)


def join(user: User, *, name_en: str, name_zh: str, uscc: str) -> Exporter:
    """The new person is signatory of a new exporter in draft. Runs inside sign-up's transaction."""
    code = require_free_credit_code(uscc)
    require_free_names(name_en=name_en, name_zh=name_zh)
    organization = Organization.objects.create(kind="exporter", name_en=name_en, name_zh=name_zh)
    exporter = Exporter.objects.create(organization=organization, uscc=code)
    Qualification.objects.create(exporter=exporter)
    Membership.objects.create(user=user, organization=organization, roles=[Role.SIGNATORY])
    actor = Actor(user, organization, roles=frozenset({Role.SIGNATORY}))
    record(exporter, "join", by=actor, facts={"uscc": code})
    return exporter


@command
def describe(*, seen: int, by: Actor, business_license: tuple[str, bytes] | None = None, **facts: Any) -> Exporter:
    """The draft says what the form said, with the business license when one was handed in.

    Names and credit code, too, when a signatory mends what was typed at sign-up; history says from what to what.
    """
    exporter = lock(exporters_for(by), pk=by.organization_id)
    sent = WrongState(_("The account was sent in; ask the ministry to return it before you change it."))
    in_turn(exporter, may=True, obstacle=sent if exporter.state != ExporterState.DRAFT else None, seen=seen)
    if "customs_code" in facts:
        facts["customs_code"] = read_customs_code(facts["customs_code"])
    facts |= {name: read_phone(facts[name], name) for name in PHONES if name in facts}
    corrected = _correct(exporter, {name: facts[name] for name in IDENTITY if name in facts}, by)
    for name in STATED:
        if name in facts:
            setattr(exporter, name, facts[name])
    if business_license:
        name, content = business_license
        exporter.business_license = keep_file(name, content, field="business_license", by=by, kinds=FILE_KINDS)
    exporter.save()
    record(exporter, "correct" if corrected else "describe", by=by, facts=corrected)
    return exporter


def _correct(exporter: Exporter, typed: dict[str, str], by: Actor) -> dict[str, str]:
    """Names and code are what was typed. What they were and are, for the history; empty when nothing changed."""
    organization = exporter.organization
    before = {"name_en": organization.name_en, "name_zh": organization.name_zh, "uscc": exporter.uscc}
    if "uscc" in typed:
        typed["uscc"] = read_credit_code(typed["uscc"])
    after = before | typed
    if after == before:
        return {}
    if not by.may("exporter.submit"):
        raise Forbidden(_("A signatory of your company mends its names and its credit code."))
    if after["uscc"] != before["uscc"]:
        exporter.uscc = require_free_credit_code(after["uscc"])
    require_free_names(**{name: after[name] for name in ("name_en", "name_zh") if after[name] != before[name]})
    organization.name_en, organization.name_zh = after["name_en"], after["name_zh"]
    organization.save(update_fields=["name_en", "name_zh"])
    return {"before": " · ".join(before.values()), "after": " · ".join(after.values())}


@command
def state_province(*, province: str, by: Actor) -> Exporter:
    """The company, sent in or verified, says in which province it is, where nobody knew that: once.

    It stays verified: the business license that an officer compared says the same, and history says who stated it.
    Raises WrongState for a draft, and for a company that has a province.
    """
    exporter = lock(exporters_for(by), pk=by.organization_id)
    if exporter.state == ExporterState.DRAFT or exporter.province:
        raise WrongState(_("The province stands already, or is among the facts that you send in."))
    if province not in provinces.table():
        raise Invalid([Problem("/province", "required", _("Choose one of the provinces."))])
    exporter.province = province
    exporter.save(update_fields=["province"])
    record(exporter, "state_province", by=by, facts={"province": province})
    return exporter


def what_is_missing(facts: Mapping[str, Any]) -> list[Problem]:
    """Every fact that stands between these and verification."""
    message = _("Needed before the account can be verified.")
    return [Problem(f"/{name}", "required", message) for name in NEEDED if not facts.get(name)]


@command
def submit(*, seen: int, by: Actor) -> Exporter:
    """The account waits for an intake officer. Raises Invalid with everything that is missing.

    Two accounts with one credit code may wait: a stranger who was faster must not keep the company out. The officer
    sees both, and the business license says whose code it is.
    """
    exporter = lock(exporters_for(by), pk=by.organization_id)
    require(exporter.submit, by=by, seen=seen)
    require_free_credit_code(exporter.uscc)
    missing = what_is_missing({name: getattr(exporter, name) for name in NEEDED})
    if missing:
        raise Invalid(missing)
    move(exporter.submit, by=by)
    return exporter


@command
def verify(pk: int, *, seen: int, by: Actor) -> Exporter:
    """The exporter is active and holds its credit code: the officer saw that the business license matches.

    Raises DomainError already-registered when another company was verified under that code, however close the race.
    """
    exporter = lock(exporters_for(by), pk=pk)
    require(exporter.verify, by=by, seen=seen)
    at = legal_now()
    try:
        with transaction.atomic():
            move(exporter.verify, by=by, at=at, verified_at=at)
    except IntegrityError as error:
        if "exporter_code_held_once" not in str(error):
            raise
        message = _(
            "Another company is verified under this credit code. Return this account: its people ask the "
            "administrators of that company."
        )
        raise DomainError(message, code="already-registered") from error
    return exporter


@command
def send_back(pk: int, *, seen: int, reason: str, mend: Sequence[str] = (), by: Actor) -> Exporter:
    """The exporter is in draft again and knows why, and which of its facts (mend) are to be looked at."""
    exporter = lock(exporters_for(by), pk=pk)
    require(exporter.send_back, by=by, seen=seen)
    move(exporter.send_back, by=by, reason=reason, facts={"mend": [name for name in MENDED if name in mend]})
    return exporter


def _require_letters(name: str) -> None:
    if not any(character.isalnum() for character in name):
        raise Invalid([Problem("/name", "blank", _("A name has at least one letter or digit."))])


@command
def add_party(*, by: Actor, **facts: Any) -> Party:
    """A party abroad is in the exporter's address book."""
    _require_letters(facts["name"])
    party = Party.objects.create(
        ref=draw(Party.PREFIX),
        exporter_id=by.organization_id,
        created_at=legal_now(),
        **{name: facts[name] for name in Party.ENTERED if name in facts},
    )
    record(party, "add", by=by)
    return party


@command
def change_party(ref: str, *, version: int, by: Actor, **facts: Any) -> Party:
    """The party says what the form said; applications already filed keep pointing at it.

    Raises DomainError 412 `stale` when somebody changed it since version was read.
    """
    party = lock(parties_for(by).filter(exporter_id=by.organization_id), ref=ref)
    require_version(party, version)
    _require_letters(facts["name"])
    before = party.entered
    for name in Party.ENTERED:
        if name in facts:
            setattr(party, name, facts[name])
    party.version += 1
    party.save()
    changed = [name for name, now in party.entered.items() if before[name] != now]
    record(party, "change", by=by, facts={"changed": changed, "before": {name: before[name] for name in changed}})
    return party
