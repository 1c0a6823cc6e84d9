"""Each constraint of the exporters' tables refuses by itself what breaks it."""

from tests import make
from tests.refused import breaches

ANOTHER = "(SELECT min(u.id) FROM core_user u WHERE u.id <> opened_by_id)"
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
    ("exporters_stop.stop_says_why", {"number": "''"}),
    ("exporters_stop.stop_says_why", {"reason": "''"}),
    ("exporters_stop.stop_in_order", {"ended_by_id": ANOTHER, "ended_at": "opened_at - interval '1 second'"}),
    ("exporters_stop.stop_ended_by_another", {"ended_by_id": "opened_by_id", "ended_at": "opened_at"}),
    ("exporters_stop.stop_ended_by_another", {"ended_by_id": "NULL", "ended_at": "opened_at"}),
    (
        "exporters_stop.stop_ended_by_another",
        {"kind": "'bar'", "last_day": "'2030-01-01'", "proposed_by_id": ANOTHER, "ended_by_id": ANOTHER}
        | {"ended_at": "opened_at"},
    ),
    ("exporters_stop.stop_bars_by_two_until_a_day", {"last_day": "'2030-01-01'"}),
    ("exporters_stop.stop_bars_by_two_until_a_day", {"proposed_by_id": ANOTHER}),
    ("exporters_stop.stop_bars_by_two_until_a_day", {"kind": "'bar'", "proposed_by_id": ANOTHER}),
    ("exporters_stop.stop_bars_by_two_until_a_day", {"kind": "'bar'", "last_day": "'2030-01-01'"}),
    (
        "exporters_stop.stop_bars_by_two_until_a_day",
        {"kind": "'bar'", "last_day": "'2030-01-01'", "proposed_by_id": "opened_by_id"},
    ),
    ("exporters_stop.stop_of_a_kind_open_once", {}),
]


def test_postgresql_refuses_what_breaks_a_constraint(world):
    world.declaration()
    make.exporter(world.ministry, "Second Co., Ltd.")
    make.stopped(world)
    assert breaches(CASES) == {}
