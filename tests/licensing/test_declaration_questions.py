"""A question about a declaration: answered, or the declaration is signed anew; and what both sides see of it."""

import pytest

from config.local import demo
from core.deliveries import relay
from core.legal_time import legal_today
from core.models import Document, HistoryLine, Mail, Membership
from core.selectors import documents_for
from licensing import selectors
from licensing.actions import applications, declarations
from licensing.models import Declaration, DeclarationEntry
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


def redo(row, by, reason="The director signs."):
    return declarations.redo(row.ref, seen=seen(row.ref), reason=reason, by=by)


def signed_anew(row, world):
    signer = {"signer_name": "K", "signer_post": "Director", "signed_on": legal_today()}
    paper = ("new.pdf", demo.pdf("anew"))
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
    assert declarations.verify(row.ref, seen=seen(row.ref), by=officer).checked


def test_it_is_signed_anew_where_what_was_signed_has_to_change(row, world, officer):
    draft = redo(row, world.exporter)
    assert (draft.state, draft.certificate_id) == ("draft", row.certificate_id)
    items = [item.control_item for item in draft.items.all()]
    facts = {name: getattr(draft, name) for name in declarations.FIELDS} | {"product": "motors of trains"}
    declarations.change(row.ref, version=draft.version, items=items, by=world.exporter, **facts)
    again = signed_anew(row, world)
    assert (again.state, again.product, again.signer_name) == ("submitted", "motors of trains", "K")
    assert again.certificate_id != row.certificate_id
    assert Document.objects.filter(pk=row.certificate_id).exists()  # what was signed before is kept
    assert declarations.verify(row.ref, seen=seen(row.ref), by=officer).checked


def test_one_that_was_asked_about_can_be_rejected(row, officer):
    assert declarations.reject(row.ref, seen=seen(row.ref), reason="Forged", by=officer).rejected


def test_nothing_is_verified_or_filed_while_a_question_is_open(row, world, officer):
    case = world.application(by_whom=[row])
    assert refused(declarations.verify, row.ref, seen=seen(row.ref), by=officer) == ["wrong-state"]
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
    said = {"reason": "x"} if verb == "redo" else said
    old, before = seen(row.ref) - 1, HistoryLine.objects.count()
    assert refused(getattr(declarations, verb), row.ref, seen=old, by=by, **said) == ["stale"]
    assert HistoryLine.objects.count() == before
