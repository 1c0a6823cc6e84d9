"""A verified company changes its contacts at once; for the rest it asks, and an intake officer answers."""

from dataclasses import replace
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction

from config.local import demo
from core.deliveries import relay
from core.errors import DomainError
from core.history import lines_of
from core.legal_time import legal_now
from core.models import HistoryLine, Mail, Membership, Organization
from exporters import actions, selectors
from exporters.actions import changes
from exporters.models import CUSTOMS_CODE_LENGTH, CUSTOMS_CODE_PATTERN, PHONES, AccountChange, Exporter
from shipments.actions import closing
from tests import make
from tests.core.test_conflicts import Tab
from tests.make import NEW_NAMES, seen

OLD = {"name_en": "Lanting Magnetics Co., Ltd.", "name_zh": "兰汀磁材"}
CONTACTS = {"customs_code": "3601234567", "main_manager": "Li Na", "handler": "Wu Di"}
CONTACTS |= {"legal_representative_phone": "", "main_manager_phone": "", "handler_phone": "0797 812 3456"}
STATED = {name: said for name, said in CONTACTS.items() if said}


@pytest.fixture
def pk(world):
    return world.exporter.organization_id


def company(pk):
    return Exporter.objects.get(pk=pk)


def names(pk):
    organization = Organization.objects.get(pk=pk)
    return {"name_en": organization.name_en, "name_zh": organization.name_zh}


def refused(call, *args, **named):
    with pytest.raises(DomainError) as refusal:
        call(*args, **named)
    return [(one.pointer, one.code) for one in refusal.value.errors] or refusal.value.code


def verbs(pk):
    return [line.verb for line in lines_of(company(pk))]


def page(client, actor, path="/company/"):
    client.force_login(actor.user)
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(unescape(answer.content.decode()).split())


# --- what the company changes by itself -----------------------------------------------------------------------
def restate(world, **facts):
    pk = world.exporter.organization_id
    return changes.restate(seen=seen(pk), by=world.exporter, **CONTACTS | facts)


def test_contacts_and_customs_code_change_at_once_and_history_says_from_what_to_what(world, pk, client):
    before = company(pk).handler
    restate(world, customs_code=" 36012 34567 ")
    assert {name: getattr(company(pk), name) for name in CONTACTS} == CONTACTS
    line = lines_of(company(pk)).last()
    assert (line.verb, line.actor, line.facts["after"]) == ("restate", world.exporter.user, STATED)
    assert f"Handler: {before} → Wu Di" in page(client, world.exporter)
    assert "Customs registration code: nothing → 3601234567" in page(client, world.exporter)
    restate(world, handler="Ma Li")
    assert lines_of(company(pk)).last().facts == {"before": {"handler": "Wu Di"}, "after": {"handler": "Ma Li"}}


@pytest.mark.parametrize("code", ["123456789", "12345678901", "3601-23456", "36012345六7"])
def test_a_customs_code_has_ten_digits_and_letters(world, pk, code):
    wrong = [("/customs_code", "invalid-customs-code")]
    assert refused(restate, world, customs_code=code) == wrong
    assert company(pk).customs_code == ""
    newcomer = make.exporter()
    facts = {"seen": seen(newcomer.organization_id), "by": newcomer, "customs_code": code}
    assert refused(actions.describe, **facts) == wrong
    with pytest.raises(IntegrityError, match="10 characters"), transaction.atomic():
        Exporter.objects.filter(pk=pk).update(customs_code=code[:9])


def test_postgresql_has_the_pattern_of_a_customs_code_and_its_length(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'guard_customs_code'")
        source = cursor.fetchone()[0]
    assert f"'^({CUSTOMS_CODE_PATTERN})?$'" in source and f"has {CUSTOMS_CODE_LENGTH} characters" in source


@pytest.mark.parametrize("number", ["123456", "1" * 16, "call me", "+", "0797-812x", "(0797) 8123456"])
def test_a_telephone_number_has_seven_to_fifteen_digits(world, pk, number):
    wrong = [("/handler_phone", "invalid-phone")]
    assert refused(restate, world, handler_phone=number) == wrong
    newcomer = make.exporter()
    assert refused(actions.describe, seen=seen(newcomer.organization_id), by=newcomer, handler_phone=number) == wrong


def test_telephones_are_kept_in_digits_of_one_alphabet_and_shown_to_intake(world, pk, client):
    restate(world, handler_phone="+86  １３８ 0013 8000", main_manager_phone="0797-8123456")
    assert (company(pk).handler_phone, company(pk).main_manager_phone) == ("+86 138 0013 8000", "0797-8123456")
    shown = page(client, world.ministry.intake, f"/desk/exporters/{pk}/")
    assert "+86 138 0013 8000" in shown and "0797-8123456" in shown
    assert refused(restate, world, handler_phone=" ") == [("/handler_phone", "required")]


@pytest.mark.parametrize("name", PHONES)
def test_postgresql_refuses_what_is_no_telephone_number(world, pk, name):
    with pytest.raises(IntegrityError, match=f"exporter_{name}"), transaction.atomic():
        Exporter.objects.filter(pk=pk).update(**{name: "call me"})


def test_letters_of_a_customs_code_are_capitals(world, pk):
    restate(world, customs_code="360123456x")
    assert company(pk).customs_code == "360123456X"
    restate(world, customs_code="")
    assert company(pk).customs_code == ""


def test_a_verified_account_goes_on_naming_its_people(world, pk):
    assert refused(restate, world, handler=" ") == [("/handler", "required")]
    assert refused(restate, world, main_manager="") == [("/main_manager", "required")]


def test_what_says_the_same_changes_nothing(world, pk):
    restate(world)
    assert refused(restate, world) == [("", "nothing-new")]
    assert verbs(pk).count("restate") == 1


def test_a_barred_company_still_names_whom_to_call(world, pk):
    make.barred(world)
    restate(world)
    assert company(pk).handler == "Wu Di"


# --- what it asks for -------------------------------------------------------------------------------------------
def test_what_is_asked_for_changes_nothing_before_it_is_accepted(world, pk):
    make.asked(world.exporter, address="2 New Road", **NEW_NAMES)
    row = AccountChange.objects.get()
    assert (row.after, row.is_license, row.outcome) == ({"address": "2 New Road", **NEW_NAMES}, True, "")
    assert row.before == {"address": company(pk).address, **OLD}
    assert names(pk) == OLD


def test_an_accepted_change_holds_and_the_old_stays_readable(world, pk, client):
    before = company(pk)
    make.asked(world.exporter, address="2 New Road", legal_representative="He Lin", province="33", **NEW_NAMES)
    changes.accept_change(pk, seen=seen(pk), by=world.ministry.intake)
    now, row = company(pk), AccountChange.objects.get()
    assert names(pk) == NEW_NAMES
    assert (now.address, now.legal_representative, now.province) == ("2 New Road", "He Lin", "33")
    assert (now.business_license, row.license_before) == (row.paper, before.business_license)
    assert (row.outcome, row.decided_by) == ("accepted", world.ministry.intake.user)
    line = lines_of(now).last()
    assert (line.verb, line.actor, line.at) == ("accept_change", world.ministry.intake.user, row.decided_at)
    assert line.facts["before"] == row.before | {"business_license": before.business_license.name}
    told = page(client, world.exporter)
    for said in (
        "Company name in English: Lanting Magnetics Co., Ltd. → Lanting Rare Metals Co., Ltd.",
        "Province: Jiangxi → Zhejiang",
        "Business license: business-license.pdf → new-license.pdf",
    ):
        assert said in told, said
    client.force_login(world.ministry.intake.user)
    assert client.get(f"/documents/{before.business_license_id}/").status_code == 200


def test_only_what_differs_is_asked_for(world, pk):
    make.asked(world.exporter, address="2 New Road", **OLD)
    assert AccountChange.objects.get().after == {"address": "2 New Road"}


def test_a_paper_that_is_no_new_license_leaves_the_old_one_on_file(world, pk):
    before = company(pk).business_license
    make.renamed(world.exporter, world.ministry, is_license=False, name_en="Lanting Magnets Co., Ltd.")
    assert company(pk).business_license == before


def test_a_new_business_license_alone_is_a_change_and_nothing_at_all_is_none(world, pk):
    assert refused(make.asked, world.exporter, is_license=False, **OLD) == [("", "nothing-new")]
    make.renamed(world.exporter, world.ministry, **OLD)
    assert company(pk).business_license.name == "new-license.pdf"


@pytest.mark.parametrize(
    ("facts", "wrong"),
    [
        ({"address": " "}, ("/address", "required")),
        ({"province": "99"}, ("/province", "required")),
        ({"name_en": "Customs, Shanghai"}, ("/name_en", "name-taken")),
        ({"name_zh": "出口管制局"}, ("/name_zh", "name-taken")),
    ],
)
def test_what_no_account_says_is_not_asked_for(world, facts, wrong):
    assert refused(make.asked, world.exporter, **facts) == [wrong]
    assert not AccountChange.objects.exists()


def test_a_paper_is_a_file_of_the_kinds_that_papers_have(world, pk):
    paper = {"paper": ("new.txt", b"text"), "reason": "x", "is_license": True}
    assert refused(changes.ask_change, seen=seen(pk), by=world.exporter, **paper) == [("/paper", "file-name")]
    assert not AccountChange.objects.exists()


def test_one_waits_at_a_time(world, pk):
    make.asked(world.exporter)
    assert refused(make.asked, world.exporter, address="2 New Road") == "change-open"
    assert AccountChange.objects.count() == 1


def test_a_declined_one_changes_nothing_and_the_company_reads_why(world, pk, client):
    make.asked(world.exporter)
    changes.decline_change(pk, seen=seen(pk), reason="The paper says otherwise.", by=world.ministry.intake)
    row = AccountChange.objects.get()
    assert (row.outcome, row.answer, names(pk)) == ("declined", "The paper says otherwise.", OLD)
    assert "The paper says otherwise." in page(client, world.exporter)
    make.asked(world.exporter)


def test_the_company_withdraws_it(world, pk):
    make.asked(world.exporter)
    changes.withdraw_change(seen=seen(pk), by=world.exporter)
    assert (AccountChange.objects.get().outcome, names(pk)) == ("withdrawn", OLD)
    late = {"seen": seen(pk), "by": world.ministry.intake}
    assert refused(changes.accept_change, pk, **late) == "no-change"
    assert refused(changes.decline_change, pk, reason="x", **late) == "no-change"
    assert refused(changes.withdraw_change, seen=seen(pk), by=world.exporter) == "no-change"


def test_a_name_that_an_office_took_meanwhile_is_not_accepted(world, pk):
    make.asked(world.exporter, name_en="Customs, Tianjin")
    Organization.objects.create(kind="customs", name_en="Customs, Tianjin")
    late = {"seen": seen(pk), "by": world.ministry.intake}
    assert refused(changes.accept_change, pk, **late) == [("/name_en", "name-taken")]
    assert names(pk) == OLD


def test_a_province_that_was_stated_meanwhile_stands_as_what_was_before(world, pk):
    make.as_of_old(world.exporter, province="")
    make.asked(world.exporter, province="33")
    actions.state_province(province="36", by=world.exporter)
    changes.accept_change(pk, seen=seen(pk), by=world.ministry.intake)
    assert lines_of(company(pk)).last().facts["before"]["province"] == "36"
    assert company(pk).province == "33"


def test_signatories_ask_and_intake_of_the_province_answers(world, pk):
    clerk = make.colleague(world.exporter, "clerk")
    assert refused(make.asked, clerk) == "forbidden"
    make.asked(world.exporter)
    assert refused(changes.withdraw_change, seen=seen(pk), by=clerk) == "forbidden"
    for officer in (world.ministry.decider, world.ministry.reviewer, world.exporter):
        assert refused(changes.accept_change, pk, seen=seen(pk), by=officer) == "forbidden"
    elsewhere = replace(world.ministry.intake, province="33")
    assert refused(changes.accept_change, pk, seen=seen(pk), by=elsewhere) == "not-found"
    assert names(pk) == OLD


def test_a_suspended_company_asks_and_is_answered(world, pk):
    make.stopped(world)
    make.renamed(world.exporter, world.ministry)
    assert names(pk) == NEW_NAMES


@pytest.mark.parametrize("end", ["bar", "close"])
def test_what_waits_is_dropped_when_the_account_ends_or_is_barred(world, pk, end):
    make.asked(world.exporter)
    if end == "bar":
        make.barred(world)
    else:
        closing.close(seen=seen(pk), by=world.exporter)
    row = AccountChange.objects.get()
    assert (row.outcome, verbs(pk)[-2:]) == ("dropped", ["drop_change", end])
    assert row.decided_at == lines_of(company(pk)).last().at
    late = {"seen": seen(pk), "by": world.ministry.intake}
    assert refused(changes.accept_change, pk, **late) == "wrong-state"
    assert refused(make.asked, world.exporter) in ("wrong-state", "forbidden")
    assert names(pk) == OLD


def test_nothing_is_dropped_where_nothing_waits(world, pk):
    make.barred(world)
    assert "drop_change" not in verbs(pk)


# --- PostgreSQL by itself -----------------------------------------------------------------------------------------
def broken(statement, *values):
    with pytest.raises(IntegrityError) as error, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(error.value)


ACCOUNT = "UPDATE exporters_exporter SET {} = %s WHERE organization_id = %s"


@pytest.mark.parametrize("fact", ["uscc", "province", "address", "legal_representative"])
def test_postgresql_changes_no_fact_of_a_verified_company(world, pk, fact):
    assert f"{fact} of a verified company" in broken(ACCOUNT.format(fact), "33", pk)
    make.asked(world.exporter, province="33", address="33", legal_representative="33")
    assert f"{fact} of a verified company" in broken(ACCOUNT.format(fact), "33", pk)


def test_postgresql_changes_a_credit_code_whatever_was_accepted_for_nobody(world, pk):
    make.asked(world.exporter)
    code, officer = make.credit_code(992), world.ministry.intake.user
    said = {"after": {"uscc": code}, "outcome": "accepted", "decided_by": officer, "decided_at": legal_now()}
    AccountChange.objects.update(**said)
    assert "uscc of a verified company" in broken(ACCOUNT.format("uscc"), code, pk)


def test_postgresql_changes_no_business_license_of_a_verified_company(world, pk):
    make.asked(world.exporter)
    other = AccountChange.objects.get().paper_id
    assert "business_license_id of a" in broken(ACCOUNT.format("business_license_id"), other, pk)


@pytest.mark.parametrize("name", ["name_en", "name_zh"])
def test_postgresql_changes_no_name_of_a_verified_company(world, pk, name):
    change = f"UPDATE core_organization SET {name} = %s WHERE id = %s"
    assert f"{name} of a verified company" in broken(change, "Other", pk)
    make.asked(world.exporter)
    assert f"{name} of a verified company" in broken(change, NEW_NAMES[name], pk)
    changes.accept_change(pk, seen=seen(pk), by=world.ministry.intake)
    assert f"{name} of a verified company" in broken(change, OLD[name], pk)


def test_postgresql_lets_the_last_accepted_change_stand_and_no_older_one(world, pk):
    make.renamed(world.exporter, world.ministry, address="2 New Road")
    make.renamed(world.exporter, world.ministry, address="3 New Road")
    assert "address of a verified company" in broken(ACCOUNT.format("address"), "2 New Road", pk)


def test_postgresql_leaves_an_account_that_nobody_verified_to_its_company(ministry):
    newcomer = make.exporter()
    Exporter.objects.filter(pk=newcomer.organization_id).update(address="1 Road", uscc=make.credit_code(991))
    Organization.objects.filter(pk=newcomer.organization_id).update(name_en="Other")
    assert company(newcomer.organization_id).address == "1 Road"


def test_postgresql_lets_the_ministry_answer_and_the_company_withdraw(world):
    make.asked(world.exporter)
    officer, boss = world.ministry.intake.user.pk, world.exporter.user.pk
    decide = "UPDATE exporters_accountchange SET outcome = %s, answer = 'x', decided_by_id = %s, decided_at = asked_at"
    for outcome, by in (("accepted", boss), ("declined", boss), ("withdrawn", officer)):
        assert "the ministry answers" in broken(decide, outcome, by)


def test_postgresql_keeps_an_answer_as_it_was_given(world, pk):
    make.asked(world.exporter)
    copy = (
        "INSERT INTO exporters_accountchange (exporter_id, before, after, is_license, reason, paper_id, asked_by_id,"
        " asked_at, outcome, answer, decided_by_id, decided_at) SELECT exporter_id, before, after, is_license, reason,"
        " paper_id, asked_by_id, asked_at, 'accepted', '', %s, asked_at FROM exporters_accountchange"
    )
    assert "by another person, later" in broken(copy, world.ministry.intake.user.pk)
    changes.decline_change(pk, seen=seen(pk), reason="No", by=world.ministry.intake)
    assert "is decided once" in broken("UPDATE exporters_accountchange SET outcome = 'accepted', answer = ''")


# --- what was true at an instant ----------------------------------------------------------------------------------
def test_what_was_verified_is_known_as_of_each_instant(world, pk, clock):
    instants = [lines_of(company(pk)).last().at]
    for address in ("2 New Road", "3 New Road"):
        clock.shift(days=1)
        make.renamed(world.exporter, world.ministry, address=address)
        instants.append(lines_of(company(pk)).last().at)
    found = [selectors.facts_at(company(pk), at)["address"] for at in instants]
    assert found == ["1 Example Road, Jiangxi", "2 New Road", "3 New Road"]


# --- who is told, and where it waits --------------------------------------------------------------------------------
def test_intake_of_the_province_is_told_and_then_the_company(world, pk, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    make.asked(world.exporter)
    assert selectors.intake_of(pk) == [world.ministry.intake.user.email]
    Membership.objects.filter(user=world.ministry.intake.user).update(province="33")
    assert selectors.intake_of(pk) == []
    Membership.objects.filter(user=world.ministry.intake.user).update(province="36")
    relay()
    mail = Mail.objects.filter(subject__contains="asks to have its account changed").get()
    assert (mail.recipients, f"/desk/exporters/{pk}/" in mail.body) == (world.ministry.intake.user.email, True)
    changes.accept_change(pk, seen=seen(pk), by=world.ministry.intake)
    relay()
    mail = Mail.objects.filter(subject__contains="is changed in your company’s account").get()
    assert (mail.recipients, "/company/" in mail.body) == (world.exporter.user.email, True)


def test_the_desk_lists_who_waits_and_its_page_answers(world, pk, client):
    make.asked(world.exporter, reason="Renamed by its owners")
    listed = page(client, world.ministry.intake, "/desk/exporters/?view=changes")
    assert "Lanting Magnetics" in listed
    desk = page(client, world.ministry.intake, f"/desk/exporters/{pk}/")
    for said in ("Lanting Rare Metals Co., Ltd.", "Renamed by its owners", "new-license.pdf", "Decline the change"):
        assert said in desk, said
    paper = AccountChange.objects.get().paper_id
    assert client.get(f"/documents/{paper}/").status_code == 200
    assert "It matches the paper: accept" not in page(client, world.ministry.decider, f"/desk/exporters/{pk}/")
    assert "A change is asked for" in page(client, world.ministry.decider, f"/desk/exporters/{pk}/")
    client.force_login(world.ministry.intake.user)
    assert client.post(f"/desk/exporters/{pk}/accept_change/", {"seen": seen(pk)}).status_code == 302
    assert names(pk) == NEW_NAMES
    assert "Lanting" not in page(client, world.ministry.intake, "/desk/exporters/?view=changes")


def test_an_officer_whose_province_it_leaves_comes_back_to_his_list(world, pk, client):
    Membership.objects.filter(user=world.ministry.intake.user).update(province="36")
    make.asked(world.exporter, province="33")
    client.force_login(world.ministry.intake.user)
    answer = client.post(f"/desk/exporters/{pk}/accept_change/", {"seen": seen(pk)})
    assert (answer.status_code, answer["Location"]) == (302, "/desk/exporters/")


def test_intake_sees_how_many_wait(world, pk):
    from exporters.menu import waiting

    assert not waiting(world.ministry.intake).exists()
    make.asked(world.exporter)
    assert [row.pk for row in waiting(world.ministry.intake)] == [pk]
    assert not waiting(world.ministry.decider).exists()


def test_a_company_asks_and_withdraws_on_its_page(world, pk, client):
    client.force_login(world.exporter.user)
    tab = Tab(client, "/company/")
    values = dict(tab.page.form("/company/ask_change/").filled({"name_en": "New Co., Ltd.", "reason": "Renamed"}))
    assert values["name_zh"] == OLD["name_zh"]
    paper = SimpleUploadedFile("new.pdf", demo.pdf("new"), "application/pdf")
    assert client.post("/company/ask_change/", values | {"paper": paper}).status_code == 302
    assert AccountChange.objects.get().after == {"name_en": "New Co., Ltd."}
    clerk = page(client, make.colleague(world.exporter, "clerk"))
    assert ("A change is asked for" in clerk, "Withdraw it" in clerk) == (True, False)
    shown = page(client, world.exporter)
    assert ("You asked for a change" in shown, "Ask for this change" in shown) == (True, False)
    assert client.post("/company/withdraw_change/", {"seen": seen(pk)}).status_code == 302
    assert AccountChange.objects.get().outcome == "withdrawn"


def test_a_form_that_was_refused_keeps_what_was_typed(world, pk, client):
    client.force_login(world.exporter.user)
    values = dict(Tab(client, "/company/").page.form("/company/ask_change/").filled({"address": "9 Long Road"}))
    answer = client.post("/company/ask_change/", values)
    html = unescape(answer.content.decode())
    assert (answer.status_code, "9 Long Road" in html) == (422, True)
    assert set(answer.context["forms"]["ask_change"].errors) == {"reason", "paper"}


def test_braces_in_a_name_are_what_they_are(world, pk, client):
    make.renamed(world.exporter, world.ministry, name_en="{Braces} Co.")
    assert "→ {Braces} Co." in page(client, world.exporter)


def test_a_draft_and_a_closed_account_offer_nothing_of_it(world, pk, client):
    newcomer = make.exporter()
    assert "Ask to change what was verified" not in page(client, newcomer)
    assert refused(changes.restate, seen=seen(newcomer.organization_id), **CONTACTS, by=newcomer) == "wrong-state"
    closing.close(seen=seen(pk), by=world.exporter)
    shown = page(client, world.exporter)
    assert ("Ask to change" in shown, "Change contacts" in shown) == (False, False)


def test_each_answer_is_to_what_was_seen(world, pk):
    make.asked(world.exporter)
    old = seen(pk)
    changes.restate(seen=old, by=world.exporter, **CONTACTS)
    assert refused(changes.accept_change, pk, seen=old, by=world.ministry.intake) == "stale"
    assert HistoryLine.objects.filter(verb="accept_change").count() == 0
