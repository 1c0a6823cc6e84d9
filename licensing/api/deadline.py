"""REST: the statutory clock of a case that was accepted on some day. Open to anyone; nothing is stored."""

import re
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core import selectors
from core.api.fields import DayField, read_day
from core.api.pagination import read_query
from core.api.schema import call, parameter
from core.decided import filled
from core.errors import Invalid, Problem
from core.legal_time import DAY_PATTERN
from core.working_days import NotPublished, Pause
from licensing.api import examples
from licensing.clock import SIGNALS, WORKING_DAYS, Clock

PAUSE = f"{DAY_PATTERN}/{DAY_PATTERN}"
MOST_PAUSES, LONGEST_COUNT = 50, 250


class DeadlineOutput(serializers.Serializer[Any]):
    accepted_on = serializers.DateField()
    working_days = serializers.IntegerField()
    day_30 = serializers.DateField(allow_null=True, help_text=gettext_lazy("Null in a count of fewer days."))
    day_40 = serializers.DateField(allow_null=True, help_text=gettext_lazy("Null in a count of fewer days."))
    deadline = serializers.DateField(help_text=gettext_lazy("The last day that is in time, to its end."))
    provisional = serializers.BooleanField(
        help_text=gettext_lazy("True: a year on the way is not announced yet, and the deadline may still move.")
    )


class Deadline(APIView):
    route_name = "api.calendar.deadline"

    @call(
        "calendar_deadline_read",
        gettext_lazy("Count the working days to a deadline"),
        gettext_lazy(
            "The day of acceptance is day 0, the next working day is day 1. Make-up Saturdays and Sundays count; days "
            "that a pause covers do not, and where two pauses overlap they are skipped once."
        ),
        gives=DeadlineOutput,
        query=[
            parameter(
                "accepted_on",
                gettext_lazy("The legal day of acceptance (Asia/Shanghai)."),
                required=True,
                format="date",
            ),
            parameter(
                "tolled",
                gettext_lazy("A pause of the clock, as FROM/TO; TO is the first day that counts again. May repeat."),
                type="array",
                items={"type": "string", "pattern": f"^{PAUSE}$"},
                maxItems=MOST_PAUSES,
            ),
            parameter(
                "working_days",
                filled(
                    gettext_lazy("How many days are counted, {days} unless said."), days="licensing.clock.WORKING_DAYS"
                ),
                type="integer",
                minimum=1,
                maximum=LONGEST_COUNT,
            ),
        ],
        refuses=(
            *DayField.refuses,
            "required",
            "invalid-format",
            "end-before-start",
            "date-out-of-range",
            "max-items",
            "calendar-not-published",
        ),
        answered={200: examples.DEADLINE},
    )
    def get(self, request: Request) -> Response:
        accepted_on, pauses, working_days = _read(request)
        calendar = selectors.calendar(accepted_on, working_days, pauses)
        clock = Clock(calendar, accepted_on, pauses, working_days)
        try:
            return Response(
                {
                    "accepted_on": accepted_on,
                    "working_days": working_days,
                    **{f"day_{number}": clock.day(number) for number in SIGNALS if number < WORKING_DAYS},
                    "deadline": clock.deadline,
                    "provisional": clock.provisional,
                }
            )
        except NotPublished as missing:
            message = _("This count needs {day}, which is not in the working-day table.").format(day=missing.on)
            raise Invalid([Problem("/accepted_on", "calendar-not-published", message)]) from None


def _read(request: Request) -> tuple[date, tuple[Pause, ...], int]:
    """What the query asks for. Raises Invalid with everything that is wrong."""
    query = read_query(request, "accepted_on", "tolled", "working_days", repeats=("tolled",))
    tolled = request.query_params.getlist("tolled")
    number = query.get("working_days", str(WORKING_DAYS))
    problems: list[Problem] = []
    accepted_on, pauses = None, []
    if "accepted_on" not in query:
        problems.append(Problem("/accepted_on", "required", _("Say on which day the case was accepted.")))
    else:
        try:
            accepted_on = read_day(query["accepted_on"], "/accepted_on")
        except Invalid as wrong:
            problems += wrong.errors
    if len(tolled) > MOST_PAUSES:
        message = _("At most {most} of them.").format(most=MOST_PAUSES)
        problems.append(Problem("/tolled", "max-items", message))
    for place, text in enumerate(tolled[:MOST_PAUSES]):
        try:
            pauses.append(_pause(text, f"/tolled/{place}", accepted_on))
        except Invalid as wrong:
            problems += wrong.errors
    if not (number.isascii() and number.isdigit() and 1 <= int(number[:6]) <= LONGEST_COUNT):
        message = _("From 1 to {most}.").format(most=LONGEST_COUNT)
        problems.append(Problem("/working_days", "invalid-parameter", message))
    if problems or accepted_on is None:
        raise Invalid(problems)
    return accepted_on, tuple(pauses), int(number)


def _pause(text: str, pointer: str, accepted_on: date | None) -> Pause:
    if not re.fullmatch(PAUSE, text):
        raise Invalid([Problem(pointer, "invalid-format", _("Write it as FROM/TO, like 2026-03-16/2026-04-08."))])
    pause = Pause(*(read_day(day, pointer) for day in text.split("/")))
    if pause.end <= pause.start:
        message = _("TO is the first day that counts again: it comes after FROM.")
        raise Invalid([Problem(pointer, "end-before-start", message)])
    if accepted_on and pause.end <= accepted_on:
        message = _("This pause ended before the case was accepted, when no clock ran.")
        raise Invalid([Problem(pointer, "date-out-of-range", message)])
    return pause
