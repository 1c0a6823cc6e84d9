"""The verbs of questions what some goods are."""

from licensing.actions import inquiries
from tests.walk.verb import ONCE, OWN, WAITS, Verb, over, proposed, two_people

ANSWERS = "reviewer decider"
INQUIRIES = [
    Verb(
        *("inquiry", "withdraw", OWN, "asked"),
        lambda walk, row, **by: inquiries.withdraw(row.ref, **by),
        to="withdrawn",
    ),
    Verb(
        *("inquiry", "propose_sign", "reviewer", "asked"),
        lambda walk, row, **by: inquiries.propose_sign(row.ref, item="1C905.a.4", reason="r", **by),
        proposed,
        conditions=(ONCE,),
    ),
    Verb(
        *("inquiry", "drop_sign", ANSWERS, "asked withdrawn"),
        lambda walk, row, **by: inquiries.drop_sign(row.ref, reason="r", **by),
        over,
        conditions=(WAITS,),
    ),
    Verb(
        *("inquiry", "sign", ANSWERS, "asked"),
        lambda walk, row, **by: inquiries.sign(row.ref, **by),
        over,
        to="signed",
        conditions=two_people(lambda plain, row: row.proposed_by),
    ),
]
