"""The words of the rules: dispositions, channels, papers' clocks, and the facts that a rule may look at.

Source: licensing/data/rules.json, `combination`, `disposition_rank`, `channels` and `fact_defaults`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

# how strict each disposition is, mildest first
DISPOSITIONS = (
    "not_controlled",
    "unlisted",
    "exempt",
    "presumption_of_approval",
    "standard_review",
    "case_by_case",
    "presumption_of_denial",
    "prohibited",
)
EXCEPTED = ("presumption_of_denial", "prohibited")  # what bars, so that whoever approves it says why
OVERRULED = "presumption_of_approval"  # and whoever refuses what is presumed so
NEEDS_FACTS = "needs_facts"  # instead of a disposition: it can't be said yet
UNLICENSED = ("exempt", "prohibited")  # what is settled without anybody asking for a license
RULED = DISPOSITIONS[2:]  # what a rule may set; the milder ones say that no rule controls
CHANNELS = ("annual", "exempt_report", "registration", "single", "special_application")
SPECIAL = "special_application"  # the one channel that a prohibition may leave
CHANNEL_OF = {"per_shipment": "single", "annual": "annual", "special": SPECIAL}
MONTHS = 12  # that a license lasts at most where no rule says how many
MONTHS_MOST = {"single": 12, "annual": 36, SPECIAL: 12}  # by law, whatever a rule says; the last as a single one
CLEARANCES_LEAST, CLEARANCES_MOST = 1, 100_000  # that a license may be limited to; the database has room for more
REPORT_DAYS_MOST = 365  # within which a rule may ask for the report of a delivery
NO_CLOCK, UNTIMED, TIMED = CLOCKS = ("none", "untimed", "45wd")  # the last as the law has it
NEW, PENDING, EXISTING = AUDIENCES = ("new", "pending", "existing")  # applications, open cases, licenses in force
JUDGED = (NEW, PENDING)  # of whom an outcome is asked
REPORT_DAYS = 10  # working days after an export that is exempt. Source: Ann. 61/2025 para 5
AUTHORITIES = ("law", "announcement", "product")
CONDITIONS = ("PORT_ONLY", "NO_RESALE", "NAMED_SITE_ONLY", "DELIVERY_PROOF_30D")  # what a license may carry
PROVEN = "DELIVERY_PROOF_30D"  # with which each report of a delivery brings a paper
PROOF_DAYS = 30  # within which it does
EXACT, OF_THE_REST, OF_EACH_LINE = TOLERANCES = ("none", "pct_remaining_final", "pct_line")  # strictest first
# what counts of a parameter that no rule names; of another one anything
UNSAID: Mapping[str, Any] = {"qty_tolerance_mode": EXACT, "qty_tolerance_pct": "0", "max_validity_months": MONTHS}
UNLISTED_CODE = "none"
COUNTRY_PATTERN = "[A-Z]{2}"  # as core.models.people has it

CODE, COUNTRY, END_USE, ELEMENT = "item.control_code", "destination.country", "end_use.code", "item.element"
HIT = "screening.hit"
LIST, CATEGORY, TERRITORY = "item.list", "item.category", "exporter.territory"
DOMESTIC, OVERSEAS = "domestic", "overseas"  # exporters
TERRITORY_OF: Mapping[bool, str] = {True: DOMESTIC, False: OVERSEAS}  # whose a code is: is it official
FOLLOWING = (LIST, CATEGORY, ELEMENT)  # what a listed code says by itself
OF_UNLISTED: Mapping[str, str] = {LIST: "none", CATEGORY: "none"}  # likewise what is on no list


class Kind(Enum):
    """How the values of a fact are told apart."""

    CODE = "a code of the list, or none"
    WORD = "one of a few words"
    NAME = "a country, an element or an end-use"
    NAMES = "countries; one code stands for a list of one"
    FLAG = "true or false"
    SHARE = "a decimal from 0 to 1, unrounded"


@dataclass(frozen=True)
class Fact:
    """A fact: what it may be, and what it is when nobody says (None: then it is absent)."""

    kind: Kind
    words: tuple[str, ...] = ()
    default: str | bool | None = None


FACTS: Mapping[str, Fact] = {
    CODE: Fact(Kind.CODE),
    LIST: Fact(Kind.NAME),
    CATEGORY: Fact(Kind.NAME),
    ELEMENT: Fact(Kind.NAME),
    "item.origin": Fact(Kind.NAME),
    "item.cn_input_value_share": Fact(Kind.SHARE),
    "item.cn_technology": Fact(Kind.FLAG, default=False),
    COUNTRY: Fact(Kind.NAMES),
    END_USE: Fact(Kind.NAME),
    "end_user.class": Fact(Kind.WORD, ("commercial", "government", "military", "academic", "individual")),
    "end_user.validated": Fact(Kind.FLAG, default=False),
    "screening.hit": Fact(
        Kind.WORD, ("none", "possible", "control_list", "watch_list", "military_list", "owned_50_by_listed")
    ),
    TERRITORY: Fact(Kind.WORD, (DOMESTIC, OVERSEAS), DOMESTIC),
    "exporter.annual_qualified": Fact(Kind.FLAG),
    "exporter.red_flag": Fact(Kind.WORD, ("none", "wmd", "terror", "national_security"), "none"),
    "transaction.purpose": Fact(
        Kind.WORD,
        (
            "sale",
            "return_after_repair_to_original_user",
            "exhibition_return_unaltered",
            "exhibition_abroad_return_unaltered",
            "civil_aircraft_parts",
        ),
        "sale",
    ),
}
# what no applicant states: the ministry finds it, or gives it
OF_THE_MINISTRY = (HIT, "end_user.validated", "exporter.annual_qualified", "exporter.red_flag")
# keys of a rule's match that look at a fact of another name
LOOKS_AT = {"item.control_code_prefix": CODE, "destination.group": COUNTRY}
_SYMBOLS = (
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb "
    "Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir Pt Au "
    "Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U Np Pu Am Cm Bk Cf Es Fm Md No Lr Rf Db Sg Bh Hs Mt Ds Rg Cn Nh Fl Mc Lv Ts "
    "Og"
)
ELEMENTS = frozenset(_SYMBOLS.split())
