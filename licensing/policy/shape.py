"""What an edition's document may hold, as a JSON Schema; what its parts say of each other is checked in editions.py."""

from typing import Any

from licensing.policy.thresholds import COUNTED, COUNTED_MOST, LOOKED_BACK_MOST
from licensing.policy.vocabulary import (
    AUDIENCES,
    AUTHORITIES,
    CHANNELS,
    CLEARANCES_LEAST,
    CLEARANCES_MOST,
    CONDITIONS,
    COUNTRY_PATTERN,
    FACTS,
    LOOKS_AT,
    MONTHS_MOST,
    REPORT_DAYS_MOST,
    RULED,
    TOLERANCES,
    UNTIMED,
    Kind,
)

PLAIN = r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f.][^\x00-\x1f\x7f]*\Z"  # on one line, and no mere dots
NAME = {"type": "string", "minLength": 1, "maxLength": 60, "pattern": PLAIN}
# what names a row: its address carries it, and no two are told apart by blanks
ID = NAME | {"pattern": r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\Z"}
TEXT = {"type": "string", "maxLength": 2000}
WORDS = TEXT | {"minLength": 1}
LAST = {"type": "string", "format": "date", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z"}
DAY = LAST | {"pattern": r"^[12][0-9]{3}-[0-9]{2}-[0-9]{2}\Z"}  # the day before it, and the one after, are days
SHARE = {"type": "string", "pattern": r"^(0(\.[0-9]{1,12})?|1(\.0{1,12})?)$"}
COUNTRY = {"type": "string", "pattern": f"^{COUNTRY_PATTERN}$"}


UNITS = ("kg", "g", "unit", "set", "contract")  # in which goods are counted


def at_most(text: dict[str, Any], length: int) -> dict[str, Any]:
    return text | {"maxLength": length}


def some(items: Any, **more: Any) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": 1, "uniqueItems": True, **more}


def rows(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def row(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    """An object with exactly these: what else stands in it is a slip."""
    return {
        "type": "object",
        "properties": required | optional,
        "required": sorted(required),
        "additionalProperties": False,
    }


def _looked_for(kind: Kind, words: tuple[str, ...]) -> dict[str, Any]:
    if kind is Kind.FLAG:
        return {"type": "boolean"}
    if kind is Kind.SHARE:
        return row({"gte": SHARE})
    return some({"enum": list(words)} if words else NAME)


MATCH = {
    "type": "object",
    "properties": {key: _looked_for(fact.kind, fact.words) for key, fact in FACTS.items() if fact.kind is not Kind.CODE}
    | {key: some(NAME) for key in LOOKS_AT},
    "minProperties": 1,
    "additionalProperties": False,
}
PARAMS = row(
    {},
    max_validity_months={"type": "integer", "minimum": 1, "maximum": MONTHS_MOST["annual"]},
    max_clearances={"type": ["integer", "null"], "minimum": CLEARANCES_LEAST, "maximum": CLEARANCES_MOST},
    qty_tolerance_mode={"enum": list(TOLERANCES)},
    qty_tolerance_pct=SHARE,
    report_days_after_shipment={"type": "integer", "minimum": 1, "maximum": REPORT_DAYS_MOST},
    conditions=some({"enum": list(CONDITIONS)}),
)
EFFECT = row(
    {},
    control={"const": True},
    disposition={"enum": list(RULED)},
    grant=some({"enum": list(CHANNELS)}),
    remove=some({"enum": list(CHANNELS)}),
    require=some(NAME),
    clock={"enum": [UNTIMED]},
    params=PARAMS,
)
INSTRUMENT = row(
    {"id": at_most(ID, 20), "title_en": at_most(WORDS, 300), "title_zh": at_most(WORDS, 300), "source": WORDS}
    | {"published": DAY, "effective_from": DAY, "authority": {"enum": list(AUTHORITIES)}},
    effective_to=LAST,
    clauses={"type": "object", "additionalProperties": DAY},
    note=TEXT,
)
WINDOW = row(
    {"instrument": NAME, "clause": {"anyOf": [NAME, {"type": "null"}]}, "by": WORDS}
    | {"suspended_from": DAY, "suspended_until": LAST}
)
RULE = row(
    {"id": ID, "instrument": NAME, "clause": NAME, "match": MATCH, "effect": EFFECT, "source": WORDS}
    | {"rationale_en": WORDS, "rationale_zh": WORDS, "authority": {"enum": list(AUTHORITIES)}}
    | {"verified": {"type": "boolean"}, "applies_to": some({"enum": list(AUDIENCES)})},
    enabled={"type": "boolean"},
    effective_from=DAY,
    effective_to=LAST,
    overrides_disposition_of=some(NAME),
    transition=row({}, contracts_signed_before=DAY, until=LAST),
)
CODE = row(
    {"code": at_most(NAME, 20), "official": {"type": "boolean"}, "list": at_most(NAME, 20), "instrument": NAME}
    | {"category": at_most(NAME, 40), "element": at_most(TEXT, 10), "unit": {"enum": list(UNITS)}}
    | {"description_en": WORDS, "description_zh": TEXT}
    | {"hs_codes": {"type": "array", "items": {"type": "string", "pattern": "^[0-9]{4,10}$"}, "uniqueItems": True}}
    | {"confidence": at_most(NAME, 20), "source": WORDS, "note": TEXT}
)
HOLD = row(
    {"id": ID, "match": MATCH, "from": DAY, "until": {"anyOf": [LAST, {"type": "null"}]}}
    | {"reason_en": WORDS, "reason_zh": WORDS, "owner": WORDS},
    reservations={"type": "boolean"},
)
THRESHOLD = row(
    {"id": {"enum": list(COUNTED)}, "authority": {"enum": list(AUTHORITIES)}, "verified": {"type": "boolean"}}
    | {"source": WORDS},
    number={"type": "integer", "minimum": 0, "maximum": COUNTED_MOST},
    months={"type": "integer", "minimum": 1, "maximum": LOOKED_BACK_MOST},
)
CLAIM = row(
    {},
    without_channels=some({"enum": list(CHANNELS)}),
    at_least={"enum": list(RULED)},
    never=some({"enum": list(RULED)}),
    has_channel={"const": True},
)
INVARIANT = row(
    {"id": ID, "sentence_en": WORDS, "sentence_zh": WORDS, "basis": WORDS, "then": CLAIM | {"minProperties": 1}},
    when=some(MATCH),
    struck=WORDS,
)
DOCUMENT = row(
    {
        "instruments": rows(INSTRUMENT),
        "windows": rows(WINDOW),
        "rules": rows(RULE),
        "codes": rows(CODE),
        "invariants": rows(INVARIANT),
        "end_uses": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": at_most(ID, 20),
            "additionalProperties": row({"en": at_most(WORDS, 200), "zh": at_most(WORDS, 200)}),
        },
        "groups": {
            "type": "object",
            "propertyNames": ID,
            "additionalProperties": row({"en": WORDS, "zh": WORDS, "countries": some(COUNTRY)}),
        },
    },
    holds=rows(HOLD),
    thresholds=rows(THRESHOLD),
)
