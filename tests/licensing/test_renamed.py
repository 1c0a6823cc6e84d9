"""A company is called otherwise: what was issued keeps the name that stood then, and new papers carry the new one."""

import json
import re
from html import unescape

from core import papers
from core.models import Paper
from licensing.actions import declarations, licenses
from licensing.models import Declaration
from licensing.papers.end_use import _data
from tests import make
from tests.make import seen
from tests.verifier import claims_of

OLD, NEW = "Lanting Magnetics Co., Ltd.", "Lanting Rare Metals Co., Ltd."


def exporters_of(row):
    """What each paper of the row says of its exporter, by kind."""
    papers.make_due()
    found = papers.papers_of(row).values_list("pk", flat=True)
    said = Paper.objects.filter(pk__in=list(found)).order_by("pk")
    return {paper.kind: json.loads(paper.data)["exporter"] for paper in said}


def test_a_paper_that_is_made_late_has_the_names_of_its_step_and_a_later_one_the_new(world, clock):
    license = world.license()
    clock.shift(days=1)
    make.renamed(world.exporter, world.ministry, address="2 New Road", **make.NEW_NAMES)
    clock.shift(days=2)
    licenses.suspend(license.ref, seen=seen(license.ref), reason="Looked into", by=world.ministry.decider)
    found = exporters_of(license)
    old = {"zh": "兰汀磁材", "en": OLD, "code": license.exporter.uscc, "address": "1 Example Road, Jiangxi"}
    assert found["certificate"] == found["extract"] == old
    assert found["suspension"] == old | {"zh": "兰汀稀有金属", "en": NEW, "address": "2 New Road"}


def test_what_was_signed_names_the_holder_as_the_certificate_does(world, clock):
    license = world.license()
    clock.shift(days=1)
    make.renamed(world.exporter, world.ministry)
    papers.make_due()
    for paper in papers.papers_of(license):
        assert claims_of(paper.credential)["holder"]["name"] == "兰汀磁材"


def test_a_signed_declaration_names_the_company_as_it_was_then_and_a_draft_as_it_is(world, clock):
    signed = world.declaration(verified=False)
    facts = {name: getattr(signed, name) for name in declarations.FIELDS}
    items = [item.control_item for item in signed.items.all()]
    draft = declarations.draft(by=world.exporter, items=items, **facts)
    clock.shift(days=1)
    make.renamed(world.exporter, world.ministry)
    found = [_data(Declaration.objects.get(pk=row.pk))["exporter"]["en"] for row in (signed, draft)]
    assert found == [OLD, NEW]


def text(client, path):
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(client.get(path).content.decode())).split())


def test_whoever_checks_reads_the_name_on_the_paper_and_that_of_today(world, client, clock):
    license = world.license()
    path, rest = f"/v/{license.ref}/{license.verify_code}/", f"/api/v1/verify/{license.ref}/?code={license.verify_code}"
    assert "Its name today" not in text(client, path)
    clock.shift(days=1)
    make.renamed(world.exporter, world.ministry)
    said = text(client, path)
    assert f"Holder 兰汀磁材 {OLD}" in said
    assert f"Its name today 兰汀稀有金属 {NEW}" in said
    assert client.get(rest).json()["holder"] == OLD


def test_license_and_counter_say_the_name_that_is_on_the_certificate(world, client, clock):
    license = world.license()
    paths = {
        world.exporter: f"/licenses/{license.ref}/",
        world.ministry.decider: f"/desk/licenses/{license.ref}/",
        world.customs: f"/customs/licenses/{license.ref}/",
    }
    note = f"On the certificate, by its name of that day: 兰汀磁材 {OLD}"
    for renamed in (False, True):
        for actor, path in paths.items():
            client.force_login(actor.user)
            assert (note in text(client, path)) == renamed, path
        if not renamed:
            clock.shift(days=1)
            make.renamed(world.exporter, world.ministry)


def test_the_overview_says_what_is_asked_for_and_who_has_it(world, client):
    make.asked(world.exporter, address="2 New Road", **make.NEW_NAMES)
    client.force_login(world.exporter.user)
    said = text(client, "/")
    assert "An intake officer has your change:" in said
    assert "Company name in English, Company name in Chinese, Address, Business license, asked for on" in said
    make.barred(world)
    assert "An intake officer has your change:" not in text(client, "/")
