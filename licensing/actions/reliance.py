"""What a case needs of the end-use declarations that it relies on."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from core.access import Actor
from core.errors import DomainError, Invalid, Problem
from core.history import move
from exporters.models import Party
from licensing.models import Application, ApplicationEndUser, ControlItem, DecisionStep, Declaration, Kind
from licensing.models.declarations import SIGNED_MONTHS
from licensing.states import DeclarationState


def unreliable(row: Application, user: ApplicationEndUser) -> list[Problem]:
    """Why the case can't be filed or recommended on this end-user's declaration."""
    problems, declaration, name = [], user.declaration, {"name": user.party.name}
    if declaration.void:
        message = _("The declaration of {name} is “{state}”. Name another one.")
        message = message.format(state=declaration.get_state_display(), **name)
        problems.append(Problem("/end_users", "declaration-not-submitted", message))
    elif not declaration.submitted:
        message = (
            _("The reviewer asks something about the declaration of {name}: answer that first.")
            if declaration.queried
            else _("The declaration of {name} is not submitted yet.")
        ).format(**name)
        problems.append(Problem("/end_users", "declaration-not-submitted", message))
    elif row.planned_from and not declaration.recent_for(row.planned_from):
        message = _("The declaration of {name} was signed more than {months} months before the planned start.")
        message = message.format(months=SIGNED_MONTHS, **name)
        problems.append(Problem("/end_users", "declaration-too-old", message, {"party": user.party.ref}))
    if changed := _entered_otherwise(declaration, user.party):
        message = changed + " " + _("Enter it as it was signed, or have a new declaration signed.")
        problems.append(Problem("/end_users", "end-user-changed", message, {"party": user.party.ref}))
    if not declaration.enough_for(annual=row.grants == Kind.ANNUAL):
        draft = declaration.state == DeclarationState.DRAFT
        message = (
            _("The declaration of {name} does not state the yearly need; an annual license asks for it.")
            if draft
            else _(
                "The signed declaration of {name} does not state the yearly need. An annual license asks for it: "
                "make a new declaration."
            )
        )
        place: dict[str, object] = {"draft": declaration.ref} if draft else {"party": user.party.ref}
        problems.append(Problem("/end_users", "yearly-need-missing", message.format(**name), place))
    return problems


def _entered_otherwise(declaration: Declaration, party: Party) -> str:
    """That the end-user is not entered as it signed; nothing where it is."""
    if not (fields := declaration.differs_from(party)):
        return ""
    names = _(", ").join(str(field.verbose_name) for field in Party._meta.fields if field.name in fields)
    return _("{name} is entered otherwise than when it signed: {fields}.").format(name=party.name, fields=names)


def undeclared(
    row: Application, users: Sequence[ApplicationEndUser], lines: Collection[int] | None = None
) -> list[Problem]:
    """Which of the goods none of their declarations covers, and whose covers none of those that another's does; nothing
    as long as there is no end-user.

    lines: the numbers of those that matter; all of them where it is not said.
    """
    covered = {item for user in users for item in user.declaration.covered}
    codes = {line.control_item_id for line in row.lines.all() if lines is None or line.number in lines}
    message = _("No declaration covers {code}.")
    problems = [
        Problem("/lines", "item-not-declared", message.format(code=item.code))
        for item in (ControlItem.objects.filter(pk__in=codes - covered) if users else [])
    ]
    message = _("The declaration of {name} covers none of these goods, so nothing could be sent to it: leave it out.")
    return problems + [
        Problem("/end_users", "item-not-declared", message.format(name=user.party.name))
        for user in users
        if codes & covered and not codes & user.declaration.covered
    ]


def lacking_of(
    row: Application, users: Sequence[ApplicationEndUser], lines: Collection[int] | None = None
) -> list[Problem]:
    """All that is wrong with what was declared of these lines for these end-users."""
    return [problem for user in users for problem in unreliable(row, user)] + undeclared(row, users, lines)


def require_reliable(row: Application, users: Sequence[ApplicationEndUser], lines: Collection[int]) -> None:
    """What was declared carries these lines for these end-users. Raises Invalid with all that is wrong."""
    if problems := lacking_of(row, users, lines):
        raise Invalid(problems)


def require_verified(declarations: Iterable[Declaration], step: DecisionStep | None) -> None:
    """A reviewer verified each of them, and none was signed anew since that step granted on it; None: that is now.

    Raises DomainError declaration-not-verified, declaration-changed, or end-user-changed where an end-user is not
    entered as it signed.
    """
    for row in declarations:
        if not row.checked:
            message = _("The declaration {ref} of {name} is not verified yet.")
            raise DomainError(message.format(ref=row.ref, name=row.end_user.name), code="declaration-not-verified")
        if row.attached_at and step and row.attached_at > step.at:
            message = _(
                "The declaration {ref} of {name} was signed anew after this was recommended. Return the case, so that"
                " the reviewer looks at what stands there now."
            )
            raise DomainError(message.format(ref=row.ref, name=row.end_user.name), code="declaration-changed")
        if changed := _entered_otherwise(row, row.end_user):
            message = _("Return the case, so that the reviewer has the exporter enter it right, or declare it anew.")
            raise DomainError(f"{changed} {message}", code="end-user-changed")


def put_in_force(new: Declaration, others: Iterable[Declaration], *, by: Actor, at: datetime) -> None:
    """The step under a license that relies on it from now on: it supersedes those of the others that it replaces.

    new: verified. All are locked.
    """
    move(new.activate, by=by, at=at)
    for older in replaced_by(new, others):
        move(older.supersede, by=by, at=at, facts={"declaration": new.ref})


def replaced_by(new: Declaration, others: Iterable[Declaration]) -> list[Declaration]:
    """Of these the ones in force that say the same use of the same end-user, signed no later, of no goods but those of
    the new one."""
    older = [
        row
        for row in others
        if row.state == DeclarationState.IN_FORCE
        and (row.end_user_id, row.end_use_id) == (new.end_user_id, new.end_use_id)
        and row.signed_on is not None
        and new.signed_on is not None
        and row.signed_on <= new.signed_on
    ]
    return [row for row in older if row.covered <= new.covered]
