"""Scenarios of the design, through the pages and REST, with the numbers given there.

Number 3 is in test_supplements.py, 15 in test_check.py and over REST in tests/api/test_assessments.py.
"""

import re
from datetime import time, timedelta

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import QueryDict

from config.local import demo
from core.legal_time import day_start, legal_today
from exporters.models import Party
from licensing import tasks
from licensing.actions import applications, decisions
from licensing.models import Application, ControlItem, License, PolicyEdition
from tests import make
from tests.book import Book, unguarded
from tests.days import D
from tests.licensing.test_judging import for_whom
from tests.make import seen
from tests.ticks import tick

DAY = timedelta(days=1)


@pytest.fixture
def asks(client):
    """What somebody's browser is answered."""

    def page(actor, path, data=None, status=200):
        client.force_login(actor.user)
        answer = client.get(path) if data is None else client.post(path, data, follow=True)
        assert answer.status_code == status, " ".join(answer.content.decode().split())[:3000]
        answer.text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))
        return answer

    return page


@pytest.fixture
def sends(asks, world):
    """The applicant files a draft, and an intake officer accepts it, as both see it."""

    def sends(ref):
        asks(world.exporter, f"/applications/{ref}/submit/", {"seen": seen(ref)})
        asks(world.ministry.intake, f"/desk/cases/{ref}/accept/", {})
        return ref

    return sends


@pytest.mark.slow
def test_scenario_4_the_clock_stands_still(world, on, asks, sends):
    m = world.ministry
    on("2026-02-26")
    ref = world.application()
    on("2026-03-02")
    sends(ref)
    assert "To be decided by 8 May 2026." in asks(world.exporter, f"/applications/{ref}/").text
    on("2026-03-16")
    asks(m.reviewer, f"/desk/cases/{ref}/assign/", {"seen": seen(ref)})
    notice = {"cause": "expert", "notice": "An institute looks at the alloy."}
    asks(m.reviewer, f"/desk/cases/{ref}/consult/", notice)
    on("2026-04-08")
    asks(m.reviewer, f"/desk/cases/{ref}/end_consult/", {})
    on("2026-04-20")
    for actor, path in ((world.exporter, f"/applications/{ref}/"), (m.auditor, f"/desk/cases/{ref}/")):
        text = asks(actor, path).text
        assert "18 of 45 used" in text and "To be decided by 29 May 2026." in text
        assert "Expert consultation" in text and "An institute looks at the alloy." in text
    clock = asks(world.exporter, f"/api/v1/applications/{ref}/").json()["clock"]
    assert (clock["used"], clock["left"], clock["deadline"]) == (18, 27, "2026-05-29")
    assert clock["pauses"] == [{"reason": "expert", "from": "2026-03-16", "to": "2026-04-08"}]
    for day, at, overdue in (("2026-05-29", time(23, 59, 30), False), ("2026-05-30", time(), True)):
        on(day, at)
        assert ("Overdue" in asks(m.auditor, f"/desk/?view=open&q={ref}").text) == overdue
        assert ("The ministry is late" in asks(world.exporter, f"/applications/{ref}/").text) == overdue
        assert asks(world.exporter, f"/api/v1/applications/{ref}/").json()["clock"]["overdue"] == overdue
    assert Application.objects.get(ref=ref).state == "under_review"


@pytest.mark.slow
def test_scenario_5_a_watch_listed_buyer_by_recorded_result(world, on, asks, sends):
    m, exporter = world.ministry, world.exporter
    on("2026-03-02")
    signed = [world.declaration()]
    first = sends(world.application(by_whom=signed))
    asks(m.reviewer, f"/desk/cases/{first}/assign/", {"seen": seen(first)})

    def found(hit, **more):
        users = [user.pk for user in Application.objects.get(ref=first).end_users.all()]
        facts = {"end_users": users, "hit": hit, "list_version": "WL 1", "screened_on": legal_today().isoformat()}
        asks(m.reviewer, f"/desk/cases/{first}/screen/", facts | more)

    found("watch_list", reason="WL-0001")
    annual = world.application(by_whom=signed)
    refused = asks(exporter, f"/applications/{annual}/submit/", {"seen": seen(annual)}, 422).text
    assert "watch list: no general license or registration" in refused
    single = world.application(kind="per_shipment", by_whom=signed)
    refused = asks(exporter, f"/applications/{single}/submit/", {"seen": seen(single)}, 422).text
    assert refused.count("Add the paper that the rules ask for here") == 2
    for paper in ("risk_assessment_report", "compliance_undertaking"):
        file = SimpleUploadedFile("paper.pdf", demo.pdf(paper))
        asks(exporter, f"/applications/{single}/documents/", {"type": paper, "file": file})
    sends(single)
    on("2026-07-01")
    for actor, path in ((exporter, f"/applications/{single}/"), (m.auditor, f"/desk/cases/{single}/")):
        text = asks(actor, path).text
        assert "No statutory limit applies" in text and "of 45" not in text and "Overdue" not in text
    clock = asks(exporter, f"/api/v1/applications/{single}/").json()["clock"]
    assert (clock["kind"], clock["left"], clock["deadline"]) == ("untimed", None, None)
    on("2026-07-06")
    found("none")
    clock = asks(exporter, f"/api/v1/applications/{single}/").json()["clock"]
    assert (clock["kind"], clock["used"], clock["left"]) == ("45wd", 0, 45)
    answer = asks(exporter, "/api/v1/calendar/deadline/?accepted_on=2026-07-06")
    assert clock["deadline"] == answer.json()["deadline"]
    assert "Counted from 6 Jul 2026 on" in asks(m.auditor, f"/desk/cases/{single}/").text
    asks(exporter, f"/applications/{annual}/submit/", {"seen": seen(annual)})
    assert Application.objects.get(ref=annual).state == "submitted"


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


def describes(asks, officer, ref, starts_on):
    said = {"title_en": "A draft", "title_zh": "草案", "statement_en": "It changes.", "statement_zh": "有变化。"}
    said |= {"starts_on": starts_on.isoformat(), "seen": seen(ref)}
    asks(officer, f"/desk/policy/{ref}/describe/", said)


@pytest.fixture
def drafts(asks, world):
    """A policy officer's draft that changes these rules, with a statement and a first day; its reference."""
    officer = world.ministry.policy_officer

    def drafts(starts_on, changes):
        answer = asks(officer, "/desk/policy/new/", {"title": "A draft"})
        ref = answer.context["draft"].ref
        for rule, change in changes.items():
            path = f"/desk/policy/{ref}/rows/rules/row/{rule}/"
            data = typed(asks(officer, path).context["form"])
            for name, value in ({"seen": [str(seen(ref))]} | change).items():
                data.setlist(name, value)
            asks(officer, path, dict(data.lists()))
        describes(asks, officer, ref, starts_on)
        return ref

    return drafts


@pytest.fixture
def patient(transactional_db):
    """A page that compares a draft everywhere may take a busy machine longer than a transaction may idle."""
    with connection.cursor() as cursor:
        cursor.execute("SET idle_in_transaction_session_timeout = 0")
    yield
    connection.close()


@pytest.fixture
def simulates(asks, world):
    """What the draft's page shows once a worker has done what was asked for; by part."""

    def simulates(ref):
        asks(world.ministry.policy_officer, f"/desk/policy/{ref}/simulate/", {"seen": seen(ref)})
        tasks.run_simulations()
        answer = asks(world.ministry.policy_approver, f"/desk/policy/{ref}/")
        return {str(part["label"]): part for part in answer.context["found"]["parts"]}, answer.text

    return simulates


def signs(asks, actor, ref, status=200):
    asks(actor, f"/desk/policy/{ref}/approve/", {"seen": seen(ref)}, status)


@pytest.mark.full
@pytest.mark.django_db(transaction=True)  # a simulation tells on a connection of its own how far it is
def test_scenario_9_a_country_is_banned_in_the_middle_of_licenses(patient, world, on, asks, drafts, simulates):
    m = world.ministry
    on("2026-01-05")

    def before(rules, _):
        for name in ("R033", "R034"):
            rules[name]["enabled"] = False

    make.edition(before)
    civil = [to_japan(world) for _ in range(2)]
    military = issued_against_presumption(world, 9_500)
    pending = []
    for use in ("CIV_AUTO", "MIL_POTENTIAL"):
        ref = world.application(kind="per_shipment", by_whom=[for_whom(world, country="JP", use=use)])
        applications.submit(ref, seen=seen(ref), by=world.exporter)
        pending.append(ref)
    everybody = {"enabled": ["on"], "applies_to": ["new", "pending", "existing"]}
    draft = drafts(D("2026-01-06"), {"R033": everybody, "R034": everybody})
    parts, text = simulates(draft)
    assert dict(parts["Licenses in force, by line and end-user"]["refs"])["Suspended"] == [(military.ref, None)]
    [hit] = [row for row in parts["Licenses in force, by line and end-user"]["rows"] if not row["by"]]
    assert (hit["entries"], hit["quantity"]) == (1, [(9_500_000, "kg")])
    assert "9,500" in text
    signs(asks, m.policy_approver, draft)
    on("2026-01-05", time(23, 59, 30))
    tasks.turn_licenses()
    tasks.turn_cases()
    assert set(License.objects.values_list("state", flat=True)) == {"active"}
    on("2026-01-06", time())
    tasks.turn_licenses()
    tasks.turn_cases()
    states = dict(License.objects.values_list("ref", "state"))
    assert states == {military.ref: "suspended"} | {license.ref: "active" for license in civil}
    assert "suspended" in asks(world.exporter, f"/licenses/{military.ref}/").text.lower()
    assert asks(world.exporter, f"/api/v1/licenses/{military.ref}/").json()["suspensions"][0]["cause"] == "policy"
    flagged = [bool(Application.objects.get(ref=ref).turned) for ref in pending]
    assert flagged == [False, True]
    assert [Application.objects.get(ref=ref).state for ref in pending] == ["submitted", "submitted"]


def to_japan(world):
    signed = [world.declaration(country="JP")]
    return demo.issued(world.exporter, world.application(by_whom=signed), world.ministry, signed)


def issued_against_presumption(world, kilograms):
    """A license to Japan for an end-use that the rules presume to be refused, issued as a recorded exception."""
    m = world.ministry
    declared = for_whom(world, country="JP", use="MIL_POTENTIAL")
    ref = world.under_review(world.application(kind="per_shipment", kilograms=kilograms, by_whom=[declared]))
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), months=12, by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), departure="A hospital.", acknowledged=tick(ref), by=m.decider)
    return decisions.issue(ref, seen=seen(ref), acknowledged=tick(ref), by=m.decider)


@pytest.mark.full
@pytest.mark.django_db(transaction=True)
def test_scenario_13_materials_into_the_annual_channel(patient, world, asks, drafts, simulates):
    m = world.ministry
    book = Book(world, 25, cases=0)
    magnets = list(ControlItem.objects.filter(official=True, category="magnet"))
    materials = list(ControlItem.objects.filter(official=True, list_name="april", category__in=["oxide", "metal"]))
    Party.objects.filter(pk__in=[row.end_user_id for row in book.signed]).update(nature="commercial", country="DE")
    civil = [row for row in book.signed if row.end_use_id == "CIV_AUTO" and not row.re_export]
    with unguarded():
        gaining = book.cases("under_review", 11, materials, civil)
        book.cases("submitted", 29, magnets, civil)
    tomorrow = legal_today() + DAY
    ref = drafts(tomorrow, {"R041": {"enabled": ["on"]}})
    parts, _text = simulates(ref)
    cases = parts["Open cases"]
    assert (cases["entries"], parts["Licenses in force, by line and end-user"]["entries"]) == (40, 25)
    channels = {str(what): sorted(refs) for what, refs in cases["refs"] if re.match("Gain|Lose", str(what))}
    assert channels == {"Gain: annual licenses": sorted((case.ref, None) for case in gaining)}
    assert cases["rows"] == []  # no disposition is another
    signs(asks, m.policy_officer, ref, 403)
    path = f"/desk/policy/{ref}/rows/rules/row/R041/"
    data = typed(asks(m.policy_officer, path).context["form"])
    data.setlist("seen", [str(seen(ref))])
    data.setlist("rationale_en", ["In other words."])
    asks(m.policy_officer, path, dict(data.lists()))
    signs(asks, m.policy_approver, ref, 409)  # edited after the simulation
    describes(asks, m.policy_officer, ref, tomorrow)  # and its statement is read again beside the new text
    simulates(ref)
    signs(asks, m.policy_approver, ref)
    edition = PolicyEdition.objects.latest("pk")
    assert (edition.starts_at, edition.draft.ref) == (day_start(tomorrow), ref)
    asks(m.other_approver, f"/desk/policy/{ref}/repeal/", {"seen": seen(ref), "reason": "Not yet."})
    assert PolicyEdition.objects.latest("pk").repeals == edition
    assert PolicyEdition.objects.count() == 3  # nothing was deleted
