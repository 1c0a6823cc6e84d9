"""By which mode of trade goods are exported, and how they leave: stated when filed, and repeated wherever it counts."""

import re

from config.local import demo
from core import papers
from core.access import Actor
from core.legal_time import legal_today
from core.models import Paper
from licensing.actions import amendments, copies
from licensing.models import Application
from licensing.web.changes import copied
from tests import pdf
from tests.make import seen

SAID = {"trade_mode": "supplied", "transport_mode": "rail"}
WORDS = ("Processing with supplied materials", "By rail")


def words(page):
    return " ".join(page.content.decode().split())


def text_of(row, kind):
    [pk] = [one.pk for one in papers.papers_of(row) if one.kind == kind]
    content = bytes(Paper.objects.select_related("document").get(pk=pk).document.content)
    assert pdf.flaws_of(content) == []
    return re.sub(r"\s", "", pdf.text_of(content))


def test_both_sides_read_them_and_the_papers_say_them(client, world):
    ref = world.application(kilograms=100, **SAID)
    client.force_login(world.exporter.user)
    page = words(client.get(f"/applications/{ref}/submit/"))
    assert all(one in page for one in WORDS)
    signed = [user.declaration for user in Application.objects.get(ref=ref).end_users.all()]
    license = demo.issued(world.exporter, ref, world.ministry, signed)
    assert all(one in words(client.get(f"/applications/{ref}/")) for one in WORDS)
    said = client.get(f"/api/v1/applications/{ref}/").json()
    assert {name: said[name] for name in SAID} == SAID
    client.force_login(world.ministry.auditor.user)
    assert all(one in words(client.get(f"/desk/cases/{ref}/")) for one in WORDS)
    shipment = world.shipment(license, 10_000)
    customs = Actor(world.customs.user, world.customs.organization, roles=frozenset({"customs"}))
    for actor, paths in (
        (world.exporter, (f"/licenses/{license.ref}/", f"/shipments/{shipment.ref}/")),
        (world.ministry.auditor, (f"/desk/licenses/{license.ref}/", f"/desk/shipments/{shipment.ref}/")),
        (customs, (f"/customs/licenses/{license.ref}/", f"/customs/shipments/{shipment.ref}/")),
    ):
        client.force_login(actor.user)
        assert {path: all(one in words(client.get(path)) for one in WORDS) for path in paths} == dict.fromkeys(
            paths, True
        )
    papers.make_due()
    for row, kind in ((license.application, "receipt"), (license, "certificate")):
        text = text_of(row, kind)
        assert "Processingwithsuppliedmaterials" in text and "Byrail" in text and "铁路" in text


def test_what_nobody_said_is_null_and_on_no_paper(client, world):
    license = world.license(kilograms=100)
    Application.objects.filter(pk=license.application_id).update(trade_mode="", transport_mode="")
    papers.make_due()
    assert "Ordinarytrade" not in text_of(license.application, "receipt")
    assert "Modesoftrade" not in text_of(license, "certificate")
    client.force_login(world.exporter.user)
    assert "Mode of" not in words(client.get(f"/licenses/{license.ref}/"))
    said = client.get(f"/api/v1/applications/{license.application.ref}/").json()
    assert (said["trade_mode"], said["transport_mode"]) == (None, None)


def test_a_change_and_a_copy_begin_with_them(world):
    ref = world.application(kilograms=100, **SAID)
    signed = [user.declaration for user in Application.objects.get(ref=ref).end_users.all()]
    license = demo.issued(world.exporter, ref, world.ministry, signed)
    row = copies.copy_license(license.ref, by=world.exporter)
    assert (row.trade_mode, row.transport_mode) == ("supplied", "rail")
    Application.objects.filter(pk=row.pk).update(trade_mode="ordinary", transport_mode="")
    row.refresh_from_db()
    changes = {one.label: (one.before, one.now) for one in copied(row, legal_today()).changes}
    assert changes["Mode of trade"] == (WORDS[0], "Ordinary trade")
    assert changes["Mode of transport"] == (WORDS[1], "")
    row = amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter)
    assert (row.trade_mode, row.transport_mode) == ("supplied", "rail")
