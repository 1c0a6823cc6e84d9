"""Editions of the rules: drafts that people write and sign, and what was put in force, of which no row ever changes."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from core.errors import FourEyes, WrongState
from core.graphs import Unless, guarded
from core.guards import Guard, insert_only
from core.languages import in_language
from core.models import User
from core.references import REFERENCE_LONGEST
from exporters import rules
from licensing.states import DraftState as S

_DIGEST = Func(
    F("text"),
    template="encode(sha256(convert_to(%(expressions)s, 'UTF8')), 'hex')",
    output_field=models.CharField(),
)

HAN = re.compile("[\u3400-\u9fff]")
COUNTS = Q(repeals=None, repealed_by=None)  # of an edition: it was not repealed, nor repeals one
SIGNERS = 2  # so many approvers sign an emergency
SIGNED_HOURS = 24  # for so long a signature of an emergency waits for the other one


@guarded(initial=S.DRAFT)
class Draft(FSMModelMixin, models.Model):
    """A text of the rules that is being written; approved, an edition has it word by word.

    Who writes it approves it not, and the other way round: `wrote`, `approved_by` and `signed_by` say why. PostgreSQL
    holds the same by `signature_nobody_gives_both` below, and by guard_signed (licensing/sql/guards.sql), which counts
    anew for each edition what `signed` counts, of its text; not how long ago, which `hastened` asks.

    base: the edition whose text it was made of. starts_on: the day at whose 00:00 it is to start. stated_for: the
    digest of the text that its public statement was last read beside. comment_until: the last day on which companies
    comment on what everybody reads; none where it is not shown. published_at: when it was shown last.
    """

    PREFIX = "ED"

    ref = models.CharField(_("number"), max_length=REFERENCE_LONGEST, unique=True)
    state = FSMField(choices=S, default=S.DRAFT, protected=True, editable=False)
    title_en = models.CharField(max_length=200)
    title_zh = models.CharField(max_length=200)
    statement_en = models.TextField(blank=True)
    statement_zh = models.TextField(blank=True)
    stated_for = models.CharField(max_length=64, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    comment_until = models.DateField(null=True, blank=True)
    starts_on = models.DateField(null=True, blank=True)
    base = models.ForeignKey("licensing.PolicyEdition", on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.TextField()
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(name="draft_is_its_text", condition=Q(digest=_DIGEST))]

    def __str__(self) -> str:
        return self.ref

    @property
    def statement_is_older(self) -> bool:
        """Its public statement was written for an earlier text, and nobody has looked at it since."""
        return bool(self.statement_en or self.statement_zh) and self.stated_for != self.digest

    @property
    def untold(self) -> list[str]:
        """What is not said to the public in its language: a title that stands for both is in Chinese where it has a
        Chinese character, else in English."""
        found = [name for name in ("statement_en", "statement_zh") if not getattr(self, name).strip()]
        if self.title_zh == self.title_en:
            found.insert(0, "title_en" if HAN.search(self.title_en) else "title_zh")
        return found

    @property
    def signed(self) -> "list[Signature]":
        """Approvers' signatures that were given since anybody changed anything of the draft, and not taken back."""
        found: list[Signature] = []
        for one in self.signatures.all():
            if one.part == Signature.Part.APPROVER:
                found.append(one)
            else:  # a change takes all away, and whoever takes his back his own
                changed = one.part == Signature.Part.AUTHOR
                found = [other for other in found if not changed and other.actor_id != one.actor_id]
        return found

    @property
    def authors(self) -> set[int]:
        """Who wrote on it."""
        return {one.actor_id for one in self.signatures.all() if one.part == Signature.Part.AUTHOR}

    def hastened(self, at: datetime) -> "list[Signature]":
        """Of these the ones of the hours before that instant, which count for an emergency."""
        return [one for one in self.signed if one.at > at - timedelta(hours=SIGNED_HOURS)]

    def enough_signed(self, at: datetime) -> bool:
        """So many people that the emergency is in force."""
        return len({one.actor_id for one in self.hastened(at)}) >= SIGNERS

    def not_signed(self, actor: Any) -> WrongState | None:
        """Why this person can take no signature back; None where one of his counts."""
        if any(one.actor_id == actor.user.pk for one in self.signed):
            return None
        return WrongState(gettext("No signature of yours counts on this draft: take back only one that does."))

    def wrote(self, actor: Any) -> FourEyes | None:
        """Why this person can neither sign nor repeal it; None where he wrote nothing of it."""
        if actor.user.pk in self.authors:
            return FourEyes(gettext("You wrote on this draft, so another officer must do that."))
        return None

    def approved_by(self, actor: Any) -> FourEyes | None:
        """Why this person can change nothing of it; None where he never approved or signed it."""
        if self.signatures.filter(actor=actor.user, part=Signature.Part.APPROVER).exists():
            return FourEyes(gettext("You approved or signed this draft, so somebody else must change it."))
        return None

    def signed_by(self, actor: Any, at: datetime) -> FourEyes | None:
        """Why this person can't give the other signature of an emergency; None where none of his counts."""
        if any(one.actor_id == actor.user.pk for one in self.hastened(at)):
            return FourEyes(gettext("You signed this already, so another officer must do that."))
        return None

    @property
    def is_draft(self) -> bool:
        return bool(self.state == S.DRAFT)

    @property
    def shown_until(self) -> date | None:
        """The last day on which companies comment on it, as everybody reads it; None where nobody else does."""
        return self.comment_until if self.is_draft else None

    def takes_comments_on(self, day: date) -> bool:
        return self.shown_until is not None and day <= self.shown_until

    @staticmethod
    def taking_comments_on(day: date) -> Q:
        """Of many those that are `takes_comments_on` that day."""
        return Q(state=S.DRAFT, comment_until__gte=day)

    def shown(self) -> WrongState | None:
        """Why nobody may change it; None where it is not open for comment."""
        if self.comment_until is None:
            return None
        return WrongState(
            gettext("This is shown for comment until {day}. Withdraw it first, then change it.").format(
                day=self.comment_until
            )
        )

    def not_shown(self) -> WrongState | None:
        """Why it can't be withdrawn; None where it is open for comment."""
        return None if self.comment_until else WrongState(gettext("This draft is not shown for comment."))

    def not_simulating(self) -> WrongState | None:
        """Why none of its simulations can be stopped; None where one is open."""
        if self.simulations.still_open().exists():
            return None
        return WrongState(gettext("No simulation of this draft is being worked out."))

    @property
    def title(self) -> str:
        return in_language(self.title_en, self.title_zh)

    @property
    def statement(self) -> str:
        return in_language(self.statement_en, self.statement_zh)

    @transition(
        field=state,
        source=S.DRAFT,
        target=None,
        permission=Unless(rules.officer("draft.describe"), lambda row, actor: row.shown()),
        custom={"label": _("Name it, say what it does and from when")},
    )
    def describe(
        self, *, title_en: str, title_zh: str, statement_en: str, statement_zh: str, starts_on: date | None
    ) -> None:
        self.title_en, self.title_zh, self.starts_on, self.stated_for = title_en, title_zh, starts_on, self.digest
        self.statement_en, self.statement_zh = statement_en, statement_zh

    @transition(
        field=state,
        source=S.DRAFT,
        target=None,
        permission=Unless(rules.officer("draft.load"), lambda row, actor: row.shown()),
        custom={"label": _("Load all rules from a file")},
    )
    def load(self, *, text: str, digest: str) -> None:
        self.text, self.digest = text, digest

    @transition(
        field=state,
        source=S.DRAFT,
        target=None,
        permission=rules.officer("draft.simulate"),
        custom={"label": _("Simulate it on the book")},
    )
    def simulate(self) -> None: ...

    @transition(
        field=state,
        source=S.DRAFT,
        target=None,
        permission=Unless(rules.officer("draft.stop"), lambda row, actor: row.not_simulating()),
        custom={"label": _("Stop the simulation")},
    )
    def stop(self) -> None: ...

    @transition(
        field=state,
        source=S.DRAFT,
        target=None,
        permission=rules.officer("draft.publish"),
        custom={"label": _("Show it for comment")},
    )
    def publish(self, *, until: date, published_at: datetime) -> None:
        self.comment_until, self.published_at = until, published_at

    @transition(
        field=state,
        source=S.DRAFT,
        target=None,
        permission=Unless(rules.officer("draft.withdraw"), lambda row, actor: row.not_shown()),
        custom={"label": _("Withdraw it from comment")},
    )
    def withdraw(self) -> None:
        self.comment_until = None

    @transition(
        field=state,
        source=S.DRAFT,
        target=S.APPROVED,
        permission=Unless(rules.officer("draft.approve"), lambda row, actor: row.wrote(actor)),
        custom={"label": _("Approve")},
    )
    def approve(self) -> None: ...

    @transition(
        field=state,
        source=S.DRAFT,
        target=None,
        permission=Unless(rules.officer("draft.hasten"), lambda row, actor: row.wrote(actor)),
        custom={"label": _("Sign as an emergency")},
    )
    def hasten(self) -> None: ...

    @transition(
        field=state,
        source=S.DRAFT,
        target=S.APPROVED,
        permission=Unless(rules.officer("draft.hasten"), lambda row, actor: row.wrote(actor)),
        custom={"label": _("Sign as an emergency"), "verb": "hasten"},
    )
    def hasten_as_second(self) -> None: ...

    @transition(
        field=state,
        source=S.DRAFT,
        target=None,
        permission=Unless(rules.officer("draft.unsign"), lambda row, actor: row.not_signed(actor)),
        custom={"label": _("Take your signature back")},
    )
    def unsign(self) -> None: ...

    @transition(
        field=state,
        source=S.APPROVED,
        target=S.REPEALED,
        permission=Unless(rules.officer("draft.repeal"), lambda row, actor: row.wrote(actor)),
        custom={"label": _("Repeal before it starts")},
    )
    def repeal(self) -> None: ...


@insert_only
class Signature(models.Model):
    """Who changed a draft, who approved a text of it, and who took that back. PostgreSQL refuses one person doing both
    of the first on one draft. Which of them count: Draft.signed."""

    class Part(models.TextChoices):
        AUTHOR = "author", _("Author")
        APPROVER = "approver", _("Approver")
        WITHDRAWN = "withdrawn", _("Took the signature back")

    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, related_name="signatures")
    part = models.CharField(max_length=10, choices=Part)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            ExclusionConstraint(
                name="signature_nobody_gives_both",
                expressions=[
                    ("draft", RangeOperators.EQUAL),
                    ("actor", RangeOperators.EQUAL),
                    ("part", RangeOperators.NOT_EQUAL),
                ],
                condition=~Q(part="withdrawn"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_part_display()}: {self.actor}"


@pgtrigger.register(Guard("never_emptied", runs="insert_only", level=pgtrigger.Statement, operation=pgtrigger.Truncate))
@insert_only
class PolicyEdition(models.Model):
    """One canonical text of the rules, from an instant on: read by the engine of that number, kept for ever.

    The first covers all earlier days, too. Which is in force at a moment is derived (licensing.selectors.editions).
    repeals: the edition of the same start that this one takes back; neither is ever in force.
    """

    code = models.CharField(max_length=40, unique=True)
    title_en = models.CharField(max_length=200)
    title_zh = models.CharField(max_length=200)
    text = models.TextField()
    digest = models.CharField(max_length=64, db_index=True)  # the same again where a change is undone
    engine = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField(db_index=True)
    draft = models.ForeignKey(Draft, on_delete=models.PROTECT, null=True, related_name="editions", db_index=False)
    repeals = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="repealed_by", db_index=False)

    class Meta:
        ordering = ["starts_at", "pk"]
        triggers = [Guard("in_order", operation=pgtrigger.Insert), Guard("signed", operation=pgtrigger.Insert)]
        constraints = [models.CheckConstraint(name="policy_edition_is_its_text", condition=Q(digest=_DIGEST))]

    def __str__(self) -> str:
        return self.code

    @property
    def ref(self) -> str:
        return self.code

    @property
    def title(self) -> str:
        return in_language(self.title_en, self.title_zh)
