"""The verbs of editions: a draft is written by one and approved by another; what was approved starts by itself."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from core import characters
from core.access import Actor
from core.command import command
from core.errors import DomainError, Invalid, NotFound, WrongState
from core.files import too_large
from core.history import in_turn, move, record, require, require_may
from core.legal_time import day_start, legal_day, legal_now
from core.locks import lock
from core.references import draw
from core.selectors import unknown_countries
from exporters import rules
from licensing.actions.lists import put_on_lists
from licensing.actions.needs import HASTE, Coming, not_ahead, require_needs
from licensing.models import Draft, PolicyEdition, Signature
from licensing.policy.comparison import Comparison, of_other_goods, only_adds
from licensing.policy.editions import (
    Edition,
    Flaw,
    Unreadable,
    canonical,
    countries_of,
    digest_of,
    read,
    short_graces,
    texts_of,
)
from licensing.policy.edits import NAMED, NoSuchRow, Taken, key_of, put
from licensing.policy.engine import ENGINE
from licensing.selectors import (
    compared,
    compiled,
    drafts_for,
    editions_at,
    rules_of,
)
from licensing.selectors.drafts import SIMULATED, start_of
from licensing.states import DraftState
from licensing.words.flaws import unreadable

Part = Signature.Part


@command
def draft(*, base: str = "", title: str, by: Actor) -> Draft:
    """A draft with the text of an edition, this one its author. base: the edition's name; the one in force without it.

    Its title stands for both languages until somebody says it in each (describe).

    Raises NotFound when there is no such edition.
    """
    require_may(rules.officer("draft.new")(None, by))
    at = legal_now()
    edition = PolicyEdition.objects.filter(code=base or editions_at(at).of(legal_day(at))[0]).first()
    if edition is None:
        raise NotFound()
    facts = {"base": edition, "text": edition.text, "digest": edition.digest, "created_at": at}
    row = Draft.objects.create(ref=draw(Draft.PREFIX), title_en=title, title_zh=title, **facts)
    _sign(row, Part.AUTHOR, row.digest, by, at)
    record(row, "draft", by=by, at=at, edition=edition.code, facts={"base": edition.code})
    return row


@command
def change(ref: str, *, seen: int, part: str, key: str, row: Mapping[str, Any] | None, by: Actor) -> Draft:
    """One row of the draft's rules is as given: another one of that key (key "": one more; row None: it is gone).

    part: as licensing.policy.edits names them. Raises Invalid with each flaw that the text would have, NotFound for a
    part or key that it has not, FourEyes for whoever approved it.
    """
    found = lock(drafts_for(by), ref=ref)
    in_turn(found, may=rules.officer("desk.draft.row")(found, by), obstacle=_not_to_change(found), seen=seen)
    try:
        document = put(compiled(found.text).edition.document, part, key, row)
    except NoSuchRow:
        raise NotFound() from None
    except Taken as taken:
        raise unreadable([Flaw(f"/{part}/-/{NAMED}", "id-twice", str(taken))]) from None
    text, at = _written(found, document, by)
    found.text, found.digest = text, digest_of(text)
    found.save(update_fields=["text", "digest"])
    named = key_of(part, row) if row is not None else key
    if part == "rules" and row is not None and found.starts_on:
        _require_grace(compiled(text).edition, named, found.starts_on)
    does = "drop" if row is None else "put" if key else "add"
    record(found, "change", by=by, at=at, before=found.state, facts={"part": part, "row": named, "does": does})
    return found


def _not_to_change(row: Draft) -> WrongState | None:
    if row.state != DraftState.DRAFT:
        return WrongState(_("This was approved and is never changed again. Make a new draft of it instead."))
    return row.shown()


def _require_grace(edition: Edition, rule: str, starts_on: date) -> None:
    """The grace that this rule of the draft begins to give is not over on its first day. Raises Invalid."""
    at = [row["id"] for row in edition.document["rules"]].index(rule)
    short = short_graces(rules_of(editions_at().before(day_start(starts_on)).digest).edition, edition, starts_on)
    if own := [flaw for flaw in short if flaw.where.startswith(f"/rules/{at}/")]:
        raise unreadable(own, document=edition.document)


@command
def load(ref: str, *, seen: int, file: tuple[str, bytes] | None, by: Actor) -> Draft:
    """The draft's rules are those of the file, an edition's document as it is downloaded. Raises as `change` does."""
    row = lock(drafts_for(by), ref=ref)
    require(row.load, by=by, seen=seen)
    name, content = file or ("", b"")
    if problems := too_large(content, field="file"):  # a form reads no more of it; this may end within a character
        raise Invalid(problems)
    try:
        document = _read(content.decode("utf-8")).document
    except UnicodeDecodeError:
        raise unreadable([Flaw("", "no-json")], "/file") from None
    except Unreadable as refused:
        raise unreadable(refused.flaws[:20], "/file") from None
    text, at = _written(row, document, by)
    move(row.load, by=by, at=at, facts={"file": name[:80]}, text=text, digest=digest_of(text))
    return row


def _read(text: str) -> Edition:
    """The edition that this text is, which names only countries that there are, in characters that are read as they
    are stored. Raises Unreadable with each flaw."""
    edition = read(text)
    texts = ((where, characters.wrong(said, several_lines=True)) for where, said in texts_of(edition.document))
    if unfit := [Flaw(where, code) for where, code in texts if code]:
        raise Unreadable(unfit)
    named = list(countries_of(edition.document))
    unknown = unknown_countries({code for _, code in named})
    if flaws := [Flaw(where, "matches-nothing", code) for where, code in named if code in unknown]:
        raise Unreadable(flaws)
    return edition


def _written(row: Draft, document: Mapping[str, Any], by: Actor) -> tuple[str, datetime]:
    """The text of this document, of which this person is an author now. Raises Invalid with each flaw."""
    text = canonical(document)
    try:
        _read(text)
    except Unreadable as refused:
        raise unreadable(refused.flaws, document=document) from None
    at = legal_now()
    _sign(row, Part.AUTHOR, digest_of(text), by, at)
    return text, at


@command
def describe(
    ref: str,
    *,
    seen: int,
    title_en: str,
    title_zh: str,
    statement_en: str,
    statement_zh: str,
    starts_on: date | None,
    by: Actor,
) -> Draft:
    """The draft has this title, public statement and first day. Its text is as it was."""
    row = lock(drafts_for(by), ref=ref)
    require(row.describe, by=by, seen=seen)
    at = legal_now()
    if starts_on is not None and (refusal := not_ahead(starts_on, at)):
        raise refusal
    _sign(row, Part.AUTHOR, row.digest, by, at)
    words = {"title_en": title_en, "title_zh": title_zh, "statement_en": statement_en, "statement_zh": statement_zh}
    move(row.describe, by=by, at=at, facts={"starts_on": str(starts_on or "")}, starts_on=starts_on, **words)
    return row


@command
def approve(ref: str, *, seen: int, by: Actor) -> Draft:
    """The draft's text is an edition, in force from 00:00 of its first day on; nobody changes it any more.

    Raises FourEyes for its authors, and the refusal of the first of NEEDS that is not met.
    """
    row = lock(drafts_for(by), ref=ref)
    require(row.approve, by=by, seen=seen)
    _alone()
    at = legal_now()
    prefetch_related_objects([row], SIMULATED)
    starts_at = start_of(row, at)
    require_needs(Coming(row, starts_at, editions_at(at)))
    _sign(row, Part.APPROVER, row.digest, by, at)
    edition = _put_in_force(row, row.text, starts_at)
    move(row.approve, by=by, at=at, edition=edition.code, facts={"starts_on": str(row.starts_on)})
    return row


@command
def hasten(ref: str, *, seen: int, reason: str, by: Actor) -> Draft:
    """An approver has signed this text as an emergency; at the last signature it is in force some seconds later.

    Raises as `approve` does, and DomainError loosens where it is milder than what is in force in any case that could
    exist, too-many-to-compare where these are too many and it does more than add what can't loosen.
    """
    row = lock(drafts_for(by), ref=ref)
    require(row.hasten, by=by, seen=seen)
    _alone()
    at = legal_now()
    _require_no_loosening(row, at + HASTE)
    require_needs(Coming(row, at + HASTE, editions_at(at)), hastens=True)
    _sign(row, Part.APPROVER, row.digest, by, at, once=True)
    words: dict[str, Any] = {"by": by, "at": at, "reason": reason, "facts": {"signatures": len(row.hastened(at))}}
    if not row.enough_signed(at):
        move(row.hasten, **words)
        return row
    edition = _put_in_force(row, row.text, at + HASTE)
    move(row.hasten_as_second, **words, edition=edition.code)
    return row


@command
def unsign(ref: str, *, seen: int, by: Actor) -> Draft:
    """This person's signature of the emergency counts no more, and may be given again."""
    row = lock(drafts_for(by), ref=ref)
    require(row.unsign, by=by, seen=seen)
    at = legal_now()
    move(row.unsign, by=by, at=at)
    Signature.objects.create(draft=row, part=Part.WITHDRAWN, actor=by.user, digest=row.digest, at=at)
    return row


@command
def repeal(ref: str, *, seen: int, reason: str, by: Actor) -> Draft:
    """What was approved never starts: another edition of the same start takes it back, and neither of them counts.

    Raises FourEyes for its authors, DomainError started when it is in force already, or is within seconds.
    """
    row = lock(drafts_for(by), ref=ref)
    require(row.repeal, by=by, seen=seen)
    _alone()
    at = legal_now()
    edition = row.editions.latest("pk")
    if edition.starts_at <= at + HASTE:
        started = _("It has started. Undo it by a new draft of the earlier edition.")
        raise DomainError(started, code="started")
    earlier = editions_at(at).before(edition.starts_at)[1]
    text = PolicyEdition.objects.filter(digest=earlier).values_list("text", flat=True)[:1].get()
    _sign(row, Part.APPROVER, earlier, by, at)
    instead = _put_in_force(row, text, edition.starts_at, repeals=edition)
    move(row.repeal, by=by, at=at, reason=reason, edition=instead.code, facts={"repealed": edition.code})
    return row


def _alone() -> None:
    """Nobody else puts an edition in force until this transaction ends. The clock is read after that wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('licensing_policyedition'))")


def _require_no_loosening(row: Draft, starts_at: datetime) -> None:
    """It is nowhere milder than what it follows: for nobody who files or has filed, and for nobody who holds a license.

    Raises DomainError loosens or too-many-to-compare.
    """
    follows = editions_at(starts_at).before(starts_at)[1]
    if refusal := no_emergency(compared(follows, row.text, since=legal_day(starts_at)), follows, row.text):
        raise refusal


def no_emergency(found: Comparison, follows: str, text: str) -> DomainError | None:
    """Why this text, by what was found of it beside that edition, can be no emergency; None where it can.

    What is not compared case by case (whom a rule hits, how it hits those who hold one) may only be added, and what is
    to hold everywhere is weakened or struck by no emergency, whatever its reason.
    """
    for_holders = [one for one in found.reach if one.otherwise or not one.before <= one.after]
    old, new = rules_of(follows), compiled(text)
    beside = for_holders or found.weaker or of_other_goods(old.edition, new.edition)
    if found.loosens or found.of_others or beside:
        loosens = _("An emergency may loosen nowhere, and this does, or may. See what it changes; approve it by a day.")
        return DomainError(loosens, code="loosens")
    if (found.sampled or found.together) and not only_adds(old.edition, new.edition):
        many = _(
            "The rules name too many countries to compare every set of them, so nobody can show that this loosens "
            "nowhere. Only add rules that prohibit or ask for more, and that grant, override and set nothing; or "
            "approve it by a day."
        )
        return DomainError(many, code="too-many-to-compare")
    return None


def _sign(row: Draft, part: str, digest: str, by: Actor, at: datetime, *, once: bool = False) -> None:
    """This person wrote, or approved, this text. Raises FourEyes for an author who signed it (the other way round the
    graph does); or, `once`, when he signed within a day."""
    if part == Part.AUTHOR and (why := row.approved_by(by)):
        raise why
    if once and (why := row.signed_by(by, at)):
        raise why
    Signature.objects.create(draft=row, part=part, actor=by.user, digest=digest, at=at)


def _put_in_force(row: Draft, text: str, starts_at: datetime, *, repeals: PolicyEdition | None = None) -> PolicyEdition:
    digest = digest_of(text)
    name = f"{legal_day(starts_at)}-{digest[:6]}"
    again = PolicyEdition.objects.filter(code__startswith=name).count()
    put_on_lists(compiled(text).edition.document)
    return PolicyEdition.objects.create(
        code=f"{name}-{again + 1}" if again else name,
        title_en=row.title_en,
        title_zh=row.title_zh,
        text=text,
        digest=digest,
        engine=ENGINE,
        starts_at=starts_at,
        draft=row,
        repeals=repeals,
    )
