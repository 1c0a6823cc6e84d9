"""Each verb of the walk: who may do it, from which states, what else refuses it, and what is true afterwards; beside it
the call of the product that does it.

A condition says nothing, or the codes of which one refuses the verb; with "" among them the rules' engine decides, of
which the plain model knows nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.legal_time import legal_today
from licensing.actions import (
    applications,
    decisions,
    declarations,
    intents,
    invalidations,
    licenses,
    questions,
    receipts,
    reconsiderations,
    revocations,
    screenings,
    standing,
)
from licensing.models import Application, ApplicationEndUser
from shipments.actions import closing
from tests import make
from tests.walk.plain import NAMEABLE, RECOMMENDABLE, UNDECIDED, VERIFIED, VOID, Case, Declared, Licensed, Plain

NO = {"factors": ["END_USE"], "text": "Its use is not known."}
ENGINE = {
    "",
    *("policy-changed", "channel-not-open", "screening-unresolved", "screening-missing", "papers-missing"),
    *("declaration-not-submitted", "declaration-changed", "required", "exporter-not-active", "held", "channel-closed"),
}

Condition = Callable[[Any, Any, int], set[str]]


@dataclass(frozen=True)
class Verb:
    """before: what refuses it before the state is looked at. seen: it carries what stood on the page.

    call: (walk, row, what was seen, by whom). then: (walk, row, person, what the call answered).
    """

    noun: str
    name: str
    roles: str
    sources: str
    call: Callable[..., Any]
    then: Callable[..., Any] | None = None
    to: str = ""
    before: tuple[Condition, ...] = ()
    conditions: tuple[Condition, ...] = ()
    seen: bool = True


def unless(code: str, right: Callable[..., Any]) -> Condition:
    return lambda walk, row, who: set() if right(walk.plain, row, who) else {code}


def refused(code: str, wrong: Callable[..., Any]) -> Condition:
    return lambda walk, row, who: {code} if wrong(walk.plain, row, who) else set()


def two_people(of: Callable[..., Any]) -> tuple[Condition, ...]:
    """Somebody proposed it, and another does it."""
    return (
        unless("no-proposal", lambda plain, row, who: of(plain, row)),
        refused("four-eyes", lambda plain, row, who: of(plain, row) == who),
    )


def proposed(walk: Any, row: Any, who: int, _: Any) -> None:
    row.proposed_by = who


def over(walk: Any, row: Any, who: int, _: Any) -> None:
    row.proposed_by = 0


ONCE = refused("proposal-open", lambda plain, row, who: row.proposed_by)
WAITS = unless("no-proposal", lambda plain, row, who: row.proposed_by)


# --- the account ------------------------------------------------------------------------------------------------------
def stopped(walk: Any, row: Any, who: int, _: Any) -> None:
    row.stopped_by = who
    walk.plain.stop("suspended", who)


def reinstated(walk: Any, row: Any, who: int, _: Any) -> None:
    row.stopped_by = 0
    for license in walk.plain.licenses.values():
        license.own = [cause for cause in license.own if cause[0] != "exporter"]
        license.settle()


def barred(walk: Any, row: Any, who: int, _: Any) -> None:
    row.proposed_by = 0
    walk.plain.stop("barred", who)


BAR = {"number": "P-9", "reason": "It sold to somebody else."}
ACCOUNT = [
    Verb(
        *("account", "suspend", "decider", "active"),
        lambda walk, row, **by: standing.suspend(walk.pk, number="7", reason="r", **by),
        stopped,
    ),
    Verb(
        *("account", "reinstate", "decider", "suspended"),
        lambda walk, row, **by: standing.reinstate(walk.pk, reason="r", **by),
        reinstated,
        to="active",
        conditions=(refused("four-eyes", lambda plain, row, who: row.stopped_by == who),),
    ),
    Verb(
        *("account", "propose_bar", "decider", "active suspended"),
        lambda walk, row, **by: standing.propose_bar(walk.pk, last_day=legal_today() + timedelta(30), **BAR, **by),
        proposed,
        conditions=(ONCE,),
    ),
    Verb(
        *("account", "drop_bar", "decider", "active suspended closed"),
        lambda walk, row, **by: standing.drop_bar(walk.pk, reason="r", **by),
        over,
        conditions=(WAITS,),
    ),
    Verb(
        *("account", "bar", "decider", "active suspended"),
        lambda walk, row, **by: standing.bar(walk.pk, **by),
        barred,
        conditions=two_people(lambda plain, row: row.proposed_by),
    ),
    Verb(
        *("account", "close", "signatory", "active"),
        lambda walk, row, **by: closing.close(**by),
        to="closed",
        conditions=(refused("not-to-close", lambda plain, row, who: plain.ends_open()),),
    ),
]


# --- declarations -----------------------------------------------------------------------------------------------------
def signed(walk: Any, row: Declared, who: int, _: Any) -> None:
    row.signed = walk.plain.step


def shown(walk: Any, row: Declared, who: int, _: Any) -> None:
    row.shown = True


def opens_again(walk: Any, row: Declared, who: int, _: Any) -> None:
    """Whom an invalid declaration closed relies on it now."""
    elders = walk.plain.elders(row)
    for license, party, user in walk.plain.served():
        if party == row.party and "declaration" in user.causes:
            user.causes.discard("declaration")
            user.declaration = row.ref
            walk.plain.put_in_force(row, elders)
            license.settle()


def invalid(walk: Any, row: Declared, who: int, _: Any) -> None:
    walk.found_invalid.setdefault(row.ref, set()).update({row.proposed_by, who})
    row.proposed_by = 0
    for license, _party, user in walk.plain.served():
        if user.declaration == row.ref:
            user.causes.add("declaration")
            license.settle()


def opened_by_who_closed(walk: Any, row: Declared, who: int) -> set[str]:
    closed = [
        user.declaration
        for _license, party, user in walk.plain.served()
        if party == row.party and "declaration" in user.causes
    ]
    return {"four-eyes"} if any(who in walk.found_invalid[ref] for ref in closed) else set()


OWN = "signatory clerk"
DECLARATIONS = [
    Verb(
        *("declaration", "attach_signed", OWN, "draft"),
        lambda walk, row, **by: declarations.attach_signed(row.ref, **walk.certificate(), **by),
        signed,
        to="signed",
    ),
    Verb(
        *("declaration", "submit", OWN, "signed"),
        lambda walk, row, **by: declarations.submit(row.ref, **by),
        shown,
        to="submitted",
    ),
    Verb(
        *("declaration", "verify", "reviewer", "submitted"),
        lambda walk, row, **by: declarations.verify(row.ref, **by),
        opens_again,
        to="verified",
        conditions=(
            refused("screening-unresolved", lambda plain, row, who: plain.hits.get(row.party) == "possible"),
            opened_by_who_closed,
        ),
    ),
    Verb(
        *("declaration", "query", "reviewer", "submitted"),
        lambda walk, row, **by: declarations.query(row.ref, reason="q", **by),
        to="queried",
    ),
    Verb(
        *("declaration", "answer", OWN, "queried"),
        lambda walk, row, **by: declarations.answer(row.ref, text="a", **by),
        to="submitted",
    ),
    Verb(
        *("declaration", "redo", OWN, "queried"),
        lambda walk, row, **by: declarations.redo(row.ref, reason="r", **by),
        to="draft",
    ),
    Verb(
        *("declaration", "reject", "reviewer", "submitted queried"),
        lambda walk, row, **by: declarations.reject(row.ref, reason="r", **by),
        to="rejected",
    ),
    Verb(
        *("declaration", "propose_invalidate", "reviewer", "verified in_force superseded"),
        lambda walk, row, **by: invalidations.propose_invalidate(row.ref, ground="forged", reason="r", **by),
        proposed,
        conditions=(ONCE,),
    ),
    Verb(
        *("declaration", "drop_invalidate", "reviewer decider", "verified in_force superseded expired"),
        lambda walk, row, **by: invalidations.drop_invalidate(row.ref, reason="r", **by),
        over,
        conditions=(WAITS,),
    ),
    Verb(
        *("declaration", "invalidate", "reviewer decider", "verified in_force superseded"),
        lambda walk, row, **by: invalidations.invalidate(row.ref, **by),
        invalid,
        to="invalid",
        conditions=two_people(lambda plain, row: row.proposed_by),
    ),
]


# --- cases ------------------------------------------------------------------------------------------------------------
def complete(plain: Plain, row: Case, who: int) -> bool:
    return (
        all(one.state in RECOMMENDABLE for one in plain.named(row))
        and plain.account.state == "active"
        and (row.kind != "annual" or plain.account.qualified)
        and not (row.kind == "per_shipment" and len(row.named) > 1)
    )


def first_round(walk: Any, row: Case, who: int, _: Any) -> None:
    row.round = 1
    row.acts.append((1, who, "accept"))


def takes_over(walk: Any, row: Case, who: int) -> set[str]:
    if row.state not in ("under_review", "awaiting_applicant"):
        return set()
    if row.taken_by == who:
        return {"forbidden"}
    return {"four-eyes"} if row.acted_before(who) or row.decided(who) else set()


def taken(walk: Any, row: Case, who: int, _: Any) -> None:
    row.taken_by = who
    row.takers.add(who)
    row.state = "under_review" if row.state == "accepted" else row.state


HAS_IT = unless("forbidden", lambda plain, row, who: row.taken_by == who)


def answered(walk: Any, row: Case, who: int, _: Any) -> None:
    row.questions -= 1
    row.state = row.state if row.questions or row.state == "under_reconsideration" else "under_review"


def asks(walk: Any, row: Case, **by: Any) -> None:
    questions.ask(row.ref, text="t", due_on=legal_today() + timedelta(5), about=["lines"], **by)


def asked(walk: Any, row: Case, who: int, _: Any) -> None:
    row.questions += 1


def screens(walk: Any, row: Case, **by: Any) -> str:
    hit = walk.draw.choice(["none"] * 5 + ["possible"])
    users = list(ApplicationEndUser.objects.filter(application__ref=row.ref).values_list("pk", flat=True))
    facts = {"list_version": "v", "screened_on": legal_today(), "reason": "r"}
    screenings.screen(row.ref, end_users=users, hit=hit, **facts, **by)
    return hit


def screened(walk: Any, row: Case, who: int, hit: str) -> None:
    for party in row.named:
        row.screened.add(party)
        walk.plain.hits[party] = "" if hit == "none" else hit
    for case in walk.plain.cases.values():
        case.doubted = case.doubted or hit != "none" and not set(row.named).isdisjoint(case.named)
    for license, party, user in walk.plain.served():
        if party in row.named:
            (user.causes.add if hit == "possible" else user.causes.discard)("screening")
            license.settle()


def engine_of_filing(walk: Any, row: Case, who: int) -> set[str]:
    hit = any(walk.plain.hits.get(party) for party in row.named)
    return ENGINE | {"incomplete"} if hit else set()


def engine(walk: Any, row: Case, who: int) -> set[str]:
    """What of today's rules, screening or papers the model does not know."""
    plain = walk.plain
    unknown = (
        row.doubted
        or any(plain.hits.get(party) for party in row.named)
        or not set(row.named) <= row.screened
        or any(one.state not in RECOMMENDABLE for one in plain.named(row))
        or any(row.recommended and one.signed > row.recommended[2] for one in plain.named(row))
        or (row.kind == "annual" and not plain.account.qualified)
        or plain.account.state == "barred"
    )
    return ENGINE if unknown else set()


def recommends(outcome: str) -> Callable[..., Any]:
    said = {"months": 12} if outcome == "approve" else NO
    return lambda walk, row, **by: decisions.recommend(row.ref, outcome=outcome, **said, **by)


def recommended(outcome: str) -> Callable[..., Any]:
    def then(walk: Any, row: Case, who: int, _: Any) -> None:
        row.recommended, row.intent = (who, outcome, walk.plain.step), ""
        if outcome == "approve":
            assert all(one.state in RECOMMENDABLE for one in walk.plain.named(row)), row

    return then


def clean(walk: Any, row: Case, who: int, _: Any) -> None:
    """Nothing is granted to whom a list may name, on what nobody verified, or by one person."""
    assert all(walk.plain.hits.get(party) != "possible" for party in row.named), row
    assert all(one.state in VERIFIED for one in walk.plain.named(row)), row
    assert row.recommended is not None and row.recommended[0] != who, row


def licensed(walk: Any, row: Case, who: int, license: Any) -> None:
    clean(walk, row, who if row.changed_by else 0, license)
    walk.issued(license, row.named)


def changed(walk: Any, row: Case, who: int, _: Any) -> None:
    row.changed_by = who
    clean(walk, row, who, _)


def anew(walk: Any, row: Case, who: int, _: Any) -> None:
    row.round += 1
    row.taken_by, row.recommended, row.changed_by, row.intent, row.promised = 0, None, 0, "", False


def announced(walk: Any, row: Case, who: int, _: Any) -> None:
    row.intent, row.promised = "open", True


def answered_to(walk: Any, row: Case, who: int, _: Any) -> None:
    row.intent, row.promised = "answered", False


def contested(walk: Any, row: Case, who: int, _: Any) -> None:
    row.admitted = row.extended = False
    row.contested = len(row.acts)


DECIDES = (refused("four-eyes", lambda plain, row, who: row.not_to_decide(who)),)
OUTCOME = {
    outcome: unless("not-recommended", lambda plain, row, who, outcome=outcome: row.recommended[1] == outcome)
    for outcome in ("approve", "refuse")
}
ON_VERIFIED = refused(
    "declaration-not-verified", lambda plain, row, who: any(one.state not in VERIFIED for one in plain.named(row))
)


def not_to_grant(walk: Any, row: Case, who: int) -> set[str]:
    """What a recommendation refuses, and an approval: one of them at once."""
    unverified = any(one.state not in VERIFIED for one in walk.plain.named(row))
    return ENGINE - {""} | {"declaration-not-verified"} if unverified else set()


NOT_OF_BEFORE = refused("four-eyes", lambda plain, row, who: row.acted_before(who))
NOT_OF_THE_CASE = refused(
    "four-eyes",
    lambda plain, row, who: row.of_the_case(who) or any(who in one.touched for one in plain.named(row)),
)
ADMITTED = unless("reconsideration-not-begun", lambda plain, row, who: row.admitted)
NOTHING_ASKED = refused("question-open", lambda plain, row, who: row.questions)
REVIEWS, OPEN = "reviewer decider", "under_review awaiting_applicant"


def names_another(walk: Any, row: Case, **by: Any) -> tuple[int, str]:
    party, ref = walk.another
    applications.redeclare(row.ref, declaration=ref, **by)
    return party, ref


def named_another(walk: Any, row: Case, who: int, found: tuple[int, str]) -> None:
    row.named[found[0]] = found[1]


def not_another(walk: Any, row: Case, who: int) -> set[str]:
    party, ref = walk.choose_another(row)
    plain = walk.plain
    void = plain.declarations[row.named[party]].state in VOID
    fits = plain.declarations[ref].state in NAMEABLE and ref != row.named[party]
    return set() if void and fits else {"unknown-reference", "declaration-not-submitted"}


def first_question(row: Case) -> int:
    found = Application.objects.get(ref=row.ref).questions.still_open().first()
    return found.pk if found else 0


def set_to(name: str, value: Any) -> Callable[..., None]:
    return lambda walk, row, who, _: setattr(row, name, value)


CASES = [
    Verb(
        *("case", "submit", "signatory", "draft"),
        lambda walk, row, **by: applications.submit(row.ref, **by),
        to="submitted",
        conditions=(unless("incomplete", complete), engine_of_filing),
    ),
    Verb(
        *("case", "withdraw", "signatory", " ".join({"draft", *UNDECIDED} - {"approved", "under_reconsideration"})),
        lambda walk, row, **by: applications.withdraw(row.ref, **by),
        to="withdrawn",
        seen=False,
    ),
    Verb(
        *("case", "accept", "intake", "submitted"),
        lambda walk, row, **by: receipts.accept(row.ref, **by),
        first_round,
        to="accepted",
        conditions=(refused("exporter-not-active", lambda plain, row, who: plain.account.state == "barred"),),
        seen=False,
    ),
    Verb(
        *("case", "assign", REVIEWS, "accepted under_review awaiting_applicant"),
        lambda walk, row, **by: decisions.assign(row.ref, **by),
        taken,
        before=(takes_over,),
        conditions=(refused("exporter-not-active", lambda plain, row, who: plain.account.state == "barred"),),
    ),
    Verb(
        *("case", "ask", REVIEWS, OPEN),
        asks,
        asked,
        to="awaiting_applicant",
        before=(HAS_IT,),
        seen=False,
    ),
    Verb(
        *("case", "answer", OWN, "awaiting_applicant under_reconsideration"),
        lambda walk, row, **by: questions.answer(row.ref, question=first_question(row), text="t", final=True, **by),
        answered,
        conditions=(unless("not-found", lambda plain, row, who: row.questions),),
        seen=False,
    ),
    Verb(*("case", "screen", REVIEWS, OPEN), screens, screened, before=(HAS_IT,), seen=False),
    Verb(
        *("case", "redeclare", OWN, f"submitted accepted {OPEN}"),
        names_another,
        named_another,
        conditions=(not_another,),
    ),
    *(
        Verb(
            *("case", f"recommend_{outcome}", REVIEWS, "under_review"),
            recommends(outcome),
            recommended(outcome),
            to="awaiting_decision",
            before=(HAS_IT,),
            conditions=(refused("four-eyes", lambda plain, row, who: row.decided(who)), engine),
        )
        for outcome in ("approve", "refuse")
    ),
    Verb(
        *("case", "return", "decider", "awaiting_decision"),
        lambda walk, row, **by: decisions.send_back(row.ref, reason="r", **by),
        to="under_review",
        conditions=DECIDES,
    ),
    Verb(
        *("case", "approve", "decider", "awaiting_decision"),
        lambda walk, row, **by: decisions.approve(row.ref, **by),
        clean,
        to="approved",
        before=(),
        conditions=(
            refused("exporter-not-active", lambda plain, row, who: plain.account.state == "barred"),
            *DECIDES,
            OUTCOME["approve"],
            ON_VERIFIED,
            engine,
        ),
    ),
    Verb(
        *("case", "refuse", "decider", "awaiting_decision"),
        lambda walk, row, **by: decisions.refuse(row.ref, departure="d", **NO, **by),
        to="refused",
        conditions=(*DECIDES, refused("intent-open", lambda plain, row, who: row.promised)),
    ),
    Verb(
        *("case", "intend", "decider", "awaiting_decision"),
        lambda walk, row, **by: intents.intend(row.ref, days=5, **NO, **by),
        announced,
        conditions=(*DECIDES, OUTCOME["refuse"], refused("intent-once", lambda plain, row, who: row.intent)),
    ),
    Verb(
        *("case", "respond", OWN, "awaiting_decision"),
        lambda walk, row, **by: intents.respond(row.ref, text="t", **by),
        answered_to,
        conditions=(
            unless("no-intent", lambda plain, row, who: row.intent),
            refused("intent-over", lambda plain, row, who: row.intent == "answered"),
        ),
        seen=False,
    ),
    Verb(
        *("case", "reopen", "decider", "approved"),
        lambda walk, row, **by: decisions.reopen(row.ref, reason="r", **by),
        to="under_review",
        conditions=(refused("four-eyes", lambda plain, row, who: row.decided(who)), NOT_OF_BEFORE),
    ),
    Verb(
        *("case", "issue", "decider", "approved"),
        lambda walk, row, **by: decisions.issue(row.ref, **by),
        licensed,
        to="issued",
        conditions=(
            refused(
                "four-eyes",
                lambda plain, row, who: row.changed_by and who in (row.changed_by, row.recommended[0]),
            ),
            NOT_OF_BEFORE,
            refused("exporter-not-active", lambda plain, row, who: plain.account.state != "active"),
            ON_VERIFIED,
            engine,
        ),
    ),
    Verb(
        *("case", "reconsider", "signatory", "refused"),
        lambda walk, row, **by: reconsiderations.reconsider(row.ref, grounds="g", **by),
        contested,
        to="under_reconsideration",
    ),
    Verb(
        *("case", "admit", "reconsiderer", "under_reconsideration"),
        lambda walk, row, **by: reconsiderations.admit(row.ref, **by),
        set_to("admitted", True),
        conditions=(NOT_OF_THE_CASE, refused("reconsideration-begun", lambda plain, row, who: row.admitted)),
    ),
    Verb(
        *("case", "extend", "reconsiderer", "under_reconsideration"),
        lambda walk, row, **by: reconsiderations.extend(row.ref, reason="r", **by),
        set_to("extended", True),
        conditions=(
            NOT_OF_THE_CASE,
            ADMITTED,
            refused("reconsideration-extended", lambda plain, row, who: row.extended),
        ),
    ),
    Verb(
        *("case", "ask_contested", "reconsiderer", "under_reconsideration"),
        asks,
        asked,
        conditions=(NOT_OF_THE_CASE, ADMITTED),
        seen=False,
    ),
    Verb(
        *("case", "screen_contested", "reconsiderer", "under_reconsideration"),
        screens,
        screened,
        conditions=(NOT_OF_THE_CASE, ADMITTED),
        seen=False,
    ),
    Verb(
        *("case", "uphold", "reconsiderer", "under_reconsideration"),
        lambda walk, row, **by: reconsiderations.uphold(row.ref, **NO, **by),
        to="refused_final",
        conditions=(NOT_OF_THE_CASE, ADMITTED, NOTHING_ASKED),
    ),
    Verb(
        *("case", "change", "reconsiderer", "under_reconsideration"),
        lambda walk, row, **by: reconsiderations.change(row.ref, text="t", departure="d", **by),
        changed,
        to="approved",
        conditions=(NOT_OF_THE_CASE, ADMITTED, NOTHING_ASKED, not_to_grant, engine),
    ),
    Verb(
        *("case", "quash", "reconsiderer", "under_reconsideration"),
        lambda walk, row, **by: reconsiderations.quash(row.ref, text="t", **by),
        anew,
        to="under_review",
        conditions=(NOT_OF_THE_CASE, ADMITTED, NOTHING_ASKED),
    ),
]


# --- licenses ---------------------------------------------------------------------------------------------------------
def inspected(walk: Any, row: Licensed, who: int, _: Any) -> None:
    row.own.append(("enforcement", who))
    row.settle()


def lifts(walk: Any, row: Licensed, **by: Any) -> tuple[str, int]:
    cause = walk.cause
    licenses.lift(row.ref, suspension=cause.pk if cause else 0, reason="r", **by)
    return cause.cause, cause.opened_by_id


def lifted(walk: Any, row: Licensed, who: int, cause: tuple[str, int]) -> None:
    row.own.remove(cause)
    row.settle()


def not_to_lift(walk: Any, row: Licensed, who: int) -> set[str]:
    """One of its causes, whichever it is: that of the account and those of an end-user end otherwise."""
    cause = walk.choose_cause(row)
    if cause is None:
        return {"not-found"}
    if cause.end_user_id or cause.cause == "exporter":
        return {"forbidden"}
    return {"four-eyes"} if cause.opened_by_id == who else set()


LICENSES = [
    Verb(
        *("license", "suspend", "decider", "active suspended"),
        lambda walk, row, **by: licenses.suspend(row.ref, reason="r", **by),
        inspected,
    ),
    Verb(*("license", "lift", "decider", "suspended"), lifts, lifted, conditions=(not_to_lift,)),
    Verb(
        *("license", "surrender", "signatory", "active"),
        lambda walk, row, **by: licenses.surrender(row.ref, reason="r", **by),
        to="surrendered",
        conditions=(refused("still-reserved", lambda plain, row, who: row.reserved),),
    ),
    Verb(
        *("license", "propose_revoke", "decider", "active suspended"),
        lambda walk, row, **by: revocations.propose_revoke(row.ref, **make.ENDING, **by),
        proposed,
        conditions=(ONCE,),
    ),
    Verb(
        *("license", "drop_revoke", "decider", "active suspended exhausted expired surrendered"),
        lambda walk, row, **by: revocations.drop_revoke(row.ref, reason="r", **by),
        over,
        conditions=(WAITS,),
    ),
    Verb(
        *("license", "revoke", "decider", "active suspended"),
        lambda walk, row, **by: revocations.revoke(row.ref, **by),
        over,
        to="revoked",
        conditions=two_people(lambda plain, row: row.proposed_by),
    ),
]
