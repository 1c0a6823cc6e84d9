"""Mail, as several tests of the ground want it."""

import pytest

from core.deliveries import relay
from licensing.actions import applications
from tests import make
from tests.make import seen
from tests.post import server


@pytest.fixture
def post(settings):
    """The mail server of this test."""
    server.__init__()
    settings.EMAIL_BACKEND = "tests.post.Backend"
    return server


@pytest.fixture
def told(world, post):
    """Everything earlier is out; then one step that three people of the exporter are told of: their addresses."""
    people = [world.exporter, make.colleague(world.exporter, "clerk"), make.colleague(world.exporter, "clerk")]
    ref = world.application()
    relay()
    post.took.clear()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    return [person.user.email for person in people]
