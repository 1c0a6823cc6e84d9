"""A button that decides something names it, and its card what follows."""

import re

from licensing.actions import applications, decisions
from tests.make import seen


def buttons(client, actor, path):
    client.force_login(actor.user)
    found = re.findall(r"<button[^>]*>(.*?)</button>", client.get(path).content.decode(), re.DOTALL)
    return {" ".join(one.split()) for one in found}


def test_of_a_case_that_was_received(world, client):
    ref = world.application()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    path = f"/desk/cases/{ref}/"
    found = buttons(client, world.ministry.intake, path)
    assert {f"Accept {ref}", f"Do not accept {ref}", f"Ask for what is missing in {ref}"} <= found
    text = " ".join(client.get(path).content.decode().split())
    assert "by law there is no second notice" in text
    assert "The applicant has 30 days to send it, or the case lapses." in text


def test_of_a_case_with_a_second_officer(world, client):
    ref = world.under_review(world.application())
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=world.ministry.reviewer)
    path = f"/desk/cases/{ref}/"
    assert {f"Approve {ref} as recommended", f"Refuse {ref}"} <= buttons(client, world.ministry.decider, path)
    assert "Nothing is granted. The applicant reads the factors" in client.get(path).content.decode()


def test_of_a_declaration(world, client):
    row = world.declaration(verified=False)
    found = buttons(client, world.ministry.reviewer, f"/desk/declarations/{row.ref}/")
    assert {f"Verify {row.ref}", f"Reject {row.ref}"} <= found


def test_of_a_license_and_an_account(world, client):
    license = world.license(kilograms=100)
    assert f"Suspend {license.ref}" in buttons(client, world.ministry.decider, f"/desk/licenses/{license.ref}/")
    path = f"/desk/exporters/{license.exporter_id}/"
    assert f"Suspend the account of {license.exporter}" in buttons(client, world.ministry.decider, path)
