"""Drafts of applications."""

import hashlib
import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from config.local import demo
from core import guards
from core.errors import Invalid
from core.history import lines_of
from licensing.actions import applications
from licensing.models import Application
from tests import make

pytestmark = pytest.mark.django_db

CHANGES = re.compile(r'^(?:DELETE FROM|UPDATE) "(\w+)"')


def test_changing_a_draft_needs_no_right_that_the_application_lacks(world):
    """Tests connect as the owner, who may delete what the application's role may not."""
    first, second = world.declaration(), world.declaration()
    ref = world.application(by_whom=[first])
    draft = applications.Draft(kind="annual", end_users=[second])
    row = Application.objects.get(ref=ref)
    with CaptureQueriesContext(connection) as captured:
        applications.change(ref, draft, version=row.version, by=world.exporter)
    changed = {found.group(1) for query in captured if (found := CHANGES.match(query["sql"]))}
    assert changed & {table for table, held in guards.narrowed().items() if "DELETE" not in held} == set()
    assert [user.declaration for user in row.end_users.all()] == [second]


@pytest.mark.parametrize("field", ["end_users", "consignees"])
def test_an_application_takes_nobody_elses_declarations_and_parties(field, world):
    stranger = make.exporter(world.ministry, "Other Co., Ltd.")
    theirs = replace(world, exporter=stranger).declaration()
    draft = applications.Draft(kind="annual", **{field: [theirs if field == "end_users" else theirs.end_user]})
    ref = world.application()
    before = Application.objects.count(), Application.objects.get(ref=ref).version
    for wrong in (
        lambda: applications.start(draft, by=world.exporter),
        lambda: applications.change(ref, draft, version=1, by=world.exporter),
    ):
        with pytest.raises(Invalid) as refused:
            wrong()
        assert [(p.pointer, p.code) for p in refused.value.errors] == [(f"/{field}", "unknown-reference")]
    assert (Application.objects.count(), Application.objects.get(ref=ref).version) == before


def test_history_says_which_file_a_paper_was_when_the_draft_has_it_no_more(world):
    row = applications.start(applications.Draft(kind="annual"), by=world.exporter)
    file = demo.pdf("A contract")
    paper = applications.add_document(row.ref, type="contract", file=("contract.pdf", file), by=world.exporter)
    applications.remove_document(row.ref, paper.pk, by=world.exporter)
    said = {"type": "contract", "sha256": hashlib.sha256(file).hexdigest()}
    assert lines_of(row).get(verb="add_document").facts == said
