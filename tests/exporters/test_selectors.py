"""What an intake officer with a province sees, and therefore what he can do."""

from dataclasses import replace

import pytest

from config.local import demo
from core.access import actor_for_user
from core.actions import add_member
from core.deliveries import relay
from core.errors import NotFound
from core.history import lines_of
from core.models import Mail, Membership, User
from exporters import actions, selectors
from exporters.models import Exporter
from licensing import selectors as licensing
from licensing.actions import applications
from licensing.models import Application
from shipments import selectors as shipments
from tests import make

JIANGXI, ZHEJIANG = "36", "33"


@pytest.fixture
def officers(ministry):
    """Intake officers by province, as a request makes them."""

    def officer(province):
        user = demo.person(make.unique("intake"), "Intake", ministry.office, "intake").user
        Membership.objects.filter(user=user).update(province=province)
        return actor_for_user(user)

    return {"here": officer(JIANGXI), "elsewhere": officer(ZHEJIANG), "anywhere": officer("")}


def test_an_intake_officer_sees_his_province_and_one_without_sees_all(world, officers):
    license = world.license(kilograms=100)
    world.shipment(license, 1_000)
    waiting = make.exporter(name="Other Co., Ltd.")
    demo.send_company(waiting)
    seen = {
        name: (
            selectors.exporters_for(actor).count(),
            selectors.awaiting_verification(actor).count(),
            selectors.parties_for(actor).count(),
            licensing.applications_for(actor).count(),
            licensing.desk_queue(actor, "decided").count(),
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
        lambda ref, by: applications.accept(ref, by=by),
        lambda ref, by: applications.not_accept(ref, reason="Not controlled", by=by),
    ],
)
def test_a_case_of_another_province_is_not_there_for_any_verb_of_intake(verb, world, officers):
    ref = world.application()
    applications.submit(ref, by=world.exporter)
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
    newcomer = User.objects.get(email=INVITED)
    newcomer.set_password("a-long-enough-secret-7")
    newcomer.save()
    assert selectors.people(pk) == [company.user.email, INVITED]
