"""What an intake officer with a province sees, and therefore what he can do."""

from dataclasses import replace

import pytest

from config.local import demo
from core.access import NOBODY, actor_for_user
from core.actions import accept_invitation, add_member
from core.deliveries import relay
from core.errors import NotFound
from core.history import lines_of
from core.models import HistoryLine, Mail, Membership, User
from core.selectors import documents_for
from exporters import actions, selectors
from exporters.models import Exporter, Party
from licensing import selectors as licensing
from licensing.actions import applications, receipts
from licensing.models import Application
from shipments import selectors as shipments
from tests import make
from tests.make import seen

JIANGXI, ZHEJIANG = "36", "33"


@pytest.fixture
def officers(ministry):
    """Intake officers by province, as a request makes them."""

    def officer(province):
        user = demo.person(make.unique("intake"), "Intake", ministry.office, "intake").user
        Membership.objects.filter(user=user).update(province=province)
        return actor_for_user(User.objects.get(pk=user.pk))

    return {"here": officer(JIANGXI), "elsewhere": officer(ZHEJIANG), "anywhere": officer("")}


def test_an_intake_officer_sees_his_province_and_one_without_sees_all(world, license, officers):
    world.shipment(license, 1_000)
    waiting = make.exporter(name="Other Co., Ltd.")
    demo.send_company(waiting)
    seen = {
        name: (
            selectors.exporters_for(actor).count(),
            selectors.awaiting_verification(actor).count(),
            selectors.parties_for(actor).count(),
            licensing.applications_for(actor).count(),
            licensing.in_queue(licensing.applications_for(actor), actor, "decided").count(),
            licensing.declarations_for(actor).count(),
            licensing.licenses_for(actor).count(),
            shipments.shipments_for(actor).count(),
        )
        for name, actor in officers.items()
    }
    assert seen == {"here": (2, 1, 1, 1, 1, 1, 1, 1), "elsewhere": (0,) * 8, "anywhere": (2, 1, 1, 1, 1, 1, 1, 1)}


@pytest.mark.parametrize(
    "verb",
    [
        lambda pk, by: actions.verify(pk, seen=make.seen(pk), by=by),
        lambda pk, by: actions.send_back(pk, seen=make.seen(pk), reason="Look again", by=by),
    ],
)
def test_a_company_of_another_province_is_not_there_for_any_verb_of_intake(verb, world, officers):
    pk = demo.send_company(make.exporter(name="Other Co., Ltd."))
    before = lines_of(Exporter.objects.get(pk=pk)).count()
    with pytest.raises(NotFound):
        verb(pk, officers["elsewhere"])
    row = Exporter.objects.get(pk=pk)
    assert (row.state, lines_of(row).count()) == ("pending", before)
    verb(pk, officers["here"])
    assert lines_of(row).count() == before + 1


@pytest.mark.parametrize(
    "verb",
    [
        lambda ref, by: receipts.accept(ref, by=by),
        lambda ref, by: receipts.not_accept(ref, reason="Not controlled", by=by),
    ],
)
def test_a_case_of_another_province_is_not_there_for_any_verb_of_intake(verb, world, officers):
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    before = lines_of(Application.objects.get(ref=ref)).count()
    with pytest.raises(NotFound):
        verb(ref, officers["elsewhere"])
    row = Application.objects.get(ref=ref)
    assert (row.state, lines_of(row).count()) == ("submitted", before)
    verb(ref, officers["here"])
    assert lines_of(row).count() == before + 1


def test_a_province_limits_the_person_whatever_other_roles_he_holds(world, officers):
    both = replace(officers["elsewhere"], roles=frozenset({"intake", "reviewer"}))
    world.under_review(world.application())
    assert not licensing.applications_for(both).exists()


def test_pages_of_another_province_answer_404(world, officers, client):
    ref = world.under_review(world.application())
    paths = [f"/desk/cases/{ref}/", f"/desk/exporters/{world.exporter.organization_id}/"]
    found = {}
    for name, actor in officers.items():
        client.force_login(actor.user)
        found[name] = [client.get(path).status_code for path in paths]
    assert found == {"here": [200, 200], "elsewhere": [404, 404], "anywhere": [200, 200]}


INVITED = "invited@example.cn"


def test_who_was_invited_and_has_not_come_is_told_nothing_of_the_company(world, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    company = make.exporter()
    add_member(email=INVITED, name="Li Na", roles=["clerk"], by=company)
    pk = make.demo.send_company(company)
    actions.verify(pk, seen=make.seen(pk), by=world.ministry.intake)
    relay()
    told = set(Mail.objects.filter(subject="Your company is verified").values_list("recipients", flat=True))
    assert told == {world.exporter.user.email, company.user.email}
    accept_invitation(pk, INVITED, name="Li Na", password="a-long-enough-secret-7")
    assert selectors.people(pk) == [company.user.email, INVITED]


def test_what_is_a_companys_alone_nobody_else_sees(world):
    world.declaration()
    m, own = world.ministry, Party.objects.filter(exporter=world.exporter.organization_id)
    assert set(selectors.of_company(own, world.exporter)) == set(own) != set()
    stranger = make.exporter(m, "Other Co., Ltd.")
    for actor in (stranger, m.reviewer, m.admin, world.customs, NOBODY):
        assert not selectors.of_company(own, actor).exists()


def test_each_list_is_of_ones_own_company_or_of_officers_who_read_it(world):
    m, stranger = world.ministry, make.exporter(world.ministry, "Other Co., Ltd.")
    party = world.declaration().end_user
    own = world.exporter.organization_id
    assert [row.pk for row in selectors.exporters_for(world.exporter)] == [own]
    assert {row.pk for row in selectors.exporters_for(m.decider)} == {own, stranger.organization_id}
    assert [list(selectors.parties_for(who)) for who in (world.exporter, m.decider, stranger)] == [[party], [party], []]
    for nobody in (m.admin, world.customs, NOBODY):
        assert not selectors.exporters_for(nobody).exists()
        assert not selectors.parties_for(nobody).exists()


def rivals(exporter, actor):
    seen, elsewhere = selectors.rivals_of(exporter, actor)
    return [row.pk for row in seen], elsewhere


def test_a_code_is_held_by_who_was_verified_and_its_rivals_are_the_others_who_typed_it(world):
    held = Exporter.objects.get(pk=world.exporter.organization_id)
    rival = make.exporter(name="Rival Co., Ltd.")
    other = make.exporter(world.ministry, "Other Co., Ltd.")
    Exporter.objects.filter(pk=rival.organization_id).update(uscc=held.uscc)
    pk = demo.send_company(make.exporter(name="Waiting Co., Ltd."))
    Exporter.objects.filter(pk=pk).update(uscc=held.uscc)
    assert [row.pk for row in selectors.holders_of(held.uscc)] == [held.pk]
    assert rivals(held, world.ministry.intake) == ([pk], 0)
    assert [row.pk for row in selectors.awaiting_verification(world.ministry.intake)] == [pk]
    assert rivals(Exporter.objects.get(pk=other.organization_id), world.ministry.intake) == ([], 0)


def test_an_officer_hears_of_a_rival_in_another_province_too(world, officers, client):
    """Not its name: that of a company elsewhere is not his to read."""
    pks = [demo.send_company(make.exporter(name=f"Twin {number} Co., Ltd.")) for number in (1, 2, 3)]
    Exporter.objects.filter(pk__in=pks).update(uscc="91360700MA0000001A")
    Exporter.objects.filter(pk=pks[2]).update(province=ZHEJIANG)
    first = Exporter.objects.get(pk=pks[0])
    found = {name: rivals(first, actor) for name, actor in officers.items()}
    assert found == {"here": ([pks[1]], 1), "elsewhere": ([pks[2]], 1), "anywhere": (pks[1:], 0)}
    client.force_login(officers["here"].user)
    page = client.get(f"/desk/exporters/{first.pk}/").content.decode()
    assert "Other accounts have this credit code:" in page
    assert "1 in another province." in page
    assert ("Twin 2" in page, "Twin 3" in page) == (True, False)
    Exporter.objects.filter(pk=pks[1]).update(uscc="91360700MA0000002A")
    assert "1 in another province." in client.get(f"/desk/exporters/{first.pk}/").content.decode()


def test_a_company_is_told_by_its_signatories_and_clerks_of_today(world):
    clerk, viewer = (make.colleague(world.exporter, role) for role in ("clerk", "viewer"))
    gone, shut_out = (make.colleague(world.exporter, "clerk") for _ in range(2))
    User.objects.filter(pk=shut_out.user.pk).update(is_active=False)
    Membership.objects.filter(user=gone.user).update(ended_at=HistoryLine.objects.latest("at").at)
    make.exporter(world.ministry, "Other Co., Ltd.")
    found = selectors.people(world.exporter.organization_id)
    assert found == [world.exporter.user.email, clerk.user.email]
    assert viewer.user.email not in found


def test_officers_read_a_business_license_where_they_see_its_company(officers):
    waiting = make.exporter(name="Other Co., Ltd.")
    demo.send_company(waiting)
    paper = Exporter.objects.get(pk=waiting.organization_id).business_license_id
    sees = {name: documents_for(actor).filter(pk=paper).exists() for name, actor in officers.items()}
    assert sees == {"here": True, "elsewhere": False, "anywhere": True}


def test_a_company_is_refused_at_the_desk_and_another_is_not_there(world, client):
    other = make.exporter(name="Other Co., Ltd.")
    client.force_login(world.exporter.user)
    seen = [client.get(f"/desk/exporters/{actor.organization_id}/").status_code for actor in (world.exporter, other)]
    assert seen == [403, 404]
