"""The policy desk: the time bar, a draft's page, and the forms of the rows of its rules."""

import json
import re
from datetime import timedelta
from html import unescape
from urllib.parse import quote

import pytest
from django import forms
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from core.actions import choose_language
from core.deliveries import relay
from core.legal_time import day_start, legal_now, legal_today
from core.models import Country
from core.templatetags.lodestone import day, instant
from licensing import selectors
from licensing.actions import editions
from licensing.actions.needs import Coming
from licensing.loading import first_document
from licensing.models import Draft, PolicyEdition
from licensing.policy import shape
from licensing.policy.edits import rows
from licensing.web.draft_needs import needs_of
from licensing.web.forms.decisions import RecommendForm
from licensing.web.forms.rules import PARTS, RowForm, sections
from licensing.web.policy import reigns
from tests import make
from tests.licensing.test_drafts import (
    BAN,
    DAY,
    approved,
    changed,
    described,
    hastened,
    other,
    repealed,
    rules,
    with_both_roles,
)
from tests.make import seen

pytestmark = pytest.mark.django_db
MILDER = {"disposition": "case_by_case"}


@pytest.fixture
def ministry(reference):
    return make.ministry()


@pytest.fixture
def draft(ministry):
    return editions.draft(title="Ban", by=ministry.policy_officer)


@pytest.fixture
def desk(client, ministry):
    client.force_login(ministry.policy_officer.user)
    return client


def page(client, path, status=200):
    answer = client.get(f"/desk/policy/{path}")
    assert answer.status_code == status
    return answer.content.decode()


def flat(client, path):
    return " ".join(page(client, path).split())


# --- the time bar -----------------------------------------------------------------------------------------


def test_the_bar_tells_how_each_edition_stands_at_each_instant(ministry, clock):
    first, at = PolicyEdition.objects.get(), day_start(legal_today() + DAY)
    make.edition(lambda by_id, document: document.update(windows=[]), starts_at=at)
    instant = timedelta(microseconds=1)
    assert [(one.standing, one.until) for one in reigns(at - instant)] == [("in force", at), ("scheduled", None)]
    assert [one.standing for one in reigns(at)] == ["past", "in force"]
    assert reigns(first.starts_at - instant)[0].standing == "scheduled"


def test_the_page_of_an_edition_says_its_test_for_annual_licenses_and_on_what_it_stands(desk, ministry):
    text = page(desk, f"editions/{PolicyEdition.objects.get().code}/")
    test = " ".join(text[text.index("Test for annual licenses") :].split())
    asks = "12 clearances in the last 24 months, here or on records on paper that the ministry accepted."
    assert f'<span class="tag wait">Unverified</span> </p> <p>{asks}</p>' in test and "Default of this product" in test


def test_what_was_repealed_stands_there_and_cuts_nobody_s_time(draft, ministry):
    approved(described(changed(draft, ministry), ministry), ministry)
    repealed(draft, ministry.other_approver)
    assert [(one.standing, one.until) for one in reigns(legal_now())] == [("in force", None), ("repealed", None)]


@pytest.mark.slow
def test_what_has_not_started_is_not_said_to_last_since_then(desk, draft, ministry):
    approved(described(changed(draft, ministry), ministry), ministry)
    at = instant(draft.editions.get().starts_at)
    told = flat(desk, "")
    assert f"from {at} on" in told and f"since {at}" not in told
    repealed(draft, ministry.other_approver)
    for path in ("", f"{draft.ref}/"):
        told = flat(desk, path)
        assert f"was to start on {at}" in told and f"from {at} on" not in told and f"since {at}" not in told


@pytest.mark.slow
def test_a_draft_s_page_and_the_list_say_the_same_of_what_was_approved(desk, draft, ministry, clock):
    def stands():
        """The word of the draft's page, and that of its edition among the others."""
        listed = page(desk, "").partition('class="reigns"')[2]
        pages = (page(desk, f"{row.ref}/"), listed.partition(f">{row.ref}<")[2])
        return [re.search(r'<span class="tag[^"]*">([^<]*)</span>', text)[1] for text in pages]

    row = approved(described(changed(draft, ministry), ministry), ministry)
    assert stands() == ["Scheduled"] * 2
    clock.shift(days=2)
    assert stands() == ["In force"] * 2
    make.edition(lambda by_id, document: document.update(windows=[]))
    assert stands() == ["Past"] * 2
    row = approved(
        described(changed(editions.draft(title="B", by=ministry.policy_officer), ministry), ministry), ministry
    )
    repealed(row, ministry.other_approver)
    clock.shift(days=2)
    assert stands() == ["Repealed"] * 2


@pytest.mark.full
def test_the_list_says_which_drafts_wait_for_an_approver(desk, draft, ministry, clock):
    def waits():
        return flat(desk, "").count("Waits for an approver")

    def simulated():
        make.simulated(draft.ref, ministry.policy_officer)
        return waits()

    assert simulated() == 0
    described(draft, ministry)
    assert simulated() == 0  # it changes nothing
    changed(draft, ministry)
    assert simulated() == 0  # its statement is older
    described(draft, ministry, statement_zh="")
    assert simulated() == 0
    described(draft, ministry, starts_on=None)
    assert simulated() == 0
    described(draft, ministry, days=2)
    assert waits() == 0
    assert simulated() == 1
    approved(other(ministry, days=2), ministry)
    assert simulated() == 0  # its day is taken
    described(draft, ministry, days=1)
    assert simulated() == 1
    clock.shift(days=2)
    assert waits() == 0
    assert simulated() == 0  # its day is over


def test_the_list_asks_no_more_of_three_drafts(desk, draft, ministry):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            page(desk, "")
        return len(queries)

    for row in (draft, other(ministry, days=2)):
        make.simulated(row.ref, ministry.policy_officer)
    page(desk, "")
    few = asked()
    make.simulated(other(ministry, days=3).ref, ministry.policy_officer)
    assert asked() == few


# --- what a draft does ------------------------------------------------------------------------------------


@pytest.mark.full
def test_a_draft_is_compared_with_what_is_in_force_when_it_starts(draft, ministry):
    changed(draft, ministry)
    starts_at = day_start(legal_today() + 2 * DAY)
    between = make.edition(lambda by_id, document: document.update(windows=[]), starts_at=starts_at)
    after = make.edition(lambda by_id, document: None, "AFTER", starts_at + 5 * DAY)
    for days, follows, later in ((1, draft.base, (between, after)), (2, draft.base, (after,)), (3, between, (after,))):
        row = described(draft, ministry, days=days)
        effect = selectors.effect_of(row, legal_now())
        assert (effect.follows, effect.later) == (follows, later)
        assert effect.since == legal_today() + days * DAY


def test_without_a_day_it_is_compared_from_the_coming_midnight_on(draft):
    assert selectors.effect_of(draft, legal_now()).since == legal_today() + DAY


def test_what_was_approved_is_still_compared_with_what_it_followed(draft, ministry, clock):
    approved(described(changed(draft, ministry), ministry), ministry)
    clock.shift(days=9)
    effect = selectors.effect_of(draft, legal_now())
    assert (effect.follows, effect.since) == (draft.base, legal_today() - 8 * DAY)


def test_its_page_says_what_changes_and_who_signed(desk, draft, ministry):
    changed(draft, ministry)
    text = page(desk, f"{draft.ref}/")
    assert "R050" in text and "Japan" in text
    signed = text[text.index("Who wrote and who signed") :]
    assert signed[: signed.index("</section>")].count(str(ministry.policy_officer.user)) == 1


def wants(row):
    """What the page lists as done or still to be done, before it is in force."""
    row, known = Draft.objects.get(pk=row.pk), selectors.editions_at()
    return {line.text: line.done for line in needs_of(Coming(row, selectors.start_of(row, known.at), known))}


@pytest.mark.full
def test_its_page_lists_what_it_still_needs(desk, draft, ministry):
    needs = ["It changes something.", "It has a first day.", "The public is told in both languages."]
    kept, simulated = "What must always hold does.", "It was simulated on the book."
    assert [text for text, done in wants(draft).items() if done] == [kept]
    row = changed(draft, ministry)
    assert [text for text, done in wants(row).items() if done] == [needs[0], kept]
    row = described(row, ministry)
    assert [text for text, done in wants(row).items() if done] == [*needs, kept]
    row = changed(row, ministry, key="R050", new=BAN | {"rationale_en": "Another word"})
    assert "written for an earlier text" in page(desk, f"{draft.ref}/") and not wants(row)[needs[2]]
    row = described(row, ministry)
    make.simulated(row.ref, ministry.policy_officer)
    assert wants(row)[simulated] and list(wants(row).values()).count(False) == 1
    row = described(row, ministry, days=2)
    assert not wants(row)[simulated]
    approved(row, ministry)
    assert "Until it is in force" not in page(desk, f"{draft.ref}/")


def test_its_page_says_that_its_title_is_english_in_both_languages(desk, draft, ministry):
    told, same = "The public is told in both languages.", "Its title in Chinese is the English one: say it in Chinese."
    row = described(draft, ministry, title_zh="Ban")
    assert wants(row)[told] is False and same in flat(desk, f"{row.ref}/")
    row = described(draft, ministry)
    assert wants(row)[told] is True and same not in flat(desk, f"{row.ref}/")


def test_its_page_says_what_only_an_approval_by_a_day_needs(desk, draft, ministry):
    text, day_stands = flat(desk, f"{draft.ref}/"), "It has no first day yet: the coming day stands for it"
    assert "An emergency needs none: it is in force some seconds after the last signature." in text
    assert "An emergency needs no simulation." in text and day_stands in text
    described(draft, ministry)
    text = flat(desk, f"{draft.ref}/")
    assert "An emergency needs none" not in text and day_stands not in text


@pytest.mark.full
def test_a_statement_is_proposed_from_its_first_day_or_for_an_emergency_from_today_when_asked(desk, draft, ministry):
    asked, words = "As an emergency: propose its public statement as of today", "What changes on {}, and what does not"

    def proposed(query=""):
        given = desk.get(f"/desk/policy/{draft.ref}/{query}")
        form = given.context["forms"]["describe"]
        return asked in given.content.decode(), *(form[name].value() for name in ("statement_en", "statement_zh"))

    unsaid = {"statement_en": "", "statement_zh": ""}
    row = described(changed(draft, ministry), ministry, starts_on=None, **unsaid)
    assert proposed() == (True, "", "")
    offered, english, chinese = proposed("?emergency")
    assert offered and english.startswith(words.format(day(legal_today()))) and "R050" in english
    assert "R050" in chinese and "What" not in chinese
    row = described(row, ministry, days=3, **unsaid)
    for query in ("", "?emergency"):
        offered, english, _ = proposed(query)
        assert not offered and english.startswith(words.format(day(legal_today() + 3 * DAY)))
    described(row, ministry, starts_on=None)
    assert proposed("?emergency") == (False, "Banned.", "禁止。")


@pytest.mark.slow
def test_a_grace_that_is_over_when_it_starts_is_among_what_it_needs(desk, draft, ministry):
    lasts, over = "Each grace lasts until it starts, or longer.", {"until": str(legal_today())}
    row = described(changed(draft, ministry), ministry)
    assert lasts not in wants(row)
    row = described(changed(row, ministry, new=BAN | {"id": "R051"}), ministry, starts_on=None)
    row = changed(row, ministry, key="R051", new=BAN | {"id": "R051", "transition": over})
    assert wants(row)[lasts] is False
    text = page(desk, f"{row.ref}/")
    assert lasts in text and "R051: The edition starts on" in text


@pytest.mark.slow
def test_a_grace_that_is_over_today_is_in_the_way_of_an_emergency(desk, draft, ministry):
    """One that ends today is not: an emergency is in force today."""
    changed(draft, ministry)
    for until, stands in ((legal_today(), False), (legal_today() - DAY, True)):
        row = changed(draft, ministry, key="R050", new=BAN | {"transition": {"until": str(until)}})
        missing = desk.get(f"/desk/policy/{row.ref}/").context["unmet_at_once"]
        assert ("Each grace lasts until it starts, or longer." in [need.text for need in missing]) is stands


def test_an_invariant_that_breaks_is_among_what_it_needs(draft, ministry):
    milder = rules(draft)["R045"] | {"effect": {"disposition": "standard_review"}}
    row = changed(draft, ministry, key="R045", new=milder)
    assert not wants(row)["What must always hold does."]


@pytest.mark.full
def test_a_ban_that_spares_licenses_in_force_says_so(desk, draft, ministry):
    spares = "R050 prohibits, but does not count for licenses in force"
    changed(draft, ministry, new=BAN | {"applies_to": ["new", "pending"]})
    assert spares in " ".join(page(desk, f"{draft.ref}/").split())
    for more in ({}, {"applies_to": ["new"], "enabled": False}, {"applies_to": ["new"], "effect": MILDER}):
        changed(draft, ministry, key="R050", new=BAN | more)
        assert spares not in " ".join(page(desk, f"{draft.ref}/").split())


def test_what_is_in_force_says_on_its_pages_how_it_is_undone(client, draft, ministry, clock):
    """To who signs with a link to the text before it, to who writes with a button; before the long text itself."""

    def told(who, path):
        client.force_login(who.user)
        return " ".join(page(client, path).split()).partition('id="h-undo"')[2]

    row = approved(described(changed(draft, ministry), ministry), ministry)
    first, edition = draft.base, row.editions.get()
    paths = (f"{row.ref}/", f"editions/{edition.code}/")
    people = (ministry.policy_officer, ministry.other_approver, ministry.auditor)
    assert [told(who, path) for who in people for path in paths] == [""] * 6
    clock.shift(days=2)
    for path, follows in zip(paths, ("h-changes", "h-says"), strict=True):
        assert "Undo it: begin a draft with the text of" in told(people[0], path).partition(follows)[0]
        there, *_ = told(people[1], path).partition("</section>")
        assert f'href="/desk/policy/editions/{first.code}/"' in there and "Undo it: begin" not in there
        assert told(people[2], path) == ""
    assert told(people[0], f"editions/{first.code}/") == ""
    make.edition(lambda by_id, document: document.update(windows=[]))
    assert [told(who, path) for who in people for path in paths] == [""] * 6


def test_its_button_begins_the_draft_that_undoes_it(desk, draft, ministry, clock):
    row = approved(described(changed(draft, ministry), ministry, title_en="B" * 200), ministry)
    clock.shift(days=2)
    fields = dict(re.findall(r'name="(title|base)" value="([^"]+)"', page(desk, f"{row.ref}/")))
    answer = desk.post("/desk/policy/new/", fields)
    undo = Draft.objects.latest("pk")
    assert answer["Location"] == f"/desk/policy/{undo.ref}/"
    assert (undo.text, undo.title_en) == (draft.base.text, f"Undo: {'B' * 194}")


def test_a_draft_of_an_older_text_says_that_it_undoes_what_came_since(desk, draft, ministry):
    undone = "is undone by it, unless its text has it, too"
    assert undone not in " ".join(page(desk, f"{draft.ref}/").split())
    make.edition(lambda by_id, document: document.update(windows=[]))
    assert undone in " ".join(page(desk, f"{draft.ref}/").split())


def test_pages_say_how_many_sign_an_emergency_as_it_is_decided(client, draft, ministry, monkeypatch):
    row = described(changed(draft, ministry), ministry)
    monkeypatch.setattr("licensing.models.editions.SIGNERS", 3)
    client.force_login(ministry.policy_approver.user)
    text = " ".join(page(client, f"{row.ref}/").split())
    assert "Yours is signature 1 of 3." in text and "3 approvers sign, and some seconds after the last" in text
    hastened(row, ministry.policy_approver)
    text = " ".join(page(client, f"{row.ref}/").split())
    assert "The last of 3 signatures puts it in force, within 24 hours" in text
    client.force_login(ministry.other_approver.user)
    assert "Yours is signature 2 of 3." in page(client, f"{row.ref}/")


@pytest.mark.full
def test_an_approver_reads_whose_signature_is_missing(client, draft, ministry, clock):
    def read(who, path=""):
        client.force_login(who.user)
        return " ".join(page(client, path).split())

    first, second = ministry.policy_approver, ministry.other_approver
    row = described(changed(draft, ministry), ministry)
    assert "Yours is signature 1 of 2." in read(first, f"{row.ref}/")
    hastened(row, first)
    for path in ("", f"{row.ref}/"):
        assert f"{first.user} has signed it as an emergency." in read(second, path)
        assert "within 24 hours and as long as nobody changes the draft" in read(second, path)
        assert f"It waits for one of: {second.user}." in read(ministry.policy_officer, path)
    assert "Yours is the last signature" in read(second, f"{row.ref}/")
    assert 'href="#h-simulate">To what you can do</a>' in (told := read(second, f"{row.ref}/"))
    assert 'id="h-simulate"' in told and "To what you can do" not in read(ministry.auditor, f"{row.ref}/")
    assert "You have signed it." in read(first, f"{row.ref}/")
    clock.shift(days=1)
    assert "has signed it" not in read(second)
    clock.shift(days=-1)
    editions.unsign(row.ref, seen=seen(row.ref), by=first)
    assert "has signed it" not in read(second)
    hastened(row, first)
    changed(row, ministry, key="R050", new=BAN | {"rationale_en": "Another word"})
    assert "has signed it" not in read(second)


@pytest.mark.slow
def test_the_first_signature_is_told_to_whoever_can_give_the_second(draft, ministry, mailoutbox):
    """In his language, with a link and nothing of what is in it; the second is told to its authors alone."""
    first, second = ministry.policy_approver, ministry.other_approver
    choose_language(language="zh-hans", by=second)
    row = described(changed(draft, ministry), ministry)
    hastened(row, first)
    relay()
    told = {mail.to[0]: mail for mail in mailoutbox}
    assert told.keys() == {ministry.policy_officer.user.email, second.user.email}
    waits = "signed as an emergency; another approver must sign within 24 hours"
    assert told[ministry.policy_officer.user.email].subject == f"{row.ref}: {waits}"
    mine = told[second.user.email]
    assert mine.subject == f"{row.ref}：已按紧急程序签署，须由另一名批准人在 24 小时内签署"
    assert f"/desk/policy/{row.ref}/" in mine.body and not {"Tonight", "Ban"} & set(mine.body.split())
    mailoutbox.clear()
    hastened(row, second)
    relay()
    since = instant(row.editions.get().starts_at)
    assert [(mail.to, mail.subject) for mail in mailoutbox] == [
        ([ministry.policy_officer.user.email], f"{row.ref}: in force since {since}, as an emergency")
    ]


def test_who_was_asked_for_the_second_signature_is_told_that_the_first_was_taken_back(draft, ministry, mailoutbox):
    first, second = ministry.policy_approver, ministry.other_approver
    row = described(changed(draft, ministry), ministry)
    hastened(row, first)
    relay()
    mailoutbox.clear()
    editions.unsign(row.ref, seen=seen(row.ref), by=first)
    relay()
    assert {mail.to[0] for mail in mailoutbox} == {ministry.policy_officer.user.email, second.user.email}
    assert {mail.subject for mail in mailoutbox} == {f"{row.ref}: a signature of the emergency was taken back"}


def test_nobody_is_waited_for_who_wrote_on_it(client, draft, ministry, mailoutbox):
    first, second = ministry.policy_approver, ministry.other_approver
    changed(draft, ministry, by=with_both_roles(second))
    row = described(draft, ministry)
    hastened(row, first)
    relay()
    assert [mail.to for mail in mailoutbox] == [[ministry.policy_officer.user.email]]
    client.force_login(ministry.policy_officer.user)
    for path in ("", f"{row.ref}/"):
        text = " ".join(page(client, path).split())
        assert "Nobody else can give it" in text and "It waits for one of" not in text


@pytest.mark.slow
@pytest.mark.parametrize("state", ["draft", "approved", "started", "alone"])
def test_an_approver_who_wrote_on_it_is_offered_no_signature_and_reads_who_can(state, client, draft, ministry, clock):
    first, second = ministry.policy_approver, ministry.other_approver
    changed(draft, ministry, by=with_both_roles(first))
    row = described(draft, ministry)
    if state == "alone":
        changed(draft, ministry, key="R050", new=BAN | {"rationale_en": "Other words"}, by=with_both_roles(second))
    elif state == "draft":
        make.simulated(row.ref, second)
    else:
        approved(row, ministry, by=second)
        clock.shift(days=2 if state == "started" else 0)

    def read(who):
        client.force_login(who.user)
        return " ".join(page(client, f"{row.ref}/").split())

    verbs = ("approve", "hasten", "repeal")
    text = read(first)
    assert [verb for verb in verbs if f'action="/desk/policy/{row.ref}/{verb}/"' in text] == []
    if state == "started":
        assert "To undo it" in text and "You wrote on this draft" not in text
        return
    can_not = "repeal it before it starts" if state == "approved" else "sign it as an emergency."
    assert can_not in text.partition("You wrote on this draft")[2].partition("</p>")[0]
    can = "Nobody else can: it takes" if state == "alone" else f"One of these can: {second.user}."
    assert can in text
    if state != "alone":
        theirs = read(second)
        offered = [verb for verb in verbs if f'action="/desk/policy/{row.ref}/{verb}/"' in theirs]
        assert offered == (["approve", "hasten"] if state == "draft" else ["repeal"])
        assert "You wrote on this draft" not in theirs
    assert "You wrote on this draft" not in read(ministry.policy_officer)


@pytest.mark.full
def test_what_lacks_anything_has_no_button_that_approves_it(client, draft, ministry, clock):
    approves = f'action="/desk/policy/{draft.ref}/approve/"'
    client.force_login(ministry.policy_approver.user)

    def lacking():
        """What stands where the button will."""
        part = page(client, f"{draft.ref}/").partition('id="h-approve"')[2].partition("</section>")[0]
        assert (approves in part) is ("It can be approved by a day once this holds:" not in part)
        texts = ("It changes something.", "It has a first day.", "The public is told", "What must", "It was simulated")
        return [text for text in texts if text in part]

    assert lacking() == ["It changes something.", "It has a first day.", "The public is told", "It was simulated"]
    changed(draft, ministry)
    assert lacking() == ["It has a first day.", "The public is told", "It was simulated"]
    described(draft, ministry)
    assert lacking() == ["It was simulated"]
    make.simulated(draft.ref, ministry.policy_approver)
    assert lacking() == [] and approves in page(client, f"{draft.ref}/")
    approved(other(ministry), ministry)
    assert lacking() == ["It has a first day.", "It was simulated"]
    described(draft, ministry, days=2)
    clock.shift(days=1)
    assert lacking() == ["It was simulated"]
    clock.shift(days=2)
    assert lacking() == ["It has a first day.", "It was simulated"]


def card(client, row):
    """What stands where an approver signs it as an emergency."""
    return flat(client, f"{row.ref}/").partition('id="h-hasten"')[2].partition("</section>")[0]


def test_what_would_be_refused_as_an_emergency_has_no_button_that_signs_it(client, draft, ministry):
    signs, once = f'action="/desk/policy/{draft.ref}/hasten/"', "It can be signed as an emergency once this holds:"
    client.force_login(ministry.policy_approver.user)

    def lacking():
        part = card(client, draft)
        assert (signs in part) is (once not in part)
        return [text for text in ("It changes something.", "first day", "The public is told", "book") if text in part]

    assert lacking() == ["It changes something.", "The public is told"]
    changed(draft, ministry)
    assert lacking() == ["The public is told"]
    described(draft, ministry, starts_on=None)
    assert lacking() == [] and signs in card(client, draft)


@pytest.mark.slow
def test_what_loosens_is_offered_to_nobody_as_an_emergency(client, draft, ministry):
    """Its authors read why, too; and what was typed before it did is not lost."""
    loosens, old = "An emergency may loosen nowhere", {"seen": seen(draft.ref), "reason": "Tonight, for a reason"}
    changed(draft, ministry, key="R044", new=rules(draft)["R044"] | {"enabled": False})
    row = described(draft, ministry, starts_on=None)
    client.force_login(ministry.policy_officer.user)
    assert flat(client, f"{row.ref}/").count(loosens) == 1
    client.force_login(ministry.policy_approver.user)
    part = card(client, row)
    assert loosens in part and 'href="#h-comparison"' in part and "<form" not in part and "once this holds" not in part
    text = client.post(f"/desk/policy/{row.ref}/hasten/", old).content.decode()
    assert old["reason"] in text.partition('id="h-hasten"')[2]


@pytest.mark.slow
def test_what_follows_another_edition_by_its_day_may_be_an_emergency_today(client, draft, ministry):
    """Milder than what is in force by then, and stricter than what is today."""
    further = BAN | {"match": BAN["match"] | {"destination.country": ["JP", "KR"]}}
    make.edition(lambda by_id, document: document["rules"].append(further), starts_at=day_start(legal_today() + DAY))
    row = described(changed(draft, ministry), ministry, days=2)
    client.force_login(ministry.policy_approver.user)
    assert "Loosens" in page(client, f"{row.ref}/") and "<form" in card(client, row)
    hastened(row, ministry.policy_approver)


def test_a_page_s_snapshot_does_not_last_while_a_draft_is_compared(desk, draft, ministry, monkeypatch):
    """The view ends, what it wants is worked out, and it begins anew."""
    changed(draft, ministry)
    began, real = [], selectors.drafts_for
    monkeypatch.setattr(selectors, "drafts_for", lambda actor: began.append("page") or real(actor))
    for name in ("compare", "held"):
        work = getattr(selectors.drafts, name)
        monkeypatch.setattr(selectors.drafts, name, lambda *a, _do=work, **f: began.append("work") or _do(*a, **f))
    selectors.compared.cache_clear()
    selectors.invariants_of.cache_clear()
    page(desk, f"{draft.ref}/")
    assert began == ["page", "work"] * 2 + ["page"]


# --- rows as forms ----------------------------------------------------------------------------------------


def typed(form):
    """What a browser sends of the form when nothing is touched."""
    data = QueryDict(mutable=True)
    for bound in form:
        value = bound.value()
        if isinstance(bound.field, forms.BooleanField):
            value = ["on"] if value else []
        elif value is None:
            value = [] if isinstance(bound.field, forms.MultipleChoiceField) else ""
        data.setlist(bound.name, [str(one) for one in value] if isinstance(value, list) else [value])
    return data


@pytest.mark.parametrize("part", PARTS)
def test_a_row_that_nobody_touches_stays_as_it_is(reference, part):
    hold = {"id": "H1", "match": {"item.element": ["Dy"]}, "from": "2026-12-01", "until": None, "owner": "A bureau"}
    document = first_document() | {"holds": [hold | {"reason_en": "Wait.", "reason_zh": "等待。"}]}
    document["groups"] = {"EU": {"en": "Union", "zh": "欧盟", "countries": ["DE", "FR"]}}
    names = {country.code: str(country) for country in Country.objects.all()}
    for key, row in rows(document, part).items():
        given = {"part": part, "document": document, "countries": names, "current": row}
        form = RowForm(typed(RowForm(**given)), **given)
        assert form.is_valid(), (key, form.errors)
        assert form.facts()["row"] == row


def test_forms_take_the_numbers_that_a_document_may_hold(reference):
    """Of a rule, of a threshold, and of a recommendation under them."""
    document = first_document()
    bounds = {
        name.rpartition("/")[2]: (field.min_value, field.max_value)
        for part in ("rules", "thresholds")
        for section in sections(part, document, {})
        for name, field in section.fields.items()
        if isinstance(field, forms.IntegerField)
    }
    kept = shape.PARAMS["properties"] | shape.THRESHOLD["properties"]
    assert bounds == {name: (kept[name]["minimum"], kept[name]["maximum"]) for name in bounds}
    assert set(bounds) == {"max_validity_months", "max_clearances", "report_days_after_shipment", "number", "months"}
    recommended = RecommendForm.base_fields["max_clearances"]
    assert (recommended.min_value, recommended.max_value) == bounds["max_clearances"] == (1, 100_000)
    assert bounds["report_days_after_shipment"] == (1, 365)


def test_what_takes_several_lines_may_hold_several(reference):
    found = {
        name
        for part in PARTS
        for section in sections(part, first_document(), {})
        for name, field in section.fields.items()
        if isinstance(field.widget, forms.Textarea)
    }
    assert found == RowForm.texts


NEW_RULE = {
    "match/item.control_code_prefix": "1C905, 1C906", "match/destination.country": ["JP"],
    "match/end_user.validated": "no", "match/item.cn_input_value_share/gte": "0.001",
    "effect/disposition": "prohibited", "effect/remove": ["annual"], "effect/params/max_validity_months": "6",
    "applies_to": ["new", "existing"], "transition/until": "2031-01-31",
    "enabled": "on", "id": "R050", "instrument": "DUI", "clause": "1", "rationale_en": "No.", "rationale_zh": "不。",
    "authority": "product", "source": "Order",
}  # fmt: skip
ROW = {
    "id": "R050", "instrument": "DUI", "clause": "1", "rationale_en": "No.", "rationale_zh": "不。", "source": "Order",
    "match": {
        "item.control_code_prefix": ["1C905", "1C906"], "destination.country": ["JP"], "end_user.validated": False,
        "item.cn_input_value_share": {"gte": "0.001"},
    },
    "effect": {"disposition": "prohibited", "remove": ["annual"], "params": {"max_validity_months": 6}},
    "applies_to": ["new", "existing"], "transition": {"until": "2031-01-31"}, "authority": "product", "verified": False,
}  # fmt: skip


def rule(draft, name):
    draft.refresh_from_db()
    return {row["id"]: row for row in json.loads(draft.text)["rules"]}.get(name)


@pytest.fixture
def instrument(draft):
    return json.loads(draft.text)["instruments"][0]["id"]


def send(client, draft, data, path="rules/new/", **more):
    data = {"seen": seen(draft.ref)} | data | more
    return client.post(f"/desk/policy/{draft.ref}/rows/{path}", data)


def test_a_rule_says_what_law_caps(desk, draft):
    page = " ".join(unescape(desk.get(f"/desk/policy/{draft.ref}/rows/rules/new/").content.decode()).split())
    assert "A per-shipment license never lasts longer than 12." in page


def test_a_rule_is_written_as_a_form(desk, draft, instrument):
    answer = send(desk, draft, NEW_RULE, instrument=instrument)
    assert (answer.status_code, answer["Location"]) == (302, f"/desk/policy/{draft.ref}/rows/rules/")
    assert rule(draft, "R050") == ROW | {"instrument": instrument}


def test_one_field_is_changed_and_what_is_emptied_is_gone(desk, draft, instrument):
    send(desk, draft, NEW_RULE, instrument=instrument)
    emptied = NEW_RULE | {
        "match/destination.country": [],
        "transition/until": "",
        "effect/params/max_validity_months": "",
    }
    answer = send(desk, draft, {**emptied, "instrument": instrument}, "rules/row/R050/")
    assert answer.status_code == 302
    kept = {name: value for name, value in ROW["match"].items() if name != "destination.country"}
    after = {name: value for name, value in ROW.items() if name != "transition"}
    effect = {name: value for name, value in ROW["effect"].items() if name != "params"}
    assert rule(draft, "R050") == after | {"match": kept, "effect": effect, "instrument": instrument}


def test_the_last_hold_leaves_no_trace_in_the_text(desk, draft):
    hold = {"id": "H1", "match/item.element": "Dy", "from": "2026-12-01", "reason_en": "Wait.", "reason_zh": "等待。"}
    assert send(desk, draft, hold | {"owner": "A bureau"}, "holds/new/").status_code == 302
    draft.refresh_from_db()
    found = {"id": "H1", "match": {"item.element": ["Dy"]}, "from": "2026-12-01", "until": None, "owner": "A bureau"}
    assert json.loads(draft.text)["holds"] == [found | {"reason_en": "Wait.", "reason_zh": "等待。"}]
    assert send(desk, draft, {"drop": "yes"}, "holds/row/H1/").status_code == 302
    draft.refresh_from_db()
    assert draft.text == draft.base.text


@pytest.mark.parametrize(("change", "place", "words"), [
    ({"match/item.control_code_prefix": "1C999"}, "match/item.control_code_prefix", "Nothing is called “1C999” here"),
    ({"id": "R033"}, "id", "“R033” is there already"),
    ({"effective_from": "2027-01-02", "effective_to": "2027-01-01"}, "effective_to", "last day lies before the first"),
    ({"match/item.cn_input_value_share/gte": "2"}, "match/item.cn_input_value_share/gte", "between 0 and 1"),
])  # fmt: skip
def test_what_is_wrong_stands_at_its_field_and_nothing_typed_is_lost(desk, draft, instrument, change, place, words):
    answer = send(desk, draft, NEW_RULE | change, instrument=instrument)
    assert answer.status_code == 422
    form = answer.context["form"]
    assert list(form.errors) == [place] and words in str(form.errors[place])
    assert form["rationale_en"].value() == "No." and rule(draft, "R050") is None


def test_a_row_is_dropped(desk, draft, ministry):
    changed(draft, ministry)
    assert send(desk, draft, {"drop": "yes"}, "rules/row/R050/").status_code == 302
    assert rule(draft, "R050") is None


def test_a_promise_is_given_up_in_its_row_and_not_dropped(desk, draft, ministry):
    def offered(path):
        return 'name="drop"' in page(desk, f"{draft.ref}/rows/{path}")

    assert offered("rules/row/R033/") and not offered("invariants/row/I2/")
    promise = next(one for one in json.loads(draft.text)["invariants"] if one["id"] == "I2")
    changed(draft, ministry, part="invariants", new=promise | {"id": "I9"})
    assert offered("invariants/row/I9/")


def test_a_row_that_another_leans_on_is_not_dropped(desk, draft, instrument):
    used = json.loads(draft.text)["rules"][0]["instrument"]
    answer = send(desk, draft, {"drop": "yes"}, f"instruments/row/{used}/")
    assert answer.status_code == 422 and f"There is no instrument “{used}”" in answer.content.decode()


def test_an_old_page_is_refused_and_says_what_happened(desk, draft, ministry, instrument):
    old = seen(draft.ref)
    changed(draft, ministry)
    answer = send(desk, draft, NEW_RULE, instrument=instrument, id="R051", seen=old)
    assert answer.status_code == 412 and "Rules changed: R050" in answer.content.decode()
    assert answer.context["form"]["id"].value() == "R051"


@pytest.mark.parametrize("path", ["bread/", "bread/new/", "rules/row/R999/"])
def test_what_is_not_there_is_not_found(desk, draft, path):
    page(desk, f"{draft.ref}/rows/{path}", 404)


def test_whoever_reads_only_sees_no_form(client, draft, ministry):
    client.force_login(ministry.auditor.user)
    assert "rows/rules/row/" not in page(client, f"{draft.ref}/rows/rules/")
    page(client, f"{draft.ref}/rows/rules/row/R033/", 403)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_lists_its_rows(desk, draft, part):
    text = page(desk, f"{draft.ref}/rows/{part}/")
    for key in rows(json.loads(draft.text), part):
        assert f"/rows/{part}/row/{quote(key)}/" in text


def test_texts_are_downloaded_as_their_digest_is_counted(desk, draft):
    for path in (f"{draft.ref}/text/", f"editions/{draft.base.code}/text/"):
        assert page(desk, path) == draft.text


def test_a_draft_is_begun_in_the_page(desk, ministry):
    answer = desk.post("/desk/policy/new/", {"title": "Ban"})
    assert answer.status_code == 302 and page(desk, answer["Location"].removeprefix("/desk/policy/"))
    assert desk.post("/desk/policy/new/", {"title": ""}).status_code == 422


def test_an_edition_says_its_rules_in_words(desk, ministry):
    edition = PolicyEdition.objects.get()
    text = page(desk, f"editions/{edition.code}/")
    assert edition.digest in text and "R033" in text and "Japan" in text
    page(desk, "editions/LIST-1/", 404)
