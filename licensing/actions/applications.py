"""What applicants and intake officers do with an application."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.access import Actor
from core.actions import keep_file
from core.command import command
from core.errors import Invalid, NotFound, Problem, WrongState
from core.files import PAPER
from core.history import move, record, require, require_version
from core.legal_time import legal_day, legal_now, legal_today
from core.locks import lock, lock_all
from core.references import draw
from exporters.models import Exporter
from licensing.actions.amendments import (
    asks_nothing,
    other_first_day,
    other_lines,
    require_amendable,
    require_none_closed,
)
from licensing.actions.drafts import SAID, Draft
from licensing.actions.findings import freeze, problems_of
from licensing.actions.reliance import lacking_of, undeclared, unreliable
from licensing.models import (
    CIRCUMSTANCES_LEAST,
    DESCRIBED,
    LONE,
    Application,
    ApplicationDocument,
    Declaration,
    Kind,
)
from licensing.policy.vocabulary import DOMESTIC
from licensing.selectors import Judged, applications_for, judge, of_former_persons, usable_declarations
from licensing.selectors.floors import floors_of
from licensing.states import ApplicationState

USUAL = gettext_lazy("Only an application under special circumstances says these: choose that kind, or empty this.")
SIGNED_AHEAD = gettext_lazy("The day on which the contract was signed can’t lie ahead.")
LINES_MOST = 50
FILE_KINDS = PAPER  # of the files that its verbs take


def takes_papers(row: Application) -> bool:
    """It is a draft, or a question about it is open."""
    if row.contested:
        return bool(row.questions.still_open().exists())
    return row.editable or row.state == ApplicationState.AWAITING_APPLICANT


def lock_with_exporter(ref: str, by: Actor) -> Application:
    """The case and its exporter are this transaction's, the exporter's row first (core/locks.csv)."""
    exporter = lock(Exporter.objects.filter(pk__in=applications_for(by).filter(ref=ref).order_by().values("exporter")))
    row = lock(applications_for(by), ref=ref)
    row.exporter = exporter
    return row


@command
def start(draft: Draft, *, by: Actor) -> Application:
    """An application in draft exists; only its organization sees it."""
    declared = _lock_declared(draft)
    row = Application(
        ref=draw(Application.PREFIX), exporter_id=by.organization_id, created_by=by.user, created_at=legal_now()
    )
    return write(row, draft, declared, by, "draft")


@command
def change(ref: str, draft: Draft, *, version: int, by: Actor) -> Application:
    """The draft says what the form said. Raises 412 stale when somebody else changed it meanwhile."""
    row = lock(applications_for(by), ref=ref)
    if not row.editable:
        raise WrongState(_("The application was sent; it can't be changed any more."))
    require_version(row, version)
    row.version += 1
    return write(row, draft, _lock_declared(draft), by, "edit")


def _lock_declared(draft: Draft) -> list[Declaration]:
    """Its declarations as they are now, and stay until this is done: of these end-users."""
    rows = {one.pk: one for one in lock_all(Declaration.objects.filter(pk__in=[one.pk for one in draft.end_users]))}
    return [rows[one.pk] for one in draft.end_users]


def _cited(draft: Draft, exporter: int) -> list[Problem]:
    """Where a line cites no signed answer of its own company, or one that found the goods to be another item."""
    problems = []
    for index, line in enumerate(draft.lines):
        if (asked := line.inquiry) is None:
            continue
        if asked.exporter_id != exporter or not asked.signed:
            message = _("Choose one of your own inquiries that were answered.")
            problems.append(Problem(f"/lines/{index}/inquiry", "unknown-reference", message))
        elif asked.control_item_id != line.control_item.pk:
            message = _("The answer to this inquiry found another item: {item}.").format(
                item=asked.control_item or _("Not controlled")
            )
            problems.append(Problem(f"/lines/{index}/inquiry", "inquiry-differs", message))
    return problems


def write(row: Application, draft: Draft, declared: list[Declaration], by: Actor, verb: str) -> Application:
    """The draft says this, with these declarations, and nothing else."""
    message = _("This label is for overseas exporters; choose an official code.")
    unofficial = [
        Problem(f"/lines/{index}/code", "not-official", message)
        for index, line in enumerate(draft.lines)
        if line.control_item.territory != DOMESTIC
    ]
    theirs = _("Choose among your own declarations and parties.")
    foreign = [
        Problem(f"/{name}", "unknown-reference", theirs)
        for name, rows in (("end_users", declared), ("consignees", draft.consignees))
        if any(one.exporter_id != row.exporter_id for one in rows)
    ]
    other = other_lines(row, [(line.control_item.pk, line.unit) for line in draft.lines])
    other += other_first_day(row, draft.planned_from)
    if (draft.kind == Kind.AMENDMENT) != (row.amends is not None):
        other.append(Problem("/kind", "out-of-range", _("Begin the change of a license on its own page.")))
    if row.renews is not None and draft.kind != row.renews.kind:
        message = _("A renewal is of an annual license. For another kind begin an application by itself.")
        other.append(Problem("/kind", "out-of-range", message))
    if draft.circumstances and row.grants_as(draft.kind) != Kind.SPECIAL:
        other.append(Problem("/circumstances", "out-of-range", str(USUAL)))
    other += _signed_ahead(draft.contract_on, legal_today())
    if problems := [*unofficial, *foreign, *other, *_cited(draft, row.exporter_id)]:
        raise Invalid(problems)
    for name in SAID:
        setattr(row, name, getattr(draft, name))
    row.destinations = sorted({declaration.end_user.country_id for declaration in declared})
    row.save()
    row.lines.all().delete()
    for number, line in enumerate(draft.lines, 1):
        row.lines.create(
            number=number,
            control_item=line.control_item,
            description=line.description,
            quantity=line.quantity,
            unit=line.unit,
            hs_code=line.hs_code,
            unit_price=line.unit_price,
            composition=line.composition,
            inquiry=line.inquiry,
            **{name: getattr(line, name) for name in DESCRIBED},
        )
    # delete() would look for steps that name these, in a table from which the application's role may delete nothing
    end_users = row.end_users.all()
    end_users._raw_delete(end_users.db)
    for declaration in declared:
        row.end_users.create(party=declaration.end_user, declaration=declaration)
    row.consignees.set(draft.consignees)
    record(row, verb, by=by)
    return row


@command
def add_document(ref: str, *, type: str, file: tuple[str, bytes], by: Actor) -> ApplicationDocument:
    """The PDF hangs on the draft, or on the case of which something is asked, kept with its hash."""
    row = lock(applications_for(by), ref=ref)
    if not takes_papers(row):
        raise WrongState(_("Papers can be added while the application is a draft, and while a question is open."))
    document = keep_file(*file, field="file", by=by, kinds=FILE_KINDS)
    record(row, "add_document", by=by, facts={"type": type, "sha256": document.sha256})
    return row.documents.create(type=type, document=document)


@command
def remove_document(ref: str, pk: int, *, by: Actor) -> None:
    """The draft no longer refers to the paper; the file itself stays on record."""
    row = lock(applications_for(by), ref=ref)
    if not row.editable:
        raise WrongState(_("Papers can be removed while the application is a draft."))
    paper = row.documents.filter(pk=pk).first()
    if paper is None:
        raise NotFound()
    paper.delete()
    record(row, "remove_document", by=by, facts={"type": paper.type})


def what_is_missing(row: Application, *, at: datetime, judged: Sequence[Judged] | None = None) -> list[Problem]:
    """Everything that stands between this draft and its submission, at once; empty when it may be sent.

    judged: what the rules say of it, where that was looked at already.
    """
    if judged is None:
        judged = judge(row, at=at)
    return [
        *asks_nothing(row),
        *_missing_facts(row),
        *_signed_ahead(row.contract_on, legal_day(at)),
        *_unpriced(row),
        *_undescribed(row),
        *_unknown_end_users(row),
        *_missing_papers(row),
        *_unreliable_declarations(row),
        *(floors_of(row.amends).below_asked(row) if row.amends else ()),
        *_of_the_window(row, at, judged),
    ]


SAY = {
    "specification": gettext_lazy("Line {number}: say the model or specification."),
    "maker": gettext_lazy("Line {number}: say who makes the goods."),
    "origin": gettext_lazy("Line {number}: say in which country the goods are made."),
    "composition": gettext_lazy("Line {number}, {code}: say how much {element} the goods contain, at most."),
    "composition_basis": gettext_lazy("Line {number}: say whether its contents were measured or are declared."),
}


def _missing_facts(row: Application) -> list[Problem]:
    problems = []
    needed = {
        "contract_no": _("Name the contract or the frame contract."),
        "contract_on": _("Say when the contract was signed."),
        "currency": _("Say in which currency the prices are."),
        "planned_from": _("Say from when you plan to export."),
        "planned_until": _("Say until when you plan to export."),
        "purpose": _("Say what kind of transaction it is."),
        "red_flag": _("Say whether you know of a risk, or were told of one."),
        "trade_mode": _("Say by which mode of trade you export."),
        "transport_mode": _("Say how the goods leave the country."),
    }
    problems += [Problem(f"/{name}", "required", message) for name, message in needed.items() if not getattr(row, name)]
    if not row.exporter.acts:
        message = row.exporter.not_acting() or _("Your company must be verified first; see the Company page.")
        problems.append(Problem("", "exporter-not-active", message))
    if not row.lines.exists():
        problems.append(Problem("/lines", "min-items", _("Add at least one line of goods.")))
    if not row.consignees.exists():
        problems.append(Problem("/consignees", "min-items", _("Choose who receives the goods.")))
    users = row.end_users.count()
    if users == 0:
        problems.append(Problem("/end_users", "min-items", _("Choose the end-user's declaration.")))
    if users > 1 and row.grants in LONE:
        message = _("A license of one shipment has exactly one end-user.")
        problems.append(Problem("/end_users", "max-items", message))
    if row.special and len(row.circumstances.strip()) < CIRCUMSTANCES_LEAST:
        message = _("Say in {least} characters or more what the special circumstances are.")
        problems.append(Problem("/circumstances", "required", message.format(least=CIRCUMSTANCES_LEAST)))
    return problems


def _signed_ahead(contract_on: date | None, today: date) -> list[Problem]:
    ahead = contract_on is not None and contract_on > today
    return [Problem("/contract_on", "date-out-of-range", str(SIGNED_AHEAD))] if ahead else []


def _unpriced(row: Application) -> list[Problem]:
    message = _("Line {number}: say the unit price.")
    return [
        Problem(f"/lines/{index}/unit_price", "required", message.format(number=line.number))
        for index, line in enumerate(row.lines.all())
        if line.unit_price is None
    ]


def _undescribed(row: Application) -> list[Problem]:
    return [
        Problem(
            f"/lines/{index}/{name}",
            "required",
            str(SAY[name]).format(number=line.number, code=line.control_item.code, element=line.control_item.element),
        )
        for index, line in enumerate(row.lines.select_related("control_item"))
        for name in line.unsaid
    ]


def _unknown_end_users(row: Application) -> list[Problem]:
    """Of an end-user the rules ask what kind it is; nobody is taken for commercial because nothing was said."""
    message = _("Say what kind of end-user {name} is: commercial, government, military, academic, or an individual.")
    return [
        Problem("/end_users", "end-user-kind-unknown", message.format(name=user.party.name), {"party": user.party.ref})
        for user in row.end_users.all()
        if not user.party.nature
    ]


FORMER = gettext_lazy(
    "Add the identity proof of those who answer for your company now: they changed after the one here was added."
)


def _missing_papers(row: Application) -> list[Problem]:
    former = of_former_persons([row])
    types = set(row.documents.exclude(pk__in=former).values_list("type", flat=True))
    add = row.needed | ({ApplicationDocument.Type.IDENTITY: FORMER} if former else {})
    return [Problem("/documents", "required", str(add[one]), {"paper": one}) for one in add if one not in types]


def _unreliable_declarations(row: Application) -> list[Problem]:
    users = list(row.end_users.all())
    prefetch_related_objects(users, "declaration__items")
    return lacking_of(row, users)


def _of_the_window(row: Application, at: datetime, judged: Sequence[Judged]) -> list[Problem]:
    """What the rules have against it on the days of the planned window."""
    if not (row.planned_from and row.planned_until):
        return []
    if row.planned_until < legal_day(at):
        return [Problem("/planned_until", "date-out-of-range", _("The planned window is over."))]
    return problems_of(row, judged)


@command
def submit(ref: str, *, seen: int, by: Actor) -> Application:
    """The case is the ministry's; its findings are frozen. Raises Invalid with everything that is missing.

    seen: the signatory declares that what stood before his eyes is true, and nothing else.
    """
    row = lock_with_exporter(ref, by)
    require(row.submit, by=by, seen=seen)
    require_amendable(row)
    require_none_closed(row, row.end_users.all())
    lock_all(Declaration.objects.filter(used_by__application=row))
    at = legal_now()
    judged = judge(row, at=at)
    problems = what_is_missing(row, at=at, judged=judged)
    if problems:
        raise Invalid(problems, _("The application is not complete. Nothing was sent."), code="incomplete")
    edition = freeze(row, "submit", judged, at=at)
    move(row.submit, by=by, at=at, edition=edition, submitted_at=at)
    return row


@command
def redeclare(ref: str, *, seen: int, declaration: str, by: Actor) -> Application:
    """The open case names this declaration, in the place of a void one of the same end-user.

    declaration: its reference; one that a case of these days and of this kind may be filed on. Raises Invalid with all
    that is wrong with it, and what it leaves undeclared.
    """
    row = lock_with_exporter(ref, by)  # the declaration is not found invalid meanwhile
    require(row.redeclare, by=by, seen=seen)
    new = next(iter(lock_all(usable_declarations(by).filter(ref=declaration))), None)
    at = legal_now()
    users = list(row.end_users.select_related("declaration", "party").prefetch_related("declaration__items"))
    void = {user.party_id: user for user in users if user.declaration.void}
    user = void.get(new.end_user_id) if new else None
    if new is None or user is None:
        message = _("Choose a declaration of an end-user whose declaration was rejected or has expired.")
        raise Invalid([Problem("/declaration", "unknown-reference", message)])
    old, user.declaration = user.declaration, new
    codes = {line.control_item_id for line in row.lines.all()}
    asked = [one for one in users if one is user or codes & one.declaration.covered]  # no other can be left out here
    if problems := [*unreliable(row, user), *undeclared(row, asked)]:
        raise Invalid(problems)
    move(row.redeclare, by=by, at=at, facts={"rejected": old.ref, "declaration": new.ref})
    user.save(update_fields=["declaration"])
    return row


@command
def withdraw(ref: str, *, reason: str = "", by: Actor) -> Application:
    """The applicant has taken the case back; nobody decides it any more."""
    row = lock(applications_for(by), ref=ref)
    move(row.withdraw, by=by, reason=reason)
    return row
