"""Asked beside granted: a line, an end-user or months that were cut, with the reason, wherever the decision stands."""

from datetime import date
from html import unescape

import pytest

from core.deliveries import relay
from core.errors import Invalid
from core.legal_time import months_after
from core.models import HistoryLine, Mail
from core.templatetags.lodestone import day
from licensing.actions import applications, decisions, receipts
from licensing.granted import asked_months
from licensing.models import Application, DecisionStep
from tests import make
from tests.make import seen
from tests.said import text_of

KG = 1000
WHY = "One plant is a trial; a contract with the second would change that."


@pytest.fixture
def case(world):
    """Two end-users, 60 t, planned for eleven months; under review."""
    return world.under_review(world.application(by_whom=[world.declaration(), world.declaration(country="FR")]))


def users(ref):
    return list(Application.objects.get(ref=ref).end_users.order_by("pk"))


def cut(world, ref, **changes):
    facts = {"quantities_": {1: 40_000 * KG}, "end_users": [users(ref)[0].pk], "months": 6, "text": WHY}
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer, **facts | changes)
    return ref


def issued(world, ref, text=""):
    decisions.approve(ref, seen=seen(ref), text=text, by=world.ministry.decider)
    return decisions.issue(ref, seen=seen(ref), by=world.ministry.decider)


LESS = [{"quantities_": {1: 59_999 * KG}}, {"end_users": [1]}, {"months": 10}]


@pytest.mark.parametrize("less", LESS, ids=["quantity", "end-user", "months"])
def test_less_than_was_asked_is_recommended_with_a_reason_only(less, world, case):
    whole = {"quantities_": {}, "end_users": None, "months": 12, "text": " "}
    if "end_users" in less:
        less = {"end_users": [users(case)[1].pk]}
    before = HistoryLine.objects.count()
    with pytest.raises(Invalid) as refused:
        cut(world, case, **whole | less)
    assert [(e.pointer, e.code) for e in refused.value.errors] == [("/text", "required")]
    assert (HistoryLine.objects.count(), DecisionStep.objects.count()) == (before, 0)
    cut(world, case, **whole | less | {"text": WHY})


def test_whoever_is_to_decide_reads_in_the_list_what_was_recommended_in_part(world, case, client):
    cut(world, case)
    client.force_login(world.ministry.decider.user)
    text = " ".join(unescape(client.get("/desk/countersign/").content.decode()).split())
    assert "60,000 kg" in text and "Recommended in part: NdFeB magnets N42SH, Dy 3.2 %, 40,000 kg" in text
    assert "End-user left out:" in text and "Shorter than planned:" in text and "6 months; planned were" in text


def test_all_that_was_asked_needs_no_reason(world, case):
    plan = Application.objects.get(ref=case).planned_from
    Application.objects.update(planned_until=months_after(plan, 11))
    cut(world, case, quantities_={}, end_users=None, months=11, text="")  # the months of the plan, to its very day
    assert Application.objects.get(ref=case).state == "awaiting_decision"


PLANS = [
    (date(2027, 1, 10), date(2027, 6, 30), 6),
    (date(2027, 1, 10), date(2027, 7, 10), 6),
    (date(2027, 1, 10), date(2027, 7, 11), 7),
    (date(2027, 1, 31), date(2027, 2, 28), 1),
    (date(2027, 1, 10), date(2027, 1, 12), 1),
    (date(2027, 1, 10), None, None),
]


@pytest.mark.parametrize(("first", "last", "months"), PLANS)
def test_the_months_asked_are_the_fewest_that_reach_the_last_planned_day(first, last, months):
    assert asked_months(Application(planned_from=first, planned_until=last)) == months


def test_nobody_begins_with_more_than_was_asked_and_whoever_grants_more_says_so(world, case, client):
    """Eleven months are planned: its reviewer begins with them; what he gives beyond is told to who decides and who
    issues."""
    m = world.ministry
    begun = text_of(client, m.reviewer, f"/desk/cases/{case}/")
    plan = Application.objects.get(ref=case)
    assert f"Asked for {day(plan.planned_from)} to {day(plan.planned_until)}." in begun
    assert client.get(f"/desk/cases/{case}/").context["forms"]["recommend"]["months"].value() == 11
    cut(world, case, quantities_={}, end_users=None, months=12, text="")
    longer = "Longer than planned: </b> 12 months; planned were"
    signed, panel = text_of(client, m.decider, f"/desk/cases/{case}/").split("Approval recommended")[-2:]
    assert longer in signed and longer in panel
    decisions.approve(case, seen=seen(case), text="", by=m.decider)
    assert longer in text_of(client, m.decider, f"/desk/cases/{case}/").split("Issue the license")[-2]


def test_the_months_of_the_plan_are_not_called_longer(world, case, client):
    cut(world, case, quantities_={}, end_users=None, months=11, text="")
    assert "than planned:" not in text_of(client, world.ministry.decider, f"/desk/cases/{case}/")


@pytest.mark.parametrize(("said", "kept"), [("", WHY), (" ", WHY), ("In other words.", "In other words.")])
def test_who_approves_less_leaves_the_reason_or_says_his_own(said, kept, world, case):
    issued(world, cut(world, case), said)
    assert DecisionStep.objects.get(step="decide").text == kept


def test_who_approves_all_may_say_nothing(world, case):
    issued(world, cut(world, case, quantities_={}, end_users=None, months=12, text="Proposed."))
    assert DecisionStep.objects.get(step="decide").text == ""


@pytest.mark.parametrize(
    ("change", "subject"), [({}, "approved in part"), ({"end_users": None, "months": 12}, "approved")]
)
def test_the_mail_says_in_part_and_nothing_else(change, subject, world, case, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    quantities_ = {} if change else {1: 40_000 * KG}
    cut(world, case, quantities_=quantities_, **change)
    decisions.approve(case, seen=seen(case), by=world.ministry.decider)
    relay()
    mail = Mail.objects.latest("pk")
    assert mail.subject == f"{case}: {subject}"
    assert WHY not in mail.body


def pages(world, client, case, license):
    for actor, path in (
        (world.exporter, f"/applications/{case}/"),
        (world.exporter, f"/licenses/{license.ref}/"),
        (world.ministry.auditor, f"/desk/cases/{case}/"),
        (world.ministry.auditor, f"/desk/licenses/{license.ref}/"),
    ):
        client.force_login(actor.user)
        yield path, " ".join(unescape(client.get(path).content.decode()).split())


def test_every_page_of_the_decision_shows_both_quantities_the_reason_and_who_was_left_out(world, case, client):
    license = issued(world, cut(world, case))
    left_out = users(case)[1].party.name
    for path, text in pages(world, client, case, license):
        for words in ("60,000 kg", "40,000 kg", WHY, f"End-user left out:</b> {left_out}", "6 months; planned were"):
            assert words in text, (path, words)


def test_a_shorter_time_alone_is_told_with_its_reason_too(world, case, client):
    license = issued(world, cut(world, case, quantities_={}, end_users=None))
    for path, text in pages(world, client, case, license):
        whose = "you" if "/desk/" not in path else "was"
        for words in (WHY, "6 months; planned were", f"Why less than {whose} asked"):
            assert words in text, (path, words)


def test_no_page_speaks_of_less_where_all_was_granted(world, case, client):
    license = issued(world, cut(world, case, quantities_={}, end_users=None, months=12, text=""))
    for path, text in pages(world, client, case, license):
        for words in ("left out", "Shorter than planned", "in part", "Less than was asked", "less than was asked"):
            assert words not in text, (path, words)


def test_a_license_leads_to_the_countries_of_the_end_users_it_has(world):
    signed = [world.declaration(), world.declaration(country="JP")]
    ref = world.under_review(world.application(by_whom=signed))
    assert Application.objects.get(ref=ref).destinations == ["DE", "JP"]
    german = [user.pk for user in users(ref) if user.party.country_id == "DE"]
    assert issued(world, cut(world, ref, end_users=german)).destinations == ["DE"]


def test_a_refusal_grants_nothing_whatever_was_recommended(world, case, client):
    cut(world, case)
    decisions.refuse(
        case,
        seen=seen(case),
        factors=["END_USE"],
        text="Not for this use.",
        departure="Doubts.",
        by=world.ministry.decider,
    )
    client.force_login(world.exporter.user)
    page = client.get(f"/applications/{case}/")
    text = " ".join(unescape(page.content.decode()).split())
    remedy = "Administrative reconsideration can be asked for until"
    for words in ("Decision: refused", "Not for this use.", "End-use", "Nothing was granted", remedy):
        assert words in text
    for words in ("in part", "40,000 kg", "Granted", "Why less", "left out", WHY):
        assert words not in text, words
    assert 'href="/applications/new/?kind=annual"' in text
    client.force_login(world.ministry.auditor.user)
    page = client.get(f"/desk/cases/{case}/")
    assert page.context["granted"] is None
    text = " ".join(unescape(page.content.decode()).split())
    assert "Recommended" in text
    for words in ("Granted", "granted", "Why less than was asked"):
        assert words not in text, words


@pytest.mark.parametrize("after", ["recommended", "returned", "reopened", "asked again"])
def test_no_exporter_reads_what_is_only_recommended(after, world, case, client):
    cut(world, case)
    if after == "returned":
        decisions.send_back(case, seen=seen(case), reason="Look again.", by=world.ministry.decider)
    elif after != "recommended":
        decisions.approve(case, seen=seen(case), by=world.ministry.decider)
        decisions.reopen(case, seen=seen(case), reason="A mistake.", by=world.ministry.other_decider)
    if after == "asked again":
        decisions.recommend(case, seen=seen(case), outcome="approve", by=world.ministry.reviewer)
    client.force_login(world.exporter.user)
    for path in (f"/applications/{case}/", "/applications/", "/"):
        text = " ".join(unescape(client.get(path).content.decode()).split())
        for words in ("Decision:", "40,000", "in part", "Granted", WHY, "Look again.", "A mistake."):
            assert words not in text, (path, words)


def two_lines(world):
    """A case of two lines, of which the first is left out."""
    signed = world.declaration(codes=("1C905.a.4", "1C904.a.4"))
    goods = [("1C904.a.4", "Magnets with Tb", 10), ("1C905.a.4", "Magnets", 20)]
    ref = world.under_review(make.demo.application(world.exporter, "annual", goods, [signed], "K-2"))
    return cut(world, ref, quantities_={1: 0, 2: 15 * KG}, end_users=None)


def test_rest_has_what_was_requested_beside_what_is_authorized(world, client):
    license = issued(world, two_lines(world))
    key = make.key(world.exporter, "licenses:read")
    one = client.get(f"/api/v1/licenses/{license.ref}/", headers={"authorization": f"Bearer {key}"}).json()
    line = one["lines"][0]
    assert (line["control_code"], line["requested"], line["authorized"]) == ("1C905.a.4", "20.000", "15.000")
    assert (len(one["lines"]), one["reason"]) == (1, WHY)
    assert one["left_out"] == {
        "lines": [{"control_code": "1C904.a.4", "description": "Magnets with Tb", "unit": "kg", "requested": "10.000"}],
        "end_users": [],
        "planned_until": license.application.planned_until.isoformat(),
    }
    listed = client.get("/api/v1/licenses/", headers={"authorization": f"Bearer {key}"}).json()
    assert listed["results"] == [one]


def test_customs_reads_no_reason(world, client):
    license = issued(world, two_lines(world))
    key = make.key(world.customs, "customs:confirm")
    one = client.get(f"/api/v1/licenses/{license.ref}/", headers={"authorization": f"Bearer {key}"}).json()
    assert (one["reason"], one["lines"][0]["requested"]) == (None, "20.000")


def test_the_exporter_reads_what_was_left_out_and_customs_does_not(world, client):
    license = issued(world, two_lines(world))
    told = {}
    for reader, scope in ((world.exporter, "licenses:read"), (world.customs, "customs:confirm")):
        headers = {"authorization": f"Bearer {make.key(reader, scope)}"}
        left_out = client.get(f"/api/v1/licenses/{license.ref}/", headers=headers).json()["left_out"]
        told[scope] = left_out and [line["control_code"] for line in left_out["lines"]]
    assert told == {"licenses:read": ["1C904.a.4"], "customs:confirm": None}


def test_who_is_not_accepted_reads_why_and_what_to_do(world, client):
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    receipts.not_accept(ref, reason="The goods are on no list; no license is needed.", by=world.ministry.intake)
    client.force_login(world.exporter.user)
    page = client.get(f"/applications/{ref}/")
    assert page.context["turned_away"].reason == "The goods are on no list; no license is needed."
    assert 'href="/applications/new/?kind=annual"' in page.content.decode()
