"""Like cases of one shipment each are merged into the draft of one annual application."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from config.local import demo
from core.history import lines_of
from core.legal_time import day_start, legal_now, legal_today, months_after
from licensing.actions import amendments, applications, copies, decisions, licenses, merges
from licensing.models import Application, ApplicationLine, ControlItem, Declaration, Kind, Merged
from licensing.selectors import merges as selectors
from licensing.web import merges as pages
from tests import make
from tests.again import again
from tests.make import seen
from tests.said import refused, text_of

KG = 1000
DAY = timedelta(days=1)


@again
def sent(world, *, lines=None, **said):
    """A case that waits; lines: of its only line, otherwise than usual."""
    ref = world.application(**{"kind": "per_shipment", "kilograms": 100} | said)
    if lines:
        ApplicationLine.objects.filter(application__ref=ref).update(**lines)
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    return Application.objects.get(ref=ref)


@again
def licensed(world, **said):
    return world.license(**{"kind": "per_shipment", "kilograms": 100} | said)


@again
def merged(world, *cases):
    """As if none of them had been merged before."""
    refs = [case.ref for case in cases]
    for row in Application.objects.filter(state="draft", merged__case__ref__in=refs).distinct():
        applications.withdraw(row.ref, by=world.exporter)
    return merges.merge(refs, by=world.exporter)


def why_not(world, *cases):
    """What is against it, each in words; nothing is there afterwards that was not before."""
    before = Application.objects.count()
    error = refused(merged, world, *cases)
    assert (Application.objects.count(), Merged.objects.count()) == (before, 0)
    return [error.code, *(problem.message for problem in error.errors)]


def types(row):
    return sorted(row.documents.values_list("type", flat=True))


def test_goods_are_added_up_of_what_was_granted_or_is_asked(world):
    license, open_ = licensed(world, quantities_={1: 60 * KG}, text="Less is used there."), sent(world, kilograms=40)
    row = merged(world, license.application, open_)
    assert (row.kind, row.state, row.began_with, row.created_by) == (Kind.ANNUAL, "draft", None, world.exporter.user)
    line = row.lines.get()
    assert (line.quantity, line.unit, line.control_item.code, line.value) == (
        100 * KG,
        "kg",
        "1C905.a.4",
        100 * demo.PRICE,
    )
    assert [(one.case, one.license) for one in row.merged.all()] == [(license.application, license), (open_, None)]
    assert [one.verb for one in lines_of(row)] == ["draft"]


def test_no_identity_proof_of_who_answered_for_the_company_before_is_taken_over(world):
    before = [sent(world) for _ in range(2)]
    make.another_handler(world.exporter)
    assert set(types(merged(world, *before))) == {"tech_desc", "party_intro"}
    assert set(types(merged(world, *before, sent(world)))) == {"tech_desc", "id_proof", "party_intro"}


def test_what_holds_of_one_shipment_alone_is_not_taken_over(world):
    days = {"planned_from": legal_today(), "planned_until": legal_today() + 90 * DAY}
    cases = [sent(world, remarks="The third of four.") for _ in range(2)]
    Application.objects.filter(pk__in=[case.pk for case in cases]).update(**days)
    row = merged(world, *cases)
    assert (row.contract_no, row.contract_on, row.planned_from, row.planned_until, row.remarks) == (
        "",
        None,
        None,
        None,
        "",
    )
    assert set(types(row)) == {"tech_desc", "id_proof", "party_intro"} < set(types(cases[0]))
    assert row.documents.count() == len({paper.document.sha256 for paper in row.documents.all()})
    assert row.destinations == ["DE"]


def test_end_users_consignees_and_ports_are_those_of_all(world):
    same = world.declaration()
    cases = [sent(world, by_whom=[same]), sent(world, by_whom=[same]), sent(world)]
    Application.objects.filter(pk=cases[0].pk).update(ports=["CNNGB"])
    row = merged(world, *cases)
    users = [user.declaration for user in row.end_users.order_by("party")]
    assert users == [same, cases[2].end_users.get().declaration]
    assert set(row.consignees.all()) == {party for case in cases for party in case.consignees.all()}
    assert row.ports == sorted({"CNNGB", *cases[1].ports})
    Application.objects.filter(pk=cases[0].pk).update(ports=[])
    assert merged(world, *cases).ports == []


@pytest.mark.parametrize("name", merges.AGREED)
def test_what_they_do_not_say_alike_is_asked_again(name, world, client):
    cases = [sent(world), sent(world)]
    assert getattr(merged(world, *cases), name) == getattr(cases[0], name) != ""
    values = {
        "purpose": "emergency_humanitarian",
        "red_flag": "known",
        "trade_mode": "samples",
        "transport_mode": "air",
        "currency": "USD",
    }
    Application.objects.filter(pk=cases[1].pk).update(**{name: values[name]})
    row = merged(world, *cases)
    assert getattr(row, name) == ""
    text = text_of(client, world.exporter, f"/applications/{row.ref}/")
    assert f"Left out, as the cases differ in it, or do not say it: {pages._LABELS[name]}." in text


@pytest.mark.parametrize(
    "other",
    [
        {"description": "Rings N35"},
        {"hs_code": "85051190"},
        {"composition": {"Dy": "0.02"}},
        {"composition_basis": "measured"},
        {"specification": "N35"},
        {"maker": "Another"},
        {"origin_id": "VN"},
        {"purity": Decimal("99.5")},
    ],
    ids=["description", "goods code", "composition", "basis", "specification", "maker", "origin", "purity"],
)
def test_other_specifications_stay_lines_of_their_own(other, world):
    row = merged(world, sent(world), sent(world, lines=other), sent(world, kilograms=5, lines=other))
    assert [line.quantity for line in row.lines.all()] == [100 * KG, 105 * KG]
    assert {name: getattr(row.lines.get(number=2), name) for name in other} == other


def test_goods_that_an_inquiry_answered_stay_a_line_of_their_own(world):
    inquiry = make.answered(world)
    row = merged(world, sent(world), sent(world, lines={"inquiry": inquiry}))
    assert [line.inquiry for line in row.lines.all()] == [None, inquiry]


@pytest.mark.parametrize(
    ("other", "price", "value"),
    [
        ("5.0000", "5.0000", "700.00"),
        ("5.0700", "5.0200", "702.80"),
        ("5.0001", "5.0000", "700.00"),  # 5.00002857
        (None, None, None),
    ],
    ids=["the same", "between", "rounded", "not said"],
)
def test_prices_are_those_of_all_together(world, other, price, value):
    cases = sent(world, lines={"unit_price": "5"}), sent(world, kilograms=40)
    cases[1].lines.update(unit_price=other)
    line = merged(world, *cases).lines.get()
    said = tuple(text and Decimal(text) for text in (price, value))
    assert (line.quantity, line.unit_price, line.value) == (140 * KG, *said)


def test_prices_in_two_currencies_are_asked_again(world):
    cases = sent(world), sent(world, currency="EUR")
    row = merged(world, *cases)
    assert (row.currency, row.lines.get().unit_price) == ("", None)


def test_a_price_with_which_a_line_were_worth_too_much_is_asked_again(world):
    dear = {"unit_price": 10**12, "quantity": KG * 600}
    row = merged(world, sent(world, lines=dear), sent(world, lines=dear))
    assert row.lines.get().unit_price is None


def test_a_declaration_that_fits_no_more_is_left_out_and_named(world, client):
    old, stays = world.declaration(), world.declaration()
    cases = [sent(world, by_whom=[old]), sent(world, by_whom=[stays])]
    Declaration.objects.filter(pk=old.pk).update(signed_on=months_after(legal_today(), -12) - DAY)
    row = merged(world, *cases)
    assert [user.declaration for user in row.end_users.all()] == [stays]
    text = text_of(client, world.exporter, f"/applications/{row.ref}/")
    assert f"<b>{old.end_user.name}</b> is not named here, and needs a new declaration first." in text
    assert f"The declaration of {old.end_user.name} was signed more than 12 months before" in text
    new = demo.declaration(world.exporter, old.end_user, ["1C905.a.4"], "CIV_AUTO", "motors")
    assert f"Its declaration {new.ref} could be" in text_of(client, world.exporter, f"/applications/{row.ref}/")
    assert new in [user.declaration for user in merged(world, *cases).end_users.all()]


def test_of_the_declarations_of_one_end_user_the_newest_cases_comes_first(world):
    first = world.declaration()
    newer = demo.declaration(world.exporter, first.end_user, ["1C905.a.4"], "CIV_AUTO", "motors")
    cases = [sent(world, by_whom=[first]), sent(world, by_whom=[newer])]
    assert [user.declaration for user in merged(world, *cases).end_users.all()] == [newer]
    Declaration.objects.filter(pk=newer.pk).update(yearly_need="")
    assert [user.declaration for user in merged(world, *cases).end_users.all()] == [first]


def test_a_declaration_of_many_cases_is_asked_once_whether_it_fits(world):
    old = world.declaration()
    cases = [sent(world, by_whom=[old]) for _ in range(6)]
    Declaration.objects.filter(pk=old.pk).update(yearly_need="")

    def asked(some):
        with CaptureQueriesContext(connection) as found:
            merged(world, *some)
        return len(found)

    assert asked(cases) - asked(cases[:2]) <= 4 * 4  # what is written and read of each case, and no more


def test_of_a_license_that_was_changed_the_one_in_its_place_counts(world):
    license = licensed(world)
    change = amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter)
    change.lines.update(quantity=150 * KG)
    ref = demo.under_review(world.exporter, change.ref, world.ministry)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", months=12, by=world.ministry.reviewer)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    new = decisions.issue(ref, seen=seen(ref), by=world.ministry.decider)
    row = merged(world, license.application, sent(world))
    assert (row.lines.get().quantity, row.merged.get(case=license.application).license) == (250 * KG, new)
    assert why_not_after(world, new.application, sent(world)) == [
        f"{new.application.ref} is not of one shipment, but: Change of a license."
    ]


def why_not_after(world, *cases):
    return [problem.message for problem in refused(merged, world, *cases).errors]


def test_two_cases_at_least_and_a_hundred_at_most(world, monkeypatch):
    case = sent(world)
    least = ["min-items", "Choose 2 cases at least, and 100 at most."]
    assert why_not(world) == why_not(world, case) == why_not(world, case, case) == least
    monkeypatch.setattr(selectors, "CASES_MOST", 2)
    assert why_not(world, case, sent(world), sent(world))[0] == "max-items"


@pytest.mark.slow
def test_twenty_cases_are_one_draft(world):
    cases = [sent(world, kilograms=number) for number in range(1, 21)]
    row = merged(world, *cases)
    assert (row.lines.get().quantity, row.end_users.count(), row.merged.count()) == (210 * KG, 20, 20)


def test_more_lines_than_an_application_has_are_refused(world, monkeypatch):
    cases = [sent(world), sent(world, lines={"description": "Rings"})]
    monkeypatch.setattr(merges, "LINES_MOST", 1)
    said = "Together they have 2 different lines; an application has 1 at most. Leave some out."
    assert why_not(world, *cases) == ["max-items", said]


def test_each_that_is_in_the_way_is_named(world):
    draft = Application.objects.get(ref=world.application(kind="per_shipment"))
    gone = sent(world)
    applications.withdraw(gone.ref, by=world.exporter)
    annual, old, good = sent(world, kind="annual"), sent(world), sent(world)
    Application.objects.filter(pk=old.pk).update(submitted_at=selectors.since(legal_now()) - timedelta(seconds=1))
    assert why_not(world, draft, gone, annual, old, good) == [
        "not-mergeable",
        f"{draft.ref} was not sent yet. Send it first, or leave it out.",
        f"{gone.ref} is “Withdrawn”. Only cases that are open, or led to a license, are merged.",
        f"{annual.ref} is not of one shipment, but: Annual.",
        f"{old.ref} was filed more than 12 months ago.",
    ]
    Application.objects.filter(pk=old.pk).update(submitted_at=selectors.since(legal_now()))
    assert merged(world, old, good).state == "draft"


def test_a_case_may_be_merged_for_twelve_months(world):
    today = legal_today()
    assert selectors.since(legal_now()) == day_start(months_after(today, -12))


def test_they_go_to_one_destination_and_are_of_the_same_items(world):
    first, french = sent(world), sent(world, by_whom=[world.declaration(country="FR")])
    other = sent(world, code="1C903.a.2")
    assert why_not(world, first, french, other) == [
        "not-mergeable",
        f"{french.ref} goes to France, and {first.ref} to Germany. What is merged goes to one destination.",
        f"{other.ref} is of 1C903.a.2, and {first.ref} of 1C905.a.4. What is merged is of the same control codes.",
    ]


def test_a_retired_item_is_left_out_and_where_nothing_is_left_it_is_refused(world, client):
    item = ControlItem.objects.get(code="1C903.a.2")

    def both():
        case = sent(world, by_whom=[world.declaration(codes=("1C905.a.4", item.code))])
        case.lines.create(number=2, control_item=item, description="Old", quantity=5, unit=item.unit)
        return case

    cases, alone = [both(), both()], [sent(world, code="1C903.a.2"), sent(world, code="1C903.a.2")]

    def retired(rules, document):
        document["codes"] = [one for one in document["codes"] if one["code"] != "1C903.a.2"]

    make.edition(retired)
    said = "1C903.a.2 is on no list in force any more."
    row = merged(world, *cases)
    assert [line.control_item.code for line in row.lines.all()] == ["1C905.a.4"]
    assert f"Left out: {said}" in text_of(client, world.exporter, f"/applications/{row.ref}/")
    closed = refused(merged, world, *alone)
    assert (closed.code, closed.status) == ("channel-closed", 409)
    assert f"The rules do not open annual licenses for {item.code} to" in closed.detail


def test_a_line_in_a_unit_that_the_list_left_is_left_out(world, client):
    cases = [sent(world), sent(world, kilograms=7, lines={"unit": "unit"})]
    row = merged(world, *cases)
    assert [(line.quantity, line.unit) for line in row.lines.all()] == [(100 * KG, "kg")]
    said = "Left out: 1C905.a.4 is counted in kg now."
    assert said in text_of(client, world.exporter, f"/applications/{row.ref}/")
    ApplicationLine.objects.filter(application=cases[0]).update(unit="unit")
    assert why_not_after(world, *cases) == ["1C905.a.4 is counted in kg now."]


def test_it_is_its_companys_alone(world):
    cases = [sent(world), sent(world)]
    other = make.exporter(world.ministry, "Elsewhere Co., Ltd.")
    for who in (other, world.ministry.decider):
        assert refused(merges.merge, [case.ref for case in cases], by=who).code == "not-found"
    assert why_not(world, cases[0], Application(ref=make.unknown("AP")))[0] == "not-found"
    clerk = make.colleague(world.exporter, "clerk")
    assert merges.merge([case.ref for case in cases], by=clerk).created_by == clerk.user


def closing(rules, document):
    rules["R040"]["effect"]["grant"] = ["single"]


def test_where_the_rules_open_no_annual_license_nothing_is_merged_or_offered(world, client):
    exporter = world.exporter
    cases = [sent(world), sent(world)]
    assert "You filed 2 like cases" in text_of(client, exporter, "/applications/")
    make.edition(closing)
    assert why_not(world, *cases)[0] == "channel-closed"
    for path in ("/applications/", "/applications/new/", f"/applications/{cases[0].ref}/"):
        assert "like cases" not in text_of(client, exporter, path)
    page = text_of(client, exporter, f"/applications/merge/?like={cases[0].ref}")
    assert "An annual application is not open for these" in page and 'name="cases"' not in page


def test_what_is_open_is_offered_though_larger_groups_are_closed(world, monkeypatch):
    [sent(world, by_whom=[world.declaration(country="FR")]) for _ in range(3)]
    cases = [sent(world), sent(world)]
    monkeypatch.setattr(merges, "closed", lambda rows, *at: rows[-1].destinations == ["FR"])
    monkeypatch.setattr(pages, "OFFERS_MOST", 1)
    assert [one.case for one in pages.offers(world.exporter, legal_now())] == [cases[1]]


def test_facts_that_no_form_asks_for_are_named(world):
    cases = [sent(world), sent(world)]
    make.edition(lambda rules, document: rules["R001"]["match"].update({"item.origin": ["CN"]}))
    assert refused(merged, world, *cases).code == "facts-missing"


def test_the_list_the_form_and_the_case_offer_it_until_it_was_done(world, client):
    first, others = sent(world), [sent(world) for _ in range(2)]
    sent(world, by_whom=[world.declaration(country="FR")])
    link = f"/applications/merge/?like={others[1].ref}"
    for path, ref in (("/applications/", others[1].ref), ("/applications/new/", others[1].ref)):
        text = text_of(client, world.exporter, path)
        assert text.count("You filed 3 like cases in the past year.") == 1 and f'href="{link}"' in text, ref
        assert "1C905.a.4 to Germany" in text
    text = text_of(client, world.exporter, f"/applications/{first.ref}/")
    assert "You filed 3 like cases" in text and f"/applications/merge/?like={first.ref}" in text
    assert "like cases" not in text_of(client, make.colleague(world.exporter, "viewer"), "/applications/")
    row = merged(world, first, *others)
    assert "like cases" not in text_of(client, world.exporter, "/applications/")
    assert "like cases" not in text_of(client, world.exporter, f"/applications/{first.ref}/")
    newer, _newest = sent(world), sent(world)
    for path in ("/applications/", f"/applications/{newer.ref}/"):
        assert "You filed 2 like cases" in text_of(client, world.exporter, path)
    applications.withdraw(row.ref, by=world.exporter)
    assert "You filed 5 like cases" in text_of(client, world.exporter, "/applications/")


def test_what_may_not_be_merged_is_not_counted(world, client):
    case, old, gone, annual = sent(world), sent(world), sent(world), sent(world, kind="annual")
    applications.withdraw(gone.ref, by=world.exporter)
    Application.objects.filter(pk=old.pk).update(submitted_at=selectors.since(legal_now()) - timedelta(seconds=1))
    for path in ("/applications/", *(f"/applications/{one.ref}/" for one in (case, old, gone, annual))):
        assert "like case" not in text_of(client, world.exporter, path)
    Application.objects.filter(pk=old.pk).update(submitted_at=selectors.since(legal_now()))
    assert "You filed 2 like cases" in text_of(client, world.exporter, "/applications/")


def test_nothing_is_offered_while_an_annual_application_asks_for_the_same(world, client):
    signed = world.declaration()
    case, _other = sent(world, by_whom=[signed]), sent(world, by_whom=[signed])
    paths = ("/applications/", f"/applications/{case.ref}/")
    world.application(kind="annual")  # for another end-user
    assert all("You filed 2 like cases" in text_of(client, world.exporter, path) for path in paths)
    annual = sent(world, kind="annual", by_whom=[signed])
    assert not any("like case" in text_of(client, world.exporter, path) for path in paths)
    applications.withdraw(annual.ref, by=world.exporter)
    assert all("You filed 2 like cases" in text_of(client, world.exporter, path) for path in paths)


def test_one_case_is_offered_nothing(world, client):
    case = sent(world)
    for path in ("/applications/", f"/applications/{case.ref}/"):
        assert "like case" not in text_of(client, world.exporter, path)
    page = text_of(client, world.exporter, f"/applications/merge/?like={case.ref}")
    assert f"There are no two cases to merge that are like {case.ref}." in page
    assert "You have no like cases" in text_of(client, world.exporter, "/applications/merge/")


@pytest.mark.slow
def test_the_page_merges_what_is_ticked(world, client):
    cases = [sent(world, kilograms=number) for number in (1, 2, 3, 4)]
    done = merged(world, *cases[:2])
    page = text_of(client, world.exporter, path := f"/applications/merge/?like={cases[0].ref}")
    ticked = [case for case in cases if f'value="{case.ref}" id="id_cases_{3 - cases.index(case)}" checked' in page]
    assert ticked == cases[2:]
    assert page.count(f'merged into <a href="/applications/{done.ref}/">{done.ref}</a> already') == 2
    assert all(f'<a href="/applications/{case.ref}/">' in page for case in cases)
    answer = client.post(path, {"cases": [cases[2].ref]})
    assert answer.status_code == 422 and "Choose 2 cases at least" in answer.content.decode()
    answer = client.post(path, {"cases": [case.ref for case in cases[2:]]})
    row = Application.objects.order_by("-pk")[0]
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/applications/{row.ref}/")
    assert row.lines.get().quantity == 7 * KG
    other = make.exporter(world.ministry, "Elsewhere Co., Ltd.")
    client.force_login(other.user)
    assert client.get(path).status_code == 404
    assert client.post("/applications/merge/", {"cases": [case.ref for case in cases]}).status_code == 404


def test_pages_and_programs_say_what_came_from_where(world, client):
    license, case = licensed(world), sent(world, kilograms=40, lines={"description": "Rings"})
    row = merged(world, license.application, case)
    paths = [f"/applications/{row.ref}/", f"/applications/{row.ref}/submit/"]
    for path in paths:
        text = text_of(client, world.exporter, path)
        assert "Merged of 2 cases" in text and f'href="/licenses/{license.ref}/"' in text
        for one, share in ((license.application, "100 kg"), (case, "40 kg")):
            assert f'<a href="/applications/{one.ref}/">{one.ref}</a>: {share}' in text
    draft = copies.said(Application.objects.get(pk=row.pk))
    lines = [draft.lines[0], replace(draft.lines[1], quantity=50 * KG), replace(draft.lines[1], description="More")]
    now = replace(draft, lines=lines, ports=["CNTSN"])
    applications.change(row.ref, now, version=Application.objects.get(pk=row.pk).version, by=world.exporter)
    shown = pages.merged(Application.objects.get(pk=row.pk), legal_today())
    assert [(line.there, line.here, len(line.shares)) for line in shown.lines] == [
        ("100 kg", "100 kg", 1),
        ("40 kg", "50 kg", 1),
        ("", "40 kg", 0),
    ]
    assert [(one.label, one.now) for one in shown.changes] == [("Customs ports", "CNTSN")]
    assert client.get(f"/api/v1{paths[0]}").json()["merged_cases"] == [license.application.ref, case.ref]
    assert client.get(f"/api/v1/applications/{case.ref}/").json()["merged_cases"] == []


def test_the_officers_see_it_too(world, client):
    cases = [sent(world), sent(world)]
    row = merged(world, *cases)
    draft = copies.said(Application.objects.get(pk=row.pk))
    days = {"planned_from": legal_today(), "planned_until": months_after(legal_today(), 12)}
    now = replace(draft, contract_no="K-1", contract_on=legal_today(), **days)
    applications.change(row.ref, now, version=Application.objects.get(pk=row.pk).version, by=world.exporter)
    demo.paper(world.exporter, row.ref, "contract", "Frame contract")
    demo.under_review(world.exporter, row.ref, world.ministry)
    desk = text_of(client, world.ministry.reviewer, f"/desk/cases/{row.ref}/")
    assert "Merged of 2 cases" in desk
    for case in cases:
        assert desk.count(f'href="/desk/cases/{case.ref}/"') == 4  # named, still open, of its goods, of its end-user
        old = text_of(client, world.ministry.reviewer, f"/desk/cases/{case.ref}/")
        assert f'Merged into <a href="/desk/cases/{row.ref}/">{row.ref}</a> (Under review)' in old
    assert "These are still open by themselves, and ask for the same:" in desk and "Withdraw" not in desk


def test_a_draft_is_named_to_its_company_alone(world, client):
    cases = [sent(world), sent(world)]
    row = merged(world, *cases)
    path = f"/applications/{cases[0].ref}/"
    text = text_of(client, world.exporter, path)
    assert f'Merged into <a href="/applications/{row.ref}/">{row.ref}</a> (Draft)' in text
    assert "withdraw it</a>, or the same is asked for twice" not in text
    assert "Merged into" not in text_of(client, world.ministry.reviewer, f"/desk/cases/{cases[0].ref}/")
    applications.withdraw(row.ref, by=world.exporter)
    assert "Merged into" not in text_of(client, world.exporter, path)


def sent_in(world, *cases):
    """These merged, with what they do not say together, and that was sent."""
    row = merged(world, *cases)
    now = replace(copies.said(Application.objects.get(pk=row.pk)), contract_no="K-1", contract_on=legal_today())
    now = replace(now, planned_from=legal_today(), planned_until=months_after(legal_today(), 12))
    applications.change(row.ref, now, version=Application.objects.get(pk=row.pk).version, by=world.exporter)
    demo.paper(world.exporter, row.ref, "contract", "Frame contract")
    return applications.submit(row.ref, seen=seen(row.ref), by=world.exporter)


def test_what_was_merged_into_one_that_came_to_nothing_stands_by_itself(world, client):
    cases = [sent(world), sent(world)]
    row = sent_in(world, *cases)
    applications.withdraw(row.ref, by=world.exporter)
    for who, path in ((world.exporter, "/applications"), (world.ministry.reviewer, "/desk/cases")):
        whole = text_of(client, who, f"{path}/{row.ref}/")
        assert "Merged of 2 cases" in whole and "still open by themselves" not in whole
        assert "Merged into" not in text_of(client, who, f"{path}/{cases[0].ref}/")


def test_once_it_is_sent_its_company_is_offered_to_withdraw_what_is_still_open(world, client):
    license, open_ = licensed(world), sent(world)
    row = merged(world, license.application, open_)
    mine, link = f"/applications/{row.ref}/", f'href="/applications/{open_.ref}/withdraw/"'
    for path in (mine, f"{mine}submit/"):
        text = text_of(client, world.exporter, path)
        assert "These are still open by themselves. Withdraw each once this is sent" in text and link not in text
    now = replace(copies.said(Application.objects.get(pk=row.pk)), contract_no="K-1", contract_on=legal_today())
    now = replace(now, planned_from=legal_today(), planned_until=months_after(legal_today(), 12))
    applications.change(row.ref, now, version=Application.objects.get(pk=row.pk).version, by=world.exporter)
    demo.paper(world.exporter, row.ref, "contract", "Frame contract")
    applications.submit(row.ref, seen=seen(row.ref), by=world.exporter)
    assert link in text_of(client, world.exporter, mine)
    assert link not in text_of(client, make.colleague(world.exporter, "clerk"), mine)
    old = text_of(client, world.exporter, f"/applications/{open_.ref}/")
    assert f'This one is still open: <a href="/applications/{open_.ref}/withdraw/">withdraw it</a>' in old
    applications.withdraw(open_.ref, by=world.exporter)
    assert "still open" not in text_of(client, world.exporter, mine)
    assert "This one is still open" not in text_of(client, world.exporter, f"/applications/{open_.ref}/")


def test_what_was_merged_is_not_merged_again_as_long_as_that_stands(world):
    cases = [sent(world), sent(world), sent(world)]
    row = merged(world, *cases[:2])
    error = refused(merges.merge, [case.ref for case in cases[1:]], by=world.exporter)
    said = (
        f"{cases[1].ref} was merged into {row.ref} already. Go on with that one, or have a signatory withdraw it first."
    )
    assert (error.code, [problem.message for problem in error.errors]) == ("not-mergeable", [said])
    applications.withdraw(row.ref, by=world.exporter)
    assert merges.merge([case.ref for case in cases[1:]], by=world.exporter).state == "draft"


def test_the_rules_are_asked_of_all_that_are_alike(world, client, monkeypatch):
    cases, asked = [sent(world), sent(world), sent(world)], []
    monkeypatch.setattr(merges, "closed", lambda rows, *at: asked.append({row.ref for row in rows}))
    pages.offers(world.exporter, legal_now())
    pages.offer_of(cases[0], world.exporter, legal_now())
    assert asked == [{case.ref for case in cases}] * 2
    monkeypatch.setattr(pages, "OFFERS_CASES", 2)
    (offer,) = pages.offers(world.exporter, legal_now())
    assert (offer.count, offer.case, asked[2]) == (3, cases[2], {case.ref for case in cases[1:]})


@pytest.mark.slow
def test_where_an_annual_license_is_of_the_same_it_is_named_instead(world, client, clock):
    license = world.license(kilograms=100)
    named = license.end_users.get().declaration
    cases = [sent(world, by_whom=[named]), sent(world, by_whom=[named])]
    said = f'Your annual license <a href="/licenses/{license.ref}/">{license.ref}</a> is for the same control codes'
    merge = f'href="/applications/merge/?like={cases[1].ref}"'
    for path in ("/applications/", "/applications/new/", f"/applications/{cases[1].ref}/"):
        text = text_of(client, world.exporter, path)
        assert said in text and f'href="/licenses/{license.ref}/#h-amend"' in text and merge not in text
    page = text_of(client, world.exporter, f"/applications/merge/?like={cases[0].ref}")
    assert said in page and "Merge into a new draft" in page
    french = [sent(world, by_whom=[world.declaration(country="FR")]) for _ in range(2)]
    assert said not in text_of(client, world.exporter, f"/applications/{french[0].ref}/")
    other = [sent(world, code="1C903.a.2") for _ in range(2)]
    assert said not in text_of(client, world.exporter, f"/applications/{other[0].ref}/")
    others = [sent(world) for _ in range(2)]  # of the same goods and country, for whom it is not
    assert said not in text_of(client, world.exporter, f"/applications/{others[0].ref}/")
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Inspection", by=world.ministry.decider)
    assert said not in text_of(client, world.exporter, f"/applications/{cases[1].ref}/")
    cause = license.suspensions.get().pk
    licenses.lift(license.ref, seen=seen(license.ref), suspension=cause, reason="Done", by=world.ministry.other_decider)
    make.ends_in(license, 5)
    assert said in text_of(client, world.exporter, f"/applications/{cases[1].ref}/")
    clock.shift(days=6)
    assert said not in text_of(client, world.exporter, f"/applications/{cases[1].ref}/")


def test_postgresql_keeps_what_was_merged(world):
    first, other = sent(world), sent(world)
    row = merged(world, first, other)
    one = row.merged.earliest("pk")
    for wrong, name in (({"case": first}, "merged_once"), ({"case": row}, "merged_of_others")):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Merged.objects.create(application=row, **wrong)
    for change in (one.delete, lambda: Merged.objects.filter(pk=one.pk).update(license=None)):
        with pytest.raises(Exception, match="licensing_merged"), transaction.atomic():
            change()


@pytest.mark.slow
def test_pages_ask_the_same_for_two_like_cases_as_for_six(world, client):
    def counts(row):
        client.force_login(world.exporter.user)
        found = []
        for path in ("/applications/", f"/applications/{row.ref}/"):
            client.get(path)
            with CaptureQueriesContext(connection) as queries:
                client.get(path)
            found.append(len(queries))
        return found

    user = [world.declaration()]
    cases = [sent(world, by_whom=user) for _ in range(4)]
    two = counts(merged(world, *cases[:2]))
    cases += [sent(world, by_whom=user) for _ in range(4)]
    assert counts(merged(world, *cases[:2], *cases[4:])) == two
