"""Another declaration in the place of a rejected one, while the case is open."""

from datetime import timedelta

import pytest

from config.local import demo
from core.deliveries import relay
from core.history import open_verbs
from core.legal_time import legal_today
from core.models import Mail
from licensing.actions import applications, declarations
from licensing.models import Application, ControlItem, Declaration
from licensing.web.forms import RedeclareForm
from tests import make
from tests.licensing.test_limits import refused
from tests.make import seen


def reject(row, world):
    return declarations.reject(row.ref, seen=seen(row.ref), reason="Forged", by=world.ministry.reviewer)


@pytest.fixture
def rejected(world):
    return world.declaration(verified=False)


@pytest.fixture
def case(world, rejected):
    ref = world.under_review(world.application(by_whom=[rejected]))
    reject(rejected, world)
    return ref


def another(world, like, *, code="1C905.a.4", days_ago=10, **facts):
    """A declaration of the same end-user, sent in. code: one, or several."""
    facts = {name: getattr(like, name) for name in declarations.FIELDS} | facts
    row = declarations.draft(by=world.exporter, items=list(ControlItem.objects.filter(code__in=code.split())), **facts)
    signer = {"signer_name": "J", "signer_post": "Head", "signed_on": legal_today() - timedelta(days=days_ago)}
    paper = ("c.pdf", demo.pdf("anew"))
    declarations.attach_signed(row.ref, seen=seen(row.ref), certificate=paper, by=world.exporter, **signer)
    return declarations.submit(row.ref, seen=seen(row.ref), by=world.exporter)


def redeclare(case, world, row):
    return applications.redeclare(case, seen=seen(case), declaration=row.ref, by=world.exporter)


def refusal(case, world, row):
    return refused(applications.redeclare, case, seen=seen(case), declaration=row.ref, by=world.exporter)


def named(case):
    return [user.declaration.ref for user in Application.objects.get(ref=case).end_users.order_by("pk")]


def test_the_case_goes_on_where_it_is_with_the_new_declaration(case, world, rejected, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    relay()
    Mail.objects.all().delete()
    new = another(world, rejected)
    assert redeclare(case, world, new).state == "under_review"
    assert named(case) == [new.ref]
    relay()
    assert [mail.recipients for mail in Mail.objects.all()] == [world.ministry.reviewer.user.email]


def test_the_page_offers_what_may_be_named_and_nothing_else(case, world, rejected):
    new, stranger = another(world, rejected), world.declaration()
    asked = another(world, rejected)
    declarations.query(asked.ref, seen=seen(asked.ref), reason="Who?", by=world.ministry.reviewer)
    form = RedeclareForm(row=Application.objects.get(ref=case))
    offered = {row.ref for row in form.fields["declaration"].queryset}
    assert (offered, stranger.ref in offered) == ({new.ref}, False)


def test_nothing_takes_the_place_of_a_declaration_that_stands(world, rejected):
    case = world.under_review(world.application(by_whom=[rejected]))
    assert refusal(case, world, another(world, rejected)) == ["unknown-reference"]
    assert named(case) == [rejected.ref]


def test_a_declaration_of_an_end_user_whose_own_stands_takes_no_place(world, rejected):
    kept = world.declaration()
    case = world.under_review(world.application(by_whom=[rejected, kept]))
    reject(rejected, world)
    assert refusal(case, world, another(world, kept)) == ["unknown-reference"]
    assert named(case) == [rejected.ref, kept.ref]


def test_a_rejected_or_another_companys_declaration_takes_no_place(case, world, rejected):
    stranger = make.exporter(world.ministry, "Other Co., Ltd.")
    theirs = demo.declaration(stranger, demo.party(stranger, "X", "DE", "Motors"), ["1C905.a.4"], "CIV_AUTO", "motors")
    for row in (rejected, theirs):
        assert refusal(case, world, row) == ["unknown-reference"]


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({}, "declaration-too-old"),
        ({"yearly_need": ""}, "yearly-need-missing"),
        ({"code": "1C902.a.1"}, "item-not-declared"),
    ],
)
def test_it_is_one_that_the_case_could_be_filed_on(other, code, case, world, rejected):
    new = another(world, rejected, **other)
    if not other:
        Declaration.objects.filter(pk=new.pk).update(signed_on=legal_today() - timedelta(days=400))
    assert refusal(case, world, new) == [code]
    assert named(case) == [rejected.ref]


def test_another_end_user_who_declared_none_of_the_goods_stops_nobody(world, rejected, monkeypatch):
    """He was named before that was asked, and nobody leaves him out of an open case."""
    other = world.declaration(codes=("1C902.a.1",))
    with monkeypatch.context() as before:
        before.setattr(applications, "lacking_of", lambda row, users: [])
        case = world.under_review(world.application(by_whom=[rejected, other]))
    reject(rejected, world)
    new = another(world, rejected)
    redeclare(case, world, new)
    assert named(case) == [new.ref, other.ref]


def test_one_that_covers_none_of_the_goods_takes_no_place_beside_one_that_does(world, rejected):
    case = world.under_review(world.application(by_whom=[rejected, world.declaration()]))
    reject(rejected, world)
    assert refusal(case, world, another(world, rejected, code="1C902.a.1")) == ["item-not-declared"]


def test_one_that_the_reviewer_asks_about_takes_no_place(case, world, rejected):
    new = another(world, rejected)
    declarations.query(new.ref, seen=seen(new.ref), reason="Who?", by=world.ministry.reviewer)
    assert refusal(case, world, new) == ["declaration-not-submitted"]


def test_of_two_that_were_rejected_each_is_replaced_by_itself(world):
    old = [world.declaration(verified=False) for _ in range(2)]
    case = world.under_review(world.application(by_whom=old))
    for row in old:
        reject(row, world)
    new = [another(world, row) for row in old]
    redeclare(case, world, new[1])
    assert named(case) == [old[0].ref, new[1].ref]
    redeclare(case, world, new[0])
    assert named(case) == [row.ref for row in new]


def test_what_was_not_seen_is_not_replaced(case, world, rejected):
    new, old = another(world, rejected), seen(case) - 1
    assert refused(applications.redeclare, case, seen=old, declaration=new.ref, by=world.exporter) == ["stale"]


def test_it_is_offered_where_one_was_rejected_and_nowhere_else(case, world):
    other = world.under_review(world.application())
    offered = ["redeclare" in open_verbs(Application.objects.get(ref=ref), world.exporter) for ref in (case, other)]
    assert offered == [True, False]
