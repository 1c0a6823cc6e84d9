"""REST: what the rules say of facts on a day. Open to anyone, and nothing is kept."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import commands
from core.api.fields import DayField, StrictSerializer
from core.api.schema import call
from core.errors import Invalid, Problem
from core.models.people import COUNTRY_PATTERN
from core.selectors import unknown_countries
from core.sizes import ECHOED
from licensing import selectors
from licensing.api import examples
from licensing.policy.editions import Edition, Flaw, Hold, Unreadable
from licensing.policy.engine import Compiled, Outcome
from licensing.policy.facts import MOST_COUNTRIES, whole
from licensing.policy.vocabulary import (
    AUTHORITIES,
    CHANNELS,
    CLOCKS,
    COUNTRY,
    DISPOSITIONS,
    FACTS,
    NEEDS_FACTS,
    Fact,
    Kind,
)
from licensing.words.holds import reason
from licensing.words.rules import in_words


class FactsField(serializers.Field[dict[str, Any], Any, dict[str, Any], Any]):
    """Facts by name; which values they may have is the edition's to say."""

    refuses = ("expected-object", "unknown-fact", "fact-value", "facts-contradict", "code-of-others")

    def openapi(self) -> dict[str, Any]:
        about = _("What is known. What is left out counts as not known; nothing is guessed.")
        properties = {name: _shape(fact) for name, fact in FACTS.items()}
        return {"type": "object", "properties": properties, "additionalProperties": False, "description": about}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError(_("Send a JSON object."), "expected-object")
        return data


def _shape(fact: Fact) -> dict[str, Any]:
    text = {"type": "string", "maxLength": 60}
    match fact.kind:
        case Kind.FLAG:
            return {"type": "boolean", "description": _may_be(fact)}
        case Kind.NAMES:
            code = {"type": "string", "pattern": f"^{COUNTRY_PATTERN}$"}
            many = {"type": "array", "items": code, "minItems": 1, "maxItems": MOST_COUNTRIES}
            return {"oneOf": [code, many], "description": _may_be(fact)}
        case Kind.WORD:
            return {"type": "string", "enum": list(fact.words)}
    return text | {"description": _may_be(fact)}


def _may_be(fact: Fact) -> str:
    """What a fact may be, in words."""
    match fact.kind:
        case Kind.FLAG:
            return _("true or false.")
        case Kind.NAMES:
            return _(
                "A two-letter country code such as DE, or a list of them: the end-user's and every onward country."
            )
        case Kind.SHARE:
            return _("A share from 0 to 1 as a text with a point, for example 0.0010.")
        case Kind.CODE:
            return _("A code of the control list such as 1C905.a.4, or none.")
        case Kind.WORD:
            return _("One of: {choices}.").format(choices=", ".join(fact.words))
    return _("As the control list, the end-uses, the elements and the countries name it.")


class AssessmentInput(StrictSerializer):
    as_of = DayField(required=False, help_text=gettext_lazy("Today in Shanghai when left out."))
    facts = FactsField()


class MatchedOutput(serializers.Serializer[Any]):
    rule = serializers.CharField()
    provision = serializers.CharField(allow_null=True, help_text=gettext_lazy("null: a default of this product."))
    authority = serializers.ChoiceField(AUTHORITIES)
    verified = serializers.BooleanField()
    text = serializers.CharField()


class HoldOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    reason = serializers.CharField()
    owner = serializers.CharField()
    until = serializers.DateField(allow_null=True, help_text=gettext_lazy("null: until a later edition ends it."))
    reservations = serializers.BooleanField(help_text=gettext_lazy("Nothing is reserved on licenses in force either."))


class AssessmentOutput(serializers.Serializer[Any]):
    as_of = serializers.DateField()
    edition = serializers.CharField()
    controlled = serializers.BooleanField(allow_null=True)
    disposition = serializers.ChoiceField((*DISPOSITIONS, NEEDS_FACTS))
    channels = serializers.ListField(child=serializers.ChoiceField(CHANNELS))
    requires = serializers.ListField(child=serializers.CharField())
    clock = serializers.ChoiceField(CLOCKS)
    missing = serializers.ListField(child=serializers.CharField())
    final = serializers.BooleanField()
    matched = MatchedOutput(many=True)
    holds = HoldOutput(many=True, help_text=gettext_lazy("Those that stand on that day. They change no outcome."))


class Assessments(APIView):
    route_name = "api.assessments"

    @call(
        "assessments_make",
        gettext_lazy("Ask whether goods need a license"),
        gettext_lazy(
            "What the rules say of these facts on a day: controlled or not, the usual way, channels, papers, and "
            "each rule that matched.\n\nNothing is kept, and no Idempotency-Key is needed. A day ahead is judged by "
            "the rules known today."
        ),
        gives=AssessmentOutput,
        takes=AssessmentInput,
        refuses=("date-out-of-range",),
        sent=examples.FACTS,
        answered={200: examples.ASSESSMENT},
    )
    def post(self, request: Request) -> Response:
        data = commands.read(request, AssessmentInput)
        editions = selectors.editions_at()
        today = editions.today
        day = data.get("as_of", today)
        if not selectors.FIRST_DAY <= day <= today + selectors.AHEAD:
            message = _("A day from {first} to {last}.").format(first=selectors.FIRST_DAY, last=today + selectors.AHEAD)
            raise Invalid([Problem("/as_of", "date-out-of-range", message)])
        edition = editions.of(day)
        rules = selectors.rules_of(edition.digest)
        facts = read(data["facts"], rules.edition)
        standing = [_hold(hold, day, editions) for hold in rules.holding(facts, on=day)]
        return Response(answer(day, edition.code, rules, rules.assess(facts, on=day)) | {"holds": standing})


def read(said: dict[str, Any], edition: Edition) -> dict[str, Any]:
    """The facts, whole. Raises Invalid with every one that can't be."""
    try:
        facts = whole(said, edition)
    except Unreadable as refused:
        raise Invalid([_problem(flaw) for flaw in refused.flaws]) from None
    named = {*facts.get(COUNTRY, ()), *filter(None, [facts.get("item.origin")])}
    if unknown := unknown_countries(named):
        where = COUNTRY if unknown & set(facts.get(COUNTRY, ())) else "item.origin"
        message = _("There is no country {code}.").format(code=", ".join(sorted(unknown)))
        raise Invalid([Problem(f"/facts/{where}", "fact-value", message)])
    return facts


def _problem(flaw: Flaw) -> Problem:
    match flaw.code:
        case "unknown-fact":
            message = _("There is no such fact. Facts are: {names}.").format(names=", ".join(FACTS))
        case "facts-contradict":
            message = _("The control list says {value} of this code.").format(value=flaw.detail or _("nothing"))
        case "code-of-others":
            message = _(
                "An official code is for exporters in China, a label of ours for those overseas: exporter.territory "
                "is {territory}."
            ).format(territory=flaw.detail)
        case _:
            message = _may_be(FACTS[flaw.where])
    return Problem(f"/facts/{flaw.where[:ECHOED]}", flaw.code, message)


def _hold(hold: Hold, day: date, editions: selectors.Editions) -> dict[str, Any]:
    until = selectors.last_day(hold, day, editions)
    facts = {"owner": hold.owner, "until": until and until.isoformat(), "reservations": hold.reservations}
    return {"id": hold.id, "reason": reason(hold), **facts}


def answer(day: date, edition: str, rules: Compiled, found: Outcome) -> dict[str, Any]:
    document = rules.edition.document
    rows = {row["id"]: row for row in document["rules"]}
    return {
        "as_of": day.isoformat(),
        "edition": edition,
        "controlled": found.controlled,
        "disposition": found.disposition,
        "channels": found.channels,
        "requires": found.requires,
        "clock": found.clock,
        "missing": found.missing,
        "final": found.final,
        "matched": [in_words(rows[name], document) for name in found.matched],
    }
