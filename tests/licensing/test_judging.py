"""A case is judged by the engine: which facts, which days, what is kept, what is news, and what is stopped."""

import json
import re
from datetime import timedelta
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.local import demo
from config.local.demo.papers import pdf
from core.errors import DomainError, Invalid
from core.history import lines_of
from core.legal_time import day_end, legal_now, legal_today
from core.models import HistoryLine
from core.templatetags.lodestone import day
from exporters import actions as exporters
from exporters.models import Qualification
from licensing import selectors
from licensing.actions import applications, decisions, declarations, receipts
from licensing.actions.lists import put_on_lists
from licensing.models import Application, ControlItem, DecisionStep, Declaration, Finding, License, PolicyEdition
from licensing.policy.engine import ENGINE
from licensing.policy.records import replayed
from tests import make
from tests.again import again
from tests.make import seen
from tests.ticks import tick

DAY = timedelta(days=1)
MAGNET = "1C905.a.4"


def case(ref):
    return Application.objects.get(ref=ref)


def judged(ref):
    return selectors.judge(case(ref), at=legal_now())


def planned(ref, first, last):
    """From how many days on until how many."""
    today = legal_today()
    Application.objects.filter(ref=ref).update(planned_from=today + first * DAY, planned_until=today + last * DAY)


def problems(ref):
    """What stands between the draft and its submission; a submission says the same, and sends nothing."""
    found = applications.what_is_missing(case(ref), at=legal_now())
    if found:
        by = demo_signatory(ref)
        with pytest.raises(Invalid) as refused:
            applications.submit(ref, seen=seen(ref), by=by)
        assert refused.value.errors == found
        assert (case(ref).state, Finding.objects.filter(application__ref=ref).count()) == ("draft", 0)
    return found


def demo_signatory(ref):
    row = case(ref)
    return make.Actor(row.created_by, row.exporter.organization, roles=frozenset({"signatory"}))


def codes(ref):
    return [problem.code for problem in problems(ref)]


def refused(verb, ref, **facts):
    before = lines_of(case(ref)).count(), Finding.objects.count(), DecisionStep.objects.count(), License.objects.count()
    with pytest.raises(DomainError) as refusal:
        verb(ref, seen=seen(ref), **facts)
    after = lines_of(case(ref)).count(), Finding.objects.count(), DecisionStep.objects.count(), License.objects.count()
    assert after == before
    return refusal.value.code


def for_whom(world, *, country="DE", nature="commercial", use="CIV_AUTO", code=MAGNET, onward=()):
    """A verified declaration of an end-user of this kind for this use."""
    user = demo.party(world.exporter, make.unique("End-user "), country, "Works", nature=nature)
    row = demo.declaration(world.exporter, user, [code], use, "motors")
    if onward:
        Declaration.objects.filter(pk=row.pk).update(re_export=True, re_export_countries=list(onward), as_signed=None)
    return declarations.verify(row.ref, seen=seen(row.ref), quantity_fit=True, by=world.ministry.reviewer)


def controlled(first, last=None):
    """The April list is controlled from so many days from today on, until so many."""
    today = legal_today()
    days = {"effective_from": (today + first * DAY).isoformat()}
    if last is not None:
        days["effective_to"] = (today + last * DAY).isoformat()
    return lambda rules, document: rules["R001"].update(days)


# --- facts ------------------------------------------------------------------------------------------------


def test_each_line_has_one_vector_for_each_end_user_from_what_was_said(world):
    signed = [for_whom(world, nature="academic", use="RESEARCH", onward=["JP"]), for_whom(world, country="FR")]
    goods = [(MAGNET, "Magnets", 10), ("1C904.a.4", "Magnets", 20)]
    ref = demo.application(world.exporter, "annual", goods, signed, "K-1", red_flag="", purpose="civil_aircraft_parts")
    planned(ref, 0, 0)
    found = judged(ref)
    assert [(one.line.number, one.user.declaration) for one in found] == [
        (1, signed[0]),
        (1, signed[1]),
        (2, signed[0]),
        (2, signed[1]),
    ]
    facts = found[0].facts
    assert {name: facts.get(name) for name in facts if not name.startswith("item.")} == {
        "destination.country": ("DE", "JP"),
        "end_use.code": "RESEARCH",
        "end_user.class": "academic",
        "exporter.annual_qualified": True,
        "exporter.territory": "domestic",
        "exporter.red_flag": "none",
        "transaction.purpose": "civil_aircraft_parts",
        "end_user.validated": False,
    }
    assert (facts["item.control_code"], facts["item.element"]) == (MAGNET, "Dy")
    assert found[1].facts["destination.country"] == ("FR",)


def test_what_nobody_said_is_absent(world):
    signed = for_whom(world)
    ref = world.application(by_whom=[signed])
    user = signed.end_user
    exporters.change_party(user.ref, version=user.version, by=world.exporter, name=user.name, nature="")
    facts = judged(ref)[0].facts
    assert {"end_user.class", "screening.hit"}.isdisjoint(facts)


def test_the_newest_screening_result_counts_whatever_case_it_was_recorded_in(world):
    signed = for_whom(world)
    first = world.under_review(world.application(by_whom=[signed]))
    again = world.application(by_whom=[signed])
    demo.screened(first, world.ministry.reviewer)
    assert judged(again)[0].facts["screening.hit"] == "none"
    demo.screened(first, world.ministry.reviewer, hit="watch_list", reason="Entry 3.")
    assert judged(again)[0].facts["screening.hit"] == "watch_list"


def test_a_qualification_counts_through_its_last_day(world, clock):
    ref = world.application(by_whom=[for_whom(world)])
    until = make.qualified_until(world.exporter)
    for last, qualified in ((until, True), (until + DAY, False)):
        clock.set(day_end(last) - timedelta(hours=1))
        assert judged(ref)[0].facts["exporter.annual_qualified"] is qualified


# --- days -------------------------------------------------------------------------------------------------


def days(ref):
    today = legal_today()
    return [((one.day - today).days, one.within) for one in judged(ref)]


def test_today_the_first_planned_day_and_each_turn_in_the_window_are_judged(world, on):
    on("2026-03-02")
    ref = world.application()
    make.edition(controlled(4, 11))
    planned(ref, 3, 12)
    assert days(ref) == [(0, False), (3, True), (4, True), (12, True)]
    planned(ref, 0, 4)
    assert days(ref) == [(0, True), (4, True)]
    planned(ref, 5, 11)
    assert days(ref) == [(0, False), (5, True)]
    planned(ref, -9, 3)
    assert days(ref) == [(0, True)]
    planned(ref, -9, -3)
    assert days(ref) == [(0, True)]


def test_the_start_of_an_edition_is_a_turn_and_each_day_is_judged_by_its_own(world, on):
    on("2027-03-01")
    ref = world.application()
    planned(ref, 1, 9)
    begins = day_end(legal_today() + DAY)
    later = make.edition(lambda rules, document: rules["R001"].update(enabled=False), starts_at=begins)
    first = PolicyEdition.objects.exclude(pk=later.pk).get()
    said = {one.day: (one.edition, one.outcome.controlled) for one in judged(ref)}
    assert said[legal_today()] == said[legal_today() + DAY] == (first.code, True)
    assert said[legal_today() + 2 * DAY] == (later.code, False)


def test_a_step_stands_under_the_edition_of_its_own_day_whatever_is_announced(world, on):
    on("2027-03-01")
    ref = world.application()
    planned(ref, 0, 9)
    first = selectors.edition_now().code
    make.edition(lambda rules, document: rules["R001"].update(enabled=False), starts_at=day_end(legal_today()))
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    assert len({finding.edition for finding in Finding.objects.filter(application__ref=ref)}) == 2
    assert HistoryLine.objects.get(subject_kind="application", verb="submit").edition == first


def test_what_is_controlled_today_does_not_count_outside_the_window(world):
    ref = world.application()
    make.edition(controlled(-500, 4))
    planned(ref, 4, 9)
    assert codes(ref) == []
    planned(ref, 5, 9)
    assert codes(ref) == ["not-controlled"]
    make.edition(controlled(8), "LATER")
    assert codes(ref) == []


def test_of_what_no_list_has_any_more_nobody_says_that_it_needs_no_license(world):
    def struck(rules, document):
        document["codes"] = [row for row in document["codes"] if row["code"] != MAGNET]

    ref = world.application(kind="per_shipment")
    make.edition(struck)
    (problem,) = problems(ref)
    assert problem.code == "channel-closed"
    assert "It is on none of the lists loaded here" in problem.message
    assert "no license is needed" not in problem.message
    [(_item, said)] = selectors.in_force_on(ControlItem.objects.filter(code=MAGNET), legal_today())
    assert (said.controlled, said.disposition) == (False, "unlisted")


def test_goods_that_an_edition_to_come_lists_are_filed_before_it_starts(world):
    def lists(rules, document):
        magnet = next(row for row in document["codes"] if row["code"] == MAGNET)
        document["codes"].append(magnet | {"code": "1C905.a.9"})

    starts_at = day_end(legal_today() + 4 * DAY)
    put_on_lists(json.loads(make.edition(lists, starts_at=starts_at).text))  # as its approval does
    ref = world.application(kind="per_shipment", code="1C905.a.9")
    planned(ref, 0, 4)
    assert codes(ref) == ["channel-closed"]
    planned(ref, 0, 5)
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    said = [(one.as_of - legal_today(), one.disposition) for one in case(ref).findings.order_by("as_of")]
    assert (said[0], said[-1]) == ((0 * DAY, "unlisted"), (5 * DAY, "standard_review"))


# --- what is kept -----------------------------------------------------------------------------------------


@again
def filed(world, **facts):
    ref = world.application(**facts)
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    return ref


def test_everything_that_was_judged_is_kept_and_replays_byte_for_byte(world, on):
    on("2026-03-02")
    make.edition(controlled(4))
    ref = world.application(by_whom=[world.declaration(), world.declaration(country="FR")])
    planned(ref, 0, 9)
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    kept = list(Finding.objects.filter(application__ref=ref))
    assert {(f.moment, f.as_of) for f in kept} == {("submit", legal_today()), ("submit", legal_today() + 4 * DAY)}
    assert {f.party_ref for f in kept} == {user.party.ref for user in case(ref).end_users.all()}
    for finding in kept:
        said = json.loads(finding.record)
        assert PolicyEdition.objects.get(digest=said["edition"]).code == finding.edition == "NEXT"
        assert (said["engine"], said["audience"]) == (ENGINE, "new")
        assert (said["outcome"]["disposition"], said["outcome"]["channels"]) == (finding.disposition, finding.channels)
        assert [line[0] for line in said["trace"] if line[1] == "matched"] == finding.matched
        assert replayed(finding.record, selectors.rules_of(said["edition"])) == finding.record


def test_a_rule_is_kept_by_its_whole_name(world):
    name = "R" * 60
    make.edition(lambda rules, document: document["rules"].append({**rules["R001"], "id": name}))
    assert name in case(filed(world)).findings.first().matched


def test_filing_and_deciding_ask_no_more_than_before(world):
    """As counted before the engine judged cases: 29, 24 and 33 statements."""
    ref, m = world.application(kind="per_shipment"), world.ministry

    def count(verb, by):
        facts = {"seen": seen(ref), "by": by}
        with CaptureQueriesContext(connection) as asked:
            verb(ref, **facts)
        return len(asked)

    assert count(applications.submit, world.exporter) <= 29
    receipts.accept(ref, by=m.intake)
    decisions.assign(ref, seen=seen(ref), by=m.reviewer)
    demo.screened(ref, m.reviewer)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    assert count(decisions.approve, m.decider) <= 24
    assert count(decisions.issue, m.decider) <= 33


def test_each_step_keeps_what_it_looked_at_and_the_license_its_own(world):
    license = world.license()
    moments = Finding.objects.filter(application=license.application).order_by("pk").values_list("moment", flat=True)
    assert list(dict.fromkeys(moments)) == ["submit", "recommend", "approve", "issue"]
    said = json.loads(Finding.objects.filter(moment="issue").first().record)
    assert (said["audience"], said["facts"]["screening.hit"]) == ("pending", "none")
    assert said["outcome"]["disposition"] == "presumption_of_approval"


def test_what_officers_do_with_a_case_is_judged_by_the_rules_for_open_ones(world):
    ref = waiting(world, "refuse")
    grounds = {"factors": ["END_USE"], "text": "No.", "departure": "Doubts."}
    decisions.refuse(ref, seen=seen(ref), by=world.ministry.decider, **grounds)
    kept = case(ref).findings.values_list("moment", "record")
    audiences = {(moment, json.loads(record)["audience"]) for moment, record in kept}
    assert audiences == {("submit", "new"), ("recommend", "pending"), ("refuse", "pending")}


# --- what is news -----------------------------------------------------------------------------------------


def test_a_screening_result_that_was_missing_is_no_news(world):
    ref = world.under_review(world.application())
    assert selectors.changed(case(ref), judged(ref)) == []
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer)
    assert case(ref).state == "awaiting_decision"


def test_a_turn_that_was_foreseen_is_no_news(world, clock):
    ref = world.application()
    make.edition(controlled(-500, 30))
    planned(ref, 0, 60)
    world.under_review(ref)
    clock.shift(days=10)
    assert {one.outcome.controlled for one in judged(ref)} == {True, False}
    assert selectors.changed(case(ref), judged(ref)) == []
    clock.shift(days=40)
    assert {one.outcome.controlled for one in judged(ref)} == {False}
    assert selectors.changed(case(ref), judged(ref)) == []


def test_a_fact_that_is_another_than_at_filing_is_news(world):
    signed = for_whom(world)
    ref = world.under_review(world.application(by_whom=[signed]))
    user = signed.end_user
    exporters.change_party(user.ref, version=user.version, by=world.exporter, name=user.name, nature="military")
    facts = {"outcome": "approve", "by": world.ministry.reviewer}
    assert refused(decisions.recommend, ref, **facts) == "policy-changed"
    demo.screened(ref, world.ministry.reviewer)  # its entry is another
    decisions.recommend(ref, seen=seen(ref), acknowledged=tick(ref), **facts)
    assert selectors.changed(case(ref), judged(ref)) == []


def test_a_paper_that_the_rules_ask_for_since_is_news(world):
    ref = world.under_review(world.application())
    make.edition(lambda rules, document: rules["R001"]["effect"].update(require=["risk_assessment_report"]))
    assert refused(decisions.recommend, ref, outcome="approve", by=world.ministry.reviewer) == "policy-changed"


def test_only_the_end_user_whose_outcome_changed_is_news(world):
    signed = [for_whom(world), for_whom(world, country="FR", use="RESEARCH")]
    ref = filed(world, kind="per_shipment", by_whom=signed[:1])
    assert selectors.changed(case(ref), judged(ref)) == []
    two = world.application(by_whom=[signed[0], for_whom(world, country="FR", use="CIV_WIND")])
    world.under_review(two)
    make.edition(lambda rules, document: rules["R040"]["match"]["end_use.code"].remove("CIV_WIND"))
    [news] = {one.user.party.country_id for one in selectors.changed(case(two), judged(two))}
    assert news == "FR"


def test_the_last_look_is_what_was_found_together_though_the_clock_stands(world, on):
    on("2026-03-02")
    license = world.license(kind="per_shipment")
    assert {finding.moment for finding in selectors.last_look(license.application.findings.all())} == {"issue"}
    assert selectors.last_look([]) == []


def test_a_changed_outcome_is_acknowledged_by_whoever_decides_and_by_whoever_issues(world):
    ref, m = world.under_review(world.application()), world.ministry
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    make.edition(lambda rules, document: rules["R040"]["effect"].pop("disposition"))
    assert refused(decisions.approve, ref, by=m.decider) == "policy-changed"
    decisions.approve(ref, seen=seen(ref), acknowledged=tick(ref), by=m.decider)
    make.edition(lambda rules, document: rules["R040"]["effect"].update(disposition="case_by_case"), "AFTER")
    assert refused(decisions.issue, ref, by=m.decider) == "policy-changed"
    assert decisions.issue(ref, seen=seen(ref), acknowledged=tick(ref), by=m.decider).state == "active"


def test_the_desk_shows_what_is_news_and_asks_for_the_tick(world, client):
    ref = world.under_review(world.application())
    client.force_login(world.ministry.reviewer.user)
    assert 'name="acknowledged"' not in client.get(f"/desk/cases/{ref}/").content.decode()
    make.edition(lambda rules, document: rules["R040"]["effect"].update(disposition="case_by_case"))
    page = client.get(f"/desk/cases/{ref}/").content.decode()
    assert 'name="acknowledged"' in page and "is now:" in page
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=world.ministry.reviewer)
    make.edition(lambda rules, document: rules["R040"]["effect"].pop("disposition"), "AFTER")
    client.force_login(world.ministry.decider.user)
    assert 'name="acknowledged"' in client.get(f"/desk/cases/{ref}/").content.decode()
    client.post(f"/desk/cases/{ref}/approve/", {"seen": seen(ref), "acknowledged": tick(ref)})
    assert case(ref).state == "approved"
    make.edition(lambda rules, document: rules["R040"]["effect"].update(disposition="case_by_case", params={}), "LAST")
    assert 'name="acknowledged"' in client.get(f"/desk/cases/{ref}/").content.decode()
    client.post(f"/desk/cases/{ref}/issue/", {"seen": seen(ref), "acknowledged": tick(ref)})
    assert case(ref).state == "issued"


def test_the_desk_names_each_part_of_which_the_rules_say_something_else(world, client):
    ref = world.under_review(world.application())
    make.edition(lambda rules, document: rules["R001"]["effect"].update(require=["risk_assessment_report"]))
    client.force_login(world.ministry.reviewer.user)
    page = client.get(f"/desk/cases/{ref}/").content.decode()
    beside = page[page.index("is now:") :]
    assert "Asked for: Risk assessment report" in beside and "Outcome:" not in beside


def test_a_tick_beside_an_older_difference_is_none_beside_a_newer_one(world, client):
    """Nothing happened to the case between page and click, so that its version is the same."""
    ref, m = world.under_review(world.application()), world.ministry
    make.edition(lambda rules, document: rules["R040"]["effect"].update(disposition="case_by_case"))
    old, sent = tick(ref), {"seen": seen(ref), "outcome": "approve", "months": 12}
    sent |= {"end_users": [user.pk for user in case(ref).end_users.all()], "quantity_1": "1"}
    make.edition(lambda rules, document: rules["R040"]["effect"].update(disposition="presumption_of_denial"), "AFTER")
    facts = {"outcome": "approve", "by": m.reviewer}
    assert refused(decisions.recommend, ref, acknowledged=old, **facts) == "policy-changed"
    client.force_login(m.reviewer.user)
    page = client.post(f"/desk/cases/{ref}/recommend/", sent | {"acknowledged": old})
    text, box = page.content.decode(), r'<input type="checkbox" name="acknowledged"[^>]*>'
    assert (page.status_code, case(ref).state) == (409, "under_review")
    assert f'value="{tick(ref)}"' in re.search(box, text)[0] and "checked" not in re.search(box, text)[0]
    assert "Presumption of refusal" in text and old != tick(ref)
    kept = client.post(f"/desk/cases/{ref}/recommend/", {**sent, "acknowledged": tick(ref), "months": 99})
    assert "checked" in re.search(box, kept.content.decode())[0]
    decisions.recommend(ref, seen=seen(ref), acknowledged=tick(ref), **facts)


# --- what is stopped --------------------------------------------------------------------------------------

MILITARY = [
    ("US", "military", "CIV_AUTO", "R030"),
    ("US", "commercial", "MIL_USE", "R031"),
    ("JP", "military", "CIV_AUTO", "R033"),
    ("JP", "commercial", "MIL_POTENTIAL", "R034"),
]


@pytest.mark.parametrize(("country", "nature", "use", "rule"), MILITARY)
@pytest.mark.parametrize("kind", ["annual", "per_shipment"])
def test_us_and_japanese_military_are_refused_at_filing_in_every_kind(world, kind, country, nature, use, rule):
    signed = for_whom(world, country=country, nature=nature, use=use)
    (problem,) = problems(world.application(kind=kind, by_whom=[signed]))
    assert problem.code == "policy-prohibits"
    assert f"{rule})" in problem.message and signed.end_user.name in problem.message


def test_an_onward_country_counts_as_a_destination(world):
    signed = for_whom(world, use="MIL_USE", onward=["US"])
    assert codes(world.application(kind="per_shipment", by_whom=[signed])) == ["policy-prohibits"]


def test_onward_countries_count_only_where_goods_leave_again(world):
    user = demo.party(world.exporter, make.unique("End-user "), "DE", "Works")
    signed = demo.declaration(world.exporter, user, [MAGNET], "CIV_AUTO", "motors")
    Declaration.objects.filter(pk=signed.pk).update(re_export=False, re_export_countries=["US"], as_signed=None)
    assert judged(world.application(by_whom=[signed]))[0].facts["destination.country"] == ("DE",)


BARRED = [
    ("commercial", "WMD", "R024"),
    ("commercial", "MIL_USE", "R042"),
    ("commercial", "SEMI_LOGIC_LE14", "R043"),
    ("military", "CIV_AUTO", "R045"),
]


@pytest.mark.parametrize(("nature", "use", "rule"), BARRED)
def test_other_barred_uses_are_refused_as_annual_and_filed_one_by_one(world, nature, use, rule):
    signed = for_whom(world, nature=nature, use=use)
    (problem,) = problems(world.application(by_whom=[signed]))
    assert problem.code == "channel-closed" and f"{rule})" in problem.message
    assert case(filed(world, kind="per_shipment", by_whom=[signed])).state == "submitted"


def test_a_company_that_is_not_qualified_files_one_by_one(world):
    world.exporter = make.exporter(world.ministry, "Plain Co., Ltd.", qualified=False)
    (problem,) = problems(world.application())
    assert problem.code == "channel-closed"
    assert "Nearest to it: Exporter qualified for annual licenses." in problem.message
    assert case(filed(world, kind="per_shipment")).state == "submitted"


def where(client, world, ref):
    """What is missing, each with where it leads."""
    client.force_login(world.exporter.user)
    text = " ".join(client.get(f"/applications/{ref}/").content.decode().split())
    return {unescape(words).strip(): place for place, words in re.findall(r'<h3> <a href="([^"]*)">(.*?)</a>', text)}


def test_a_plan_behind_the_end_of_the_qualification_names_that_day_and_where_it_is_renewed(world, client, clock):
    last = legal_today() + 90 * DAY
    Qualification.objects.filter(pk=world.exporter.organization_id).update(last_day=last)
    ref = world.application()
    planned(ref, 91, 200)
    (problem,) = problems(ref)
    words = f"ends on {day(last)}. A deciding officer may renew it from {day(last - 60 * DAY)} on."
    assert problem.code == "channel-closed" and problem.message.endswith(words)
    assert where(client, world, ref) == {problem.message: "/company/#annual"}
    clock.shift(days=90)
    (problem,) = problems(ref)
    assert problem.message.endswith(words)
    clock.shift(days=91)
    (problem,) = problems(ref)
    assert problem.message.endswith(f"for through {day(last)}: the qualification of the company is over.")


def test_the_same_is_asked_for_one_end_user_as_for_three(world):
    Qualification.objects.filter(pk=world.exporter.organization_id).update(last_day=legal_today() + 90 * DAY)
    asked = []
    for count in (1, 3):
        ref = world.application(by_whom=[for_whom(world) for _ in range(count)])
        planned(ref, 91, 200)
        with CaptureQueriesContext(connection) as queries:
            assert len(problems(ref)) == count
        asked.append([one["sql"] for one in queries])
    assert len(asked[0]) == len(asked[1]), "\n".join(asked[1])


def test_a_declaration_that_is_too_old_leads_to_a_new_one_or_to_another_that_fits(world, client):
    signed = for_whom(world)
    ref = world.application(by_whom=[signed])
    planned(ref, 360, 400)
    (place,) = [to for words, to in where(client, world, ref).items() if "months before the planned start" in words]
    assert place == f"/declarations/new/?end_user={signed.end_user.ref}"
    new = demo.declaration(world.exporter, signed.end_user, [MAGNET], "CIV_AUTO", "motors")
    Declaration.objects.filter(pk=new.pk).update(signed_on=legal_today())
    (place,) = [to for words, to in where(client, world, ref).items() if "months before the planned start" in words]
    assert place == f"/applications/{ref}/edit/#who"


def test_materials_have_no_annual_way(world):
    ref = world.application(code="1C905.b")
    (problem,) = problems(ref)
    assert problem.code == "channel-closed" and "Nearest to it:" in problem.message
    assert case(filed(world, kind="per_shipment", code="1C905.b")).state == "submitted"


def test_what_closes_a_way_is_told_of_the_days_that_are_controlled(world, on):
    """The October list is suspended through 10 November, so that no rule counts before."""
    on("2026-10-20")
    signed = for_whom(world, use="MIL_USE", code="1C911.b")
    ref = world.application(code="1C911.b", by_whom=[signed])
    planned(ref, 16, 72)
    (problem,) = problems(ref)
    assert problem.code == "channel-closed" and "R042)" in problem.message


def test_where_the_annual_way_is_closed_to_everybody_no_fact_is_near_to_it(world):
    make.edition(lambda rules, document: [rules[name].update(enabled=False) for name in ("R040", "R041", "R047")])
    (problem,) = problems(world.application())
    assert problem.code == "channel-closed"
    assert problem.message.endswith("No rule opens it on these days.")


def test_a_rule_that_opens_a_way_later_is_the_nearest_one(world):
    """R040 begins within the plan, and fails."""
    later = (legal_today() + 4 * DAY).isoformat()

    def opens(rules, document):
        for name in ("R040", "R041", "R047"):
            rules[name]["enabled"] = name == "R040"
        rules["R040"]["effective_from"] = later

    make.edition(opens)
    world.exporter = make.exporter(world.ministry, "Plain Co., Ltd.", qualified=False)
    ref = world.application()
    planned(ref, 0, 9)
    (problem,) = problems(ref)
    assert problem.message.endswith("Nearest to it: Exporter qualified for annual licenses.")


def test_a_watch_listed_end_user_has_no_annual_way_and_needs_papers_of_its_own(world):
    signed = for_whom(world)
    first = world.under_review(world.application(by_whom=[signed]))
    demo.screened(first, world.ministry.reviewer, hit="watch_list", reason="WL-0001.")
    annual = problems(world.application(by_whom=[signed]))
    assert [(p.code, p.pointer) for p in annual] == [("channel-closed", "/lines"), *[("required", "/documents")] * 2]
    assert "R021)" in annual[0].message
    single = world.application(kind="per_shipment", by_whom=[signed])
    papers = ["compliance_undertaking", "risk_assessment_report"]
    for left in (2, 1, 0):
        named = [problem.message for problem in problems(single)]
        assert len(named) == left
        if left:
            demo.paper(world.exporter, single, papers.pop(0))
    applications.submit(single, seen=seen(single), by=world.exporter)
    assert {f.disposition for f in case(single).findings.all()} == {"case_by_case"}


def test_a_paper_that_a_rule_asks_for_is_offered_and_named_in_words(world, client):
    ref = world.application()
    client.force_login(world.exporter.user)
    page = client.get(f"/applications/{ref}/")
    offered = dict(page.context["document_form"].fields["type"].choices)
    assert str(offered["risk_assessment_report"]) == "Risk assessment report"
    assert list(offered)[:2] == ["contract", "tech_desc"] and list(offered)[-1] == "other"
    demo.paper(world.exporter, ref, "risk_assessment_report")
    shown = unescape(client.get(f"/applications/{ref}/").content.decode())
    assert "Risk assessment report ·" in " ".join(shown.split())
    make.edition(lambda rules, document: rules["R001"]["effect"].update(require=["a_paper_of_its_own"]))
    named = [problem.message for problem in problems(ref)]
    assert named == ["Add the paper that the rules ask for here: a_paper_of_its_own."]
    demo.paper(world.exporter, ref, "a_paper_of_its_own")
    assert codes(ref) == []


def test_a_paper_is_added_as_what_is_missing_or_as_the_link_says(world, client):
    ref = world.application()
    case(ref).documents.filter(type__in=["tech_desc", "party_intro"]).delete()

    def chosen(query=""):
        return client.get(f"/applications/{ref}/{query}").context["document_form"]["type"].value()

    links = list(where(client, world, ref).values())
    assert links == ["?paper=tech_desc#papers", "?paper=party_intro#papers"]
    assert [chosen(link.partition("#")[0]) for link in links] == ["tech_desc", "party_intro"]
    assert [chosen(), chosen("?paper=none")] == ["tech_desc"] * 2
    for paper in ("tech_desc", "party_intro"):
        assert chosen() == paper
        demo.paper(world.exporter, ref, paper)
    assert chosen() == "other"


def test_a_paper_that_an_edition_to_come_asks_for_is_offered_as_it_is_needed(world, client):
    ref = world.application()

    def asks(rules, document):
        rules["R001"]["effect"].update(require=["a_paper_of_its_own"])

    make.edition(asks, starts_at=legal_now() + 5 * DAY)
    assert codes(ref) == ["required"]
    client.force_login(world.exporter.user)
    data = {"type": "a_paper_of_its_own", "file": SimpleUploadedFile("paper.pdf", pdf("A paper"))}
    assert client.post(f"/applications/{ref}/documents/", data).status_code == 302
    assert codes(ref) == []


def test_nothing_is_approved_of_which_a_fact_is_missing(world):
    signed = for_whom(world)
    ref = world.under_review(world.application(by_whom=[signed]))
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer)
    user = signed.end_user
    exporters.change_party(user.ref, version=user.version, by=world.exporter, name=user.name, nature="")
    assert refused(decisions.approve, ref, acknowledged=tick(ref), by=world.ministry.decider) == "facts-missing"


def test_a_hit_that_was_found_after_the_recommendation_stops_the_approval(world):
    signed = for_whom(world)
    ref = world.under_review(world.application(by_whom=[signed]))
    other = world.under_review(world.application(by_whom=[signed]))
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer)
    demo.screened(other, world.ministry.reviewer, hit="control_list", reason="CL-0001.")
    facts = {"acknowledged": tick(ref), "by": world.ministry.decider}
    assert refused(decisions.approve, ref, **facts) == "policy-prohibits"


def test_only_what_is_granted_must_be_open(world):
    signed = [for_whom(world), for_whom(world, country="FR")]
    ref = world.under_review(world.application(by_whom=signed))
    kept, left_out = case(ref).end_users.order_by("pk")
    facts = {"outcome": "approve", "end_users": [kept.pk], "text": "One of them."}
    decisions.recommend(ref, seen=seen(ref), by=world.ministry.reviewer, **facts)
    make.edition(lambda rules, document: rules["R033"].update(match={"destination.country": ["FR"]}))
    assert refused(decisions.approve, ref, by=world.ministry.decider) == "policy-changed"
    assert decisions.approve(ref, seen=seen(ref), acknowledged=tick(ref), by=world.ministry.decider).state == "approved"


def test_what_is_granted_must_be_open_whoever_before_it_was_left_out(world):
    signed = [for_whom(world), for_whom(world, country="FR")]
    ref = world.under_review(world.application(by_whom=signed))
    _, kept = case(ref).end_users.order_by("pk")
    facts = {"outcome": "approve", "end_users": [kept.pk], "text": "One of them."}
    decisions.recommend(ref, seen=seen(ref), by=world.ministry.reviewer, **facts)
    make.edition(lambda rules, document: rules["R033"].update(match={"destination.country": ["FR"]}))
    assert refused(decisions.approve, ref, acknowledged=tick(ref), by=world.ministry.decider) == "policy-prohibits"


def test_what_is_controlled_no_more_is_neither_approved_nor_issued(world):
    ref, m = world.under_review(world.application()), world.ministry
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    make.edition(controlled(-500, -1))
    assert refused(decisions.approve, ref, acknowledged=tick(ref), by=m.decider) == "channel-closed"
    make.edition(controlled(-500), "AGAIN")
    decisions.approve(ref, seen=seen(ref), acknowledged=tick(ref), by=m.decider)
    make.edition(controlled(-499, -1), "LAST")
    assert refused(decisions.issue, ref, acknowledged=tick(ref), by=m.decider) == "channel-closed"


def test_facts_that_no_form_asks_for_are_named(world):
    ref = world.application()
    make.edition(lambda rules, document: rules["R001"]["match"].update({"item.origin": ["CN"]}))
    (problem,) = problems(ref)
    assert (problem.code, "Country of origin" in problem.message) == ("facts-missing", True)


# --- leaving what the rules presume -----------------------------------------------------------------------


@again
def waiting(world, outcome="approve", **facts):
    """A case that waits for a decision, as it was recommended."""
    ref = world.under_review(world.application(**facts))
    grounds = {"factors": ["END_USE"], "text": "No."} if outcome == "refuse" else {}
    decisions.recommend(ref, seen=seen(ref), outcome=outcome, by=world.ministry.reviewer, **grounds)
    return ref


def decision(ref):
    step = case(ref).steps.get(step="decide")
    return step.outcome, step.presumed, step.departure


def test_a_presumption_of_refusal_is_left_with_a_recorded_exception(world):
    ref, by = waiting(world, kind="per_shipment", by_whom=[for_whom(world, use="MIL_USE")]), world.ministry.decider
    for departure in ("", "  "):
        assert refused(decisions.approve, ref, departure=departure, by=by) == "required"
    decisions.approve(ref, seen=seen(ref), departure="A museum.", by=by)
    assert decision(ref) == ("approve", "presumption_of_denial", "A museum.")


def test_a_day_of_the_window_that_forbids_takes_an_exception_too(world):
    ref, by = waiting(world), world.ministry.decider
    forbid = {"match": {"destination.country": ["DE"]}}
    make.edition(lambda rules, document: rules["R033"].update(forbid), starts_at=legal_now() + timedelta(days=20))
    assert refused(decisions.approve, ref, acknowledged=tick(ref), by=by) == "required"
    decisions.approve(ref, seen=seen(ref), acknowledged=tick(ref), departure="Shipped before.", by=by)
    assert decision(ref) == ("approve", "prohibited", "Shipped before.")


def presuming_a_refusal(rules, document):
    rules["R043"].update(match={"destination.country": ["DE"]}, effect={"disposition": "presumption_of_denial"})


def test_a_refusal_presumed_only_since_the_approval_is_decided_anew_and_excepted(world, client):
    ref, m = waiting(world, kind="per_shipment"), world.ministry
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    make.edition(presuming_a_refusal)
    assert refused(decisions.issue, ref, acknowledged=tick(ref), by=m.decider) == "refusal-presumed"
    client.force_login(m.decider.user)
    page = client.get(f"/desk/cases/{ref}/")
    assert "as they did not when it was approved: Presumption of refusal" in page.context["against"]
    assert page.context["against"] in unescape(page.content.decode())
    decisions.reopen(ref, seen=seen(ref), reason="Look at it anew.", by=m.other_decider)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), departure="A museum.", by=m.decider)
    assert client.get(f"/desk/cases/{ref}/").context["against"] == ""
    assert decisions.issue(ref, seen=seen(ref), by=m.decider).state == "active"


def test_an_exception_to_less_than_is_presumed_now_is_none(world):
    ref, m = waiting(world, kind="per_shipment", by_whom=[for_whom(world, use="MIL_USE")]), world.ministry
    decisions.approve(ref, seen=seen(ref), departure="A museum.", by=m.decider)
    forbid = {"match": {"destination.country": ["DE"]}}
    make.edition(lambda rules, document: rules["R033"].update(forbid), starts_at=legal_now() + timedelta(days=20))
    assert refused(decisions.issue, ref, acknowledged=tick(ref), by=m.decider) == "refusal-presumed"


def presumed_of(**match):
    effect = {"disposition": "presumption_of_denial"}
    return lambda rules, document: rules["R043"].update(match=match, effect=effect)


def excepted(world, ref):
    """The case, approved although a refusal was presumed of something of it."""
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer)
    decisions.approve(ref, seen=seen(ref), departure="A museum.", by=world.ministry.decider)
    return ref


def test_an_exception_for_one_end_user_is_none_for_another(world):
    by = world.ministry.decider
    make.edition(presumed_of(**{"destination.country": ["FR"]}), "FRANCE")
    signed = [for_whom(world), for_whom(world, country="FR")]
    ref = excepted(world, world.under_review(world.application(by_whom=signed)))
    make.edition(presumed_of(**{"destination.country": ["FR", "DE"]}), "BOTH")
    with pytest.raises(DomainError) as refusal:
        decisions.issue(ref, seen=seen(ref), acknowledged=tick(ref), by=by)
    assert refusal.value.code == "refusal-presumed"
    assert f"of line 1 for {signed[0].end_user.name}." in refusal.value.detail
    make.edition(presumed_of(**{"destination.country": ["FR"]}), "FRANCE ALONE")
    assert decisions.issue(ref, seen=seen(ref), acknowledged=tick(ref), by=by).state == "active"


def test_an_exception_for_one_line_is_none_for_another(world):
    by, codes = world.ministry.decider, ["1C905.a.4", "1C904.a.4"]
    make.edition(presumed_of(**{"item.control_code_prefix": ["1C904.a.4"]}), "ONE")
    goods = [(code, "Magnets", 1_000) for code in codes]
    ref = demo.application(world.exporter, "annual", goods, [world.declaration(codes=codes)], "K-1")
    excepted(world, world.under_review(ref))
    make.edition(presumed_of(**{"item.control_code_prefix": codes}), "BOTH")
    with pytest.raises(DomainError) as refusal:
        decisions.issue(ref, seen=seen(ref), acknowledged=tick(ref), by=by)
    assert (refusal.value.code, "of line 1 for" in refusal.value.detail) == ("refusal-presumed", True)
    make.edition(presumed_of(**{"item.control_code_prefix": ["1C904.a.4"]}), "ONE ALONE")
    assert decisions.issue(ref, seen=seen(ref), acknowledged=tick(ref), by=by).state == "active"


def test_an_exception_that_was_reopened_is_none(world):
    m = world.ministry
    make.edition(presuming_a_refusal, "PRESUMES")
    ref = excepted(world, world.under_review(world.application(kind="per_shipment", by_whom=[for_whom(world)])))
    decisions.reopen(ref, seen=seen(ref), reason="Look at it anew.", by=m.other_decider)
    make.edition(lambda rules, document: None, "PRESUMES NOTHING")
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), acknowledged=tick(ref), by=m.decider)
    make.edition(presuming_a_refusal, "PRESUMES AGAIN")
    assert refused(decisions.issue, ref, acknowledged=tick(ref), by=m.decider) == "refusal-presumed"


def test_what_was_presumed_before_the_window_excepts_nothing_in_it(world):
    m, later = world.ministry, legal_now() + 20 * DAY
    make.edition(presuming_a_refusal, "PRESUMES")
    make.edition(lambda rules, document: None, "PRESUMES NOTHING", starts_at=later)
    ref = world.application(kind="per_shipment", by_whom=[for_whom(world)])
    planned(ref, 30, 200)
    world.under_review(ref)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    make.edition(presuming_a_refusal, "PRESUMES STILL", starts_at=later + DAY)
    assert refused(decisions.issue, ref, acknowledged=tick(ref), by=m.decider) == "refusal-presumed"


def test_what_was_left_out_stops_no_issue(world):
    m, signed = world.ministry, [for_whom(world), for_whom(world, country="FR")]
    ref = world.under_review(world.application(by_whom=signed))
    kept, _left_out = case(ref).end_users.order_by("pk")
    facts = {"outcome": "approve", "end_users": [kept.pk], "text": "One of them."}
    decisions.recommend(ref, seen=seen(ref), by=m.reviewer, **facts)
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    make.edition(presumed_of(**{"destination.country": ["FR"]}))
    assert decisions.issue(ref, seen=seen(ref), acknowledged=tick(ref), by=m.decider).state == "active"


def test_what_was_left_out_presumes_nothing_of_an_approval(world, client):
    signed = [for_whom(world), for_whom(world, country="FR")]
    ref = world.under_review(world.application(by_whom=signed))
    kept, _left_out = case(ref).end_users.order_by("pk")
    facts = {"outcome": "approve", "end_users": [kept.pk], "text": "One of them."}
    decisions.recommend(ref, seen=seen(ref), by=world.ministry.reviewer, **facts)
    make.edition(lambda rules, document: rules["R033"].update(match={"destination.country": ["FR"]}))
    client.force_login(world.ministry.decider.user)
    page = client.get(f"/desk/cases/{ref}/")
    said = "The rules forbid this on some day"
    assert {one: bool(why) for one, why in page.context["asks_why"].items()} == {"change": True}
    assert said not in page.content.decode() and page.context["asks_why"]["change"][0][0].startswith(said)


def test_a_presumption_of_refusal_is_followed_without_one(world):
    ref = waiting(world, "refuse", kind="per_shipment", by_whom=[for_whom(world, use="MIL_USE")])
    decisions.refuse(ref, seen=seen(ref), factors=["END_USE"], text="No.", by=world.ministry.decider)
    assert decision(ref) == ("refuse", "presumption_of_denial", "")


def test_a_presumption_of_approval_is_left_with_a_recorded_reason(world):
    ref, facts = waiting(world, "refuse"), {"factors": ["END_USE"], "text": "No.", "by": world.ministry.decider}
    assert refused(decisions.refuse, ref, **facts) == "required"
    decisions.refuse(ref, seen=seen(ref), departure="Another source.", **facts)
    assert decision(ref) == ("refuse", "presumption_of_approval", "Another source.")


def test_the_strictest_of_all_end_users_is_presumed(world):
    both = waiting(world, "refuse", by_whom=[for_whom(world), for_whom(world, country="US")])
    make.edition(barring_us)
    decisions.refuse(both, seen=seen(both), factors=["END_USE"], text="No.", by=world.ministry.decider)
    assert decision(both)[1] == "case_by_case"


def barring_us(rules, document):
    rules["R043"]["match"] = {"destination.country": ["US"]}


def test_what_is_followed_needs_no_reason(world):
    ref = waiting(world)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    assert decision(ref) == ("approve", "presumption_of_approval", "")
    user = for_whom(world, use="RESEARCH")
    mixed = waiting(world, "refuse", kind="per_shipment", by_whom=[user])
    decisions.refuse(mixed, seen=seen(mixed), factors=["END_USE"], text="No.", by=world.ministry.decider)
    assert decision(mixed) == ("refuse", "standard_review", "")


PRESUMED = "The rules presume a refusal here. Record the exception: why it is approved all the same."


def test_the_desk_asks_why_shows_why_and_tells_no_exporter(world, client):
    ref = waiting(world, kind="per_shipment", by_whom=[for_whom(world, use="MIL_USE")])
    client.force_login(world.ministry.decider.user)
    path = f"/desk/cases/{ref}/"
    asked = client.get(path)
    assert asked.context["asks_why"]["approve"] == [(PRESUMED, [])]
    assert f"{PRESUMED}</p>" in asked.content.decode() and "(needed)" in asked.content.decode()
    page = client.post(f"{path}approve/", {"seen": seen(ref)})
    assert (page.status_code, case(ref).state) == (422, "awaiting_decision")
    assert page.content.decode().count(PRESUMED) == 3, "asked, and refused with the same words"
    client.post(f"{path}approve/", {"seen": seen(ref), "departure": "A museum."})
    assert "A museum." in client.get(path).content.decode()
    other = waiting(world)
    page = client.get(f"/desk/cases/{other}/").content.decode()
    assert "presume a refusal" not in page and "The rules presume an approval here. Record why it is refused" in page
    client.force_login(world.exporter.user)
    assert "A museum." not in client.get(f"/applications/{ref}/").content.decode()
