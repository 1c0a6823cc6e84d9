"""Whom the end of a suspension concerns is warned once a stage, and told when it is put off (DOMAIN, scenario 8)."""

import re
import threading
from datetime import date, datetime, time, timedelta
from html import unescape

import pytest
from django.db import connections

from config.local import demo
from core import deliveries
from core.access import clock as the_clock
from core.errors import DomainError, Invalid
from core.history import lines_of
from core.legal_time import LEGAL_ZONE, day_start, legal_now, legal_today
from core.models import Delivery, HistoryLine, Organization
from licensing import selectors
from licensing.actions import applications, editions, follows, windows
from licensing.models import Draft, Follow, PolicyEdition, WindowWarning
from licensing.policy.edits import key_of
from licensing.tasks import warn_of_windows
from tests import make
from tests.make import seen

DAY = timedelta(days=1)
LAST = date(2026, 11, 10)
OCTOBER = "A57-2025 - 2025-11-07"
HOLMIUM = "1C909.b"


@pytest.fixture
def on(clock):
    """It is noon of this day."""

    def on(day):
        clock.set(datetime.combine(day, time(12), LEGAL_ZONE))

    return on


def prolonged(until="2027-11-10", key=OCTOBER, code="LONGER", starts_at=None):
    """An edition by which this window ends on another day; None: it has no such window."""

    def change(rules, document):
        row = next(one for one in document["windows"] if key_of("windows", one) == key)
        if until:
            row["suspended_until"] = until
        else:
            document["windows"].remove(row)

    return make.edition(change, code, starts_at)


def told(**facts):
    """organization → the stages at which it was warned."""
    found = {}
    for row in WindowWarning.objects.filter(**facts).order_by("pk"):
        found.setdefault(row.organization_id, []).append(row.stage)
    return found


def page(client, actor, path):
    client.force_login(actor.user)
    answer = client.get(path)
    assert answer.status_code == 200
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())


# --- following ----------------------------------------------------------------------------------------------


def test_a_company_follows_a_code_or_what_codes_begin_with(lanting):
    assert follows.follow(code=" 1c909 ", by=lanting).code == "1C909"
    assert follows.follow(code="1C909.A", by=lanting).code == "1C909.a"
    clerk = make.colleague(lanting, "clerk")
    assert follows.follow(code="1C909", by=clerk).by == lanting.user  # once a company
    assert [row.code for row in selectors.follows_of(clerk)] == ["1C909", "1C909.a"]
    row = Follow.objects.get(code="1C909.a")
    assert [row.covers(code) for code in ("1C909.a", "1C909.a.1", "1C909.b", "1C909.ab")] == [True, True, False, False]
    follows.unfollow(code="1C909", by=clerk)
    assert [row.code for row in selectors.follows_of(lanting)] == ["1C909.a"]


@pytest.mark.parametrize("code", ["1C", "1C90", "9Z999", "", "1C909."])
def test_what_is_no_code_is_followed_by_nobody(lanting, code):
    with pytest.raises(Invalid) as refused:
        follows.follow(code=code, by=lanting)
    assert refused.value.errors[0].code == "unknown-code"


def test_a_code_of_an_edition_to_come_can_be_followed(lanting):
    def change(rules, document):
        document["codes"].append(document["codes"][0] | {"code": "1C999.b"})

    make.edition(change, starts_at=day_start(legal_today() + DAY))
    assert follows.follow(code="1C999", by=lanting).code == "1C999"


def test_what_is_not_followed_is_not_given_up(ministry, lanting):
    follows.follow(code="1C909", by=make.exporter(ministry, "Other Co., Ltd."))
    with pytest.raises(Invalid):
        follows.unfollow(code="1C909", by=lanting)
    assert Follow.objects.count() == 1


def test_viewers_and_officers_follow_nothing(world):
    for actor in (make.colleague(world.exporter, "viewer"), world.ministry.policy_officer):
        for verb in (follows.follow, follows.unfollow):
            with pytest.raises(DomainError) as refused:
                verb(code="1C909", by=actor)
            assert refused.value.code == "forbidden"


def test_the_control_list_has_a_button_for_each_code_and_leads_back_to_what_was_asked(client, lanting):
    client.force_login(lanting.user)
    html = client.get("/control-list/?q=holmium&list=october").content.decode()
    action = unescape(re.search(r'action="(/control-list/followed/\?[^"]+)"', html)[1])
    answer = client.post(action, {"code": HOLMIUM})
    assert answer.status_code == 302 and answer.url == "/control-list/?q=holmium&list=october"
    html = client.get(answer.url).content.decode()
    assert "Followed, by 1C909.b" in html and "What you follow (1)" in html
    assert client.post("/control-list/followed/", {"code": "1C909"}).url == "/control-list/followed/"
    text = page(client, lanting, "/control-list/followed/")
    assert "1C909 since" in text and "1C909.b since" in text
    assert "Holmium oxide and mixtures" in text and "Every code that begins so." in text
    assert "No suspension of goods that you follow, license or ship is about to end." in text
    client.post("/control-list/followed/end/", {"code": HOLMIUM})
    assert Follow.objects.get().code == "1C909"
    for path in ("/control-list/followed/", "/control-list/followed/end/"):
        answer = client.post(path, {"code": "9Z999"})
        assert answer.status_code == 422 and "9Z999" in answer.content.decode()


def test_nobody_but_companies_sees_buttons(client, world):
    assert "Follow" not in client.get("/control-list/").content.decode()
    viewer = make.colleague(world.exporter, "viewer")
    text = page(client, viewer, "/control-list/")
    assert "What you follow (0)" in text and " Follow " not in text


# --- what comes back ----------------------------------------------------------------------------------------


def test_what_comes_back_is_what_nothing_else_controls(reference):
    digest = PolicyEdition.objects.get().digest
    assert HOLMIUM in selectors.returns_of(digest, OCTOBER).codes
    assert selectors.returns_of(digest, "A55-2025 - 2025-11-07") == selectors.Returns()
    assert selectors.returns_of(digest, "A61-2025 - 2025-11-07").codes == ("ANN61-P1", "ANN61-P2")
    assert selectors.returns_of(digest, "A46-2024 2 2025-11-09") == selectors.Returns(rules=("R032",))


def test_a_rule_that_controls_nothing_by_itself_brings_no_code_back(reference):
    def change(rules, document):
        days = {"suspended_from": "2026-01-01", "suspended_until": "2026-01-10"}
        document["windows"].append({"instrument": "A46-2024", "clause": "1", "by": "A72-2025", **days})

    found = selectors.returns_of(make.edition(change).digest, "A46-2024 1 2026-01-01")
    assert found == selectors.Returns(rules=("R030", "R031", "R035"))


def test_what_another_rule_controls_or_another_window_suspends_does_not_come_back(reference):
    def change(rules, document):
        document["rules"].append(rules["R001"] | {"id": "R090", "match": rules["R002"]["match"] | {}})
        rules["R002"]["match"]["item.control_code_prefix"].remove("1C913")
        document["rules"][-1]["match"] = {"item.control_code_prefix": ["1C909"], "exporter.territory": ["domestic"]}
        window = next(one for one in document["windows"] if one["instrument"] == "A56-2025")
        document["windows"].append(
            window | {"clause": "1", "suspended_from": "2026-11-11", "suspended_until": "2026-12-31"}
        )

    digest = make.edition(change).digest
    codes = selectors.returns_of(digest, OCTOBER).codes
    assert HOLMIUM not in codes and "1C910.b" in codes and "1C913.b" not in codes
    assert selectors.returns_of(digest, "A56-2025 - 2025-11-07") == selectors.Returns()


def test_a_window_names_its_clause_and_none_where_it_is_of_the_whole_instrument(reference):
    edition = selectors.rules_of(PolicyEdition.objects.get().digest).edition
    clauses = {(window.instrument, window.clause) for window in selectors.windows_of(edition)}
    assert {("A46-2024", "2"), ("A57-2025", "")} <= clauses


def test_a_window_without_an_end_never_brings_anything_back(lanting, on):
    on(LAST)
    row = prolonged("9999-12-31")
    assert selectors.returns_of(row.digest, OCTOBER) == selectors.Returns()
    assert OCTOBER not in [one.window.key for one in selectors.windows_ending(selectors.editions_at(legal_now()), 999)]


@pytest.mark.parametrize(("days", "stage"), [(90, 90), (31, 90), (30, 30), (8, 30), (7, 7), (0, 7)])
def test_each_stage_begins_on_its_day(days, stage):
    assert selectors.stage_of(LAST, LAST - days * DAY) == stage


def test_a_window_is_told_of_from_90_days_before_its_last_day_until_that_day(lanting, on):
    follows.follow(code=HOLMIUM, by=lanting)
    for day, found in ((LAST - 91 * DAY, 0), (LAST - 90 * DAY, 1), (LAST, 1), (LAST + DAY, 0)):
        on(day)
        back = selectors.coming_back(lanting.organization_id, selectors.editions_at(legal_now()))
        assert len(back) == found, day


# --- whom it concerns ---------------------------------------------------------------------------------------


@pytest.fixture
def on_file(world, on):
    """Makes a company's case, license or shipment with holmium oxide: filed before the window ends, for after it."""

    def made(what, company=None, kilograms=100):
        own = make.World(world.ministry, world.customs, company or world.exporter)
        signed = [own.declaration(codes=(HOLMIUM,))]
        ref = own.application(code=HOLMIUM, kind="per_shipment", by_whom=signed, kilograms=kilograms)
        if what == "draft":
            return ref
        license = demo.issued(own.exporter, ref, own.ministry, signed)
        if what == "license":
            return license
        return own.shipment(license, 40_000)

    return made


def test_a_page_says_how_much_of_each_item_comes_back_on_which_day(world, client, on_file, on):
    shipment = on_file("shipment")
    on_file("draft", kilograms=7)
    follows.follow(code="1C910", by=world.exporter)
    on(LAST - 20 * DAY)
    text = page(client, world.exporter, "/")
    assert "What of yours is controlled again What you follow From 11 Nov 2026 on , unless it is prolonged" in text
    assert "1C909.b Holmium oxide and mixtures 60 kg 40 kg 7 kg" in text
    assert "1C910.b Erbium oxide and mixtures 0 kg 0 kg 0 kg" in text and "1C911" not in text
    text = page(client, world.exporter, f"/licenses/{shipment.license.ref}/")
    assert "Controlled again from 11 Nov 2026 on" in text and "Line 1, 1C909.b: 60 kg left, 40 kg reserved" in text
    on(LAST + DAY)
    assert "controlled again" not in page(client, world.exporter, "/")


def test_what_is_reserved_on_a_license_that_is_over_still_concerns_its_holder(world, on_file, client, on):
    shipment = on_file("shipment")
    type(shipment.license).objects.update(state="expired")
    assert selectors.exporters_concerned([HOLMIUM]) == {world.exporter.organization_id}
    on(LAST - 20 * DAY)
    assert "1C909.b Holmium oxide and mixtures 0 kg 40 kg 0 kg" in page(client, world.exporter, "/")
    assert "Line 1, 1C909.b: 60 kg left, 40 kg reserved" in page(
        client, world.exporter, f"/licenses/{shipment.license.ref}/"
    )


def test_a_license_that_is_over_with_nothing_reserved_concerns_nobody(world, on_file, client, on):
    license = on_file("license")
    type(license).objects.update(state="expired")
    assert selectors.exporters_concerned([HOLMIUM]) == set()
    on(LAST - 20 * DAY)
    for path in ("/", f"/licenses/{license.ref}/"):
        assert "ontrolled again" not in page(client, world.exporter, path)


def test_a_page_of_another_company_says_nothing_of_it(world, client, on_file, on):
    on_file("license")
    other = make.exporter(world.ministry, "Other Co., Ltd.")
    on(LAST - 20 * DAY)
    assert "controlled again" not in page(client, other, "/")


# --- warnings -----------------------------------------------------------------------------------------------


def test_a_stage_that_was_slept_over_is_not_made_up_for(lanting, on):
    follows.follow(code=HOLMIUM, by=lanting)
    on(LAST - 95 * DAY)
    assert warn_of_windows() == 0
    on(LAST - 20 * DAY)
    assert warn_of_windows() > 0
    assert told(window=OCTOBER)[lanting.organization_id] == [30]
    assert warn_of_windows() == 0
    on(LAST - 7 * DAY)
    warn_of_windows()
    assert told(window=OCTOBER)[lanting.organization_id] == [30, 7]


def test_a_worker_that_never_came_warns_of_no_past(lanting, on):
    follows.follow(code=HOLMIUM, by=lanting)
    on(LAST + DAY)
    warn_of_windows()
    assert told(window=OCTOBER) == {}


def test_a_clock_that_is_set_back_warns_of_no_earlier_stage(lanting, on):
    follows.follow(code=HOLMIUM, by=lanting)
    on(LAST - 20 * DAY)
    warn_of_windows()
    on(LAST - 60 * DAY)
    warn_of_windows()
    assert told(window=OCTOBER)[lanting.organization_id] == [30]


def test_who_begins_to_follow_is_warned_of_the_stage_that_runs(lanting, on):
    on(LAST - 60 * DAY)
    warn_of_windows()
    assert lanting.organization_id not in told()
    follows.follow(code="1C909", by=lanting)
    warn_of_windows()
    assert told()[lanting.organization_id] == [90]


def test_who_is_no_longer_concerned_or_of_another_day_is_not_warned(lanting, on):
    """As between the sweep's question and its verb."""
    on(LAST - 60 * DAY)
    by = the_clock()
    assert windows.warn(lanting.organization_id, OCTOBER, LAST, by=by) is None
    follows.follow(code="1C909", by=lanting)
    assert windows.warn(lanting.organization_id, OCTOBER, LAST - DAY, by=by) is None
    assert windows.warn(lanting.organization_id, OCTOBER, LAST, by=by) == 90
    assert windows.warn(lanting.organization_id, OCTOBER, LAST, by=by) is None


def test_the_policy_officers_are_warned_of_every_window_and_nobody_else_of_the_ministry(world, on):
    on(LAST - 90 * DAY)
    warn_of_windows()
    office = world.ministry.office.pk
    assert {row.instrument for row in WindowWarning.objects.filter(organization=office)} == {
        "A55-2025",
        "A56-2025",
        "A57-2025",
        "A58-2025",
        "A61-2025",
        "A62-2025",
    }
    deliveries.relay()
    readers = Delivery.objects.filter(line__subject_kind="windowwarning").exclude(to="").values_list("to", flat=True)
    assert set(readers) == {world.ministry.policy_officer.user.email}


def test_whoever_prepares_or_signs_is_written_to_in_his_language_without_what_is_in_it(lanting, on, mailoutbox):
    follows.follow(code=HOLMIUM, by=lanting)
    clerk, viewer = (make.colleague(lanting, role).user for role in ("clerk", "viewer"))
    type(clerk).objects.filter(pk=clerk.pk).update(language="zh-hans")
    on(LAST - 90 * DAY)
    warn_of_windows()
    while deliveries.relay():
        pass
    mails = {mail.to[0]: mail for mail in mailoutbox}
    assert mails[lanting.user.email].subject == "Ann. 57/2025: its suspension ends on 10 Nov 2026"
    assert mails[clerk.email].subject == "公告2025年第57号：暂停于 2026年11月10日 结束"
    assert viewer.email not in mails
    body = mails[lanting.user.email].body
    assert body.endswith("/#coming-back\n") and HOLMIUM not in body and len(body) < 120


def in_parallel(job, times=2):
    """What each of them returned; each on a connection of its own, all begun at once."""
    ready, found = threading.Barrier(times), []

    def run():
        try:
            ready.wait()
            found.append(job())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_warn_once(world, on):
    follows.follow(code=HOLMIUM, by=world.exporter)
    on(LAST - 90 * DAY)
    assert sum(in_parallel(warn_of_windows)) == 7
    assert told(window=OCTOBER)[world.exporter.organization_id] == [90]
    assert HistoryLine.objects.filter(subject_kind="windowwarning", verb="warn").count() == 7
    prolonged()
    assert sum(in_parallel(warn_of_windows)) == 2
    assert HistoryLine.objects.filter(subject_kind="windowwarning", verb="withdraw").count() == 2


# --- prolonging ---------------------------------------------------------------------------------------------


@pytest.fixture
def warned(lanting, on):
    """The company was warned 90 days before."""
    follows.follow(code=HOLMIUM, by=lanting)
    on(LAST - 90 * DAY)
    warn_of_windows()
    return WindowWarning.objects.get(organization=lanting.organization_id)


def verbs(warning):
    return [line.verb for line in lines_of(warning)]


@pytest.mark.parametrize(("until", "words"), [("2027-11-10", "it goes on through 10 Nov 2027"), (None, "no such")])
def test_an_edition_that_puts_it_off_withdraws_the_warning(lanting, warned, client, until, words):
    row = prolonged(until, starts_at=day_start(LAST - 5 * DAY))  # announced, not in force yet
    text = page(client, lanting, "/")
    assert "Warned before: the suspension of Ann. 57/2025 ends on 10 Nov 2026." in text and words in text
    assert "By edition LONGER" in text and "From 11 Nov 2026 on" not in text
    assert verbs(warned) == ["warn"]  # pages wait for no worker
    warn_of_windows()
    line = lines_of(warned).last()
    assert (line.verb, line.edition, line.facts["instrument"]) == ("withdraw", row.code, "A57-2025")
    assert line.facts["signed"] == "approver, other approver"
    warn_of_windows()
    assert verbs(warned) == ["warn", "withdraw"]


def test_only_the_last_warning_of_a_window_is_withdrawn_by_mail(lanting, warned, on):
    on(LAST - 30 * DAY)
    warn_of_windows()
    prolonged()
    warn_of_windows()
    first, last = WindowWarning.objects.filter(organization=lanting.organization_id)
    assert (verbs(first), verbs(last)) == (["warn"], ["warn", "withdraw"])


def test_another_edition_that_leaves_the_window_alone_withdraws_nothing(lanting, warned, client):
    make.edition(lambda rules, document: document["rules"].remove(rules["R040"]))
    warn_of_windows()
    assert verbs(warned) == ["warn"]
    assert "Warned before" not in page(client, lanting, "/")


def test_the_edition_that_put_it_off_is_named_though_others_follow(lanting, warned):
    prolonged(starts_at=day_start(LAST - 20 * DAY))

    def change(rules, document):
        next(one for one in document["windows"] if one["instrument"] == "A57-2025")["suspended_until"] = "2028-11-10"

    make.edition(change, "LATER", day_start(LAST - 10 * DAY))
    [found] = selectors.warnings_withdrawn(selectors.editions_at(legal_now()), lanting.organization_id)
    assert (found.edition.code, found.until) == ("LONGER", date(2027, 11, 10))


def test_what_is_repealed_renews_the_warning(lanting, warned):
    row = prolonged(starts_at=day_start(LAST - 5 * DAY))
    warn_of_windows()
    make.repealed(row)
    warn_of_windows()
    warn_of_windows()
    assert verbs(warned) == ["warn", "withdraw", "renew"]


def test_the_window_is_warned_of_again_before_its_later_end(lanting, warned, on):
    prolonged()
    prolonged(code="AND ON", starts_at=day_start(date(2026, 12, 1)))  # beside the first one, which starts in November
    warn_of_windows()
    on(date(2027, 8, 12))
    warn_of_windows()
    rows = WindowWarning.objects.filter(organization=lanting.organization_id, window=OCTOBER)
    assert [(row.last_day, row.stage) for row in rows] == [(LAST, 90), (date(2027, 11, 10), 90)]


def test_a_warning_that_was_withdrawn_is_told_of_for_30_days_after_its_day(lanting, warned, client, on):
    prolonged()
    for day, shown in ((LAST + 30 * DAY, True), (LAST + 31 * DAY, False)):
        on(day)
        assert ("Warned before" in page(client, lanting, "/")) is shown
    warn_of_windows()
    assert verbs(warned) == ["warn"]


def test_the_desk_lists_what_ends_within_120_days_and_opens_its_row_to_prolong_it(world, client, on):
    officer = world.ministry.policy_officer
    on(LAST - 121 * DAY)
    assert "Suspended through 10 Nov 2026" not in page(client, officer, "/desk/policy/")
    on(LAST - 120 * DAY)
    text = page(client, officer, "/desk/policy/")
    assert "Ann. 57/2025 Suspended through 10 Nov 2026. Control codes that come back: 36" in text
    html = client.get("/desk/policy/").content.decode()
    fields = r'name="base" value="([^"]+)".*?name="window" value="([^"]+)"'
    form = re.search(rf'value="Prolong the suspension of Ann. 57/2025">.*?{fields}', html, re.DOTALL)
    sent = {"title": "Prolong", "base": form[1], "window": unescape(form[2])}
    answer = client.post("/desk/policy/new/", sent, follow=True)
    assert answer.status_code == 200 and 'value="2026-11-10"' in answer.content.decode()
    row = "A57-2025%20-%202025-11-07"
    assert answer.redirect_chain[0][0] == f"/desk/policy/{Draft.objects.get().ref}/rows/windows/row/{row}/"
    sent["window"] = "nothing"
    assert client.post("/desk/policy/new/", sent).url.count("/") == 4


def test_the_desk_says_what_was_withdrawn_by_which_edition_and_who_approved_it(world, warned, client):
    prolonged()
    text = page(client, world.ministry.policy_officer, "/desk/policy/")
    assert "By edition LONGER it goes on through 10 Nov 2027." in text
    assert "Organizations that were warned: 2 Approved by approver, other approver" in text


# --- scenario 8 ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_scenario_8(world, client, on, on_file):
    """Holmium oxide to Germany: 14 companies are warned on 12 August, an officer prolongs, and the check says so."""

    def company(number):
        return make.exporter(world.ministry, f"Company {number} Co., Ltd.")

    concerned = [world.exporter, *(company(number) for number in range(13))]
    for actor in concerned[:4]:
        follows.follow(code="1C909" if actor is concerned[0] else HOLMIUM, by=actor)
    for actor in concerned[3:7]:
        on_file("draft", actor)
    for actor in concerned[6:11]:
        on_file("license", actor)
    for actor in concerned[10:]:
        on_file("shipment", actor)
    others = [company(number) for number in range(20, 24)]
    follows.follow(code="1C905", by=others[0])
    make.World(world.ministry, world.customs, others[1]).license(kilograms=100)
    withdrawn = on_file("draft", others[2])
    applications.withdraw(withdrawn, reason="", by=others[2])
    follows.follow(code=HOLMIUM, by=others[3])
    follows.unfollow(code=HOLMIUM, by=others[3])

    def answer(day):
        return page(
            client, world.exporter, f"/check/?item={HOLMIUM}&to=DE&use=CIV_AUTO&user=commercial&hit=none&on={day}"
        )

    on(date(2026, 8, 11))
    assert warn_of_windows() == 0
    on(date(2026, 8, 12))
    assert "Not controlled on 10 Nov 2026" in answer("2026-11-10")
    assert "License needed on 11 Nov 2026" in answer("2026-11-11")
    warn_of_windows()
    exporters = WindowWarning.objects.filter(organization__kind="exporter")
    assert {row.organization_id for row in exporters} == {actor.organization_id for actor in concerned}
    assert exporters.count() == len(concerned) == 14
    assert {(row.instrument, row.last_day, row.stage) for row in exporters} == {("A57-2025", LAST, 90)}

    m = world.ministry
    draft = editions.draft(title="Prolong", by=m.policy_officer)
    row = selectors.rules_of(draft.digest).edition.document["windows"][2] | {"suspended_until": "2027-11-10"}
    facts = {"part": "windows", "key": OCTOBER, "row": row, "by": m.policy_officer}
    editions.change(draft.ref, seen=seen(draft.ref), **facts)
    words = {
        "title_en": "Prolong",
        "title_zh": "延期",
        "statement_en": "Prolonged.",
        "statement_zh": "延长。",
        "by": m.policy_officer,
    }
    editions.describe(draft.ref, seen=seen(draft.ref), starts_on=legal_today() + DAY, **words)
    make.simulated(draft.ref, m.policy_officer)
    editions.approve(draft.ref, seen=seen(draft.ref), by=m.policy_approver)
    code = PolicyEdition.objects.latest("pk").code

    assert "Not controlled on 11 Nov 2026" in answer("2026-11-11")
    assert f"By edition {code} it goes on through 10 Nov 2027." in page(client, world.exporter, "/")
    warn_of_windows()
    for warning in exporters:
        line = lines_of(warning).last()
        assert (line.verb, line.edition) == ("withdraw", code)
        assert line.facts == {
            "instrument": "A57-2025",
            "until": "2026-11-10",
            "signed": str(m.policy_approver.user),
        }
    assert not any(Organization.objects.filter(pk=actor.organization_id, pk__in=told()) for actor in others)


def test_what_is_asked_of_the_database_does_not_grow_with_what_a_company_has(
    world, on, on_file, django_assert_num_queries
):
    def asked():
        found = selectors.coming_back(world.exporter.organization_id, selectors.editions_at(legal_now()))
        assert found

    on_file("license")
    on(LAST - 20 * DAY)
    asked()
    with django_assert_num_queries(5) as before:
        asked()
    on(legal_today() + DAY)
    for code in ("1C910", "1C911"):
        follows.follow(code=code, by=world.exporter)
    with django_assert_num_queries(len(before)):
        asked()


def test_nobody_changes_or_deletes_a_warning(warned):
    with pytest.raises(Exception, match="never changed or deleted"):
        WindowWarning.objects.filter(pk=warned.pk).update(stage=7)
