"""That the signed paper itself came: recorded once, seen on both sides, taken back with a reason, gating nothing."""

from datetime import timedelta

import pytest
from django.urls import reverse

from core.deliveries import relay
from core.history import lines_of
from core.legal_time import legal_today
from core.models import Mail
from core.telling import told
from licensing import selectors
from licensing.actions import declarations
from licensing.models import Declaration
from licensing.web.lists import DESK_DECLARATIONS
from tests.licensing.test_declaration_questions import redo, signed_anew
from tests.licensing.test_limits import refused
from tests.make import seen

DAY = timedelta(days=1)


@pytest.fixture
def row(world):
    return world.declaration(verified=False)


def receive(row, world, on=None, note=""):
    facts = {"seen": seen(row.ref), "on": on or legal_today(), "note": note, "by": world.ministry.intake}
    return declarations.receive_original(row.ref, **facts)


def take_back(row, world, reason="It was another one."):
    return declarations.miss_original(row.ref, seen=seen(row.ref), reason=reason, by=world.ministry.intake)


def kept(row):
    return Declaration.objects.values_list("original_received_on", "original_note").get(pk=row.pk)


def missing(actor):
    view = next(one for one in DESK_DECLARATIONS.views if one.name == "paper")
    return list(view.narrow(selectors.declarations_for(actor), actor).values_list("ref", flat=True))


def test_it_is_recorded_once_and_the_state_stays(row, world):
    assert receive(row, world, note="By courier").state == "submitted"
    assert kept(row) == (legal_today(), "By courier")
    assert refused(receive, row, world) == ["original-received"]
    line = lines_of(row).last()
    assert (line.verb, line.reason, line.facts) == ("receive_original", "By courier", {"on": str(legal_today())})


def test_it_came_neither_tomorrow_nor_before_it_was_signed(row, world):
    for day in (legal_today() + DAY, row.signed_on - DAY):
        assert refused(receive, row, world, on=day) == ["date-out-of-range"]
    assert kept(row) == (None, "")
    assert receive(row, world, on=row.signed_on).original_received_on == row.signed_on


def test_a_mistake_is_taken_back_with_its_reason_and_then_it_can_come_again(row, world):
    assert refused(take_back, row, world) == ["no-original"]
    receive(row, world, note="By courier")
    take_back(row, world)
    assert kept(row) == (None, "") and lines_of(row).last().reason == "It was another one."
    assert receive(row, world).original_received_on == legal_today()


def test_what_is_signed_anew_waits_for_its_own_paper(row, world):
    receive(row, world)
    declarations.query(row.ref, seen=seen(row.ref), reason="Who?", by=world.ministry.reviewer)
    redo(row, world.exporter)
    assert refused(take_back, row, world) == ["wrong-state"]
    assert kept(signed_anew(row, world)) == (None, "")


def test_it_gates_nothing(world):
    license = world.license()
    [user] = license.end_users.all()
    assert user.declaration.original_received_on is None and user.declaration.state == "in_force"
    assert receive(user.declaration, world).state == "in_force"


def test_the_company_is_written_to_and_reads_it_in_its_history(row, world, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    receive(row, world, note="By courier")
    take_back(row, world)
    relay()
    subjects = [mail.subject for mail in Mail.objects.order_by("pk")]
    assert [row.ref in subject for subject in subjects[-2:]] == [True, True]
    said = [one.sentence for one in told(lines_of(row), world.exporter)][-2:]
    assert said[0].startswith("The paper original came on ") and said[1].startswith("The paper original has not come: ")


def test_both_sides_see_it_and_the_desk_lists_what_is_missing(row, world, client):
    assert missing(world.ministry.intake) == [row.ref]
    receive(row, world, note="By courier, one sheet")
    assert missing(world.ministry.intake) == []
    for actor, route in ((world.exporter, "declaration"), (world.ministry.reviewer, "desk.declaration")):
        client.force_login(actor.user)
        page = client.get(reverse(route, args=[row.ref])).content.decode()
        assert "Received on " in page and "By courier, one sheet" in page
    client.force_login(world.ministry.intake.user)
    assert "Original: " in client.get(reverse("desk.declarations") + "?view=waiting").content.decode()


def test_only_intake_is_offered_it(row, world, client):
    address = reverse("declaration.receive_original", args=[row.ref])
    offered = {}
    for role in ("intake", "reviewer"):
        client.force_login(getattr(world.ministry, role).user)
        page = client.get(reverse("desk.declaration", args=[row.ref])).content.decode()
        offered[role] = f'action="{address}"' in page
    assert offered == {"intake": True, "reviewer": False}
    client.force_login(world.ministry.intake.user)
    sent = client.post(address, {"seen": seen(row.ref), "on": str(legal_today()), "note": ""})
    assert sent.status_code == 302 and kept(row)[0] == legal_today()
    page = client.get(reverse("desk.declaration", args=[row.ref])).content.decode()
    assert f'action="{address}"' not in page and reverse("declaration.miss_original", args=[row.ref]) in page
