"""The refusals of the ledger's guards, of applications and of decisions."""

from django.utils.translation import gettext_lazy as _

from core.codes import Code, register
from core.decided import filled

_GUARDS = (
    Code("license-not-active", 409, _("The license has ended."), _("Use another license.")),
    Code(
        "license-expired",
        409,
        _("The license's last day is over, or lies before the planned day."),
        _("Use another license, or renew."),
    ),
    Code("license-suspended", 409, _("The license is suspended."), _("Wait until every cause is lifted.")),
    Code("not-yet-valid", 409, _("The license's first day lies ahead."), _("Wait for that day, or plan later.")),
    Code("end-user-not-authorized", 409, _("The end-user is not on the license."), _("Name one that is.")),
    Code(
        "end-user-closed", 409, _("The end-user is closed on the license."), _("Name another end-user of the license.")
    ),
    Code("consignee-not-authorized", 409, _("The consignee is not on the license."), _("Name one that is.")),
    Code("port-not-authorized", 409, _("The port is not on the license."), _("Name one that is.")),
    Code(
        "destination-not-authorized",
        409,
        _("The end-user lives elsewhere, or the destination is not on the license."),
        _("Name one of `destinations`, or the end-user to whom the goods go."),
    ),
    Code(
        "line-mismatch",
        409,
        _("Line, unit or goods code do not match the license, or the end-user did not declare the goods of the line."),
        _("Read the license's lines, and which of them each end-user may have, and send what stands there."),
    ),
    Code(
        "line-exhausted",
        409,
        _("More than the line has left."),
        _("Ask for at most `remaining`, in the unit of the message, under a new key."),
    ),
    Code(
        "value-exhausted",
        409,
        _("More value than the line has left."),
        _("Ask for at most `remaining`, under a new key."),
    ),
    Code(
        "end-user-exhausted",
        409,
        _("More than this end-user may take of the line has left."),
        _("Ask for at most `remaining`, or name another end-user of the license."),
    ),
    Code(
        "quota-exhausted",
        409,
        _("More than a national quota has left."),
        _("Ask for less, plan for its next period, or ask the ministry; `pool` names the quota."),
    ),
    Code(
        "still-reserved",
        409,
        _("Something is reserved on the license, so it can't be handed back."),
        _("Cancel what will not leave, and wait until customs cleared what will; `errors` names lines and shipments."),
    ),
    Code(
        "amendment-open",
        409,
        _("Another application asks to change this license already."),
        _("Go on with that one; the message names it."),
    ),
    Code(
        "renewal-open",
        409,
        _("Another application asks to renew this license already, or has renewed it."),
        _("Go on with that one; the message names it."),
    ),
    Code(
        "license-not-renewable",
        409,
        _("The license is for one shipment, or it is not in its last days, in which a renewal may be begun."),
        _("Begin it from the day that is named on; otherwise copy the license into a new draft."),
    ),
    Code(
        "not-mergeable",
        422,
        _("An annual application is merged of cases of one shipment each that are like one another."),
        _("Leave out the case that the message names."),
    ),
    Code(
        "license-not-amendable",
        409,
        _("The license that the application asks to change is not in force."),
        _("Wait until it is in force again; where it was replaced, begin a change of the license that took its place."),
    ),
    Code(
        "below-used",
        409,
        _("More is drawn and reserved of the license than is asked, or granted, in its place."),
        _("Ask for, or grant, at least what `errors` names."),
        also=(422,),
    ),
    Code(
        "lines-differ",
        422,
        _("The change of a license has other lines than that."),
        _("Keep its lines, each in its place; file an application of its own for other goods."),
    ),
    Code(
        "books-differ",
        409,
        _("The books of the license do not agree yet."),
        _("Have them mended by whoever runs the database; the suspension can end when they agree."),
    ),
    Code("clearances-exhausted", 409, _("The license's number of clearances is taken."), _("Use another license.")),
    Code(
        "policy-prohibits",
        409,
        _("The rules in force forbid it."),
        _("The control list names the rule; ask the ministry."),
    ),
    Code(
        "held",
        409,
        _("A hold stands on it: it is neither approved nor issued, and not reserved where the hold says so."),
        _("The message says why, whose hold it is and until when; try again after that."),
    ),
)
_FACTS = (
    Code("unknown-fact", 422, _("There is no fact of this name."), _("Name facts as the call's description does.")),
    Code("fact-value", 422, _("The fact can't have this value."), _("Send what the message says, or leave it out.")),
    Code(
        "facts-contradict",
        422,
        _("The control list says something else of the code."),
        _("Leave the fact out: it follows from the code."),
    ),
    Code(
        "code-of-others",
        422,
        _("A label for exporters overseas, or an official code for one of them."),
        _("Choose the code of your side, or say exporter.territory."),
    ),
)
CODES = (
    *_GUARDS,
    *_FACTS,
    Code(
        "facts-missing",
        409,
        _("The rules can't be told in full before a fact is known."),
        _("Say it, or ask for it."),
    ),
    Code(
        "policy-changed",
        409,
        _("The rules say something else than when the case was last looked at."),
        _("Look at both, and say that you have."),
    ),
    Code(
        "rules-unreadable",
        422,
        _("The rules can't be as they were written."),
        _("Mend what `errors` names; nothing was changed."),
    ),
    Code("start-taken", 422, _("Another edition of the rules starts then."), _("Choose another day.")),
    Code("changes-nothing", 409, _("The rules would be the same as before."), _("Change something first.")),
    Code(
        "invariant-broken",
        409,
        _("The rules break something that is to hold in every case."),
        _("Mend the rules, or change that promise in the same draft."),
    ),
    Code(
        "invariant-unexplained",
        409,
        _("The rules weaken or strike something that is to hold in every case, and do not say why."),
        _("Put it back, and word its basis anew, or write in its row why it holds no more."),
    ),
    Code(
        "not-simulated",
        409,
        _("Nobody has seen yet what this text would do from this day on."),
        filled(
            _("Simulate it, and approve it within {hours} hours."), hours="licensing.selectors.drafts.SIMULATED_HOURS"
        ),
    ),
    Code(
        "comment-closed",
        409,
        _("Comments on the draft are not taken any more."),
        _("Write to the ministry, or look for another draft that is open for comment."),
    ),
    Code(
        "statement-older",
        409,
        _("The public statement was written for an earlier text of the draft."),
        _("Look at it beside the text of now and save it again."),
    ),
    Code(
        "loosens",
        409,
        _("An emergency is milder somewhere than the rules in force, or can't be shown not to be."),
        _("Let it start on a day, with an approval."),
    ),
    Code(
        "too-many-to-compare",
        409,
        _("There are more cases than can be compared, and an emergency does more than add rules that can't loosen."),
        _("Only add rules that prohibit or ask for more; or let it start on a day, with an approval."),
    ),
    Code(
        "too-many-hit",
        409,
        _("The query hits more licenses than one step suspends, or lets go."),
        _("Add goods, a destination or an end-user to the query, or go step by step."),
    ),
    Code(
        "nothing-hit",
        409,
        _("The query hits nothing that is not so already."),
        _("Look at what the query hits now."),
    ),
    Code(
        "started",
        409,
        _("The edition is in force already."),
        _("Undo it by a new draft with the earlier text."),
    ),
    Code(
        "supplement-once",
        409,
        _("A supplement was asked for already; the law allows one notice."),
        _("Accept the case, or do not accept it."),
    ),
    Code(
        "supplement-over",
        409,
        _("The last day for what was missing is over."),
        _("File a new application."),
    ),
    Code(
        "deemed-accepted",
        409,
        filled(
            _("The ministry said nothing within {days} working days, so by law the case is accepted."),
            days="licensing.clock.RECEIPT_DAYS",
        ),
        _("Accept it: its day 0 is the day of the receipt."),
    ),
    Code(
        "consultation-open",
        409,
        _("The clock of the case stands still."),
        _("Let it go on first."),
    ),
    Code("no-consultation", 409, _("The clock of the case is running."), _("Nothing is to be ended.")),
    Code(
        "question-open",
        409,
        _("A question to the applicant is open, of a refusal that is reconsidered."),
        _("Wait for the answer, or close the question, then decide."),
    ),
    Code(
        "question-ended",
        409,
        _("The question was answered or closed."),
        _("Answer another question that is open."),
    ),
    Code(
        "limits-exceeded",
        409,
        _("The rules allow a license less than was recommended: months, clearances, or a condition that is missing."),
        _("Return the case, or reopen it, and recommend what the message says."),
    ),
    Code(
        "refusal-presumed",
        409,
        _("Since the approval the rules presume a refusal of what is issued, and no exception to that is recorded."),
        _("Reopen the case: it is recommended anew, and whoever approves it records why."),
    ),
    Code(
        "not-recommended",
        409,
        _("What is decided was not recommended."),
        _("Decide as recommended, or return the case."),
    ),
    Code(
        "intent-open",
        409,
        _("The applicant may still answer to the intent to refuse."),
        _("Refuse when the answer is there, or the last day is over; or return the case."),
    ),
    Code(
        "intent-once",
        409,
        _("The refusal that was recommended is announced already."),
        _("Wait for the answer or the last day, or return the case."),
    ),
    Code(
        "intent-over",
        409,
        _("The intent to refuse was answered, or its last day is over."),
        _("Wait for the decision; a refusal can be contested."),
    ),
    Code("no-intent", 409, _("No refusal of the case is announced now."), _("Nothing is to be answered.")),
    Code(
        "reconsideration-over",
        409,
        filled(
            _("The {days} days to contest the refusal are over."),
            days="licensing.selectors.reconsiderations.CONTEST_DAYS",
        ),
        _("File a new application that answers the reasons of the refusal."),
    ),
    Code(
        "reconsideration-begun",
        409,
        _("The request to reconsider was accepted already, or counts as accepted."),
        _("Decide on it, or extend its time."),
    ),
    Code(
        "reconsideration-not-begun",
        409,
        _("The request to reconsider was not accepted yet."),
        _("Accept it first: its time begins then."),
    ),
    Code(
        "reconsideration-extended",
        409,
        _("The time to reconsider was extended already, or is over."),
        _("Decide on it."),
    ),
    Code(
        "screening-missing",
        409,
        _("An end-user was not screened in this case."),
        _("Record what was found, that there is no hit included."),
    ),
    Code(
        "screening-unresolved",
        409,
        _("Screening found a possible hit on an end-user, and nobody said yet whether it is one."),
        _(
            "Its reviewer records the hit, or that there is none. A case that was recommended or approved is returned "
            "or reopened first."
        ),
    ),
    Code(
        "no-hit",
        409,
        _("No screening hit closes this end-user of the license."),
        _("Look at the license again: somebody resolved it, or another cause closes the end-user."),
    ),
    Code(
        "papers-missing",
        409,
        _("The rules ask for papers that the case does not have."),
        _("Ask the applicant for them; papers are added while a question is open."),
    ),
    Code(
        "declaration-not-verified",
        409,
        _("A declaration that the case relies on is not verified."),
        _("Verify it first."),
    ),
    Code("channel-closed", 409, _("The rules in force do not open this kind of license."), _("Choose another kind.")),
    Code(
        "incomplete",
        422,
        _("The application lacks what `errors` names; nothing was sent."),
        _("Add it and submit again."),
    ),
    Code(
        "declaration-not-submitted",
        422,
        _("An end-use declaration was not sent yet."),
        _("Send the declaration first."),
    ),
    Code(
        "inquiry-differs",
        422,
        _("The answer to the inquiry that a line cites found its goods to be another item."),
        _("Name the item that was found, or leave the inquiry out."),
    ),
    Code(
        "edition-passed",
        409,
        _("Another edition of the rules is in force since the answer was proposed."),
        _("Send the answer back, and have it found under the edition of now."),
    ),
    Code(
        "original-received",
        409,
        _("It is recorded already that the paper original of the declaration came."),
        _("Take that back first, if it was a mistake."),
    ),
    Code(
        "no-original",
        409,
        _("It is not recorded that the paper original of the declaration came."),
        _("Record it first, if it did."),
    ),
    Code(
        "declaration-changed",
        409,
        _("A declaration was signed anew after the recommendation."),
        _("Return the case, so that it is recommended on what stands there now."),
    ),
    Code(
        "end-user-changed",
        422,
        _("An end-user was entered otherwise after it signed its declaration."),
        _("Enter it as it was signed, or have a new declaration signed."),
    ),
    Code(
        "end-user-stays",
        422,
        _("A declaration that was named or sent is of its end-user."),
        _("Make a new declaration for another one."),
    ),
    Code("declaration-too-old", 422, _("An end-use declaration was signed too long ago."), _("Have a new one signed.")),
    Code(
        "yearly-need-missing",
        422,
        _("The declaration does not state the yearly need."),
        _("Add it to the declaration."),
    ),
    Code(
        "end-user-kind-unknown",
        422,
        _("Nobody said what kind of end-user it is, and the rules ask for it."),
        _("Say so among the parties abroad."),
    ),
    Code(
        "item-not-declared",
        422,
        _("No declaration covers one of the goods, or that of an end-user covers none of them."),
        _("Add a declaration that does, or leave out the end-user."),
        also=(409,),
    ),
    Code("not-controlled", 422, _("The goods need no license on these rules."), _("Leave the line out.")),
    Code("overlaps", 422, _("Another pool counts some of the same."), _("Narrow one of them, or change that one.")),
    Code("already-taken", 422, _("There is one of this number."), _("Take another number.")),
    Code(
        "pool-change-open",
        409,
        _("A change of this pool waits for its second person."),
        _("Have that approved or refused first."),
    ),
    Code("more-than-asked", 422, _("More than the applicant asked for."), _("Recommend at most what was asked.")),
    Code("unknown-instrument", 422, _("No edition has that instrument."), _("Take one from the rules' own page.")),
    Code("unknown-code", 422, _("The control code is not on the lists loaded here."), _("Search the control list.")),
    Code("not-official", 422, _("The label is for overseas exporters."), _("Choose an official code.")),
    Code(
        "invalid-license-number",
        422,
        _("Not a license number, or a typing error."),
        _("Compare it letter by letter with the license."),
    ),
)
register(CODES)

# what a request for quota may fail on; exporters defines the last
GUARDS = (*(code.code for code in _GUARDS), "exporter-not-active")
