"""A question about a declaration: answered, or the declaration is signed anew; and what both sides see of it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from config.local import demo
from core.deliveries import relay
from core.errors import WrongState
from core.history import lines_of
from core.legal_time import legal_now, legal_today
from core.models import Document, HistoryLine, Mail, Membership, Role
from core.selectors import documents_for
from exporters.actions import change_party
from exporters.models import Party
from licensing import selectors
from licensing.actions import applications, decisions, declarations
from licensing.actions.reliance import undeclared
from licensing.models import Application, ControlItem, Declaration, DeclarationEntry, EndUse
from licensing.policy.vocabulary import COUNTRY, END_USE
from licensing.selectors.what_if.cases import parts_of
from licensing.web.desk import _before
from licensing.web.lists import DESK_DECLARATIONS
from tests import make
from tests.core.test_files import TAKEN
from tests.licensing.test_limits import refused
from tests.make import needs_of, seen

QUESTION = "Who is the signer?"


@pytest.fixture
def officer(world):
    return world.ministry.reviewer


@pytest.fixture
def row(world, officer):
    row = world.declaration(verified=False)
    return declarations.query(row.ref, seen=seen(row.ref), reason=QUESTION, by=officer)


def answer(row, by, **said):
    return declarations.answer(row.ref, seen=seen(row.ref), by=by, **said)


def redo(row, by, reason="The director signs.", changes=("signature",)):
    return declarations.redo(row.ref, seen=seen(row.ref), changes=changes, reason=reason, by=by)


def signed_anew(row, world, paper=None, signed_on=None):
    signer = {"signer_name": "K", "signer_post": "Director", "signed_on": signed_on or legal_today()}
    paper = paper or ("new.pdf", demo.pdf("anew"))
    declarations.attach_signed(row.ref, seen=seen(row.ref), certificate=paper, by=world.exporter, **signer)
    return declarations.submit(row.ref, seen=seen(row.ref), by=world.exporter)


def thread(row):
    return list(DeclarationEntry.objects.filter(declaration=row).values_list("kind", "text"))


def sees(row, actor):
    return selectors.declarations_for(actor).filter(pk=row.pk).exists()


def test_an_answer_brings_it_back_to_the_reviewer_as_it_was_signed(row, world, officer):
    assert (row.state, row.queried) == ("queried", True)
    answered = answer(row, world.exporter, text="The head of purchasing.")
    assert (answered.state, answered.certificate_id) == ("submitted", row.certificate_id)
    assert thread(row) == [("ask", QUESTION), ("answer", "The head of purchasing.")]
    assert declarations.verify(row.ref, seen=seen(row.ref), quantity_fit=True, by=officer).checked


def test_it_is_signed_anew_where_what_was_signed_has_to_change(row, world, officer):
    draft, before = redo(row, world.exporter), row.product
    assert (draft.state, draft.certificate_id) == ("draft", row.certificate_id)
    items = [item.control_item for item in draft.items.all()]
    facts = {name: getattr(draft, name) for name in declarations.FIELDS} | {"product": "motors of trains"}
    declarations.change(row.ref, version=draft.version, items=items, by=world.exporter, **facts)
    again = signed_anew(row, world)
    assert (again.state, again.product, again.signer_name) == ("submitted", "motors of trains", "K")
    assert again.certificate_id != row.certificate_id
    assert _before(again) == [("product", before)]
    assert documents_for(officer).filter(pk=row.certificate_id).exists()  # what was signed before is kept
    assert declarations.verify(row.ref, seen=seen(row.ref), quantity_fit=True, by=officer).checked


def test_what_it_said_before_is_shown_in_words(row, world):
    redo(row, world.exporter)
    other = EndUse.objects.exclude(pk=row.end_use_id).first()
    items = list(ControlItem.objects.filter(code="1C902.a.1"))
    facts = {"end_use": other, "process": "resold", "re_export": True, "re_export_countries": ["JP"]}
    change(row, world, items, **facts)
    before = dict(_before(signed_anew(row, world)))
    assert before["end-use"] == str(row.end_use) and before["control items"] == "1C905.a.4"
    assert before["what happens to the goods"] == row.get_process_display()
    assert {said for name, said in before.items() if "country" in name or "countries" in name} == {"No", ""}
    redo_again = declarations.query(row.ref, seen=seen(row.ref), reason="And?", by=world.ministry.reviewer)
    redo(redo_again, world.exporter)
    change(row, world, items, **facts | {"re_export": False, "re_export_countries": ["FR"]})
    assert {"Yes", "Japan"} <= {said for _name, said in _before(Declaration.objects.get(pk=row.pk))}


def test_one_that_was_asked_about_can_be_rejected(row, officer):
    assert declarations.reject(row.ref, seen=seen(row.ref), reason="Forged", by=officer).rejected


def test_nothing_is_verified_or_filed_while_a_question_is_open(row, world, officer):
    case = world.application(by_whom=[row])
    assert refused(declarations.verify, row.ref, seen=seen(row.ref), quantity_fit=True, by=officer) == ["wrong-state"]
    assert refused(applications.submit, case, seen=seen(case), by=world.exporter) == ["declaration-not-submitted"]
    answer(row, world.exporter, text="x")
    assert applications.submit(case, seen=seen(case), by=world.exporter).state == "submitted"


@pytest.mark.parametrize("text", ["", " "], ids=["nothing", "blanks"])
def test_an_empty_answer_is_refused_and_nothing_changes(text, row, world):
    assert refused(declarations.answer, row.ref, seen=seen(row.ref), text=text, by=world.exporter) == ["required"]
    assert (thread(row), Declaration.objects.get().state) == ([("ask", QUESTION)], "queried")


def test_a_file_of_another_kind_keeps_the_whole_answer_back(row, world):
    before, files = Document.objects.count(), [("a.pdf", TAKEN["a.pdf"]), ("a.svg", b"<svg/>")]
    found = refused(declarations.answer, row.ref, seen=seen(row.ref), text="See", files=files, by=world.exporter)
    assert (found, thread(row), Document.objects.count()) == (["file-name"], [("ask", QUESTION)], before)


def test_officers_read_the_files_of_answers_and_strangers_do_not(row, world, officer):
    answer(row, world.exporter, files=[("card.png", TAKEN["a.png"])])
    file = DeclarationEntry.objects.get(kind="answer").files.get()
    stranger = make.exporter(world.ministry, "Other Co., Ltd.")
    reads = [documents_for(actor).filter(pk=file.pk).exists() for actor in (officer, world.exporter, stranger)]
    assert reads == [True, True, False]


def test_an_officer_still_sees_what_is_signed_anew_and_no_draft_that_was_never_sent(row, world, officer):
    redo(row, world.exporter)
    assert sees(row, officer)
    facts = {"end_user": row.end_user, "end_use": row.end_use}
    assert not sees(declarations.draft(by=world.exporter, items=[], **facts), officer)


def test_the_exporters_overview_asks_for_the_answer_and_for_the_new_signature(row, world):
    def wanted():
        return [(need.title, need.tone) for need in needs_of(world.exporter) if row.ref in need.url]

    assert wanted() == [("Answer a question about a declaration", "red")]
    redo(row, world.exporter)
    assert wanted() == [("Attach the signed declaration", "ochre")]


@pytest.mark.parametrize("say", [lambda row, by: answer(row, by, text="x"), redo], ids=["answer", "redo"])
def test_whoever_asked_is_written_to_as_long_as_he_can_act(say, row, world, officer, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    relay()
    assert Mail.objects.latest("pk").recipients == world.exporter.user.email
    Mail.objects.all().delete()
    say(row, world.exporter)
    relay()
    assert [mail.recipients for mail in Mail.objects.all()] == [officer.user.email]
    assert selectors.asked_by(row.pk) == [officer.user.email]
    Membership.objects.filter(user=officer.user).update(roles=["intake"])
    assert selectors.asked_by(row.pk) == []


def test_nobody_is_written_to_of_what_nobody_asked(world):
    assert selectors.asked_by(world.declaration(verified=False).pk) == []


@pytest.mark.parametrize("verb", ["query", "answer", "redo"])
def test_what_was_not_seen_is_not_asked_and_not_answered(verb, row, world, officer):
    if verb == "query":
        answer(row, world.exporter, text="x")
    by, said = (officer, {"reason": "x"}) if verb == "query" else (world.exporter, {"text": "x"})
    said = {"reason": "x", "changes": ["signature"]} if verb == "redo" else said
    old, before = seen(row.ref) - 1, HistoryLine.objects.count()
    assert refused(getattr(declarations, verb), row.ref, seen=old, by=by, **said) == ["stale"]
    assert HistoryLine.objects.count() == before


# --- a case that relies on it ------------------------------------------------------------------------------
def change(row, world, items=None, **facts):
    row = Declaration.objects.get(pk=row.pk)
    items = items or [item.control_item for item in row.items.all()]
    facts = {name: getattr(row, name) for name in declarations.FIELDS} | facts
    return declarations.change(row.ref, version=row.version, items=items, by=world.exporter, **facts)


@pytest.fixture
def case(world, row):
    """Filed on it, and taken; then asked about once more."""
    answer(row, world.exporter, text="x")
    ref = world.under_review(world.application(by_whom=[row]))
    declarations.query(row.ref, seen=seen(row.ref), reason="And?", by=world.ministry.reviewer)
    return ref


def recommend(case, officer):
    return decisions.recommend(case, seen=seen(case), outcome="approve", by=officer)


def verified(row, world):
    return declarations.verify(row.ref, seen=seen(row.ref), quantity_fit=True, by=world.ministry.reviewer)


def refused_to(verb, case, by, **said):
    return refused(verb, case, seen=seen(case), by=by, **said)


@pytest.mark.parametrize("taken_back", [False, True], ids=["queried", "draft"])
def test_nothing_is_recommended_on_what_the_ministry_has_not(taken_back, case, row, world, officer):
    if taken_back:
        redo(row, world.exporter)
    found = refused_to(decisions.recommend, case, officer, outcome="approve")
    assert found == ["declaration-not-submitted"]


@pytest.mark.parametrize(
    ("other", "code"), [({"yearly_need": ""}, "yearly-need-missing"), ({"items": "1C902.a.1"}, "item-not-declared")]
)
def test_what_filing_asked_of_it_is_asked_when_it_is_recommended(other, code, case, row, world, officer):
    redo(row, world.exporter)
    if "items" in other:
        other = {"items": list(ControlItem.objects.filter(code=other["items"]))}
    change(row, world, **other)
    signed_anew(row, world)
    verified(row, world)
    assert refused_to(decisions.recommend, case, officer, outcome="approve") == [code]


def test_a_line_that_is_cut_away_needs_no_declaration(case, row, world, officer):
    redo(row, world.exporter)
    change(row, world, items=list(ControlItem.objects.filter(code="1C902.a.1")))
    signed_anew(row, world)
    application = Application.objects.get(ref=case)
    users, line = list(application.end_users.all()), application.lines.get().number
    assert [undeclared(application, users, lines) != [] for lines in (set(), {line})] == [False, True]


def test_what_was_signed_anew_after_the_recommendation_is_recommended_again(case, row, world, officer):
    answer(row, world.exporter, text="x")
    recommend(case, officer)
    declarations.query(row.ref, seen=seen(row.ref), reason="One more", by=officer)
    redo(row, world.exporter)
    change(row, world, product="something else")
    signed_anew(row, world)
    verified(row, world)
    decider = world.ministry.decider
    assert refused_to(decisions.approve, case, decider) == ["declaration-changed"]
    decisions.send_back(case, seen=seen(case), reason="Look again", by=decider)
    recommend(case, officer)
    assert decisions.approve(case, seen=seen(case), by=decider).state == "approved"


def test_whoever_decides_reads_beforehand_that_it_was_signed_anew(case, row, world, officer, client):
    answer(row, world.exporter, text="x")
    recommend(case, officer)
    client.force_login(world.ministry.decider.user)
    assert client.get(f"/desk/cases/{case}/").context["against"] == ""
    declarations.query(row.ref, seen=seen(row.ref), reason="One more", by=officer)
    redo(row, world.exporter)
    signed_anew(row, world)
    verified(row, world)
    assert "signed anew after this was recommended" in client.get(f"/desk/cases/{case}/").context["against"]


def test_an_answer_that_changes_nothing_leaves_the_recommendation(case, row, world, officer):
    answer(row, world.exporter, text="x")
    recommend(case, officer)
    declarations.query(row.ref, seen=seen(row.ref), reason="One more", by=officer)
    answer(row, world.exporter, text="y")
    verified(row, world)
    assert decisions.approve(case, seen=seen(case), by=world.ministry.decider).state == "approved"


def test_a_page_of_before_it_was_signed_anew_recommends_nothing(case, row, world, officer):
    redo(row, world.exporter)
    old = seen(case)
    signed_anew(row, world)
    assert refused(decisions.recommend, case, seen=old, by=officer, outcome="approve") == ["stale"]
    assert lines_of(Application.objects.get(ref=case)).last().facts == {"declaration": row.ref}
    assert recommend(case, officer).state == "awaiting_decision"


def test_whoever_has_the_case_is_written_to_when_it_was_signed_anew(case, row, world, officer, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    redo(row, world.exporter)
    signed_anew(row, world)
    relay()
    told = Mail.objects.filter(subject__contains=case, recipients=officer.user.email)
    assert [mail.subject for mail in told] == [f"{case}: one of its declarations was signed anew"]


def test_a_case_that_is_decided_hears_nothing_of_it(case, row, world):
    applications.withdraw(case, by=world.exporter)
    lines = lines_of(Application.objects.get(ref=case)).count()
    redo(row, world.exporter)
    signed_anew(row, world)
    assert lines_of(Application.objects.get(ref=case)).count() == lines


def test_rules_look_at_what_was_signed_and_not_at_a_draft(case, row, world):
    def looked_at():
        application = Application.objects.get(ref=case)
        one = selectors.judge(application, at=legal_now())[0]
        _lines, users = parts_of([application])[application.pk]
        return one.said[END_USE], one.said[COUNTRY], users[0].signed

    before = looked_at()
    redo(row, world.exporter)
    other = EndUse.objects.exclude(pk=row.end_use_id).first()
    change(row, world, end_use=other, re_export=True, re_export_countries=["KP"])
    assert looked_at() == before
    signed_anew(row, world)
    assert looked_at()[0] == other.pk and looked_at()[2].end_use == other.pk and "KP" in looked_at()[1]


def signed_as(row, **facts):
    """It was signed while its end-user was entered so."""
    party = Party.objects.get(pk=row.end_user_id).entered | facts
    kept = Declaration.objects.get(pk=row.pk).as_signed
    Declaration.objects.filter(pk=row.pk).update(as_signed=kept | {"party": party})


@pytest.mark.parametrize("name", ["name", "name_local", "country", "address", "site_address", "registration_no"])
def test_an_end_user_goes_by_what_it_signed_as(name, case, row, world, officer):
    answer(row, world.exporter, text="x")
    signed_as(row, **{name: "FR"})
    assert refused_to(decisions.recommend, case, officer, outcome="approve") == ["end-user-changed"]
    signed_as(row, email="new@example.com", business="Pumps")  # a certificate names nobody by these
    recommend(case, officer)
    verified(row, world)
    for verb in (decisions.approve, decisions.issue):
        signed_as(row, **{name: "FR"})
        assert refused_to(verb, case, world.ministry.decider) == ["end-user-changed"]
        signed_as(row)
        verb(case, seen=seen(case), by=world.ministry.decider)


def test_no_case_is_filed_for_whom_was_entered_otherwise_since(world):
    row = world.declaration(verified=False)
    case = world.application(by_whom=[row])
    change_party(row.end_user.ref, version=1, by=world.exporter, name="Another")
    found = refused(applications.submit, case, seen=seen(case), by=world.exporter)
    assert found == ["end-user-changed"]


# --- the end-user stays --------------------------------------------------------------------------------------
def another_end_user(world):
    return demo.party(world.exporter, "Other", "US", "Rockets")


def test_what_was_sent_stays_with_its_end_user(row, world):
    redo(row, world.exporter)
    assert refused(change, row, world, end_user=another_end_user(world)) == ["end-user-stays"]


def test_what_a_case_names_stays_with_its_end_user_and_a_draft_alone_does_not(world):
    signed = world.declaration(verified=False)
    facts = {name: getattr(signed, name) for name in declarations.FIELDS}
    drafts = [declarations.draft(by=world.exporter, items=[], **facts) for _ in range(2)]
    world.application(by_whom=[drafts[0]])
    assert refused(change, drafts[0], world, end_user=another_end_user(world)) == ["end-user-stays"]
    assert change(drafts[1], world, end_user=another_end_user(world)).end_user.name == "Other"


def test_postgresql_keeps_a_case_and_its_declaration_with_one_end_user(world):
    named, other = world.declaration(), another_end_user(world)
    world.application(by_whom=[named])
    with pytest.raises(IntegrityError, match="application_end_user_declared"), transaction.atomic():
        _give_at_once(named, other)


def _give_at_once(named, other):
    Declaration.objects.filter(pk=named.pk).update(end_user=other)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


# --- a new signature is a new one ------------------------------------------------------------------------------
def test_the_certificate_of_before_is_no_new_one(row, world):
    old = Document.objects.get(pk=row.certificate_id)
    redo(row, world.exporter)
    assert refused(signed_anew, row, world, ("again.pdf", bytes(old.content))) == ["out-of-range"]
    signed_anew(row, world)
    declarations.query(row.ref, seen=seen(row.ref), reason="And?", by=world.ministry.reviewer)
    redo(row, world.exporter)
    assert refused(signed_anew, row, world, ("again.pdf", bytes(old.content))) == ["out-of-range"]


def test_a_new_signature_is_no_older_than_the_last_question(row, world, clock):
    answer(row, world.exporter, text="x")
    clock.shift(days=3)
    declarations.query(row.ref, seen=seen(row.ref), reason="And?", by=world.ministry.reviewer)
    redo(row, world.exporter)
    day = legal_today()
    assert refused(signed_anew, row, world, signed_on=day - timedelta(days=1)) == ["date-out-of-range"]
    assert signed_anew(row, world, signed_on=day).state == "submitted"


def test_the_certificate_of_a_rejected_one_carries_no_other(row, world, officer):
    paper = ("again.pdf", bytes(Document.objects.get(pk=row.certificate_id).content))
    declarations.reject(row.ref, seen=seen(row.ref), reason="Forged.", by=officer)
    facts = {name: getattr(row, name) for name in declarations.FIELDS}
    other = declarations.draft(by=world.exporter, items=[], **facts)
    assert refused(signed_anew, other, world, paper) == ["out-of-range"]
    assert signed_anew(other, world).state == "submitted"


def test_a_change_of_what_is_queried_says_how(row, world):
    with pytest.raises(WrongState, match="signed anew"):
        change(row, world)


def test_of_those_who_asked_the_last_is_written_to(row, world, officer):
    answer(row, world.exporter, text="x")
    second = demo.person("second-reviewer", "Second", world.ministry.office, Role.REVIEWER)
    declarations.query(row.ref, seen=seen(row.ref), reason="And?", by=second)
    assert selectors.asked_by(row.pk) == [second.user.email]


def test_the_history_names_the_files_of_an_answer(row, world):
    answer(row, world.exporter, files=[("card.png", TAKEN["a.png"])])
    file = DeclarationEntry.objects.get(kind="answer").files.get()
    assert lines_of(row).last().facts == {"files": [file.sha256]}


def test_the_desk_tells_what_is_with_the_exporter(row, world, officer):
    def held(view):
        [found] = [one for one in DESK_DECLARATIONS.views if one.name == view]
        return set(found.narrow(selectors.declarations_for(officer), officer))

    def all_held():
        return held("waiting"), held("exporter"), held("seen")

    assert all_held() == (set(), {row}, set())
    redo(row, world.exporter)
    assert all_held() == (set(), {row}, set())
    signed_anew(row, world)
    assert all_held() == ({row}, set(), set())


# --- what it is signed anew for, and what is verified -------------------------------------------------------
@pytest.mark.parametrize("changes", [[], ["price"], ["product", "state"]])
def test_what_must_change_is_named_and_is_something_that_was_signed(changes, row, world):
    said = {"seen": seen(row.ref), "changes": changes, "reason": "x", "by": world.exporter}
    assert refused(declarations.redo, row.ref, **said) == ["required"]
    assert Declaration.objects.get(pk=row.pk).queried


def test_whoever_asked_reads_what_must_change(row, world, officer, client):
    redo(row, world.exporter, changes=["signature", "product", "party"])
    assert lines_of(row).last().facts == {"changes": ["product", "party", "signature"]}
    client.force_login(officer.user)
    text = client.get(f"/desk/declarations/{row.ref}/").content.decode()
    assert "what must change: product, the end-user’s name, address or site, who signed it, or how" in text


def test_one_that_was_taken_back_for_what_it_says_says_something_else_when_it_is_signed(row, world):
    redo(row, world.exporter, changes=["product"])
    assert refused(signed_anew, row, world) == ["out-of-range"]
    change(row, world, product="motors of trains")
    assert signed_anew(row, world).state == "submitted"


def test_each_thing_that_was_named_says_something_else_when_it_is_signed(row, world):
    redo(row, world.exporter, changes=["signature", "product"])
    change(row, world, yearly_need="31 t")
    assert refused(signed_anew, row, world) == ["out-of-range"]
    change(row, world, product="motors of trains")
    assert signed_anew(row, world).state == "submitted"


def test_what_changed_may_be_the_entry_of_its_end_user(row, world):
    redo(row, world.exporter, changes=["party"])
    assert refused(signed_anew, row, world) == ["out-of-range"]
    party = row.end_user
    facts = {name: getattr(party, name) for name in Party.ENTERED if name != "country"} | {"country": party.country}
    change_party(party.ref, version=party.version, by=world.exporter, **facts | {"site_address": "Plant 2"})
    assert signed_anew(row, world).state == "submitted"


def test_who_signs_it_may_be_all_that_changes(row, world):
    redo(row, world.exporter, changes=["signature"])
    assert signed_anew(row, world).state == "submitted"


def test_the_form_asks_what_must_change(row, world, client):
    client.force_login(world.exporter.user)
    address = f"/declarations/{row.ref}/redo/"
    answer_ = client.post(address, {"seen": seen(row.ref), "reason": "x"})
    assert answer_.status_code == 422 and Declaration.objects.get(pk=row.pk).queried
    assert client.post(address, {"seen": seen(row.ref), "reason": "x", "changes": ["product"]}).status_code == 302


def test_nobody_verifies_who_does_not_say_that_the_quantities_fit(row, world, officer, client):
    answer(row, world.exporter, text="x")
    version = seen(row.ref)
    assert refused(declarations.verify, row.ref, seen=version, quantity_fit=False, by=officer) == ["required"]
    client.force_login(officer.user)
    address = f"/desk/declarations/{row.ref}/"
    said = {"seen": version, "compared": "[]"}
    assert client.post(f"{address}verify/", said).status_code == 422
    assert Declaration.objects.get(pk=row.pk).to_verify
    assert client.post(f"{address}verify/", said | {"quantity_fit": "on"}).status_code == 302


def test_nobody_says_that_quantities_fit_which_he_did_not_see(row, world, officer, client):
    answer(row, world.exporter, text="x")
    client.force_login(officer.user)
    address, version = f"/desk/declarations/{row.ref}/", seen(row.ref)
    said = {"seen": version, "quantity_fit": "on"}
    shown = client.get(address).context["forms"]["verify"]["compared"].initial
    world.under_review(world.application(by_whom=[row], kilograms=10_000))
    assert client.post(f"{address}verify/", said | {"compared": shown}).status_code == 412
    assert Declaration.objects.get(pk=row.pk).to_verify
    shown = client.get(address).context["forms"]["verify"]["compared"].initial
    assert client.post(f"{address}verify/", said | {"compared": shown}).status_code == 302


def test_what_was_compared_stands_on_the_page_and_then_in_its_history(row, world, officer, client):
    answer(row, world.exporter, text="x")
    Declaration.objects.filter(pk=row.pk).update(yearly_need="30 {t}")
    for kilograms in (60, 40):
        world.under_review(world.application(by_whom=[row], kilograms=kilograms))
    world.application(by_whom=[row], kilograms=7)  # which nobody filed
    other = world.under_review(world.application(by_whom=[row], kilograms=9))
    applications.withdraw(other, by=world.exporter)
    client.force_login(officer.user)
    text = client.get(f"/desk/declarations/{row.ref}/").content.decode()
    assert "Stated need" in text and "30 {t}" in text and "100 kg" in text
    declarations.verify(row.ref, seen=seen(row.ref), quantity_fit=True, by=officer)
    line = lines_of(row).get(verb="verify")
    assert line.facts == {"need": "30 {t}", "asked": [["1C905.a.4", "kg", 100_000]]}
    text = client.get(f"/desk/declarations/{row.ref}/").content.decode()
    assert "the quantities fit. Stated need: 30 {t}; asked: 1C905.a.4 100 kg" in text
