"""A draft begins with what an earlier license, or case, of the same company says, as far as that still holds."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from config.local import demo
from core.history import lines_of
from core.legal_time import legal_now, legal_today, months_after
from exporters.actions import changes
from licensing.actions import amendments, applications, copies, decisions, declarations
from licensing.models import Application, Declaration, Kind
from tests import make
from tests.licensing.test_amendments import plain, replaced
from tests.make import seen
from tests.said import refused, text_of

KG = 1000
DAY = timedelta(days=1)


def sent(world, days=(), **said):
    ref = world.application(**said)
    if days:
        Application.objects.filter(ref=ref).update(planned_from=days[0], planned_until=days[1])
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    return Application.objects.get(ref=ref)


def copied(world, row):
    call = copies.copy_case if isinstance(row, Application) else copies.copy_license
    return call(row.ref, by=world.exporter)


def types(row):
    return sorted(row.documents.values_list("type", flat=True))


def signed(declaration, on):
    Declaration.objects.filter(pk=declaration.pk).update(signed_on=on)


def another(world, declaration, *codes):
    """A newer declaration of the same end-user."""
    return demo.declaration(world.exporter, declaration.end_user, list(codes) or ["1C905.a.4"], "CIV_AUTO", "motors")


def test_a_copy_of_an_annual_license_says_what_was_granted_and_nothing_of_its_days(world):
    license = world.license(kilograms=100, quantities_={1: 60 * KG}, text="Less is used there.")
    row, case = copied(world, license), license.application
    assert (row.kind, row.state, row.copied_license, row.copied_case) == (Kind.ANNUAL, "draft", license, None)
    assert [(one.quantity, one.control_item.code) for one in row.lines.all()] == [(60 * KG, "1C905.a.4")]
    assert copies.said(row) == replace(copies.granted(license), planned_from=None, planned_until=None)
    assert (row.contract_no, row.contract_on) == (case.contract_no, case.contract_on)
    assert {one.document_id for one in row.documents.all()} == {one.document_id for one in case.documents.all()}
    assert [line.verb for line in lines_of(row)] == ["draft"]
    assert lines_of(license).last().verb == "issue"


def test_a_copy_of_what_took_anothers_place_tells_how_much_more_it_asks_for(world, client):
    """The license has what was granted but for what was used by then; a copy asks for all that was granted."""
    license = world.license(kilograms=100)
    world.shipment(license, 40 * KG)
    new = replaced(world, license, 90)
    row = copied(world, new)
    assert row.lines.get().quantity == 90 * KG
    text = plain(client, world.exporter, f"/applications/{row.ref}/")
    assert "Line 1: quantity 50 kg 90 kg" in text


def test_no_copy_has_the_identity_proof_of_who_answered_for_the_company_before(world):
    case = sent(world, kind="annual")
    assert "id_proof" in types(copied(world, case))
    make.another_handler(world.exporter)
    assert set(types(case)) - set(types(copied(world, case))) == {"id_proof"}


def test_a_draft_is_not_sent_with_the_identity_proof_of_who_answered_for_the_company_before(world):
    ref = world.application()
    row = Application.objects.get(ref=ref)
    make.another_handler(world.exporter)
    assert [one for one in applications.what_is_missing(row, at=legal_now()) if "they changed" in one.message]
    assert refused(applications.submit, ref, seen=seen(ref), by=world.exporter).errors[0].pointer == "/documents"
    applications.add_document(ref, type="id_proof", file=("id.pdf", demo.pdf("the new one")), by=world.exporter)
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    assert types(copied(world, row)).count("id_proof") == 1  # of the two the new one


def test_a_proof_of_whom_the_company_asked_to_have_verified_is_not_asked_for_again(world):
    def former(ref):
        found = applications.what_is_missing(Application.objects.get(ref=ref), at=legal_now())
        return any("they changed" in one.message for one in found)

    intake = world.ministry.intake
    before, pk = world.application(), make.asked(world.exporter, legal_representative="He Lin").pk
    meanwhile = world.application()
    assert not former(before) and not former(meanwhile)
    changes.accept_change(pk, seen=seen(pk), by=intake)
    assert former(before) and not former(meanwhile)
    make.asked(world.exporter, legal_representative="Wu Jing")
    changes.decline_change(pk, seen=seen(pk), reason="The paper names another.", by=intake)
    assert former(before) and not former(meanwhile)


def test_a_copy_of_a_case_says_what_was_asked_but_for_the_contract_of_one_shipment(world):
    days = legal_today(), legal_today() + 90 * DAY
    case = sent(world, kind="per_shipment", kilograms=100, remarks="The third of four.", days=days)
    row = copied(world, case)
    assert copies.said(row) == replace(copies.said(case), contract_no="", contract_on=None)
    assert (row.copied_case, row.copied_license, types(row)) == (case, None, ["id_proof", "party_intro", "tech_desc"])
    assert (row.planned_from, row.planned_until) == days


def test_a_copy_says_that_the_contract_was_left_behind_until_it_has_its_own(world, client):
    case = sent(world, kind="per_shipment")
    row, said = copied(world, case), f"Not taken over from {case.ref}:</b> its contract"
    pages = [f"/applications/{row.ref}/", f"/applications/{row.ref}/edit/"]
    assert all(said in text_of(client, world.exporter, page) for page in pages)
    Application.objects.filter(pk=row.pk).update(kind="special")  # what the other one was, it had nothing of
    assert "Nor what its special circumstances were" not in text_of(client, world.exporter, pages[0])
    Application.objects.filter(pk=row.pk).update(kind="per_shipment", contract_no="K-NEW")
    assert not any(said in text_of(client, world.exporter, page) for page in pages)
    framed = copied(world, sent(world, kind="annual"))
    Application.objects.filter(pk=framed.pk).update(contract_no="")
    assert "Not taken over" not in text_of(client, world.exporter, f"/applications/{framed.ref}/edit/")


def test_days_that_have_begun_are_not_said_again(world, clock):
    case = sent(world, days=(legal_today(), legal_today() + 90 * DAY))
    clock.shift(days=1)
    row = copied(world, case)
    assert (row.planned_from, row.planned_until) == (None, None)


def test_an_end_user_is_named_on_what_still_can_be_filed(world, client):
    old = world.declaration()
    case = sent(world, by_whom=[old])
    signed(old, months_after(legal_today(), -12) - DAY)
    row = copied(world, case)
    assert not row.end_users.exists() and row.destinations == []
    text = text_of(client, world.exporter, f"/applications/{row.ref}/")
    assert f"<b>{old.end_user.name}</b> is not named here, and needs a new declaration first." in text
    assert f"The declaration of {old.end_user.name} was signed more than 12 months before the planned start." in text
    assert f"/declarations/new/?end_user={old.end_user.ref}" in text
    new = another(world, old)
    text = text_of(client, world.exporter, f"/applications/{row.ref}/")
    assert f"Its declaration {new.ref} could be" in text and "needs a new declaration" not in text
    assert [user.declaration for user in copied(world, case).end_users.all()] == [new]


def test_one_that_was_replaced_is_not_taken_over_but_what_replaced_it(world):
    old = world.declaration()
    case = Application.objects.get(ref=world.application(by_whom=[old]))
    demo.issued(world.exporter, case.ref, world.ministry, [old])
    new = another(world, old)
    demo.issued(world.exporter, world.application(by_whom=[new]), world.ministry, [new])
    assert Declaration.objects.get(pk=old.pk).state == "superseded"
    assert [user.declaration for user in copied(world, case).end_users.all()] == [new]


def test_a_day_that_still_is_recent_enough_counts(world):
    old = world.declaration()
    case = sent(world, by_whom=[old])
    another(world, old)
    signed(old, months_after(legal_today(), -12))
    assert [user.declaration for user in copied(world, case).end_users.all()] == [old]


def test_a_newer_declaration_of_other_goods_is_not_named_in_its_place(world):
    old = world.declaration()
    case = sent(world, by_whom=[old])
    another(world, old, "1C903.a.2")
    assert [user.declaration for user in copied(world, case).end_users.all()] == [old]
    signed(old, months_after(legal_today(), -13))
    assert not copied(world, case).end_users.exists()


def test_a_rejected_declaration_is_not_taken_over(world, client):
    old = world.declaration(verified=False)
    case = sent(world, by_whom=[old])
    declarations.reject(old.ref, seen=seen(old.ref), reason="Not his signature", by=world.ministry.reviewer)
    row = copied(world, case)
    assert not row.end_users.exists()
    assert f"The declaration of {old.end_user.name} is “Rejected”." in text_of(
        client, world.exporter, f"/applications/{row.ref}/"
    )


def test_its_page_shows_just_what_is_otherwise(world, client):
    case = sent(world, kilograms=100)
    draft = copies.said(row := copied(world, case))
    path = f"/applications/{row.ref}/"
    assert "Nothing is otherwise." in text_of(client, world.exporter, path)
    more = replace(draft.lines[0], description="Rings", quantity=5 * KG)
    lines, version = [replace(draft.lines[0], quantity=120 * KG), more], Application.objects.get(pk=row.pk).version
    now = replace(draft, lines=lines, ports=["CNNGB"], planned_from=case.planned_from, planned_until=case.planned_until)
    applications.change(row.ref, now, version=version, by=world.exporter)
    text = text_of(client, world.exporter, path)
    card = text[text.index(f"Changed since {case.ref}") :].partition("</section>")[0]
    told = [" ".join(one.split("</tr>")[0].replace("<td data-l=", "<td x=").split()) for one in card.split("<tr>")[2:]]
    assert [one.split("</th>")[0].removeprefix('<th scope="row">') for one in told] == [
        "Line 1: quantity",
        "Line 2",
        "Customs ports",
    ]
    assert "100 kg" in told[0] and "120 kg" in told[0] and "–" in told[1] and "5 kg · 1C905.a.4 · Rings" in told[1]
    assert "CNSHA" in told[2] and "CNNGB" in told[2]
    assert f"Changed since {case.ref}" in text_of(client, world.exporter, f"{path}submit/")
    make.demo.under_review(world.exporter, row.ref, world.ministry)
    desk = text_of(client, world.ministry.reviewer, f"/desk/cases/{row.ref}/")
    assert f"Changed since {case.ref}" in desk and f'href="/desk/cases/{case.ref}/"' in desk


def test_nothing_is_copied_that_is_a_draft_an_amendment_or_replaced(world):
    draft = Application.objects.get(ref=world.application())
    license = world.license(kilograms=100)
    change = make.asking(amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter))
    assert refused(copies.copy_case, draft.ref, by=world.exporter).code == "wrong-state"
    decided = demo.under_review(world.exporter, change.ref, world.ministry)
    assert refused(copies.copy_case, decided, by=world.exporter).code == "wrong-state"
    decisions.recommend(decided, seen=seen(decided), outcome="approve", months=12, by=world.ministry.reviewer)
    decisions.approve(decided, seen=seen(decided), by=world.ministry.decider)
    new = decisions.issue(decided, seen=seen(decided), by=world.ministry.decider)
    assert refused(copies.copy_license, license.ref, by=world.exporter).code == "wrong-state"
    before = Application.objects.count()
    assert copied(world, new).lines.get().quantity == 100 * KG
    assert Application.objects.count() == before + 1


def test_it_is_its_companys_alone(world):
    license, case = world.license(kilograms=100), sent(world)
    other = make.exporter(world.ministry, "Elsewhere Co., Ltd.")
    for who in (other, world.ministry.decider):
        assert refused(copies.copy_license, license.ref, by=who).code == "not-found"
        assert refused(copies.copy_case, case.ref, by=who).code == "not-found"
    clerk = make.colleague(world.exporter, "clerk")
    assert copies.copy_case(case.ref, by=clerk).created_by == clerk.user


def test_postgresql_lets_a_case_begin_with_one_thing(world):
    license, case = world.license(kilograms=100), sent(world)
    facts = {"exporter_id": license.exporter_id, "created_by": world.exporter.user, "created_at": legal_now()}
    for wrong in (
        {"kind": Kind.ANNUAL, "copied_license": license, "copied_case": case},
        {"kind": Kind.AMENDMENT, "amends": license, "copied_license": license},
        {"kind": Kind.AMENDMENT, "amends": license, "copied_case": case},
    ):
        with pytest.raises(IntegrityError, match="application_begins_with_one"), transaction.atomic():
            Application.objects.create(ref="AP-2", **wrong, **facts)


def test_the_empty_form_offers_licenses_to_begin_with(world, client):
    heading = "Begin with a license that you have"
    assert heading not in text_of(client, world.exporter, "/applications/new/")
    license = world.license(kilograms=100)
    text = text_of(client, world.exporter, "/applications/new/")
    assert heading in text and f'action="/licenses/{license.ref}/copy/"' in text
    row = copied(world, license)
    assert heading not in text_of(client, world.exporter, f"/applications/{row.ref}/edit/")


def test_pages_and_programs_say_where_it_came_from(world, client):
    license, case = world.license(kilograms=100), sent(world)
    viewer = make.colleague(world.exporter, "viewer")
    for path, origin in ((f"/licenses/{license.ref}/", license), (f"/applications/{case.ref}/", case)):
        assert "Copy into a new draft" not in text_of(client, viewer, path)
        assert "Copy into a new draft" in text_of(client, world.exporter, path)
        answer = client.post(f"{path}copy/")
        row = Application.objects.order_by("-pk")[0]
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/applications/{row.ref}/")
        text = text_of(client, world.exporter, f"/applications/{row.ref}/")
        assert f"Changed since {origin.ref}" in text and f'href="{path}"' in text
        assert "Copy into a new draft" not in text
        said = client.get(f"/api/v1/applications/{row.ref}/").json()
        assert (said["copied_license"], said["copied_case"]) == (
            (origin.ref, None) if origin == license else (None, origin.ref)
        )
