"""Each constraint of core's tables refuses by itself what breaks it."""

import pytest

from core import papers
from tests import make, story
from tests.refused import breaches

CASES = [
    ("core_apikey.core_apikey_digest_key", {"user_id": "(SELECT max(id) FROM core_user)"}),
    ("core_apikey.core_apikey_user_id_key", {"digest": "'x'"}),
    ("core_apikey.key_lasts_at_most_365_days", {"expires_at": "created_at + interval '365 days 1 second'"}),
    ("core_delivery.core_delivery_tries_check", {"tries": "-1"}),
    ("core_delivery.delivery_once_a_reader", {}),
    ("core_document.core_document_size_check", {"size": "-1"}),
    ("core_historyline.core_historyline_seq_check", {"seq": "-1"}),
    ("core_historyline.history_one_chain", {}),
    ("core_idempotency.core_idempotency_status_check", {"status": "-1"}),
    ("core_idempotency.idempotency_key_once", {}),
    ("core_membership.core_membership_user_id_key", {}),
    ("core_membership.membership_roles_known", {"roles": "'{king}'"}),
    ("core_membership.membership_province_known", {"roles": "'{intake}'", "province": "'99'"}),
    ("core_membership.membership_province_of_intake", {"roles": "'{auditor}'", "province": "'36'"}),
    ("core_organization.organization_kind", {"kind": "'club'"}),
    ("core_paper.core_paper_number_check", {"number": "-1"}),
    ("core_paper.core_paper_document_id_key", {"kind": "'another'"}),
    ("core_paper.paper_once_a_step", {"document_id": "(SELECT min(id) FROM core_document)"}),
    ("core_rolegrant.grant_by_two_admins", {"confirmed_by_id": "proposed_by_id"}),
    ("core_rolegrant.grant_one_open", {}),
    ("core_user.core_user_email_key", {}),
]


@pytest.mark.full
def test_postgresql_refuses_what_breaks_a_constraint(world, clock):
    story.told(world, clock)
    papers.make_due()
    from core.idempotency import Claim, take

    take(Claim(world.exporter.organization_id, "k", "f", render=list, refuse=list))
    assert breaches(CASES) == {}


def test_a_key_of_365_days_is_allowed(world):
    make.key(world.exporter, "licenses:read")
    allowed = [("core_apikey.", {"expires_at": "created_at + interval '365 days'", "digest": "'x'"})]
    assert breaches(allowed) == {"core_apikey.": "core_apikey_user_id_key"}
