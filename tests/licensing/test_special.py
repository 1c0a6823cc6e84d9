"""Under special circumstances: what the rules prohibit, and leave open to such an application alone."""

import re
from html import unescape

import pytest
from django.db import transaction
from django.db.utils import IntegrityError

from config.local import demo
from core import papers
from core.errors import DomainError, Invalid
from core.legal_time import legal_now, legal_today
from core.models import HistoryLine, Paper
from licensing import selectors, tasks
from licensing.actions import amendments, applications, copies, decisions, findings
from licensing.models import Application, DecisionStep, License, LicenseEndUser, Suspension, Verdict
from licensing.policy.editions import read
from licensing.policy.engine import Compiled
from licensing.policy.strictness import TIGHTENS, Difference
from licensing.selectors.judging import judge
from licensing.selectors.verdicts import Taken, judgments, stopped
from licensing.selectors.what_if import what_if, what_of_mine
from licensing.web.changes import copied
from tests import make, pdf
from tests.book import draft
from tests.make import seen
from tests.ticks import tick

LOST = Difference("channel", "special_application", None, TIGHTENS)
CIVIL_AND_NOT = ("CIV_AUTO", "MIL_USE")
CLOSING = "They leave no way under special circumstances"


def case(ref):
    return Application.objects.get(ref=ref)


def found(ref):
    """What keeps the draft from being sent: where and why."""
    return [(one.pointer, one.code) for one in problems(ref)]


def problems(ref):
    return applications.what_is_missing(case(ref), at=legal_now())


def closed(rules, document):
    """The rule on the control list leaves no way any more."""
    rules["R020"]["effect"].pop("grant")


def unsaid(rules, document):
    """The bans on military users and uses say nothing of the way under special circumstances."""
    for name in ("R030", "R031"):
        rules[name]["effect"]["remove"].remove("special_application")


def words(page):
    return " ".join(unescape(page.content.decode()).split())


@pytest.fixture
def buyer(world):
    """A declaration of an end-user that an earlier case found on the control list."""
    row = world.declaration()
    world.listed(world.application(kind="per_shipment", by_whom=[row]))
    return row


# --- filing -----------------------------------------------------------------------------------------------


def test_what_the_rules_forbid_may_be_filed_under_special_circumstances_alone(world, buyer):
    for kind in ("per_shipment", "annual"):
        (problem,) = problems(world.application(kind=kind, by_whom=[buyer]))
        assert (problem.code, problem.extra) == ("policy-prohibits", {"special": True})
        assert "on the control list" in problem.message
        assert "It may be applied for under special circumstances: choose that kind" in problem.message
    ref = world.special(by_whom=[buyer])
    assert applications.submit(ref, seen=seen(ref), by=world.exporter).state == "submitted"


@pytest.mark.parametrize("hit", ["none", "watch_list"])
def test_what_nothing_forbids_is_not_special(world, hit):
    row = world.declaration()
    world.listed(world.application(kind="per_shipment", by_whom=[row]), hit)
    (problem,) = [one for one in problems(world.special(by_whom=[row])) if one.pointer == "/lines"]
    assert problem.code == "channel-closed"
    assert problem.message.endswith("Nearest to it: Screening result. Nothing forbids it: file it per shipment.")


@pytest.mark.parametrize("kind", ["special", "per_shipment"])
@pytest.mark.parametrize("removed", [True, False], ids=["removed", "unsaid"])
def test_a_prohibition_that_leaves_no_such_way_is_final_and_says_what_would_change_it(world, kind, removed):
    """Also one that says nothing of the channel, while nobody screened the end-user."""
    if not removed:
        make.edition(unsaid)
    user = demo.party(world.exporter, "Arms Works", "US", "Works", nature="military")
    row = demo.declaration(world.exporter, user, ["1C905.a.4"], "MIL_USE", "motors")
    ref = world.special(by_whom=[row], **({} if kind == "special" else {"kind": kind, "circumstances": ""}))
    (problem,) = [one for one in problems(ref) if one.pointer == "/lines"]
    assert (problem.code, problem.extra) == ("policy-prohibits", {"special": False})
    assert f"{CLOSING}: another end-use, end-user or destination would change that." in problem.message


def test_an_end_user_whom_nobody_screened_yet_may_be_named(world):
    """That it is on the control list the ministry finds; a channel that hangs on that alone counts as open."""
    assert found(world.special()) == []
    make.edition(closed)
    assert found(world.special()) == [("/lines", "channel-closed")]


def test_to_be_listed_as_well_opens_nothing_that_is_closed_to_others(world):
    user = demo.party(world.exporter, "Arms Works", "US", "Works")
    civil, military = (demo.declaration(world.exporter, user, ["1C905.a.4"], use, "x") for use in CIVIL_AND_NOT)
    world.listed(world.application(kind="per_shipment", by_whom=[civil]))
    assert found(world.special(by_whom=[civil])) == []
    (problem,) = problems(world.special(by_whom=[military]))
    assert (problem.code, problem.extra) == ("policy-prohibits", {"special": False})


def test_the_circumstances_are_stated_in_words_enough_and_proved(world):
    said = "x" * 49
    ref = world.application(kind="special", circumstances=f"  {said}\n ")
    assert found(ref) == [("/circumstances", "required"), ("/documents", "required")]
    demo.paper(world.exporter, ref, "circumstances")
    assert found(ref) == [("/circumstances", "required")]
    assert found(world.special(circumstances=said + "x")) == []


def test_only_such_an_application_states_them(world):
    for kind, refused in (("per_shipment", True), ("annual", True), ("special", False)):
        draft = applications.Draft(kind=kind, circumstances=make.CIRCUMSTANCES)
        if refused:
            with pytest.raises(Invalid) as refusal:
                applications.start(draft, by=world.exporter)
            assert [one.pointer for one in refusal.value.errors] == ["/circumstances"]
        else:
            assert applications.start(draft, by=world.exporter).circumstances == make.CIRCUMSTANCES


def test_it_names_one_end_user(world):
    ref = world.special(by_whom=[world.declaration(), world.declaration()])
    assert ("/end_users", "max-items") in found(ref)


def test_postgresql_keeps_what_is_special_apart(world):
    ref, other = world.special(), world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    for pk, said in ((ref, {"circumstances": "x" * 49}), (other, {"circumstances": "x"}), (ref, {"kind": "annual"})):
        with pytest.raises(IntegrityError), transaction.atomic():
            Application.objects.filter(ref=pk).update(**said)


# --- deciding ---------------------------------------------------------------------------------------------


def test_an_exception_is_recorded_or_nothing_is_approved(world):
    ref, m = world.listed(world.special()), world.ministry
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=m.reviewer)
    with pytest.raises(Invalid) as refusal:
        decisions.approve(ref, seen=seen(ref), by=m.decider)
    assert [(one.pointer, one.code) for one in refusal.value.errors] == [("/departure", "required")]
    assert "or but for special circumstances" in refusal.value.errors[0].message
    decisions.approve(ref, seen=seen(ref), departure="A hospital's spare parts.", by=m.decider)
    step = DecisionStep.objects.get(application__ref=ref, step="decide")
    assert (step.presumed, step.departure) == ("prohibited", "A hospital's spare parts.")


def test_it_is_granted_as_one_shipment_within_twelve_months(world):
    license = world.exception()
    assert (license.kind, license.special, license.max_clearances) == ("special", True, 1)
    assert license.end_users.count() == 1
    assert findings.MONTHS_MOST["special_application"] == 12


def test_no_hit_found_is_no_ground_for_an_exception(world):
    ref, m = world.listed(world.special(), "none"), world.ministry
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=m.reviewer)
    with pytest.raises(DomainError) as refusal:
        decisions.approve(ref, seen=seen(ref), departure="For them.", by=m.decider)
    assert refusal.value.code == "channel-closed"


def test_rules_that_close_the_way_stop_approval_and_issue(world):
    ref, m = world.listed(world.special()), world.ministry
    decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), departure="For them.", by=m.decider)
    make.edition(closed)
    with pytest.raises(DomainError) as refusal:
        decisions.issue(ref, seen=seen(ref), acknowledged=tick(ref), by=m.decider)
    assert refusal.value.code == "policy-prohibits" and CLOSING in refusal.value.detail


# --- the license ------------------------------------------------------------------------------------------


def test_it_ships_in_spite_of_the_rule_that_forbids_it(world):
    license = world.exception()
    assert list(Verdict.objects.filter(line__license=license).values_list("prohibited", "forbidden")) == [([], False)]
    shipment = world.shipment(license, 100_000)
    assert world.clear(shipment.ref, 100_000).shipment
    assert License.objects.get(pk=license.pk).state == "exhausted"


def test_another_license_for_the_same_facts_is_stopped(world):
    license = world.exception()
    facts = Verdict.objects.get(line__license=license).facts
    editions, at = selectors.editions_at(legal_now()), license.issued_at
    told = {"since": at, "contract": None}
    (stretch,) = selectors.prohibited(editions, facts, special=False, **told)
    assert stretch["rules"] == ["R020"]
    assert selectors.prohibited(editions, facts, special=True, **told) == []


def test_rules_that_close_the_way_stop_it_at_once_and_a_turn_says_so(world):
    license = world.exception()
    make.edition(closed)
    with pytest.raises(DomainError) as refusal:
        world.shipment(license, 100_000)
    assert refusal.value.code == "policy-prohibits"
    tasks.turn_licenses()
    license.refresh_from_db()
    cause = Suspension.objects.get(license=license)
    assert (license.state, cause.cause, cause.rules) == ("suspended", "policy", ["R020"])
    make.edition(lambda rules, document: None, code="AGAIN")
    tasks.turn_licenses()
    license.refresh_from_db()
    assert license.state == "active"
    assert world.shipment(license, 100_000).state == "reserved"


def test_another_prohibition_does_not_stop_it_while_the_way_stays_open(world):
    """As the same case would be judged that is filed anew: what is left open is the rules' to say."""
    license, other = world.exception(), world.exception()

    def forbid(rules, document, **effect):
        match = {"destination.country": ["DE"]}
        rules["R033"].update(match=match, effect={"disposition": "prohibited", **effect})

    make.edition(forbid)
    assert world.shipment(license, 100_000).state == "reserved"
    make.edition(lambda rules, document: forbid(rules, document, remove=["special_application"]), code="CLOSED")
    with pytest.raises(DomainError) as refusal:
        world.shipment(other, 100_000)
    assert refusal.value.code == "policy-prohibits"


def test_an_edition_that_changes_nothing_is_confirmed(world):
    """Before a turn has come by, too, nothing says that it is stopped."""
    license = world.exception()
    make.edition(lambda rules, document: rules["R033"].update(rationale_en="Other words."))
    at, user = legal_now(), license.end_users.get()
    editions = selectors.editions_at(at)
    assert selectors.quiet([license], editions, at).keys() == {license.pk}
    assert [one.prohibited for one in judgments([license], editions, at)] == [None]
    assert stopped({1: Taken(license, user.party_id, "DE", [1])}, at) == set()


def test_a_what_if_counts_what_a_draft_would_stop(world):
    license = world.exception()
    shipment = world.shipment(license, 100_000)
    found = what_if(draft(closed), legal_now(), at=legal_now())
    assert found["licenses"]["refs"]["suspend"] == [license.ref]
    assert [ref for refs in found["shipments"]["refs"].values() for ref in refs] == [shipment.ref]
    found = what_if(draft(lambda rules, document: None), legal_now(), at=legal_now())
    assert (found["licenses"]["events"], found["licenses"]["spared"]) == ([], {})


def test_what_a_what_if_says_of_cases_and_licenses_is_what_a_turn_then_tells(world):
    """The ministry's and the company's own, of cases that were screened and of those that were not."""
    license, screened, filed = world.exception(), world.listed(world.special()), world.special()
    other = world.application(kind="per_shipment")
    for ref in (filed, other):
        applications.submit(ref, seen=seen(ref), by=world.exporter)
    none, at = world.listed(world.special(), "none"), legal_now()

    def asked(change):
        found, mine = what_if(draft(change), at, at=at), own(world, draft(change), at)
        stops = found["licenses"]["refs"].get("suspend", ()), {one.ref for one in mine.licenses}
        lost = found["cases"]["channels"].get("lost special_application", ()), found["cases"]["refs"]
        assert all(LOST in one.differing for one in mine.cases)
        return set(lost[0]), set(lost[1].get("changed", ())), {one.ref for one in mine.cases}, set(stops[0]), stops[1]

    assert asked(reworded) == (set(), set(), set(), set(), set())
    ours, theirs, stops = {screened, filed}, {screened, filed, none}, {license.ref}
    assert asked(closed) == (ours, ours, theirs, stops, stops)
    last = HistoryLine.objects.latest("pk").pk
    make.edition(closed)
    tasks.turn_licenses()
    tasks.turn_cases()
    lines = HistoryLine.objects.filter(pk__gt=last)
    told = {verb: {one.subject_ref for one in lines if one.verb == verb} for verb in ("turn_inside", "turn", "suspend")}
    assert told == {"turn_inside": ours, "turn": theirs, "suspend": stops}
    assert found(world.special()) == [("/lines", "channel-closed")]


def reworded(rules, document):
    rules["R020"]["rationale_en"] = "Other words."


def own(world, text, at):
    return what_of_mine(Compiled(read(text)), at, at=at, exporter=world.exporter.organization_id)


def test_a_turn_of_an_unscreened_case_names_the_rule_that_closes_its_way(world):
    ref = world.special()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    make.edition(closed)
    tasks.turn_cases()
    (one, *_rest) = selectors.turned(case(ref), judge(case(ref), at=legal_now()))
    assert one.rules == ("R020",)
    assert ("special_application" in one.before.channels, "special_application" in one.after.channels) == (True, False)


def test_a_license_is_spared_only_by_what_would_not_be_granted_anew(world):
    license = world.exception()

    def forbid(*remove):
        effect = {"disposition": "prohibited", "remove": ["single", *remove]}
        said = {"match": {"destination.country": ["DE"]}, "effect": effect, "applies_to": ["new"]}
        text = draft(lambda rules, document: rules["R033"].update(said))
        return what_if(text, legal_now(), at=legal_now())["licenses"]["spared"]

    assert forbid() == {}
    assert forbid("special_application") == {"spared": [license.ref]}


def test_the_hit_that_it_was_decided_on_does_not_stop_it_and_another_does(world):
    license, by = world.exception(), world.ministry.reviewer
    again = world.special(by_whom=[license.end_users.get().declaration])
    world.listed(again)
    assert open_(license)
    demo.screened(again, by, hit="possible", reason="Entry 12 has a like name.")
    assert not open_(license)
    demo.screened(again, by, hit="control_list", reason="It is entry CL-0001 after all.")
    assert open_(license)
    demo.screened(again, by, hit="military_list", reason="Entry 7.")
    assert not open_(license)


def open_(license):
    return LicenseEndUser.objects.get(license=license).open


def test_a_change_of_it_is_an_exception_too(world):
    license = world.exception()
    row = make.asking(amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter))
    assert (row.kind, row.grants, row.special, row.circumstances) == ("amendment", "special", True, make.CIRCUMSTANCES)
    assert found(row.ref) == []
    other = world.license()
    row = amendments.amend(other.ref, seen=seen(other.ref), by=world.exporter)
    assert (row.special, row.circumstances) == (False, "")


def test_a_copy_states_its_own_circumstances(world):
    license = world.exception()
    for row in (
        copies.copy_license(license.ref, by=world.exporter),
        copies.copy_case(license.application.ref, by=world.exporter),
    ):
        assert (row.kind, row.circumstances, row.contract_no) == ("special", "", "")
        assert [paper.type for paper in row.documents.all()] == ["tech_desc", "id_proof", "party_intro"]
        (change,) = [one for one in copied(row, legal_today()).changes if one.label == "Special circumstances"]
        assert (change.before, change.now) == (make.CIRCUMSTANCES, "")


# --- pages ------------------------------------------------------------------------------------------------


def test_a_draft_that_is_forbidden_leads_to_its_kind_which_can_be_changed(world, buyer, client):
    ref = world.application(kind="per_shipment", by_whom=[buyer])
    client.force_login(world.exporter.user)
    page = client.get(f"/applications/{ref}/")
    assert f'href="/applications/{ref}/edit/#kind"' in page.content.decode()
    choices = dict(client.get(f"/applications/{ref}/edit/").context["form"].fields["kind"].choices)
    assert {"per_shipment", "annual", "special"} == set(choices)
    assert client.get("/applications/new/?kind=special").context["form"]["kind"].value() == "special"


def test_the_form_keeps_circumstances_of_that_kind_alone(world, client):
    client.force_login(world.exporter.user)
    said = {"circumstances": make.CIRCUMSTANCES, "version": 1, "lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0}
    page = client.post("/applications/new/", said | {"kind": "annual"})
    assert list(page.context["form"].errors) == ["circumstances"]
    assert make.CIRCUMSTANCES in unescape(page.content.decode())
    assert client.post("/applications/new/", said | {"kind": "special"}).status_code == 302
    row = Application.objects.latest("pk")
    assert (row.kind, row.circumstances) == ("special", make.CIRCUMSTANCES)


def test_only_a_change_of_such_a_license_has_the_field(world, client):
    client.force_login(world.exporter.user)
    for license, has in ((world.exception(), True), (world.license(), False)):
        row = amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter)
        assert ("circumstances" in client.get(f"/applications/{row.ref}/edit/").context["form"].fields) == has


def test_both_sides_read_what_it_rests_on(world, client):
    license = world.exception()
    ref, said = license.application.ref, unescape(make.CIRCUMSTANCES)
    client.force_login(world.exporter.user)
    page = words(client.get(f"/applications/{ref}/"))
    assert "License under special circumstances" in page and said in page
    page = words(client.get(f"/licenses/{license.ref}/"))
    assert "License under special circumstances" in page and "An exception to a prohibition" in page
    assert "Special circumstances" in words(client.get("/licenses/", {"kind": "special"}))
    client.force_login(world.ministry.decider.user)
    page = words(client.get(f"/desk/cases/{ref}/"))
    assert "approved only as an exception" in page and said in page
    assert "approved only as an exception" not in words(client.get(f"/desk/cases/{world.license().application.ref}/"))


def test_who_sends_it_reads_it_once_more(world, client):
    ref = world.special()
    client.force_login(world.exporter.user)
    assert make.CIRCUMSTANCES in words(client.get(f"/applications/{ref}/submit/"))


def test_the_desk_lists_the_kind(world, client):
    ref, other = world.listed(world.special()), world.listed(world.application())
    client.force_login(world.ministry.reviewer.user)
    page = words(client.get("/desk/", {"view": "open", "kind": "special"}))
    assert ref in page and other not in page


def test_programs_read_the_kind_and_what_it_says(world, client):
    license = world.exception()
    client.force_login(world.exporter.user)
    said = client.get(f"/api/v1/applications/{license.application.ref}/").json()
    assert (said["kind"], said["circumstances"]) == ("special", make.CIRCUMSTANCES)
    listed = client.get("/api/v1/applications/", {"kind": "special"}).json()["results"]
    assert [one["reference"] for one in listed] == [said["reference"]]
    assert client.get(f"/api/v1/licenses/{license.ref}/").json()["kind"] == "special"


def test_whoever_asks_beforehand_reads_that_it_may_be_applied_for(world, client):
    asked = {"item": "1C905.a.4", "to": "DE", "use": "CIV_AUTO", "user": "commercial", "hit": "control_list"}
    asked["on"] = legal_today().isoformat()
    page = client.get("/check/", asked)
    assert "No license is given, but under special circumstances." in words(page)
    assert "?kind=special" not in page.content.decode()  # who has no account, has no form
    client.force_login(world.exporter.user)
    assert 'href="/applications/new/?kind=special"' in client.get("/check/", asked).content.decode()
    page = words(client.get("/check/", asked | {"hit": "none"}))
    assert "under special circumstances" not in page.partition("What would change it")[0]


# --- papers -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_papers_say_that_it_is_an_exception_and_what_was_stated(world):
    license, other = world.exception(), world.license()
    papers.make_due()
    receipt, grant = text_of(license.application, "receipt"), text_of(license.application, "grant")
    assert without_blanks(make.CIRCUMSTANCES) in receipt and "特殊情况" in receipt
    assert "anexceptiontoaprohibition" in grant and "对禁止规定作出的例外" in grant
    certificate = text_of(license, "certificate")
    assert "Exportlicenseunderspecialcircumstances" in certificate and "特殊情况出口许可证" in certificate
    assert "Anexceptiontoaprohibition." in certificate
    for row, kind in ((other.application, "receipt"), (other.application, "grant"), (other, "certificate")):
        assert "特殊情况" not in text_of(row, kind)


def text_of(row, kind):
    """Without blanks, as a line may end anywhere."""
    [pk] = [one.pk for one in papers.papers_of(row) if one.kind == kind]
    content = bytes(Paper.objects.select_related("document").get(pk=pk).document.content)
    assert pdf.flaws_of(content) == []
    return without_blanks(pdf.text_of(content))


def without_blanks(text):
    return re.sub(r"\s", "", text)
