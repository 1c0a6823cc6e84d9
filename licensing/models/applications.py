"""Applications: what is asked for, what was found, who recommended and who decided.

Two people stand behind each license: nobody decides who ever took the case, and nobody who decided reviews, recommends
or reopens in that round (`Application.not_to_…`). Of that PostgreSQL keeps recommender and decider of one round apart,
by `step_nobody_takes_both` below and guard_two_people (licensing/sql/guards.sql); at who took a case, or
reopened it, it does not look.

A round after the first begins where a refusal was quashed. Nobody of an earlier round acts in it, and nobody who acted
on the case reconsiders its refusal: of recommendations, decisions and reconsiderations PostgreSQL keeps that too
(`step_nobody_in_two_rounds`, `step_reconsidered_once_by_each`), of all else the verbs, by the case's history.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property, reduce
from operator import and_
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Round
from django.db.models.lookups import Exact
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_fsm import FSMField, FSMModelMixin, transition

from core.errors import DomainError, Forbidden, FourEyes
from core.graphs import graph, guarded, has_move
from core.guards import insert_only
from core.legal_time import months_after
from core.models import Country, Document, HistoryLine, User
from core.models.people import COUNTRY_LENGTH
from core.quantities import CURRENCY_LENGTH, CURRENCY_PATTERN, UNIT_LONGEST, UNITS
from core.references import REFERENCE_LONGEST
from exporters import rules
from exporters.models import Exporter, Party
from licensing.elements import DECLARED, HOME, MEASURED
from licensing.models.declarations import Declaration
from licensing.models.editions import PolicyEdition
from licensing.models.inquiries import Inquiry
from licensing.models.lists import GOODS_CODE_LONG, ControlItem
from licensing.policy.vocabulary import CONDITIONS, EXACT, EXCEPTED, OVERRULED
from licensing.prices import PRICE_MOST, PRICE_PLACES, WORTH_MOST, WORTH_PLACES, together
from licensing.rules import (
    asked_for_nothing_yet,
    has_begun,
    is_running,
    lacks_a_declaration,
    stands_still,
    whoever_has_it,
    whoever_has_it_not,
    whoever_reconsiders,
)
from licensing.states import ASKED, ENDED_EARLY, OPEN_CASE, REDECLARED, RENEWING, TAKEN, UNDER_WAY, UNISSUED
from licensing.states import ApplicationState as S
from licensing.words import terms

CIRCUMSTANCES_LEAST = 50  # characters that say why
PORT_LENGTH = 5
PORT_PATTERN = f"CN[A-Z0-9]{{{PORT_LENGTH - 2}}}"  # of a customs port
PORT_WORDS = _("A port code such as CNSHA.")
PURITY_PLACES, PURITY_MOST = 4, 100  # of a percentage, as the next
TOLERANCE_PLACES = 2
SAYS_ENOUGH = f".{{{CIRCUMSTANCES_LEAST}}}"  # a dot is any character there, a line's end included


class Kind(models.TextChoices):
    PER_SHIPMENT = "per_shipment", _("Per shipment")
    ANNUAL = "annual", _("Annual")
    AMENDMENT = "amendment", _("Change of a license")
    SPECIAL = "special", _("Special circumstances")


RENEWED = (Kind.ANNUAL,)  # by an application of the same kind


class TradeMode(models.TextChoices):
    """As customs knows them; by words, as codes of customs are unverified here."""

    ORDINARY = "ordinary", _("Ordinary trade")
    SUPPLIED = "supplied", _("Processing with supplied materials")
    IMPORTED = "imported", _("Processing with imported materials")
    BONDED = "bonded", _("Out of a bonded zone or store")
    TEMPORARY = "temporary", _("Temporary export")
    REPAIR = "repair", _("Goods for repair, or repaired")
    SAMPLES = "samples", _("Samples")
    OTHER = "other", _("Another mode")


class TransportMode(models.TextChoices):
    SEA = "sea", _("By sea or inland water")
    RAIL = "rail", _("By rail")
    ROAD = "road", _("By road")
    AIR = "air", _("By air")
    MAIL = "mail", _("By mail or courier")
    OTHER = "other", _("Another way")


def lacking(item: ControlItem | None, said: Mapping[str, Any], contents: Collection[str]) -> list[str]:
    """Which places about goods are still empty that have to be filled in before their case is sent.

    contents: symbols of the elements that the goods are said to contain. static/js/goods.js says the same as one types.
    """
    stated = {
        "specification": said["specification"],
        "maker": said["maker"],
        "origin": said["origin"],
        "composition": not (item and item.composed) or item.element in contents,
        "composition_basis": said["composition_basis"] or not contents,
    }
    return [name for name, one in stated.items() if not one]


DESCRIBED = ("composition_basis", "specification", "maker", "origin_id", "purity")  # of a line: which goods they are


class Basis(models.TextChoices):
    """How it is known what goods contain."""

    MEASURED = MEASURED, _("Measured")
    DECLARED = DECLARED, _("Declared by the maker")


LONE = (Kind.PER_SHIPMENT, Kind.SPECIAL)  # of one end-user and one clearance


@guarded(initial=S.DRAFT)
class Application(FSMModelMixin, models.Model):
    """One case. The organization owns it; its rounds, questions and findings hang below."""

    PREFIX = "AP"
    CLOCKED = Q(state__in=OPEN_CASE, accepted_on__isnull=False)  # open ones whose working days count, or stand still

    ref = models.CharField(max_length=REFERENCE_LONGEST, unique=True)
    exporter = models.ForeignKey(Exporter, on_delete=models.PROTECT, related_name="applications")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    amends = models.ForeignKey(
        "licensing.License",
        on_delete=models.PROTECT,
        null=True,
        related_name="amendments",
        help_text="The license that it asks to change.",
    )
    renews = models.ForeignKey(
        "licensing.License",
        on_delete=models.PROTECT,
        null=True,
        related_name="renewals",
        db_index=False,  # `application_renews_once` is the index
        help_text="The license after whose last day it asks for another.",
    )
    copied_license = models.ForeignKey(
        "licensing.License",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="The license that its draft began with.",
    )
    copied_case = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="The case that its draft began with.",
    )
    state = FSMField(choices=S, default=S.DRAFT, protected=True, editable=False)
    contract_no = models.CharField(_("contract number"), max_length=80, blank=True)
    contract_on = models.DateField(_("contract signed on"), null=True, blank=True)
    contract_value = models.DecimalField(
        _("contract value"),
        max_digits=18,
        decimal_places=WORTH_PLACES,
        null=True,
        blank=True,
        help_text="As the contract says it; null where it is what the lines are worth.",
    )
    payment_terms = models.CharField(_("payment terms"), max_length=200, blank=True, default="", db_default="")
    currency = models.CharField(
        _("currency"),
        max_length=CURRENCY_LENGTH,
        blank=True,
        default="",
        db_default="",
        help_text="Of its contract, and so of each of its prices: one of licensing.words.currencies.",
    )
    planned_from = models.DateField(_("planned from"), null=True, blank=True)
    planned_until = models.DateField(_("planned until"), null=True, blank=True)
    destinations = ArrayField(models.CharField(max_length=COUNTRY_LENGTH), default=list, blank=True)
    ports = ArrayField(models.CharField(max_length=PORT_LENGTH), default=list, blank=True)
    consignees = models.ManyToManyField(Party, related_name="+", blank=True)
    purpose = models.CharField(max_length=40, blank=True)  # these two in the rules' words; nothing: nobody said
    red_flag = models.CharField(max_length=20, blank=True)
    trade_mode = models.CharField(
        _("mode of trade"), max_length=12, choices=TradeMode, blank=True, default="", db_default=""
    )
    transport_mode = models.CharField(
        _("mode of transport"), max_length=12, choices=TransportMode, blank=True, default="", db_default=""
    )
    remarks = models.TextField(_("anything else the reviewer should know"), blank=True)
    circumstances = models.TextField(
        _("special circumstances"),
        blank=True,
        default="",
        db_default="",
        help_text="Why it should be licensed in spite of a prohibition: of what asks for such a license.",
    )
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(null=True, blank=True)  # the last time that it came as complete
    accepted_on = models.DateField(null=True, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)  # when its refusal was changed to a grant
    reviewer = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    round = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    judged_by = models.ForeignKey(
        PolicyEdition,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,
        help_text="The newest edition that a turn of it knows.",
    )
    next_turn_at = models.DateTimeField(
        null=True, help_text="When other rules next count for open cases, or other holds, by the editions known."
    )
    held = models.JSONField(default=list, help_text="The holds of which its holder was told that they stand.")
    turned = models.JSONField(
        default=dict, help_text="What the rules of now say otherwise than those of the last look: to desk, to holder."
    )

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="application_window_in_order",
                condition=Q(planned_until=None) | Q(planned_from=None) | Q(planned_until__gte=F("planned_from")),
            ),
            models.CheckConstraint(
                name="application_currency_known", condition=Q(currency__regex=rf"^({CURRENCY_PATTERN})?$")
            ),
            models.CheckConstraint(
                name="application_contract_value",
                condition=Q(contract_value=None) | Q(contract_value__gt=0, contract_value__lte=WORTH_MOST),
            ),
            models.CheckConstraint(
                name="application_amends_as_its_kind",
                condition=Q(kind=Kind.AMENDMENT, amends__isnull=False) | ~Q(kind=Kind.AMENDMENT) & Q(amends=None),
            ),
            models.CheckConstraint(
                name="application_begins_with_one",
                condition=Q(amends=None, renews=None, copied_license=None)
                | Q(amends=None, renews=None, copied_case=None)
                | Q(amends=None, copied_license=None, copied_case=None)
                | Q(renews=None, copied_license=None, copied_case=None),
            ),
            models.CheckConstraint(
                name="application_renews_annual",
                condition=Q(("renews", None), *(("kind", kind) for kind in RENEWED), _connector=Q.OR),
            ),
            models.UniqueConstraint(name="application_renews_once", fields=["renews"], condition=Q(state__in=RENEWING)),
            models.CheckConstraint(
                name="application_special_says_why",
                condition=~Q(kind="special") | Q(submitted_at=None) | Q(circumstances__regex=SAYS_ENOUGH),
            ),
            models.CheckConstraint(
                name="application_usual_says_none", condition=Q(kind__in=["special", "amendment"]) | Q(circumstances="")
            ),
            models.UniqueConstraint(
                name="application_amends_one_at_a_time",
                fields=["amends"],
                condition=Q(state__in=UNDER_WAY),
            ),
        ]
        indexes = [
            models.Index(name="application_open", fields=["accepted_on", "id"], condition=Q(state__in=OPEN_CASE)),
            models.Index(name="application_judged", fields=["judged_by"], condition=Q(state__in=OPEN_CASE)),
            models.Index(name="application_turning", fields=["next_turn_at"], condition=Q(state__in=OPEN_CASE)),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def grants(self) -> str:
        """The kind of the license that it asks for."""
        return self.grants_as(self.kind)

    def grants_as(self, kind: str) -> str:
        """The same, should it be of this kind."""
        return self.amends.kind if self.amends else kind

    @property
    def began_with(self) -> Any:
        """The license, or the case, that its draft began with; None where it began with nothing."""
        return self.renews or self.copied_license or self.copied_case

    @property
    def worth(self) -> Decimal | None:
        """Of all its lines together; None while one has no price."""
        return together(line.value for line in self.lines.all())

    @property
    def editable(self) -> bool:
        """Its company may still change what it says: it is a draft."""
        return bool(self.state == S.DRAFT)

    @property
    def special(self) -> bool:
        """It asks for a license in spite of a prohibition."""
        return self.grants == Kind.SPECIAL

    @property
    def needed(self) -> "dict[ApplicationDocument.Type, Any]":
        """The papers that it carries when it is sent, whatever the rules say, each with the words that ask for it."""
        return ApplicationDocument.NEEDED | (ApplicationDocument.NEEDED_SPECIAL if self.special else {})

    @property
    def open(self) -> bool:
        return self.state in OPEN_CASE

    @property
    def over(self) -> bool:
        """It ended, and no license is given on it."""
        return self.state in (*ENDED_EARLY, S.REFUSED_FINAL)

    @property
    def unissued(self) -> bool:
        return self.state in UNISSUED

    @cached_property
    def looked_at(self) -> "list[Finding]":
        """What was found of it until somebody first asks for this, which is read once."""
        return list(self.findings.all())

    @property
    def recommendation(self) -> "DecisionStep | None":
        """The one that counts: the latest of the present round."""
        return self._latest(DecisionStep.Step.RECOMMEND)

    @property
    def decision(self) -> "DecisionStep | None":
        """The latest of the present round, on reconsideration where that changed it; none any more once the case was
        reopened."""
        if self.changed_at:
            return self._latest(DecisionStep.Step.RECONSIDER)
        return self._latest(DecisionStep.Step.DECIDE) if self.decided_at else None

    def unserved(self, actor: Any) -> "DecisionStep | None":
        """The refusal that is served when this reader opens it: the first of its applicant's people; else None."""
        step = self.decision if self.state == S.REFUSED and actor.organization_id == self.exporter_id else None
        return None if hasattr(step, "service") else step

    @property
    def changed_refusal(self) -> "DecisionStep | None":
        """The refusal that was changed on reconsideration; None where none was."""
        return self._latest(DecisionStep.Step.DECIDE) if self.changed_at else None

    @property
    def basis(self) -> "DecisionStep | None":
        """The step that says what is granted: what changed its refusal, else what was recommended."""
        return self.decision if self.changed_at else self.recommendation

    @property
    def contested(self) -> bool:
        """Its refusal is: whoever reconsiders it asks, screens and decides, and nobody else does."""
        return bool(self.state == S.UNDER_RECONSIDERATION)

    @property
    def asked(self) -> bool:
        """Its applicant can answer to a question that is open."""
        return self.state in ASKED

    def begins_on(self, today: date) -> date:
        """The day from which its license may be used: the planned one, which of an amendment is that of the license
        that it changes."""
        return max(today, self.planned_from or today)

    def lasts_until(self, first: date, months: int) -> date:
        """The last day of its license, if that begins then: an amendment's months count as before."""
        return months_after(self.amends.counted_from if self.amends else first, months)

    def not_to_take_over(self, actor: Any) -> DomainError | None:
        """Why this officer does not take it over, and so does not review it; None where nothing is against that."""
        if self.reviewer_id == actor.user.pk:
            return Forbidden(gettext("You have this case already."))
        if of_before := self.not_of_before(actor):
            return of_before
        if self._decided_by(actor.user):
            return FourEyes(gettext("You decided in this round, so another officer must review it."))
        return None

    def not_to_recommend(self, actor: Any) -> FourEyes | None:
        if self._decided_by(actor.user):
            return FourEyes(gettext("You decided in this round, so another officer must recommend."))
        return None

    def not_to_decide(self, actor: Any) -> FourEyes | None:
        """Nobody who ever took it does, and so nobody who recommended, as only who has it recommends; nor whoever
        changed its refusal in this round, which was reopened since."""
        if _takings(actor.user).filter(subject_id=self.pk).exists():
            return FourEyes(gettext("You took this case, so another officer must decide it."))
        if self._is(Q(_reconsidered_by(actor.user))):
            return FourEyes(gettext("You changed this refusal before it was reopened, so another officer must decide."))
        return self.not_of_before(actor)

    @staticmethod
    def left_to_others(actor: Any) -> Q:
        """Of many cases, those that this officer took, or whose refusal he changed in this round: others decide."""
        return Q(pk__in=_takings(actor.user).values("subject_id")) | Q(_reconsidered_by(actor.user))

    def not_to_reopen(self, actor: Any) -> FourEyes | None:
        if step := self._decided_by(actor.user):
            if step.step == DecisionStep.Step.RECONSIDER:
                return FourEyes(gettext("You changed this refusal, so another deciding officer must reopen it."))
            if step.outcome == DecisionStep.Outcome.REFUSE:
                return FourEyes(gettext("You refused this, so another deciding officer must reopen it."))
            return FourEyes(gettext("You approved this, so another deciding officer must reopen it."))
        return self.not_of_before(actor)

    def not_to_issue(self, actor: Any) -> FourEyes | None:
        """Of a changed refusal neither whoever recommended it nor whoever changed it."""
        both = [step.actor_id for step in (self.recommendation, self.decision) if step]
        if self.changed_at and actor.user.pk in both:
            return FourEyes(
                gettext("You recommended or changed this refusal, so another deciding officer must issue the license.")
            )
        return self.not_of_before(actor)

    @staticmethod
    def issued_by_others(actor: Any) -> Q:
        """Of many approved cases, those whose changed refusal this officer recommended or changed."""
        steps = DecisionStep.objects.filter(application=OuterRef("pk"), round=OuterRef("round")).order_by("-pk")
        last = (Subquery(steps.filter(step=one).values("actor")[:1]) for one in ("recommend", "reconsider"))
        recommended, changed = (Q(Exact(one, actor.user.pk)) for one in last)
        return Q(changed_at__isnull=False) & (recommended | changed)

    def not_of_before(self, actor: Any) -> FourEyes | None:
        """Nobody of an earlier round acts in this one."""
        if self.round > 1 and self._is(Application.acted_on_before_quashed(actor)):
            return FourEyes(
                gettext("You acted on this case before its refusal was quashed, so another officer must do this.")
            )
        return None

    def not_to_reconsider(self, actor: Any) -> FourEyes | None:
        if self._is(Application.acted_on_before_contested(actor)):
            return FourEyes(gettext("You acted on this case, so another officer must reconsider its refusal."))
        return None

    @staticmethod
    def acted_on_before_quashed(actor: Any) -> Q:
        """Of many cases, those in an earlier round of which this officer acted, or which he quashed."""
        return Q(_acted_until("quash", actor.user), round__gt=1)

    @staticmethod
    def acted_on_before_contested(actor: Any) -> Q:
        """Of many contested refusals, those of cases on which this officer acted before, or on a declaration of one."""
        return Q(_acted_until("reconsider", actor.user)) | Q(_acted_on_declaration(actor.user))

    def _is(self, of_many: Q) -> bool:
        return Application.objects.filter(of_many, pk=self.pk).exists()

    def _decided_by(self, user: User) -> "DecisionStep | None":
        """What he decided last in the present round, or changed of what was decided, reopened since or not."""
        mine = [step for step in self.steps.all() if (step.round, step.actor_id) == (self.round, user.pk)]
        decided = [step for step in mine if step.step != DecisionStep.Step.RECOMMEND]
        return max(decided, key=lambda step: step.pk, default=None)

    def _latest(self, kind: str) -> "DecisionStep | None":
        steps = [step for step in self.steps.all() if step.round == self.round and step.step == kind]
        return max(steps, key=lambda step: step.pk, default=None)

    @transition(
        field=state,
        source=S.DRAFT,
        target=S.SUBMITTED,
        permission=rules.holder("application.submit"),
        custom={"label": _("Submit")},
    )
    def submit(self, *, submitted_at: datetime) -> None:
        self.submitted_at = self.received_at = submitted_at

    def _open_round(self, accepted_on: date) -> None:
        """From that day 0 on."""
        self.accepted_on = accepted_on
        self.round += 1

    @property
    def asked_for_more(self) -> bool:
        """Its one supplement was asked for, answered or not."""
        return getattr(self, "supplement", None) is not None

    @transition(
        field=state,
        source=S.SUBMITTED,
        target=S.SUPPLEMENT_REQUIRED,
        permission=rules.officer("application.request_supplement"),
        conditions=[asked_for_nothing_yet],
        custom={"label": _("Ask for what is missing")},
    )
    def request_supplement(self) -> None: ...

    @transition(
        field=state,
        source=S.SUPPLEMENT_REQUIRED,
        target=S.SUBMITTED,
        permission=rules.holder("application.resubmit"),
        custom={"label": _("Send what was missing")},
    )
    def resubmit(self, *, received_at: datetime) -> None:
        self.received_at = received_at

    @transition(
        field=state,
        source=S.SUPPLEMENT_REQUIRED,
        target=S.LAPSED,
        permission=rules.the_clock,
        custom={"label": _("Lapsed"), "hidden": True},
    )
    def lapse(self) -> None: ...

    @transition(
        field=state,
        source=S.SUBMITTED,
        target=S.ACCEPTED,
        permission=rules.officer("application.accept"),
        custom={"label": _("Accept")},
    )
    def accept(self, *, accepted_on: date) -> None:
        self._open_round(accepted_on)

    @transition(
        field=state,
        source=S.SUBMITTED,
        target=S.ACCEPTED,
        permission=rules.the_clock,
        custom={"label": _("Accepted by law"), "hidden": True},
    )
    def accept_by_law(self, *, accepted_on: date) -> None:
        self._open_round(accepted_on)

    @transition(
        field=state,
        source=S.SUBMITTED,
        target=S.NOT_ACCEPTED,
        permission=rules.officer("application.not_accept"),
        custom={"label": _("Do not accept")},
    )
    def not_accept(self) -> None: ...

    @transition(
        field=state,
        source=S.ACCEPTED,
        target=S.UNDER_REVIEW,
        permission=rules.officer("application.assign"),
        custom={"label": _("Take this case")},
    )
    def assign(self, *, reviewer: User) -> None:
        self.reviewer = reviewer

    @transition(
        field=state,
        source=TAKEN,
        target=None,
        permission=whoever_has_it_not("application.assign"),
        custom={"label": _("Take this case over"), "verb": "assign"},
    )
    def take_over(self, *, reviewer: User) -> None:
        self.reviewer = reviewer

    @transition(
        field=state,
        source=TAKEN,
        target=S.AWAITING_APPLICANT,
        permission=whoever_has_it("application.ask"),
        custom={"label": _("Ask the applicant")},
    )
    def ask(self) -> None: ...

    @transition(
        field=state,
        source=S.UNDER_RECONSIDERATION,
        target=None,
        permission=whoever_reconsiders("application.ask"),
        conditions=[has_begun],
        custom={"label": _("Ask the applicant"), "verb": "ask"},
    )
    def ask_contested(self) -> None: ...

    @transition(
        field=state,
        source=list(ASKED),
        target=None,
        permission=rules.holder("application.answer"),
        custom={"label": _("Answer")},
    )
    def answer(self) -> None: ...

    @transition(
        field=state,
        source=S.AWAITING_APPLICANT,
        target=S.UNDER_REVIEW,
        permission=rules.holder("application.answer"),
        custom={"label": _("Answer"), "verb": "answer"},
    )
    def answer_last(self) -> None: ...

    @transition(
        field=state,
        source=S.AWAITING_APPLICANT,
        target=None,
        permission=whoever_has_it("application.close_question"),
        custom={"label": _("Close the question")},
    )
    def close_question(self) -> None: ...

    @transition(
        field=state,
        source=S.AWAITING_APPLICANT,
        target=S.UNDER_REVIEW,
        permission=whoever_has_it("application.close_question"),
        custom={"label": _("Close the question"), "verb": "close_question"},
    )
    def close_last_question(self) -> None: ...

    @transition(
        field=state,
        source=S.UNDER_RECONSIDERATION,
        target=None,
        permission=whoever_reconsiders("application.close_question"),
        conditions=[has_begun],
        custom={"label": _("Close the question"), "verb": "close_question"},
    )
    def close_contested(self) -> None: ...

    @transition(
        field=state,
        source=list(ASKED),
        target=None,
        permission=rules.the_clock,
        custom={"label": _("No answer came"), "hidden": True},
    )
    def no_answer(self) -> None: ...

    @transition(
        field=state,
        source=S.AWAITING_APPLICANT,
        target=S.UNDER_REVIEW,
        permission=rules.the_clock,
        custom={"label": _("No answer came"), "verb": "no_answer", "hidden": True},
    )
    def no_answer_to_the_last(self) -> None: ...

    @transition(
        field=state,
        source=TAKEN,
        target=None,
        permission=whoever_has_it("application.read_answer"),
        custom={"label": _("Mark as read")},
    )
    def read_answer(self) -> None: ...

    @transition(
        field=state,
        source=S.UNDER_RECONSIDERATION,
        target=None,
        permission=whoever_reconsiders("application.read_answer"),
        conditions=[has_begun],
        custom={"label": _("Mark as read"), "verb": "read_answer"},
    )
    def read_contested(self) -> None: ...

    @transition(
        field=state,
        source=TAKEN,
        target=None,
        permission=whoever_has_it("application.screen"),
        custom={"label": _("Record a screening result")},
    )
    def screen(self) -> None: ...

    @transition(
        field=state,
        source=S.UNDER_RECONSIDERATION,
        target=None,
        permission=whoever_reconsiders("application.screen"),
        conditions=[has_begun],
        custom={"label": _("Record a screening result"), "verb": "screen"},
    )
    def screen_contested(self) -> None: ...

    @property
    def paused(self) -> bool:
        """Its clock stands still: somebody is being consulted."""
        return any(pause.ends_on is None for pause in self.pauses.all())

    @transition(
        field=state,
        source=S.UNDER_REVIEW,
        target=None,
        permission=whoever_has_it("application.consult"),
        conditions=[is_running],
        custom={"label": _("Stop the clock")},
    )
    def consult(self) -> None: ...

    @transition(
        field=state,
        source=TAKEN,
        target=None,
        permission=whoever_has_it("application.end_consult"),
        conditions=[stands_still],
        custom={"label": _("Let the clock go on")},
    )
    def end_consult(self) -> None: ...

    @transition(
        field=state,
        source=S.UNDER_REVIEW,
        target=S.AWAITING_DECISION,
        permission=whoever_has_it("application.recommend"),
        conditions=[is_running],
        custom={"label": _("Recommend")},
    )
    def recommend(self) -> None: ...

    @transition(
        field=state,
        source=S.AWAITING_DECISION,
        target=S.UNDER_REVIEW,
        permission=rules.officer("application.return"),
        custom={"label": _("Return to the reviewer"), "verb": "return"},
    )
    def send_back(self) -> None: ...

    @transition(
        field=state,
        source=S.AWAITING_DECISION,
        target=S.APPROVED,
        permission=rules.officer("application.approve"),
        custom={"label": _("Approve")},
    )
    def approve(self, *, decided_at: datetime) -> None:
        self.decided_at = decided_at

    @transition(
        field=state,
        source=S.AWAITING_DECISION,
        target=S.REFUSED,
        permission=rules.officer("application.refuse"),
        custom={"label": _("Refuse")},
    )
    def refuse(self, *, decided_at: datetime) -> None:
        self.decided_at = decided_at

    @transition(
        field=state,
        source=S.AWAITING_DECISION,
        target=None,
        permission=rules.officer("application.intend"),
        custom={"label": _("Announce the refusal first")},
    )
    def intend(self) -> None: ...

    @transition(
        field=state,
        source=S.AWAITING_DECISION,
        target=None,
        permission=rules.holder("application.respond"),
        custom={"label": _("Answer to the intent to refuse")},
    )
    def respond(self) -> None: ...

    @transition(
        field=state,
        source=S.APPROVED,
        target=S.ISSUED,
        permission=rules.officer("application.issue"),
        custom={"label": _("Issue the license")},
    )
    def issue(self) -> None: ...

    @transition(
        field=state,
        source=S.APPROVED,
        target=S.UNDER_REVIEW,
        permission=rules.officer("application.reopen"),
        custom={"label": _("Reopen")},
    )
    def reopen(self, *, accepted_on: date | None) -> None:
        self.accepted_on, self.decided_at, self.changed_at = accepted_on, None, None

    @transition(
        field=state,
        source=list(REDECLARED),
        target=None,
        permission=rules.holder("application.redeclare"),
        conditions=[lacks_a_declaration],
        custom={"label": _("Name another declaration")},
    )
    def redeclare(self) -> None: ...

    @transition(
        field=state,
        source=S.REFUSED,
        target=S.UNDER_RECONSIDERATION,
        permission=rules.holder("application.reconsider"),
        custom={"label": _("Contest the refusal")},
    )
    def reconsider(self) -> None: ...

    @transition(
        field=state,
        source=S.UNDER_RECONSIDERATION,
        target=None,
        permission=rules.officer("application.admit"),
        custom={"label": _("Accept the request")},
    )
    def admit(self) -> None: ...

    @transition(
        field=state,
        source=S.UNDER_RECONSIDERATION,
        target=None,
        permission=rules.officer("application.extend"),
        custom={"label": _("Extend the time")},
    )
    def extend(self) -> None: ...

    @transition(
        field=state,
        source=S.UNDER_RECONSIDERATION,
        target=S.REFUSED_FINAL,
        permission=rules.officer("application.uphold"),
        custom={"label": _("Uphold the refusal")},
    )
    def uphold(self) -> None: ...

    @transition(
        field=state,
        source=S.UNDER_RECONSIDERATION,
        target=S.APPROVED,
        permission=rules.officer("application.change"),
        custom={"label": _("Change the refusal")},
    )
    def change(self, *, changed_at: datetime) -> None:
        self.changed_at = changed_at

    @transition(
        field=state,
        source=S.UNDER_RECONSIDERATION,
        target=S.UNDER_REVIEW,
        permission=rules.officer("application.quash"),
        custom={"label": _("Quash the refusal")},
    )
    def quash(self, *, accepted_on: date) -> None:
        self._open_round(accepted_on)
        self.decided_at = self.reviewer = None

    @transition(
        field=state,
        source=[S.DRAFT, *OPEN_CASE],
        target=S.WITHDRAWN,
        permission=rules.holder("application.withdraw"),
        custom={"label": _("Withdraw")},
    )
    def withdraw(self) -> None: ...

    @property
    def ends_by(self) -> list[str]:
        """The steps from its state that end it without a license, as their buttons name them."""
        field: Any = self._meta.get_field("state")
        ended = (*ENDED_EARLY, S.REFUSED, S.REFUSED_FINAL)
        moves = (one for one in field.get_all_transitions(type(self)) if not one.custom.get("hidden"))
        return [str(one.custom["label"]) for one in moves if one.source == self.state and one.target in ended]

    @property
    def refusable(self) -> bool:
        """A refusal may be recommended now, whatever bars its company."""
        return has_move(self.recommend) and not self.paused

    @property
    def contested_for_good(self) -> bool:
        """While its refusal is reconsidered its company does not withdraw it."""
        return not any((one.source, one.verb) == (S.UNDER_RECONSIDERATION, "withdraw") for one in graph(type(self)))

    @property
    def way_past(self) -> str:
        """What its company does where this stands in the way of something else, as a sentence."""
        if has_move(self.withdraw):
            return gettext("Go on with that one, or have a signatory withdraw it first.")
        if self.state == S.ISSUED:
            return gettext("That has led to a license, so go on with that one.")
        return gettext("That can’t be withdrawn any more, so wait for its outcome.")


def _acted_until(verb: str, user: User) -> Exists:
    """That this person did something to the case before this happened to it last, or did it."""
    lines = HistoryLine.objects.filter(subject_kind="application")
    last = lines.filter(subject_id=OuterRef("subject_id"), verb=verb).order_by("-seq").values("seq")[:1]
    return Exists(lines.filter(subject_id=OuterRef("pk"), actor=user, seq__lte=Subquery(last)))


def _acted_on_declaration(user: User) -> Exists:
    """That this person did something to a declaration that the case names, or named before it was declared anew."""
    named = ApplicationEndUser.objects.filter(application=OuterRef(OuterRef("pk"))).values("declaration")
    replaced = HistoryLine.objects.filter(
        subject_kind="application", subject_id=OuterRef(OuterRef("pk")), verb="redeclare"
    ).values_list(KeyTextTransform("rejected", "facts"))
    theirs = Q(subject_id__in=named) | Q(subject_ref__in=replaced)
    return Exists(HistoryLine.objects.filter(theirs, subject_kind="declaration", actor=user))


def _reconsidered_by(user: User) -> Exists:
    """That this person reconsidered the case in its present round."""
    steps = DecisionStep.objects.filter(application=OuterRef("pk"), round=OuterRef("round"))
    return Exists(steps.filter(step=DecisionStep.Step.RECONSIDER, actor=user))


def _takings(user: User) -> QuerySet[HistoryLine]:
    """That this officer took a case, or took it over, whoever has it now; `subject_id` is the case's key."""
    return HistoryLine.objects.filter(subject_kind="application", verb="assign", actor_id=user.pk)


# what one base unit is of each unit that has several
IN_ONE = [When(unit=unit, then=Decimal(1) / base) for unit, (base, _places) in UNITS.items() if base != 1]


class ApplicationLine(models.Model):
    """Goods asked for: a control item, how it is described, how much in whole base units.

    value: what they are worth in the application's currency, by their price; PostgreSQL counts it, and nobody types it.
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveSmallIntegerField()
    control_item = models.ForeignKey(ControlItem, on_delete=models.PROTECT, related_name="+")
    description = models.CharField(_("description"), max_length=300)
    hs_code = models.CharField(_("customs goods code"), max_length=GOODS_CODE_LONG, blank=True)
    quantity = models.BigIntegerField()
    unit = models.CharField(max_length=UNIT_LONGEST)
    unit_price = models.DecimalField(_("unit price"), max_digits=18, decimal_places=PRICE_PLACES, null=True, blank=True)
    value = models.GeneratedField(
        expression=Round(
            F("quantity") * F("unit_price") * Case(*IN_ONE, default=Decimal(1)),
            precision=WORTH_PLACES,
        ),
        output_field=models.DecimalField(max_digits=18, decimal_places=WORTH_PLACES),
        db_persist=True,
        null=True,
    )
    composition = models.JSONField(
        _("contained elements, at most"),
        default=dict,
        blank=True,
        db_default={},
        help_text="By mass: {symbol: fraction as a decimal string}. The license's line has it as its upper bound.",
    )

    composition_basis = models.CharField(
        _("how its contents are known"), max_length=8, choices=Basis, blank=True, default="", db_default=""
    )
    specification = models.CharField(_("model or specification"), max_length=120, blank=True, default="", db_default="")
    maker = models.CharField(_("maker"), max_length=200, blank=True, default="", db_default="")
    origin = models.ForeignKey(
        Country, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("country of origin")
    )
    purity = models.DecimalField(
        _("purity"),
        max_digits=7,
        decimal_places=PURITY_PLACES,
        null=True,
        blank=True,
        help_text="In percent of the mass.",
    )
    inquiry = models.ForeignKey(
        Inquiry, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("item inquiry")
    )

    class Meta:
        ordering = ["application", "number"]
        constraints = [
            models.UniqueConstraint(name="application_line_once", fields=["application", "number"]),
            models.CheckConstraint(name="application_line_quantity", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="application_line_unit_price",
                condition=Q(unit_price=None) | Q(unit_price__gt=0, unit_price__lte=PRICE_MOST),
            ),
            models.CheckConstraint(
                name="application_line_purity", condition=Q(purity=None) | Q(purity__gt=0, purity__lte=PURITY_MOST)
            ),
            models.CheckConstraint(
                name="application_line_basis", condition=Q(composition_basis__in=["", MEASURED, DECLARED])
            ),
            models.CheckConstraint(name="application_line_value", condition=Q(value=None) | Q(value__lte=WORTH_MOST)),
        ]

    def __str__(self) -> str:
        return f"{self.application} {self.number}"

    @property
    def described(self) -> dict[str, Any]:
        """Which goods they are, for a line that begins with this one. Where nobody said, they are made at home."""
        return {name: getattr(self, name) for name in DESCRIBED} | {"origin_id": self.origin_id or HOME}

    @property
    def unsaid(self) -> list[str]:
        said = {name: getattr(self, name) for name in DESCRIBED} | {"origin": self.origin_id}
        return lacking(self.control_item, said, self.composition)

    @property
    def not_for(self) -> "list[ApplicationEndUser]":
        """The end-users of its case whose declaration does not cover the goods."""
        users = self.application.end_users.all()
        return [user for user in users if self.control_item_id not in user.declaration.covered]

    @property
    def currency(self) -> str:
        return self.application.currency


class ApplicationEndUser(models.Model):
    """An end-user named by the application, and the declaration that speaks for it."""

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="end_users")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="used_by")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(name="application_end_user_once", fields=["application", "party"])]

    def __str__(self) -> str:
        return str(self.party)


class ApplicationDocument(models.Model):
    """A paper of the application. type: one of the usual ones, or what a rule of an edition calls it."""

    class Type(models.TextChoices):
        CONTRACT = "contract", _("Contract or order history")
        TECHNICAL = "tech_desc", _("Technical description or test report")
        IDENTITY = "id_proof", _("Identity proof of the responsible persons")
        INTRODUCTION = "party_intro", _("Introduction of importer and end-user")
        TRANSLATION = "translation", _("Chinese translation of a paper")
        CIRCUMSTANCES = "circumstances", _("Proof of the special circumstances")
        OTHER = "other", _("Other")

    NEEDED = {  # of each application, with the words that ask for each
        Type.CONTRACT: _("Add the contract (for an annual license: frame contract or orders)."),
        Type.TECHNICAL: _("Add the technical description or test report."),
        Type.IDENTITY: _("Add the identity proof of the legal representative, the main manager and the handler."),
        Type.INTRODUCTION: _("Add an introduction of the importer and the end-user, with its translation."),
    }
    NEEDED_SPECIAL = {Type.CIRCUMSTANCES: _("Add a paper that proves the special circumstances.")}

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="documents")
    type = models.CharField(max_length=60)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return str(self.document)

    @property
    def label(self) -> str:
        usual = dict(self.Type.choices)
        return str(usual[self.type]) if self.type in usual else terms.word(terms.PAPERS, self.type)


@insert_only
class Finding(models.Model):
    """What the policy said of a line for an end-user, of which day, at which moment of the case. Never changed.

    record: all of it as one text (licensing.policy.records).
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="findings")
    moment = models.CharField(max_length=12)
    line_number = models.PositiveSmallIntegerField()
    as_of = models.DateField()
    edition = models.CharField(max_length=40)
    disposition = models.CharField(max_length=30)
    channels = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    matched = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    party_ref = models.CharField(max_length=REFERENCE_LONGEST)
    record = models.TextField()
    found_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.moment} {self.line_number}: {self.disposition}"


GROUNDS = {"factors": Q(factors__len__gte=1), "text": ~Q(text="")}  # what a refusal rests on, and which rows say it
GROUNDED = reduce(and_, GROUNDS.values())
EXCEPTION, OVERRULING = Q(outcome="approve", presumed__in=[*EXCEPTED]), Q(outcome="refuse", presumed=OVERRULED)


@insert_only
class DecisionStep(models.Model):
    """A counted step of a round: a recommendation, a decision, or what came of contesting that. PostgreSQL refuses one
    person in two kinds of them, or in two rounds, as verbs do before (`Application.not_to_decide`,
    `not_of_before`, `not_to_reconsider`)."""

    class Step(models.TextChoices):
        RECOMMEND = "recommend", _("Recommendation")
        DECIDE = "decide", _("Decision")
        RECONSIDER = "reconsider", _("Reconsideration")

    class Outcome(models.TextChoices):
        APPROVE = "approve", _("Approve")
        REFUSE = "refuse", _("Refuse")
        QUASH = "quash", _("Quash the refusal")

    DECIDED = (Outcome.APPROVE, Outcome.REFUSE)  # what is recommended and decided

    class Factor(models.TextChoices):
        """What a refusal may rest on. Source: Export Control Law, Art. 13."""

        SECURITY = "SECURITY", _("National security and interests")
        OBLIGATIONS = "OBLIGATIONS", _("International obligations")
        EXPORT_TYPE = "EXPORT_TYPE", _("Type of export")
        SENSITIVITY = "SENSITIVITY", _("Sensitivity of the item")
        DESTINATION = "DESTINATION", _("Destination country or region")
        END_USER = "END_USER", _("End-user")
        END_USE = "END_USE", _("End-use")
        CREDIT = "CREDIT", _("Credit record of the exporter")
        OTHER = "OTHER", _("Other factor provided by law")

    # those that a rule of an edition may attach, and no others
    Condition: Any = models.TextChoices(  # type: ignore[call-overload]
        "Condition", {code: (code, terms.CONDITIONS[code]) for code in CONDITIONS}
    )

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="steps")
    round = models.PositiveSmallIntegerField()
    step = models.CharField(max_length=10, choices=Step)
    actor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    months = models.PositiveSmallIntegerField(null=True, blank=True)
    max_clearances = models.PositiveIntegerField(null=True, blank=True)
    tolerance_mode = models.CharField(max_length=20, choices=terms.TOLERANCES, db_default=EXACT)
    tolerance_pct = models.DecimalField(max_digits=5, decimal_places=TOLERANCE_PLACES, db_default=0)
    conditions = ArrayField(models.CharField(max_length=30, choices=Condition), default=list, blank=True)
    factors = ArrayField(models.CharField(max_length=20, choices=Factor), default=list, blank=True)
    text = models.TextField(blank=True)
    note = models.TextField(blank=True)
    # of a decision: what the rules presumed at the strictest, and why it was decided otherwise
    presumed = models.CharField(max_length=30, blank=True, default="")
    departure = models.TextField(blank=True, default="")
    end_users = models.ManyToManyField(ApplicationEndUser, related_name="+", blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            ExclusionConstraint(
                name="step_nobody_takes_both",
                expressions=[
                    ("application", RangeOperators.EQUAL),
                    ("round", RangeOperators.EQUAL),
                    ("actor", RangeOperators.EQUAL),
                    ("step", RangeOperators.NOT_EQUAL),
                ],
            ),
            ExclusionConstraint(
                name="step_nobody_in_two_rounds",
                expressions=[
                    ("application", RangeOperators.EQUAL),
                    ("actor", RangeOperators.EQUAL),
                    ("round", RangeOperators.NOT_EQUAL),
                ],
            ),
            models.UniqueConstraint(
                name="step_reconsidered_once_by_each", fields=["application", "actor"], condition=Q(step="reconsider")
            ),
            models.CheckConstraint(
                name="step_quashed_with_a_reason",
                condition=~Q(outcome="quash") | Q(step="reconsider") & ~Q(text=""),
            ),
            models.CheckConstraint(
                name="step_refusal_rests_on_something",
                condition=~Q(outcome="refuse") | GROUNDED,
            ),
            models.CheckConstraint(
                name="step_departure_says_why", condition=~Q(departure="") | ~EXCEPTION & ~OVERRULING
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_step_display()}: {self.get_outcome_display()}"

    @cached_property
    def granted(self) -> list[tuple[int, int]]:
        """The number of each recommended line, and how much of it."""
        return [(part.line.number, part.quantity) for part in self.lines.all()]

    @cached_property
    def kept(self) -> list[int]:
        """The keys of the end-users that it keeps."""
        return [user.pk for user in self.end_users.all()]

    def factor_labels(self) -> list[str]:
        return [str(self.Factor(code).label) for code in self.factors]

    def condition_labels(self) -> list[str]:
        return [str(self.Condition(code).label) for code in self.conditions]


insert_only(DecisionStep.end_users.through)


@insert_only
class RecommendedLine(models.Model):
    """How much of a line is recommended, at most what was asked, and what it may be worth at most."""

    step = models.ForeignKey(DecisionStep, on_delete=models.PROTECT, related_name="lines")
    line = models.ForeignKey(ApplicationLine, on_delete=models.PROTECT, related_name="+")
    quantity = models.BigIntegerField()
    value = models.DecimalField(max_digits=18, decimal_places=WORTH_PLACES, null=True)
    currency = models.CharField(max_length=CURRENCY_LENGTH, db_default="")

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="recommended_line_once", fields=["step", "line"]),
            models.CheckConstraint(
                name="recommended_line_value",
                condition=Q(value=None, currency="") | Q(value__gt=0) & ~Q(currency=""),
            ),
            models.CheckConstraint(name="recommended_line_quantity", condition=Q(quantity__gte=0)),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.quantity}"


@insert_only
class Allotted(models.Model):
    """How much of a recommended line one end-user may take; where none is recommended the line alone bounds it."""

    step = models.ForeignKey(DecisionStep, on_delete=models.PROTECT, related_name="allotments")
    line = models.ForeignKey(ApplicationLine, on_delete=models.PROTECT, related_name="+")
    end_user = models.ForeignKey(ApplicationEndUser, on_delete=models.PROTECT, related_name="+")
    quantity = models.BigIntegerField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="allotted_once", fields=["step", "line", "end_user"]),
            models.CheckConstraint(name="allotted_quantity", condition=Q(quantity__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.line} for {self.end_user}: {self.quantity}"
