"""The verbs of cases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from core.legal_time import legal_today
from licensing.actions import (
    applications,
    consultations,
    copies,
    decisions,
    intents,
    questions,
    receipts,
    reconsiderations,
    screenings,
    supplements,
)
from licensing.models import Application, ApplicationEndUser
from tests.ticks import tick
from tests.walk.plain import (
    LONE,
    NAMEABLE,
    RECOMMENDABLE,
    SHORT,
    UNDECIDED,
    VERIFIED,
    VOID,
    YEAR,
    Case,
    Plain,
    Query,
)
from tests.walk.verb import OWN, Nothing, Verb, refused, set_to, unless

NO = {"factors": ["END_USE"], "text": "Its use is not known."}
ENGINE = {
    "",
    *("policy-changed", "channel-not-open", "screening-unresolved", "screening-missing", "papers-missing"),
    *("declaration-not-submitted", "declaration-changed", "required", "exporter-not-active", "held", "channel-closed"),
    "policy-prohibits",
}


def complete(plain: Plain, row: Case, who: int) -> bool:
    return (
        all(one.state in RECOMMENDABLE for one in plain.named(row))
        and plain.account.state == "active"
        and (row.grants != "annual" or plain.qualified_for(row))
        and 1 <= len(row.named) <= (1 if row.grants in LONE else len(row.named))
        and row.asks >= used(plain, row)
    )


# --- what a change of a license is refused for ------------------------------------------------------------------------
def used(plain: Plain, row: Case) -> int:
    license = plain.amended(row)
    return license.used if license else 0


def ended(plain: Plain, row: Case, who: int) -> bool:
    license = plain.amended(row)
    return license is not None and license.state != "active"


def closed(plain: Plain, row: Case, who: int) -> bool:
    """A decider closed one of its end-users, on the license that it changes or on one before that."""
    license = plain.amended(row)
    of_before = plain.and_before(license) if license else []
    return any(
        party in row.named and "enforcement" in user.causes for one in of_before for party, user in one.users.items()
    )


def below(plain: Plain, row: Case, who: int) -> bool:
    """It would grant less than is used: of the quantity, or of the clearances, of which a single one is granted."""
    license = plain.amended(row)
    return license is not None and (row.asks < license.used or row.grants in LONE and license.taken > 0)


AMENDABLE = refused("license-not-amendable", ended)
NONE_CLOSED = refused("end-user-closed", closed)
ABOVE_USED = refused("below-used", below)


def of_a_change(walk: Any, row: Case, who: int) -> set[str]:
    """What refuses it besides what the rules say, whichever comes first."""
    own = {"end-user-closed"} if closed(walk.plain, row, who) else set()
    own |= {"below-used"} if below(walk.plain, row, who) else set()
    return own


def engine_or_change(walk: Any, row: Case, who: int) -> set[str]:
    own, codes = of_a_change(walk, row, who), engine(walk, row, who)
    if own and not codes:
        return {"end-user-closed"} if "end-user-closed" in own else own
    return (codes - {""}) | own if own else codes


def contestable(walk: Any, row: Case, who: int) -> set[str]:
    """The refusal of a change or of a renewal is contested unless another one took its place."""
    plain = walk.plain
    if row.renews and plain.renewing(plain.and_after(plain.licenses[row.renews])[-1]):
        return {"renewal-open"}
    license = plain.amended(row)
    if license and license.state == "replaced":
        return {"license-not-amendable"}
    return {"amendment-open"} if license and plain.changing(license) else set()


# --- steps ------------------------------------------------------------------------------------------------------------


def first_round(walk: Any, row: Case, who: int, _: Any) -> None:
    row.round = 1
    row.acts.append((1, who, "accept"))


def takes_over(walk: Any, row: Case, who: int) -> set[str]:
    if not row.taken_by and row.state not in ("under_review", "awaiting_applicant"):
        return set()
    if row.taken_by == who:
        return {"forbidden"}
    return {"four-eyes"} if row.acted_before(who) or row.decided(who) else set()


def taken(walk: Any, row: Case, who: int, _: Any) -> None:
    row.taken_by = who
    row.takers.add(who)
    row.state = "under_review" if row.state == "accepted" else row.state


HAS_IT = unless("forbidden", lambda plain, row, who: row.taken_by == who)


NOT_BARRED = refused("exporter-not-active", lambda plain, row, who: plain.account.state == "barred")


def answers(walk: Any, row: Case, **by: Any) -> tuple[int, bool]:
    which, final = (
        walk.draw.choice([pk for pk, one in row.queries.items() if one.open] or [0]),
        walk.draw.random() < 0.7,
    )
    questions.answer(row.ref, question=which, text="t", final=final, **by)
    return which, final


def answered(walk: Any, row: Case, who: int, said: tuple[int, bool]) -> None:
    which, final = said
    row.queries[which].said = row.queries[which].news = True
    row.queries[which].open = not final
    leads_back(row)


def leads_back(row: Case) -> None:
    if row.state == "awaiting_applicant" and not row.questions:
        row.state = "under_review"


def closes(walk: Any, row: Case, **by: Any) -> int:
    which = next((pk for pk, one in row.queries.items() if one.open), 0)
    questions.close_question(row.ref, question=which, reason="r", **by)
    return which


def closed_one(walk: Any, row: Case, who: int, which: int) -> None:
    row.queries[which].open = row.queries[which].news = False
    leads_back(row)


def reads(walk: Any, row: Case, **by: Any) -> int | type[Nothing]:
    which = walk.draw.choice(list(row.queries) or [0])
    questions.read_answer(row.ref, question=which, **by)
    return which if row.queries[which].news else Nothing


def read(walk: Any, row: Case, who: int, which: int) -> None:
    row.queries[which].news = False


def asks(walk: Any, row: Case, **by: Any) -> int:
    questions.ask(row.ref, text="t", due_on=legal_today() + timedelta(5), about=["lines"], **by)
    return int(Application.objects.get(ref=row.ref).questions.latest("pk").pk)


def asked(walk: Any, row: Case, who: int, which: int) -> None:
    row.queries[which] = Query()


SOME_OPEN = unless("not-found", lambda plain, row, who: row.questions)
SOME_ASKED = unless("not-found", lambda plain, row, who: row.queries)


def screens(walk: Any, row: Case, **by: Any) -> str:
    often = ["control_list"] * 9 if row.grants == "special" else ["none"] * 15 + ["control_list"]
    hit, walk.found = walk.found or walk.draw.choice([*often, "none", "possible", "possible"]), ""
    users = list(ApplicationEndUser.objects.filter(application__ref=row.ref).values_list("pk", flat=True))
    facts = {"list_version": "v", "screened_on": legal_today(), "reason": "r"}
    screenings.screen(row.ref, end_users=users, hit=hit, **facts, **by)
    return hit


def screened(walk: Any, row: Case, who: int, hit: str) -> None:
    row.screened |= set(row.named)
    walk.plain.find(hit, set(row.named))


def engine_of_filing(walk: Any, row: Case, who: int) -> set[str]:
    """A license under special circumstances is for whom a list names, or perhaps does."""
    if row.grants == "special":
        [hit] = [walk.plain.hits.get(party) for party in row.named]
        return {None: set(), "control_list": set(), "none": {"incomplete"}}.get(hit, {"", "incomplete"})
    hit = any(walk.plain.hit(party) for party in row.named)
    return ENGINE | {"incomplete"} if hit else set()


def listed(plain: Plain, row: Case) -> bool:
    """Each of its end-users stands on the list for which there is a special way."""
    return all(plain.hits.get(party) == "control_list" for party in row.named)


def engine(walk: Any, row: Case, who: int) -> set[str]:
    """What of today's rules, screening or papers the model does not know."""
    plain = walk.plain
    hit = not listed(plain, row) if row.grants == "special" else any(plain.hit(party) for party in row.named)
    unknown = (
        hit
        or (row.doubted and row.grants != "special")
        or not set(row.named) <= row.screened
        or any(one.state not in RECOMMENDABLE for one in plain.named(row))
        or any(row.recommended and one.signed > row.recommended[2] for one in plain.named(row))
        or (row.grants == "annual" and not plain.qualified_for(row))
        or plain.account.state == "barred"
    )
    return ENGINE if unknown else set()


def looked_at(row: Case) -> dict[str, str]:
    """Decided with what the rules say by now before one's eyes: of an exception they say otherwise, and of any case
    they may say more since it was filed, where its company is qualified since."""
    return {"acknowledged": tick(row.ref)}


def recommends(outcome: str) -> Callable[..., Any]:
    def call(walk: Any, row: Case, **by: Any) -> int:
        if outcome == "refuse":
            decisions.recommend(row.ref, outcome=outcome, **NO, **by, **looked_at(row))
            return 0
        months = YEAR if row.grants == "special" else walk.draw.choice([YEAR, SHORT])
        terms = {} if row.grants == "special" else {"months": months}
        decisions.recommend(row.ref, outcome=outcome, text="t", **terms, **by, **looked_at(row))
        return int(months)

    return call


def recommended(outcome: str) -> Callable[..., Any]:
    def then(walk: Any, row: Case, who: int, months: int) -> None:
        row.recommended, row.intent = (who, outcome, walk.plain.step), ""
        row.months = months or row.months
        if outcome == "approve":
            assert all(one.state in RECOMMENDABLE for one in walk.plain.named(row)), row

    return then


def clean(walk: Any, row: Case, who: int, _: Any) -> None:
    """Nothing is granted to whom a list may name, nor, but as an exception, to whom one does; nor on what nobody
    verified, nor by one person, nor of a license that is over or has more used."""
    plain = walk.plain
    if row.grants == "special":
        assert listed(plain, row), row
    else:
        assert not any(plain.hit(party) in ("possible", "control_list") for party in row.named), row
    assert all(one.state in VERIFIED for one in plain.named(row)), row
    assert row.recommended is not None and row.recommended[0] != who, row
    assert not of_a_change(walk, row, who), row


def licensed(walk: Any, row: Case, who: int, license: Any) -> None:
    assert not ended(walk.plain, row, who), row
    clean(walk, row, who if row.changed_by else 0, license)
    walk.issued(license, row, who)


def changed(walk: Any, row: Case, who: int, _: Any) -> None:
    row.changed_by, row.months = who, YEAR
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
    return ENGINE - {""} | {"declaration-not-verified"} | of_a_change(walk, row, who) if unverified else set()


NOT_OF_BEFORE = refused("four-eyes", lambda plain, row, who: row.acted_before(who))
NOT_OF_THE_CASE = refused(
    "four-eyes",
    lambda plain, row, who: row.of_the_case(who) or any(who in one.touched for one in plain.named(row)),
)
ADMITTED = unless("reconsideration-not-begun", lambda plain, row, who: row.admitted)
NOTHING_ASKED = refused("question-open", lambda plain, row, who: row.questions)
FILED = ("draft", "not_accepted", "withdrawn", "refused", "issued", "refused_final", "lapsed", *sorted(UNDECIDED))
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


CASES = [
    Verb(
        *("case", "submit", "signatory", "draft"),
        lambda walk, row, **by: applications.submit(row.ref, **by),
        to="submitted",
        conditions=(AMENDABLE, NONE_CLOSED, unless("incomplete", complete), engine_of_filing),
    ),
    Verb(
        *(
            "case",
            "withdraw",
            "signatory",
            " ".join(sorted({"draft", *UNDECIDED} - {"approved", "under_reconsideration"})),
        ),
        lambda walk, row, **by: applications.withdraw(row.ref, **by),
        to="withdrawn",
        seen=False,
    ),
    Verb(
        *("case", "accept", "intake", "submitted"),
        lambda walk, row, **by: receipts.accept(row.ref, **by),
        first_round,
        to="accepted",
        conditions=(NOT_BARRED,),
        seen=False,
    ),
    Verb(
        *("case", "assign", REVIEWS, "accepted under_review awaiting_applicant"),
        lambda walk, row, **by: decisions.assign(row.ref, **by),
        taken,
        before=(takes_over,),
        conditions=(NOT_BARRED,),
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
        answers,
        answered,
        conditions=(SOME_OPEN,),
        seen=False,
    ),
    Verb(*("case", "screen", REVIEWS, OPEN), screens, screened, before=(HAS_IT,), seen=False),
    Verb(
        *("case", "redeclare", OWN, f"submitted supplement_required accepted {OPEN} under_reconsideration"),
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
            conditions=(
                *((NOT_BARRED, AMENDABLE) if outcome == "approve" else ()),
                refused("consultation-open", lambda plain, row, who: row.paused),
                refused("four-eyes", lambda plain, row, who: row.decided(who)),
                engine_or_change if outcome == "approve" else engine,
            ),
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
        lambda walk, row, **by: decisions.approve(row.ref, departure="d", **by, **looked_at(row)),
        clean,
        to="approved",
        conditions=(
            NOT_BARRED,
            AMENDABLE,
            *DECIDES,
            OUTCOME["approve"],
            NONE_CLOSED,
            ON_VERIFIED,
            engine_or_change,
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
        lambda walk, row, **by: decisions.issue(row.ref, **by, **looked_at(row)),
        licensed,
        to="issued",
        conditions=(
            refused(
                "four-eyes",
                lambda plain, row, who: row.changed_by and who in (row.changed_by, row.recommended[0]),
            ),
            NOT_OF_BEFORE,
            AMENDABLE,
            refused("proposal-open", lambda plain, row, who: row.amends and plain.licenses[row.amends].proposed_by),
            refused("exporter-not-active", lambda plain, row, who: plain.account.state != "active"),
            NONE_CLOSED,
            ON_VERIFIED,
            engine_or_change,
        ),
    ),
    Verb(
        *("case", "reconsider", "signatory", "refused"),
        lambda walk, row, **by: reconsiderations.reconsider(row.ref, grounds="g", **by),
        contested,
        to="under_reconsideration",
        conditions=(contestable,),
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
        lambda walk, row, **by: reconsiderations.change(row.ref, text="t", departure="d", **by, **looked_at(row)),
        changed,
        to="approved",
        conditions=(NOT_BARRED, NOT_OF_THE_CASE, ADMITTED, NOTHING_ASKED, AMENDABLE, not_to_grant, engine_or_change),
    ),
    Verb(
        *("case", "quash", "reconsiderer", "under_reconsideration"),
        lambda walk, row, **by: reconsiderations.quash(row.ref, text="t", **by),
        anew,
        to="under_review",
        conditions=(NOT_BARRED, NOT_OF_THE_CASE, ADMITTED, NOTHING_ASKED),
    ),
    Verb(
        *("case", "request_supplement", "intake", "submitted"),
        lambda walk, row, **by: supplements.request_supplement(row.ref, points=["p"], **by),
        set_to("supplemented", True),
        to="supplement_required",
        conditions=(refused("supplement-once", lambda plain, row, who: row.supplemented),),
        seen=False,
    ),
    Verb(
        *("case", "resubmit", "signatory", "supplement_required"),
        lambda walk, row, **by: supplements.resubmit(row.ref, answers={1: supplements.Answer("a")}, **by),
        to="submitted",
        conditions=(NOT_BARRED,),
        seen=False,
    ),
    Verb(
        *("case", "not_accept", "intake", "submitted"),
        lambda walk, row, **by: receipts.not_accept(row.ref, reason="r", **by),
        to="not_accepted",
        seen=False,
    ),
    Verb(
        *("case", "consult", REVIEWS, "under_review"),
        lambda walk, row, **by: consultations.consult(row.ref, cause="expert", notice="n", **by),
        set_to("paused", True),
        before=(HAS_IT,),
        conditions=(refused("consultation-open", lambda plain, row, who: row.paused),),
        seen=False,
    ),
    Verb(
        *("case", "end_consult", REVIEWS, OPEN),
        lambda walk, row, **by: consultations.end_consult(row.ref, **by),
        set_to("paused", False),
        before=(HAS_IT,),
        conditions=(unless("no-consultation", lambda plain, row, who: row.paused),),
        seen=False,
    ),
    Verb(
        *("case", "close_question", REVIEWS, "awaiting_applicant"),
        closes,
        closed_one,
        before=(HAS_IT,),
        conditions=(SOME_OPEN,),
    ),
    Verb(
        *("case", "close_question_contested", "reconsiderer", "under_reconsideration"),
        closes,
        closed_one,
        conditions=(NOT_OF_THE_CASE, ADMITTED, SOME_OPEN),
    ),
    Verb(
        *("case", "read_answer", REVIEWS, OPEN),
        reads,
        read,
        before=(HAS_IT,),
        conditions=(SOME_ASKED,),
        seen=False,
    ),
    Verb(
        *("case", "read_answer_contested", "reconsiderer", "under_reconsideration"),
        reads,
        read,
        conditions=(NOT_OF_THE_CASE, ADMITTED, SOME_ASKED),
        seen=False,
    ),
    Verb(
        *("case", "copy", OWN, " ".join(FILED)),
        lambda walk, row, **by: walk.copied(row.grants, row.named, row.asks, copies.copy_case(row.ref, by=by["by"])),
        conditions=(refused("wrong-state", lambda plain, row, who: not row.filed or row.amends),),
        seen=False,
        mine=True,
        edge=True,
    ),
]
