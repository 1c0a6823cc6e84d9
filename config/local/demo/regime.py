"""What the policy desk shows the public: notices, a draft open for comment; what companies follow; national quotas."""

from datetime import date, timedelta

from config.local.demo.people import Ministry, seen
from core.access import Actor, clock
from core.history import version
from core.legal_time import legal_today
from licensing import simulating
from licensing.actions import comments, editions, follows, notices, pools, simulations
from licensing.models import QuotaPool, Simulation

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
        **_ends("The suspension by announcement 70/2025", "公告2025年第70号", date(2026, 11, 10)),
        instruments=["A57-2025", "A56-2025", "A61-2025", "A62-2025"],
        by=officer,
    )
    notices.publish(
        kind="no_change",
        dated=legal_today(),
        **_ends("The suspension of clause 2 of Ann. 46/2024", "公告2024年第46号第二款", date(2026, 11, 27)),
        instruments=["A46-2024", "A72-2025"],
        by=officer,
    )


def _ends(what: str, what_zh: str, last: date) -> dict[str, str]:
    """That it lasts, or lasted, until its last day, as it is today."""
    lasts, ends = ("lasts", "暂停实施至") if legal_today() <= last else ("lasted", "的暂停实施已于")
    over = "" if lasts == "lasts" else "结束"
    return {
        "text_en": f"{what} {lasts} until {last:%-d %B %Y}. No prolongation is known here.",
        "text_zh": f"{what_zh}{ends}{last.year}年{last.month}月{last.day}日{over}。本系统未见延期的公告。",
    }


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


def quotas(ministry: Ministry) -> None:
    """A quota of contained dysprosium for the European Union, one of magnets for the United States, and a cut of the
    first that waits for its second person. The figures are ours: no real quota is published."""
    year = legal_today().year
    period = {"period_from": date(year, 1, 1), "period_until": date(year, 12, 31)}
    by = ministry.policy_officer
    european = ["AT", "BE", "CZ", "DE", "DK", "ES", "FR", "HU", "IT", "NL", "PL", "RO", "SE", "SK"]
    scopes = [
        (pools.Scope(f"Q-EU-DY-{year}", "content", element="Dy", destinations=european, **period), 90_000),
        (pools.Scope(f"Q-US-MAG-{year}", "gross", category="magnet", destinations=["US"], **period), 3_500_000),
    ]
    for scope, kilograms in scopes:
        asked = {
            "cap": kilograms * 1000,
            "from_day": legal_today(),
            "reason": "As planned for the year.",
            "public": True,
        }
        change = pools.propose_opening(scope, **asked, by=by)
        pools.approve(change.pk, seen=version(change), by=ministry.policy_approver)
    first = QuotaPool.objects.get(ref=scopes[0][0].ref)
    reason = "Less is mined than was planned."
    cut = {"cap": 80_000_000, "from_day": legal_today(), "reason": reason, "public": True}
    pools.propose_change(first.ref, **cut, seen=version(first), by=by)
