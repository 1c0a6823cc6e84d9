"""Customs offices: an administrator opens one, two give it officers, and then it has keys."""

import re
from html import unescape

import pytest

from core import actions, selectors
from core.access import live_key
from core.errors import Invalid, NotFound
from core.models import ApiKey, HistoryLine, Membership, Organization
from tests import make


@pytest.fixture
def office(world):
    return actions.open_office(name_en="Customs, Tianjin", name_zh="天津海关", by=world.ministry.admin)


def with_officer(office, m):
    grant = actions.propose_officer(
        email="port@tianjin.example", name="Pan Hai", organization_id=office.pk, roles=["customs"], by=m.admin
    )
    actions.confirm_grant(grant.pk, by=m.other_admin)
    return office


def test_an_administrator_opens_an_office_in_pages_with_its_officer_and_its_key(world, client):
    """As a production without demo accounts does it, from nothing to a key that customs uses."""
    m = world.ministry
    client.force_login(m.admin.user)
    client.post("/officers/offices/add/", {"name_en": "Customs, Tianjin", "name_zh": "天津海关"})
    office = Organization.objects.get(name_zh="天津海关")
    assert office.kind == "customs"
    officer = {"organization_id": office.pk, "name": "Pan Hai", "email": "pan@tianjin.example", "roles": ["customs"]}
    assert client.post("/officers/add/", officer).status_code == 302
    client.force_login(m.other_admin.user)
    grant = office.memberships.get().grants.get()
    assert client.post(f"/officers/grants/{grant.pk}/confirm/").status_code == 302
    key = {"office": office.pk, "name": "Gateway", "scopes": ["customs:confirm"], "days": "30"}
    html = unescape(client.post("/keys/", key).content.decode())
    text = re.search(r"lk_live_\w+", html).group()
    assert live_key(text).organization == office
    made = ApiKey.objects.get(organization=office)
    client.post(f"/keys/{made.pk}/revoke/")
    assert live_key(text) is None


@pytest.mark.parametrize(
    ("name_en", "name_zh", "fields"),
    [
        ("Lanting Magnetics Co., Ltd.", "天津海关", ["/name_en"]),
        ("ＬＡＮＴＩＮＧ  magnetics co ltd", "天津海关", ["/name_en"]),
        ("Customs, Tianjin", "兰汀磁材", ["/name_zh"]),
        ("Customs, Tianjin", "Lanting Magnetics Co., Ltd.", ["/name_zh"]),
        ("Customs, Shanghai", "天津海关", ["/name_en"]),
    ],
)
def test_an_office_with_another_organizations_name_is_refused(name_en, name_zh, fields, world):
    before = Organization.objects.count(), HistoryLine.objects.count()
    with pytest.raises(Invalid) as refused:
        actions.open_office(name_en=name_en, name_zh=name_zh, by=world.ministry.admin)
    assert [(e.pointer, e.code) for e in refused.value.errors] == [(field, "name-taken") for field in fields]
    assert (Organization.objects.count(), HistoryLine.objects.count()) == before


def test_a_name_of_signs_alone_is_refused(world):
    with pytest.raises(Invalid) as refused:
        actions.open_office(name_en="…", name_zh="天津海关", by=world.ministry.admin)
    assert [(e.pointer, e.code) for e in refused.value.errors] == [("/name_en", "blank")]
    assert not Organization.objects.filter(name_zh="天津海关").exists()


def test_the_page_says_what_is_wrong_with_the_name_and_keeps_it(world, client):
    client.force_login(world.ministry.admin.user)
    answers = {"name_en": "Lanting Magnetics Co., Ltd.", "name_zh": "天津海关"}
    response = client.post("/officers/offices/add/", answers)
    html = unescape(response.content.decode())
    assert response.status_code == 422
    assert "An exporter or an office has this name already" in html
    assert "天津海关" in html


def test_no_administrator_alone_makes_a_key_of_customs(world, office):
    """Until a second one has confirmed an officer of the office, it has no keys."""
    m = world.ministry
    grant = actions.propose_officer(
        email="port@tianjin.example", name="Pan Hai", organization_id=office.pk, roles=["customs"], by=m.admin
    )
    facts = {"name": "Gateway", "scopes": ["customs:confirm"], "days": 30, "office": office.pk, "by": m.admin}
    with pytest.raises(NotFound):
        actions.create_key(**facts)
    assert not ApiKey.objects.exists()
    actions.confirm_grant(grant.pk, by=m.other_admin)
    assert actions.create_key(**facts)[0].organization == office


def test_an_administrator_makes_no_key_of_an_exporter_and_nobody_else_one_of_customs(world, office):
    m = world.ministry
    with_officer(office, m)
    facts = {"name": "x", "days": 30}
    for scopes, owner, by in (
        (["licenses:read"], world.exporter.organization_id, m.admin),
        (["customs:confirm"], office.pk, world.exporter),
        (["customs:confirm"], office.pk, m.auditor),
        (["customs:confirm"], office.pk, world.customs),
    ):
        with pytest.raises(NotFound):
            actions.create_key(**facts, scopes=scopes, office=owner, by=by)
    assert not ApiKey.objects.exists()


def test_an_administrator_sees_and_revokes_keys_of_customs_alone(world, office):
    m = world.ministry
    with_officer(office, m)
    facts = {"name": "x", "days": 30}
    theirs, _text = actions.create_key(**facts, scopes=["customs:confirm"], office=office.pk, by=m.admin)
    foreign, _text = actions.create_key(**facts, scopes=["licenses:read"], by=world.exporter)
    assert list(selectors.keys_of(m.admin)) == [theirs]
    with pytest.raises(NotFound):
        actions.revoke_key(foreign.pk, by=m.admin)
    foreign.refresh_from_db()
    assert foreign.revoked_at is None
    assert actions.revoke_key(theirs.pk, by=m.admin).revoked_at
    line = HistoryLine.objects.filter(verb="revoke_key").get()
    assert line.subject_id == office.pk


def test_other_roles_open_no_office(world, client):
    for actor in (world.ministry.auditor, world.exporter, make.colleague(world.customs, "customs")):
        client.force_login(actor.user)
        assert client.get("/officers/offices/add/").status_code == 403


def test_an_auditor_reads_who_the_officers_are_and_changes_none(client, ministry):
    member = Membership.objects.get(user=ministry.reviewer.user)
    actions.propose_roles(member.pk, roles=["auditor"], by=ministry.admin)
    client.force_login(ministry.auditor.user)
    text = client.get("/officers/").content.decode()
    assert ministry.reviewer.user.email in text and "Waits to be confirmed" in text
    assert not [word for word in ("/officers/add/", f"/officers/{member.pk}/", "/confirm/") if word in text]
    assert client.get("/officers.csv").content.decode().count(ministry.reviewer.user.email) == 1
    assert client.get(f"/officers/{member.pk}/").status_code == 403
    client.force_login(ministry.other_admin.user)
    text = client.get("/officers/").content.decode()
    assert "/officers/add/" in text and f"/officers/{member.pk}/" in text and "/confirm/" in text
