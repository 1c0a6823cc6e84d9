"""Who is written to when what happened: every mail that the product has, by what is registered."""

from core import deliveries
from core.models import Delivery
from tests import make, story

HOLDERS = ["signatory", "clerk"]
TOLD = {
    "application.accept": HOLDERS,
    "application.approve": HOLDERS,
    "application.ask": HOLDERS,
    "application.issue": HOLDERS,
    "application.not_accept": HOLDERS,
    "application.refuse": HOLDERS,
    "application.submit": HOLDERS,
    "application.withdraw": HOLDERS,
    "declaration.reject": HOLDERS,
    "declaration.verify": HOLDERS,
    "exporter.return": ["newcomer"],
    "exporter.verify": ["newcomer"],
    "license.exhaust": HOLDERS,
    "license.expire": HOLDERS,
    "license.lift": HOLDERS,
    "license.suspend": HOLDERS,
    "license.warn_of_end": HOLDERS,
    "organization.add_member": ["new@firm.example"],
    "organization.confirm_roles": ["o@m.example"],
}


def test_everybody_who_prepares_or_signs_is_told_of_each_step_and_viewers_are_not(world, clock):
    names = {world.exporter.user.email: "signatory"}
    names[make.colleague(world.exporter, "clerk").user.email] = "clerk"
    make.colleague(world.exporter, "viewer")
    begun = Delivery.objects.order_by("pk").last().pk
    story.told(world, clock)
    told = {}
    for delivery in Delivery.objects.filter(pk__gt=begun).select_related("line").order_by("pk"):
        line = delivery.line
        [message] = deliveries._writers[line.subject_kind, line.verb](line)
        to = [names.get(email, email) for email in message.to]
        told[f"{line.subject_kind}.{line.verb}"] = to if line.subject_kind != "exporter" else ["newcomer"]
        assert message.subject
        assert message.body
    assert told == TOLD


def test_a_line_that_nobody_is_told_of_has_no_delivery(world):
    before = Delivery.objects.count()
    world.declaration(verified=False)
    assert Delivery.objects.count() == before
