"""The verbs of a company's account, and of what lets it file for annual licenses."""

from datetime import date, timedelta
from typing import Any

from config.local import demo
from core.legal_time import legal_today
from exporters.actions import changes
from exporters.models import Exporter
from licensing.actions import standing
from shipments.actions import closing, qualifications
from tests import make
from tests.walk.plain import Account, Annual
from tests.walk.verb import ONCE, WAITS, Verb, over, proposed, refused, two_people, unless


def stopped(walk: Any, row: Any, who: int, _: Any) -> None:
    walk.plain.stop("suspended", who)


def reinstated(walk: Any, row: Any, who: int, _: Any) -> None:
    row.stopped_by = set()
    for license in walk.plain.licenses.values():
        license.own = [cause for cause in license.own if cause[0] != "exporter"]
        license.settle()


def barred(walk: Any, row: Any, who: int, _: Any) -> None:
    first, row.proposed_by = row.proposed_by, 0
    walk.plain.stop("barred", first, who)


def restates(walk: Any, row: Account, **by: Any) -> str:
    stands = Exporter.objects.get(pk=walk.pk)
    name = walk.handler
    changes.restate(
        customs_code=stands.customs_code,
        main_manager=stands.main_manager,
        handler=name,
        handler_phone=stands.handler_phone,
        **by,
    )
    return str(name)


def restated(walk: Any, row: Account, who: int, name: str) -> None:
    row.handler = name
    walk.prove_anew()


def nothing_new(walk: Any, row: Account, who: int) -> set[str]:
    walk.handler = walk.draw.choice([row.handler, *(make.unique("Wu ") for _ in range(3))])
    return {"nothing-new"} if walk.handler == row.handler else set()


def asks_for(walk: Any, row: Account, **by: Any) -> str:
    address = make.unique("Road ")
    changes.ask_change(address=address, reason="Moved", paper=("paper.pdf", demo.pdf("Paper")), **by)
    return address


def asked_for(walk: Any, row: Account, who: int, address: str) -> None:
    row.wanted = address


def answered(walk: Any, row: Account, who: int, _: Any) -> None:
    row.wanted = ""


def accepted(walk: Any, row: Account, who: int, _: Any) -> None:
    row.address, row.wanted = row.wanted, ""


def closed(walk: Any, row: Account, who: int, _: Any) -> None:
    row.wanted = ""
    walk.leave()


RUNS = "active suspended"
ASKED = unless("no-change", lambda plain, row, who: row.wanted)
BAR = {"number": "P-9", "provision": "p", "reason": "It sold to somebody else."}
ACCOUNT = [
    Verb(
        *("account", "suspend", "decider", "active"),
        lambda walk, row, **by: standing.suspend(walk.pk, number="7", provision="p", reason="r", **by),
        stopped,
    ),
    Verb(
        *("account", "reinstate", "decider", "suspended"),
        lambda walk, row, **by: standing.reinstate(walk.pk, reason="r", **by),
        reinstated,
        to="active",
        conditions=(refused("four-eyes", lambda plain, row, who: who in row.stopped_by),),
    ),
    Verb(
        *("account", "propose_bar", "decider", RUNS),
        lambda walk, row, **by: standing.propose_bar(walk.pk, last_day=legal_today() + timedelta(30), **BAR, **by),
        proposed,
        conditions=(ONCE,),
    ),
    Verb(
        *("account", "drop_bar", "decider", f"{RUNS} closed"),
        lambda walk, row, **by: standing.drop_bar(walk.pk, reason="r", **by),
        over,
        conditions=(WAITS,),
    ),
    Verb(
        *("account", "bar", "decider", RUNS),
        lambda walk, row, **by: standing.bar(walk.pk, **by),
        barred,
        conditions=two_people(lambda plain, row: row.proposed_by),
    ),
    Verb(
        *("account", "close", "signatory", "active"),
        lambda walk, row, **by: closing.close(**by),
        closed,
        to="closed",
        conditions=(refused("not-to-close", lambda plain, row, who: plain.ends_open()),),
        mine=True,
    ),
    Verb(
        *("account", "restate", "signatory", f"{RUNS} barred"),
        restates,
        restated,
        conditions=(nothing_new,),
        mine=True,
    ),
    Verb(
        *("account", "ask_change", "signatory", RUNS),
        asks_for,
        asked_for,
        conditions=(refused("change-open", lambda plain, row, who: row.wanted),),
        mine=True,
    ),
    Verb(
        *("account", "withdraw_change", "signatory", RUNS),
        lambda walk, row, **by: changes.withdraw_change(**by),
        answered,
        conditions=(ASKED,),
        mine=True,
    ),
    Verb(
        *("account", "accept_change", "intake", RUNS),
        lambda walk, row, **by: changes.accept_change(walk.pk, **by),
        accepted,
        conditions=(ASKED,),
    ),
    Verb(
        *("account", "decline_change", "intake", RUNS),
        lambda walk, row, **by: changes.decline_change(walk.pk, reason="r", **by),
        answered,
        conditions=(ASKED,),
    ),
]


def granted(walk: Any, row: Annual, who: int, _: Any) -> None:
    row.last = date.max


MET = {"", "test-not-met"}  # by a published test, of which the model knows nothing
ACTIVE = refused("exporter-not-active", lambda plain, row, who: plain.account.state != "active")
ANNUAL = [
    Verb(
        *("annual", "ask", "signatory", "none lapsed"),
        lambda walk, row, **by: qualifications.ask(**by),
        to="asked",
        conditions=(ACTIVE,),
        mine=True,
    ),
    Verb(
        *("annual", "grant", "decider", "asked"),
        lambda walk, row, **by: qualifications.grant(walk.pk, papers_seen=True, **by),
        granted,
        to="granted",
        conditions=(ACTIVE, lambda walk, row, who: MET),
    ),
    Verb(
        *("annual", "decline", "decider", "asked"),
        lambda walk, row, **by: qualifications.decline(walk.pk, reason="r", **by),
        to="none",
    ),
    Verb(
        *("annual", "renew", "decider", "granted"),
        lambda walk, row, **by: qualifications.renew(walk.pk, papers_seen=True, **by),
        granted,
        conditions=(lambda walk, row, who: MET if row.last < date.max else {"renewal-not-open"},),
    ),
]
