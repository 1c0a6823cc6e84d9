"""What the policy desk shows the public: notices, a draft open for comment; and what companies follow."""

from datetime import timedelta

from config.local.demo.people import seen
from core.access import Actor, clock
from core.legal_time import legal_today
from licensing import simulating
from licensing.actions import comments, editions, follows, notices, simulations
from licensing.models import Simulation

TITLE = {"title_en": "Terbium and dysprosium oxides: case by case", "title_zh": "铽、镝的氧化物逐案审批"}
OXIDES = {  # a row of the rules; its first day is the draft's
    "id": "R090",
    "enabled": True,
    "instrument": "PROD-BARRIER",
    "clause": "7",
    "match": {"item.control_code_prefix": ["1C904.b", "1C905.b"]},
    "effect": {"disposition": "case_by_case"},
    "applies_to": ["new", "pending"],
    "authority": "product",
    "verified": False,
    "rationale_en": "Terbium and dysprosium oxides are decided case by case",
    "rationale_zh": "铽、镝的氧化物逐案审批",
    "source": "invented for the demonstration",
}


def told_to_the_public(officer: Actor) -> None:
    """What these files know of suspensions that are over or end: nothing newer was found."""
    notices.publish(
        kind="no_change",
        dated=legal_today(),
        text_en="The suspension by announcement 70/2025 lasted until 10 November 2026. No prolongation is known here.",
        text_zh="公告2025年第70号的暂停实施至2026年11月10日止。本系统未见延期的公告。",
        instruments=["A57-2025", "A56-2025", "A61-2025", "A62-2025"],
        by=officer,
    )
    notices.publish(
        kind="no_change",
        dated=legal_today(),
        text_en="The suspension of clause 2 of Ann. 46/2024 lasts to 27 November 2026. No prolongation is known here.",
        text_zh="公告2024年第46号第二款暂停实施至2026年11月27日。本系统未见延期的公告。",
        instruments=["A46-2024", "A72-2025"],
        by=officer,
    )


def followed(lanting: Actor, ruohe: Actor) -> None:
    """Magnets of the October list by who makes magnets, holmium and its neighbors by who sells materials."""
    follows.follow(code="1C909.a.4", by=lanting)
    follows.follow(code="1C909", by=ruohe)


def open_for_comment(officer: Actor) -> None:
    """A draft that would touch cases of both companies; nothing of it is in force."""
    first_day = legal_today() + timedelta(days=45)
    ref = editions.draft(title=TITLE["title_en"], by=officer).ref
    editions.change(
        ref, seen=seen(ref), part="rules", key="", row=OXIDES | {"effective_from": str(first_day)}, by=officer
    )
    editions.describe(
        ref,
        seen=seen(ref),
        **TITLE,
        statement_en="Terbium and dysprosium oxides are decided case by case.\n\nLicenses in force stay as they are.",
        statement_zh="铽、镝的氧化物拟逐案审批。\n\n现有许可证不受影响。",
        starts_on=first_day,
        by=officer,
    )
    simulations.simulate(ref, seen=seen(ref), by=officer)
    simulating.work(Simulation.objects.latest("pk").pk, by=clock())
    comments.publish(ref, seen=seen(ref), until=legal_today() + timedelta(days=30), by=officer)
