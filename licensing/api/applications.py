"""REST: an organization's cases, and their clocks as its pages show them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.access import Actor
from core.api.fields import AmountOutput, QuantityOutput, ReferenceOutput, UnitOutput, WordOutput
from core.api.pagination import Cursor, page_of, read_query
from core.api.schema import PAGES, call, parameter
from core.decided import filled
from core.errors import Invalid, NotFound, Problem
from core.legal_time import legal_day, legal_today
from core.quantities import show, show_amount
from core.search import search, words_of
from licensing import selectors
from licensing.api import examples
from licensing.api.views import actor_of, canonical
from licensing.clock import Reading
from licensing.models import Application, ClockInterval, Kind, License, TradeMode, TransportMode
from licensing.models.applications import PURITY_PLACES
from licensing.policy import vocabulary
from licensing.prices import PRICE_PLACES
from licensing.selectors import Remedy
from licensing.states import HOLDER_OF, Holder
from licensing.states import ApplicationState as S

REMEDY = ("sent_on", "opened_on", "served_on", "last_day")


class Limit(TextChoices):
    WORKING_DAYS = (
        vocabulary.TIMED,
        filled(gettext_lazy("the law gives {days} working days"), days="licensing.clock.WORKING_DAYS"),
    )
    UNTIMED = vocabulary.UNTIMED, gettext_lazy("no statutory limit applies")


class PauseOutput(serializers.Serializer[Any]):
    reason = WordOutput(ClockInterval.Reason)
    to = serializers.DateField(
        allow_null=True, help_text=gettext_lazy("The day that counts again; null while nobody knows it.")
    )

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name that Python lets a class have."""
        fields = super().get_fields()
        return {"reason": fields["reason"], "from": serializers.DateField(), "to": fields["to"]}


class ClockOutput(serializers.Serializer[Any]):
    kind = WordOutput(Limit)
    used = serializers.IntegerField(
        allow_null=True,
        help_text=gettext_lazy("Working days that the ministry had. Null: the working-day table ends before today."),
    )
    left = serializers.IntegerField(allow_null=True, help_text=gettext_lazy("Null as well where no limit applies."))
    deadline = serializers.DateField(
        allow_null=True,
        help_text=gettext_lazy(
            "The last day that is in time. Null while a pause has no end, where no limit applies, and where the "
            "working-day table ends before it."
        ),
    )
    provisional = serializers.BooleanField(help_text=gettext_lazy("True: the deadline may still move."))
    overdue = serializers.BooleanField(help_text=gettext_lazy("True: the ministry is late. Nothing is approved by it."))
    overdue_before = serializers.DateField(
        allow_null=True,
        help_text=gettext_lazy(
            "The first day on which the ministry was late before the days began to count anew, or no limit applied "
            "any more. Null: it was not."
        ),
    )
    pauses = PauseOutput(many=True)


class RemedyOutput(serializers.Serializer[Any]):
    sent_on = serializers.DateField(allow_null=True, help_text=gettext_lazy("When the notice of it went out."))
    opened_on = serializers.DateField(
        allow_null=True, help_text=gettext_lazy("When somebody of your organization first opened its page.")
    )
    served_on = serializers.DateField(
        allow_null=True,
        help_text=filled(
            gettext_lazy("The day that counts. {served}. Null while nobody can say."),
            served="licensing.selectors.reconsiderations.SERVED_HOW",
        ),
    )
    last_day = serializers.DateField(
        allow_null=True,
        help_text=filled(
            gettext_lazy("The last day to contest it: {days} days later. {moved}. Null where nobody can say yet."),
            days="licensing.selectors.reconsiderations.CONTEST_DAYS",
            moved="licensing.selectors.reconsiderations.MOVED_HOW",
        ),
    )


class CaseLineOutput(serializers.Serializer[Any]):
    line = serializers.IntegerField()
    control_code = serializers.CharField()
    description = serializers.CharField()
    quantity = QuantityOutput()
    unit = UnitOutput()
    unit_price = serializers.CharField(
        allow_null=True,
        help_text=gettext_lazy("For one of the unit, in the application's currency. Null: nobody said."),
    )
    specification = serializers.CharField(help_text=gettext_lazy("Its model or specification; empty: nobody said."))
    maker = serializers.CharField(help_text=gettext_lazy("Who makes the goods; empty: nobody said."))
    origin = serializers.CharField(
        allow_null=True, help_text=gettext_lazy("The country in which they are made. Null: nobody said.")
    )
    purity = serializers.CharField(
        allow_null=True, help_text=gettext_lazy("In percent of the mass. Null: they are not sold by it.")
    )
    value = AmountOutput(
        allow_null=True, help_text=gettext_lazy("Quantity times unit price, rounded half up. Null without a price.")
    )


class ApplicationOutput(serializers.Serializer[Any]):
    reference = ReferenceOutput(Application.PREFIX)
    kind = WordOutput(Kind)
    trade_mode = WordOutput(TradeMode, allow_null=True, help_text=gettext_lazy("Null: nobody said."))
    transport_mode = WordOutput(TransportMode, allow_null=True, help_text=gettext_lazy("Null: nobody said."))
    circumstances = serializers.CharField(
        help_text=gettext_lazy("What it says of special circumstances; empty for the other kinds.")
    )
    amends = ReferenceOutput(
        License.PREFIX, allow_null=True, help_text=gettext_lazy("The license that it asks to change.")
    )
    renews = ReferenceOutput(
        License.PREFIX, allow_null=True, help_text=gettext_lazy("The license after whose last day it asks for another.")
    )
    copied_license = ReferenceOutput(
        License.PREFIX, allow_null=True, help_text=gettext_lazy("The license that its draft began with.")
    )
    copied_case = ReferenceOutput(
        Application.PREFIX, allow_null=True, help_text=gettext_lazy("The case that its draft began with.")
    )
    currency = serializers.CharField(
        allow_null=True, help_text=gettext_lazy("Of its contract and prices, by ISO 4217. Null: nobody said.")
    )
    contract_value = AmountOutput(
        allow_null=True,
        help_text=gettext_lazy("As the contract says it; else of all lines together. Null where neither is known."),
    )
    merged_cases = serializers.ListField(
        child=ReferenceOutput(Application.PREFIX),
        help_text=gettext_lazy("The cases of one shipment each that its draft was merged of; mostly none."),
    )
    state = WordOutput(S)
    display = serializers.CharField()
    holder = WordOutput(Holder, allow_null=True, help_text=gettext_lazy("Who has to act next. Null: nobody has it."))
    submitted_on = serializers.DateField(allow_null=True)
    accepted_on = serializers.DateField(allow_null=True)
    clock = ClockOutput(
        allow_null=True,
        help_text=gettext_lazy("As of today; of a decided case, of that day. Null before the case is accepted."),
    )
    remedy = RemedyOutput(
        allow_null=True, help_text=gettext_lazy("Of a refusal: until when it may be contested. Null for other cases.")
    )
    lines = CaseLineOutput(many=True)
    license = ReferenceOutput(License.PREFIX, allow_null=True)


def applications(rows: list[Application]) -> list[dict[str, Any]]:
    clocks, remedies = selectors.clocks_of(rows, legal_today()), selectors.remedies_of(rows)
    return [application(row, clocks.get(row.pk), remedies.get(row.pk)) for row in rows]


def application(row: Application, clock: Reading | None, remedy: Remedy | None) -> dict[str, Any]:
    license = getattr(row, "license", None)
    return {
        "reference": row.ref,
        "kind": row.kind,
        "trade_mode": row.trade_mode or None,
        "transport_mode": row.transport_mode or None,
        "circumstances": row.circumstances,
        "amends": row.amends and row.amends.ref,
        "renews": row.renews and row.renews.ref,
        "copied_license": row.copied_license and row.copied_license.ref,
        "copied_case": row.copied_case and row.copied_case.ref,
        "currency": row.currency or None,
        "contract_value": _amount(row.contract_value or row.worth),
        "merged_cases": [one.case.ref for one in row.merged.all()],
        "state": row.state,
        "display": row.get_state_display(),
        "holder": HOLDER_OF.get(row.state),
        "submitted_on": row.submitted_at and legal_day(row.submitted_at),
        "accepted_on": row.accepted_on,
        "clock": clock and told(clock, row.pauses.all()),
        "remedy": remedy and {name: getattr(remedy, name) for name in REMEDY},
        "lines": [
            {
                "line": line.number,
                "control_code": line.control_item.code,
                "description": line.description,
                "quantity": show(line.quantity, line.unit),
                "unit": line.unit,
                "unit_price": None if line.unit_price is None else f"{line.unit_price:.{PRICE_PLACES}f}",
                "value": _amount(line.value),
                "specification": line.specification,
                "maker": line.maker,
                "origin": line.origin_id,
                "purity": None if line.purity is None else f"{line.purity:.{PURITY_PLACES}f}",
            }
            for line in row.lines.all()
        ],
        "license": license and license.ref,
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else show_amount(amount)


def told(clock: Reading, pauses: Iterable[ClockInterval]) -> dict[str, Any]:
    return {
        "kind": Limit.WORKING_DAYS if clock.of else Limit.UNTIMED,
        "used": clock.used,
        "left": clock.left,
        "deadline": clock.deadline,
        "provisional": clock.provisional,
        "overdue": clock.overdue,
        "overdue_before": clock.overdue_before,
        "pauses": [{"reason": row.reason, "from": row.begins_on, "to": row.ends_on} for row in pauses],
    }


def _whole(actor: Actor) -> QuerySet[Application]:
    rows = selectors.applications_for(actor).select_related("license")
    return rows.prefetch_related("lines__control_item", "pauses", "merged__case")


class Applications(APIView):
    route_name = "api.applications"

    @call(
        "applications_list",
        gettext_lazy("List applications"),
        gettext_lazy("Your organization's cases, newest first, each with who has it and what its clock says."),
        gives=page_of(ApplicationOutput),
        query=[
            parameter("q", gettext_lazy("Words: reference, contract, end-user, goods, control code.")),
            parameter("state", gettext_lazy("In this state only."), enum=S.values),
            parameter("kind", gettext_lazy("Of this kind only."), enum=Kind.values),
            *PAGES,
        ],
    )
    def get(self, request: Request) -> Response:
        query = read_query(request, "q", "state", "kind", paged=True)
        rows = search(_whole(actor_of(request)), selectors.CASE_SEARCH, words_of(query.pop("q", "")))
        for name, choices in {"state": S.values, "kind": Kind.values}.items():
            if query.get(name, choices[0]) not in choices:
                message = _("One of: {choices}.").format(choices=", ".join(choices))
                raise Invalid([Problem(f"/{name}", "invalid-parameter", message)])
        cursor = Cursor("-pk")
        return Response(cursor.body(applications(cursor.page(rows.filter(**query), request))))


class ApplicationDetail(APIView):
    route_name = "api.application"

    @call(
        "applications_read",
        gettext_lazy("Read an application"),
        gettext_lazy(
            "Where the case stands, who has to act next, the working days used and left, and each pause of the clock "
            "with its reason: the figures that your pages and the ministry's show."
        ),
        gives=ApplicationOutput,
        refuses=("invalid-reference",),
        answered={200: examples.APPLICATION},
    )
    def get(self, request: Request, ref: str) -> Response:
        read_query(request)
        wanted = canonical(ref, Application.PREFIX, "invalid-reference")
        row = _whole(actor_of(request)).filter(ref=wanted).first()
        if row is None:
            raise NotFound()
        return Response(applications([row])[0])
