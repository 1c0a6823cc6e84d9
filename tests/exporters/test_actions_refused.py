"""Companies and parties: each refusal, with nothing changed."""

import pytest

from config.local import demo
from core.errors import DomainError, Forbidden, NotFound
from core.models import HistoryLine, Organization, User
from exporters import actions, selectors
from exporters.models import Exporter, Party
from tests import make


def everything():
    models = (Exporter, Party, Organization, HistoryLine)
    return [list(model.objects.order_by("pk").values()) for model in models]


def refused(verb, *args, **kwargs):
    """The codes of the verb's refusal; it changed nothing."""
    before = everything()
    with pytest.raises(DomainError) as refusal:
        verb(*args, **kwargs)
    assert everything() == before
    return [(problem.pointer, problem.code) for problem in refusal.value.errors] or [("", refusal.value.code)]


@pytest.fixture
def newcomer(world):
    """The signatory of a company in draft, with all that its verification needs."""
    actor = make.exporter(None, "Newcomer Co., Ltd.")
    names = dict.fromkeys(("legal_representative", "main_manager", "handler"), "Li Na")
    names["handler_phone"] = "0797 812 3456"
    paper = ("license.pdf", demo.pdf("Business license"))
    seen = make.seen(actor.organization_id)
    actions.describe(seen=seen, by=actor, business_license=paper, address="1 Road", province="36", **names)
    return actor


def test_a_code_with_a_typing_error_is_refused():
    with pytest.raises(DomainError) as refusal:
        actions.read_credit_code("91360700MA35LT1X0Z")
    assert refusal.value.code == "invalid-credit-code"


def test_a_code_that_a_verified_company_holds_is_refused_at_joining_and_at_submission(world, newcomer):
    held = Exporter.objects.get(pk=world.exporter.organization_id).uscc
    user = User.objects.create_user("x@example.cn", name="X")
    wrong = [("/uscc", "already-registered")]
    assert refused(actions.join, user, name_en="X", name_zh="X", uscc=held) == wrong
    Exporter.objects.filter(pk=newcomer.organization_id).update(uscc=held)
    assert refused(actions.submit, seen=make.seen(newcomer.organization_id), by=newcomer) == wrong


@pytest.mark.parametrize(
    ("field", "name"),
    [("name_en", "customs SHANGHAI."), ("name_en", "出口管制局"), ("name_zh", "Bureau of Export Control")],
)
def test_no_exporter_takes_the_name_of_an_authority(field, name, world, newcomer, client):
    """Neither at sign-up nor by mending a typing error, in no field and however it is pointed."""
    names = {"name_en": "X Co., Ltd.", "name_zh": "某公司", field: name}
    user, wrong = User.objects.create_user("x@example.cn", name="X"), [(f"/{field}", "name-taken")]
    assert refused(actions.join, user, **names, uscc=make.credit_code(990)) == wrong
    assert refused(actions.describe, seen=make.seen(newcomer.organization_id), by=newcomer, **{field: name}) == wrong
    passwords = dict.fromkeys(("password1", "password2"), "a-long-enough-secret-7")
    answers = names | passwords | {"your_name": "Li", "email": "li@example.cn", "uscc": make.credit_code(990)}
    page = client.post("/accounts/signup/", answers).content.decode()
    assert "This is the name of an authority" in page
    assert not User.objects.filter(email="li@example.cn").exists()


def test_who_had_the_name_before_the_office_mends_the_rest(world, newcomer):
    Organization.objects.create(kind="customs", name_en=newcomer.organization.name_en)
    actions.describe(
        seen=make.seen(newcomer.organization_id), by=newcomer, name_en=newcomer.organization.name_en, name_zh="改"
    )
    newcomer.organization.refresh_from_db()
    assert newcomer.organization.name_zh == "改"


def test_the_second_account_of_a_code_is_not_verified(world, newcomer):
    actions.submit(seen=make.seen(newcomer.organization_id), by=newcomer)
    Exporter.objects.filter(pk=newcomer.organization_id).update(
        uscc=Exporter.objects.get(pk=world.exporter.organization_id).uscc
    )
    seen = make.seen(newcomer.organization_id)
    found = refused(actions.verify, newcomer.organization_id, seen=seen, by=world.ministry.intake)
    assert found == [("", "already-registered")]


def test_an_account_that_was_sent_in_is_not_described_again(newcomer):
    actions.submit(seen=make.seen(newcomer.organization_id), by=newcomer)
    seen = make.seen(newcomer.organization_id)
    assert refused(actions.describe, seen=seen, by=newcomer, address="2 Road") == [("", "wrong-state")]


def test_everything_missing_is_named_at_once(world):
    empty = make.exporter(None, "Empty Co., Ltd.")
    found = refused(actions.submit, seen=make.seen(empty.organization_id), by=empty)
    needed = ("legal_representative", "main_manager", "handler", "handler_phone", "address", "business_license")
    assert found == [(f"/{name}", "required") for name in needed]


def test_a_clerk_does_not_send_the_company_in_not_even_an_incomplete_one(world):
    clerk = make.colleague(make.exporter(None, "Empty Co., Ltd."), "clerk")
    before = everything()
    with pytest.raises(Forbidden):
        actions.submit(seen=make.seen(clerk.organization_id), by=clerk)
    assert everything() == before


def party(actor, name="Works"):
    return demo.party(actor, name, "DE", "Motors")


def test_a_party_has_a_name_with_a_letter(world):
    made = party(world.exporter)
    wrong = [("/name", "blank")]
    assert refused(actions.add_party, by=world.exporter, name="--") == wrong
    assert refused(actions.change_party, made.ref, version=1, name="--", by=world.exporter) == wrong


def test_a_stale_change_overwrites_nothing(world):
    made = party(world.exporter)
    actions.change_party(made.ref, version=1, name="First", by=world.exporter)
    found = refused(actions.change_party, made.ref, version=1, name="Second", by=world.exporter)
    assert found == [("", "stale")]
    made.refresh_from_db()
    assert (made.name, made.version) == ("First", 2)


def test_history_keeps_what_a_party_was_before(world):
    made = party(world.exporter)
    actions.change_party(made.ref, version=1, name="First", business="Motors", by=world.exporter)
    line = HistoryLine.objects.get(subject_kind="party", subject_id=made.pk, verb="change")
    assert line.facts == {"changed": ["name"], "before": {"name": "Works"}}


def test_nobody_else_changes_a_party(world):
    made = party(world.exporter)
    for other in (make.exporter(world.ministry, "Other Co., Ltd."), world.ministry.reviewer):
        assert refused(actions.change_party, made.ref, version=1, name="X", by=other) == [("", "not-found")]


def test_a_stranger_does_not_see_a_party(world):
    made, stranger = party(world.exporter), make.exporter(world.ministry, "Other Co., Ltd.")
    assert list(selectors.parties_for(world.exporter)) == [made]
    assert list(selectors.parties_for(stranger)) == []


def test_a_company_sees_itself_only(world):
    make.exporter(world.ministry, "Other Co., Ltd.")
    assert [row.pk for row in selectors.exporters_for(world.exporter)] == [world.exporter.organization_id]


def test_officers_do_not_see_an_account_that_was_never_sent_in(world):
    draft = make.exporter(None, "Draft Co., Ltd.")
    for verb in (actions.verify, actions.send_back):
        reason = {"reason": "x"} if verb is actions.send_back else {}
        with pytest.raises(NotFound):
            verb(draft.organization_id, seen=1, by=world.ministry.intake, **reason)
    assert draft.organization_id not in {row.pk for row in selectors.exporters_for(world.ministry.intake)}
