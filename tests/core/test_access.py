"""Every route has its row, and every role meets exactly what the table says, on every route and method."""

from datetime import timedelta

import pytest
from django.urls import get_resolver, reverse

from config.api import urlpatterns as api_patterns
from core import access, problems
from core.actions import add_member
from core.errors import NotFound
from core.invitations import token
from core.legal_time import legal_today
from core.models import Delivery, HistoryLine, Mail, Membership, Role, RoleGrant, User
from core.papers import make_due, papers_of
from core.references import draw
from licensing.actions import applications, comments, editions
from licensing.models import Application, ApplicationDocument, License
from shipments.actions import bulk, receive, sheets
from shipments.actions.foreseeing import foresee
from tests import make, pages, story
from tests.make import seen

ROLES = [*Role.values, "anonymous"]
VERBS_WITHOUT_A_ROUTE = {"exporter.submit", "shipment.customs"}


def routes():
    """Every named route of the resolver: {name}."""
    found, queue = set(), list(get_resolver().url_patterns)
    while queue:
        pattern = queue.pop()
        if hasattr(pattern, "url_patterns"):
            queue += pattern.url_patterns
        elif pattern.name:
            found.add(pattern.name)
    return found


def test_every_row_names_a_route_or_a_verb():
    named = {name for name, _ in access.table()}
    assert named - routes() == VERBS_WITHOUT_A_ROUTE


def test_every_route_of_ours_has_a_row():
    """allauth brings routes that we do not open; without a row they answer 404."""
    named = {name for name, _ in access.table()}
    assert {name for name in routes() - named if not name.startswith("account_")} == set()


def test_the_table_has_a_column_for_every_role():
    header = access.TABLE.read_text(encoding="utf-8").splitlines()[0].split(",")
    assert header == ["name", "methods", "scopes", "noun", "anonymous", *Role.values, "clock"]


def test_every_api_route_is_in_the_table_and_none_is_open_to_writing_without_a_scope_or_role():
    for pattern in api_patterns:
        for (name, method), row in access.table().items():
            if name == pattern.name and method == "POST":
                assert row.scopes or row.roles - {"anonymous"}


@pytest.fixture
def stage(world):
    """One row of every noun, and a person of every role."""
    license = world.license(kilograms=100)
    make_due()
    shipment = world.shipment(license, 1_000)
    incident = receive(world.message(make.unknown("SH")), by=world.customs).incidents[0]
    declaration = world.declaration(verified=False)
    draft = world.application(by_whom=[declaration])
    applications.submit(draft, seen=seen(draft), by=world.exporter)
    people = {role: make.colleague(world.exporter, role) for role in ("clerk", "signatory", "viewer")}
    office = world.ministry.office
    for role in Role.values:
        if role not in people and role != "customs":
            from config.local import demo

            people[role] = demo.person(make.unique("walk"), "Walker", office, role)
    people["customs"] = access.Actor(world.customs.user, world.customs.organization, roles=frozenset({"customs"}))
    make.key(people["signatory"], "licenses:read")
    make.key(people["customs"], "customs:confirm")
    member = Membership.objects.filter(user=people["clerk"].user).get()
    officer = Membership.objects.get(user=people["auditor"].user)
    grant = RoleGrant.objects.create(
        membership=officer,
        roles=["auditor"],
        proposed_by=world.ministry.other_admin.user,
        proposed_at=HistoryLine.objects.latest("at").at,
    )
    add_member(email="invited@firm.example", name="Li Na", roles=["clerk"], by=world.exporter)
    paper = ApplicationDocument.objects.first()
    rules = editions.draft(title="Rules", by=world.ministry.policy_officer)
    make.simulated(rules.ref, world.ministry.policy_officer)
    shown = {"until": legal_today() + timedelta(days=9), "by": world.ministry.policy_officer}
    comments.publish(rules.ref, seen=seen(rules.ref), **shown)
    mail = Mail.objects.create(sender="a@b.example", recipients="c@d.example", subject="s", body="b")
    found = foresee([bulk.Row(refused=problems.answer(NotFound(), ""))], instance="", by=world.exporter)
    handed_in = sheets.show("po.csv", story.SHEET, found, language="en", by=world.exporter)
    return people, {
        "party": {"ref": declaration.end_user.ref},
        "declaration": {"ref": declaration.ref},
        "inquiry": {"ref": make.answer_proposed(world).ref},
        "application": {"ref": draft},
        "license": {"ref": license.ref},
        "shipment": {"ref": shipment.ref},
        "incident": {"ref": incident.ref},
        "bulk": {"ref": bulk.order([], language="en", instance="", by=world.exporter).ref},
        "sheet": {"ref": handed_in.ref},
        "document": {"pk": paper.document_id},
        "member": {"pk": member.pk},
        "key": {"pk": people["signatory"].organization.keys.get().pk},
        "officer": {"pk": officer.pk},
        "exporter": {"pk": world.exporter.organization_id},
        "qualification": {"pk": world.exporter.organization_id},
        "edition": {"ref": rules.base.code},
        "draft": {"ref": rules.ref},
        "proposal": {"ref": rules.ref},
        "notice": {"ref": make.notice(world.ministry).ref},
        "quotapool": {"ref": make.pool(world.ministry).ref},
        "poolchange": {"pk": make.pool_change(world.ministry, "Q-TB", element="Tb").pk},
        **{name: {"ref": rules.ref, **more} if "draft" in name else more for name, more in pages.ALSO.items()},
        "rules.edition.text": {"ref": rules.base.code},
        "grant.confirm": {"pk": grant.pk},
        "document.credential": {"pk": papers_of(license)[0].document_id},
        "verify": {"number": license.ref, "code": license.verify_code},
        "api.verify": {"ref": license.ref},
        "delivery": {"pk": Delivery.objects.filter(delivered_at=None).first().pk},
        "mailbox.read": {"pk": mail.pk},
        "application.document.remove": {"ref": draft, "paper": Application.objects.get(ref=draft).documents.first().pk},
        "invitation.link": {"token": token(world.exporter.organization_id, "invited@firm.example")},
        "account_confirm_email": {"key": "x"},
        "account_reset_password_from_key": {"uidb36": "x", "key": "y"},
    }


# end_consult has no form that would refuse first, and is for whoever has the case (test_consultations.py)
SPARED = {
    "application.end_consult",
    "account_logout",
    "account_reauthenticate",
    "account_confirm_email",
    "account_reset_password_from_key",
}


@pytest.mark.full
@pytest.mark.parametrize("role", ROLES)
def test_each_role_meets_what_the_table_says(role, stage, client):
    """Admitted: neither 401, 403 nor 404. Else: sign-in or 401 for nobody, 403 for somebody, 404 for the unseen,
    and from a row's own page, which opens to others, the way to the page of it that opens to this role."""
    people, objects = stage
    wrong = []
    client.get(reverse("invitation.link", kwargs=objects["invitation.link"]))
    for (name, method), row in sorted(access.table().items()):
        if name in VERBS_WITHOUT_A_ROUTE or name in SPARED:
            continue
        if role != "anonymous":
            client.force_login(people[role].user)
        kwargs = objects.get(name) or objects.get(row.noun)
        if row.noun == "key" and role in ("customs", "admin"):  # administrators see those of customs
            kwargs = {"pk": people["customs"].organization.keys.get().pk}
        if name == "document" and role == "customs":  # of papers it sees the certificate alone
            kwargs = objects["document.credential"]
        path = reverse(name, kwargs=kwargs)
        response = client.generic(method, path, "", "application/x-www-form-urlencoded")
        status = response.status_code
        at_sign_in = status == 302 and "/accounts/login/" in response.headers["Location"]
        if role in row.roles:
            ok = status not in (401, 403, 404) and (not at_sign_in or role == "anonymous")
        elif role == "anonymous":
            ok = status == 401 if name.startswith("api.") else at_sign_in
        elif row.noun:
            ok = status in (403, 404) or (status == 302 and (name, method) == (row.noun, "GET"))
        else:
            ok = status == 403
        if not ok or status >= 500:
            wrong.append((name, method, status))
    assert wrong == []


def test_a_role_that_sees_the_row_gets_403_and_one_that_does_not_gets_404(stage, client, world):
    people, objects = stage
    path = reverse("application.withdraw", kwargs=objects["application"])
    client.force_login(people["viewer"].user)
    assert client.post(path).status_code == 403
    client.force_login(make.exporter(world.ministry, "Other Co., Ltd.").user)
    assert client.post(path).status_code == 404
    client.force_login(make.colleague(make.exporter(world.ministry, "Third Co., Ltd."), "viewer").user)
    foreign, absent = client.post(path), client.post(reverse("application.withdraw", kwargs={"ref": draw("AP")}))
    assert (foreign.status_code, absent.status_code) == (404, 404)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("role", "name", "leads"),
    [
        ("reviewer", "application", "desk.case"),
        ("auditor", "declaration", "desk.declaration"),
        ("intake", "license", "desk.license"),
        ("customs", "license", "customs.license"),
        ("decider", "shipment", "desk.shipment"),
    ],
)
def test_the_address_of_another_class_of_people_leads_to_the_page_of_the_same_row(role, name, leads, stage, client):
    people, objects = stage
    kwargs = objects[name]
    if name == "application":  # one that was sent: of a draft nobody else sees anything
        kwargs = {"ref": License.objects.get(**objects["license"]).application.ref}
    client.force_login(people[role].user)
    response = client.get(reverse(name, kwargs=kwargs))
    assert (response.status_code, response.headers.get("Location")) == (302, reverse(leads, kwargs=kwargs))
    assert client.get(response.headers["Location"]).status_code == 200
    assert client.post(reverse(name, kwargs=kwargs)).status_code == 405
    client.force_login(people["policy_officer"].user)
    assert client.get(reverse(name, kwargs=kwargs)).status_code in (403, 404)


def test_taking_a_role_away_acts_on_the_next_request(stage, client):
    people, _ = stage
    client.force_login(people["reviewer"].user)
    assert client.get("/desk/").status_code == 200
    Membership.objects.filter(user=people["reviewer"].user).update(roles=["policy_officer"])
    assert client.get("/desk/").status_code == 403


def test_a_route_without_a_row_does_not_exist(client, monkeypatch, db):
    rows = {key: row for key, row in access.table().items() if key[0] != "healthz"}
    monkeypatch.setattr(access, "table", lambda: rows)
    assert client.get("/healthz").status_code == 404


def test_a_route_stands_once_in_the_table(tmp_path, monkeypatch):
    twice = tmp_path / "access.csv"
    lines = access.TABLE.read_text(encoding="utf-8").splitlines()
    twice.write_text("\n".join([*lines, lines[1]]), encoding="utf-8")
    monkeypatch.setattr(access, "TABLE", twice)
    with pytest.raises(ValueError, match="healthz GET twice"):
        access.table.__wrapped__()


def test_somebody_without_a_membership_is_nobody(world):
    Membership.objects.filter(user=world.exporter.user).update(ended_at=HistoryLine.objects.latest("at").at)
    actor = access.actor_for_user(User.objects.get(pk=world.exporter.user.pk))
    assert (actor.roles, actor.organization, actor.anonymous) == ({access.ANONYMOUS}, None, True)


def test_a_text_that_is_no_key_opens_nothing(world):
    text = make.key(world.exporter, "licenses:read")
    assert access.live_key(text).organization == world.exporter.organization
    assert access.live_key(text[:-1] + ("a" if text[-1] != "a" else "b")) is None
