"""Each constraint of the exporters' tables refuses by itself what breaks it."""

from tests import make
from tests.refused import breaches

CASES = [
    ("exporters_exporter.exporter_code_held_once", {"*": "", "uscc": "'91360700MA35LT1X0Q'"}),
    ("exporters_exporter.exporter_province_known", {"*": "", "province": "'99'"}),
    ("exporters_party.exporters_party_ref_key", {}),
    ("exporters_party.exporters_party_version_check", {"version": "-1"}),
    ("exporters_qualification.qualification_granted_through_a_day", {"*": "", "last_day": "NULL"}),
    ("exporters_paperrecord.paper_record_counts", {"number": "0"}),
    ("exporters_paperrecord.paper_record_in_order", {"last_day": "'2020-01-01'"}),
    ("exporters_recordanswer.record_answer_says_why", {"reason": "''"}),
    ("exporters_examination.examination_granted_when_met", {"missing": "1"}),
]


def test_postgresql_refuses_what_breaks_a_constraint(world):
    world.declaration()
    make.exporter(world.ministry, "Second Co., Ltd.")
    assert breaches(CASES) == {}
