"""Each constraint of the exporters' tables refuses by itself what breaks it."""

from tests import make
from tests.refused import breaches

CASES = [
    ("exporters_exporter.exporter_code_held_once", {"*": "", "uscc": "'91360700MA35LT1X0Q'"}),
    ("exporters_exporter.exporter_province_known", {"*": "", "province": "'99'"}),
    ("exporters_party.exporters_party_ref_key", {}),
    ("exporters_party.exporters_party_version_check", {"version": "-1"}),
    ("exporters_qualification.qualification_says_why", {"reason": "''"}),
]


def test_postgresql_refuses_what_breaks_a_constraint(world):
    world.declaration()
    make.exporter(world.ministry, "Second Co., Ltd.")
    assert breaches(CASES) == {}
