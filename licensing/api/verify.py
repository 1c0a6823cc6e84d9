"""REST: how a license stands now, for whoever has the number and a code of its paper. Open to anyone."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api.fields import QuantityOutput, UnitOutput
from core.api.pagination import read_query
from core.api.schema import call, parameter
from core.errors import Invalid, NotFound, Problem
from core.legal_time import legal_now, on_the_wire
from core.quantities import show
from exporters.selectors import facts_at
from licensing.api import examples
from licensing.selectors.verified import Share, Standing, Word, opened, standing


class VerifiedLineOutput(serializers.Serializer[Any]):
    control_code = serializers.CharField()
    description = serializers.CharField()
    unit = UnitOutput()
    authorized = QuantityOutput(allow_null=True, help_text=gettext_lazy("null: the holder arranges how much of it."))
    left = QuantityOutput(allow_null=True, help_text=gettext_lazy("null: the holder arranges how much of it."))


class VerifyOutput(serializers.Serializer[Any]):
    number = serializers.CharField()
    part = serializers.ChoiceField(["whole", "end_user"], help_text=gettext_lazy("How far the code goes."))
    state = serializers.ChoiceField([word.value for word in Word])
    ended = serializers.CharField(
        allow_null=True,
        help_text=gettext_lazy(
            "Where it has ended, by what. What was declared to customs in time is cleared as usual all the same."
        ),
    )
    ended_on = serializers.DateField(allow_null=True)
    goes_on = serializers.BooleanField(
        help_text=gettext_lazy("true: it was replaced, and what was reserved on it before may still be exported.")
    )
    suspended = serializers.BooleanField(
        help_text=gettext_lazy(
            "true: it is suspended; or it was replaced, and what was reserved on it before may not be exported until a "
            "suspension is lifted."
        )
    )
    holder = serializers.CharField(help_text=gettext_lazy("As the paper has it, from the day of issue."))
    end_user = serializers.CharField(allow_null=True)
    closed = serializers.ListField(
        child=serializers.CharField(), help_text=gettext_lazy("Of the whole: the end-users whom it serves no more.")
    )
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(help_text=gettext_lazy("The last day, to its end."))
    countries = serializers.ListField(child=serializers.CharField())
    lines = VerifiedLineOutput(many=True)
    ask = serializers.CharField(help_text=gettext_lazy("The office that answers questions about it."))
    as_of = serializers.DateTimeField()


class Verify(APIView):
    route_name = "api.verify"

    @call(
        "verify_read",
        gettext_lazy("Ask how a license stands now"),
        gettext_lazy(
            "By its number and a code of its paper: the whole with the code of the certificate, the part of one "
            "end-user with that of his extract. A wrong code is answered as a number that does not exist. Few calls a "
            "minute from one address."
        ),
        gives=VerifyOutput,
        query=[parameter("code", gettext_lazy("The code on the paper, with or without its hyphen."), required=True)],
        refuses=("required",),
        answered={200: examples.VERIFIED},
    )
    def get(self, request: Request, ref: str) -> Response:
        query = read_query(request, "code")
        if "code" not in query:
            raise Invalid([Problem("/code", "required", _("Send the code of the paper."))])
        at = legal_now()
        found = opened(ref, query["code"])
        if found is None:
            raise NotFound(_("No license has this number and this code together. Compare both with the paper."))
        return Response(_output(standing(found, at)), headers={"Cache-Control": "no-store"})


def _output(found: Standing) -> dict[str, Any]:
    license, user = found.license, found.end_user
    return {
        "number": license.ref,
        "part": "end_user" if user else "whole",
        "state": found.word,
        "ended": found.ended,
        "ended_on": found.ended_on,
        "goes_on": found.goes_on,
        "suspended": found.stopped or found.word == Word.SUSPENDED,
        "holder": facts_at(license.exporter, license.issued_at)["name_en"],
        "end_user": user.party.name if user else None,
        "closed": [one.party.name for one in found.closed],
        "valid_from": license.usable_from,
        "valid_to": license.usable_until,
        "countries": [country.pk for country in found.countries],
        "lines": [_line(one) for one in found.shares],
        "ask": found.office.name_en,
        "as_of": on_the_wire(found.at),
    }


def _line(one: Share) -> dict[str, Any]:
    unit = one.line.unit
    return {
        "control_code": one.line.control_item.code,
        "description": one.line.description,
        "unit": unit,
        "authorized": None if one.authorized is None else show(one.authorized, unit),
        "left": None if one.left is None else show(one.left, unit),
    }
