"""The list of provinces: 34, each with a code and two names."""

import re

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from core import actions, provinces
from core.errors import Invalid
from core.models import Membership, RoleGrant
from exporters.models import Exporter
from tests import make


def test_there_are_34_with_names_in_both_languages():
    table = provinces.table()
    assert len(table) == 34
    assert all(re.fullmatch(r"[1-8]\d", code) for code in table)
    assert all(en.isascii() and re.fullmatch(r"[\u4e00-\u9fff]+", zh) for en, zh in table.values())
    assert len({name for names in table.values() for name in names}) == 68
    assert provinces.codes() == ["", *sorted(table)]


def test_a_name_follows_the_reader():
    with translation.override("zh-hans"):
        assert (provinces.name("36"), provinces.choices()[14]) == ("江西省", ("36", "江西省"))
    assert (provinces.name("36"), provinces.name("")) == ("Jiangxi", "")


def test_a_company_chooses_its_province_from_the_list(world, client):
    client.force_login(world.exporter.user)
    make.as_of_old(world.exporter, province="33")
    assert "Zhejiang" in client.get("/company/").content.decode()


@pytest.mark.parametrize("model", [Exporter, Membership])
def test_postgresql_knows_the_codes(model, world):
    Membership.objects.update(roles=["intake"])
    make.exporter()
    with pytest.raises(IntegrityError, match="province_known"), transaction.atomic():
        model.objects.filter(pk=model.objects.latest("pk").pk).update(province="99")


def test_a_province_is_proposed_and_confirmed_with_the_roles(world):
    m = world.ministry
    own = Membership.objects.get(user=m.intake.user)
    grant = actions.propose_roles(own.pk, roles=["intake"], province="36", by=m.admin)
    own.refresh_from_db()
    assert own.province == ""
    actions.confirm_grant(grant.pk, by=m.other_admin)
    own.refresh_from_db()
    assert (own.roles, own.province) == (["intake"], "36")


def test_only_an_intake_officer_has_a_province(world):
    m = world.ministry
    own = Membership.objects.get(user=m.reviewer.user)
    for propose in (
        lambda: actions.propose_roles(own.pk, roles=["reviewer"], province="36", by=m.admin),
        lambda: actions.propose_officer(
            email="n@example.cn", name="N", organization_id=m.office.pk, roles=["auditor"], province="36", by=m.admin
        ),
    ):
        with pytest.raises(Invalid) as refused:
            propose()
        assert [(e.pointer, e.code) for e in refused.value.errors] == [("/province", "province-without-intake")]
    assert RoleGrant.objects.count() == 0
    with pytest.raises(IntegrityError, match="province_of_intake"), transaction.atomic():
        Membership.objects.filter(pk=own.pk).update(province="36")


def test_the_officers_pages_take_a_province_and_show_it(world, client):
    m = world.ministry
    client.force_login(m.admin.user)
    own = Membership.objects.get(user=m.intake.user)
    answers = {"roles": ["reviewer"], "province": "36"}
    assert client.post(f"/officers/{own.pk}/", answers).status_code == 422
    assert client.post(f"/officers/{own.pk}/", answers | {"roles": ["intake"]}).status_code == 302
    assert "Sees Jiangxi only." in client.get("/officers/").content.decode()
