"""Each constraint of the exporters' tables refuses by itself what breaks it."""

from config.local import demo
from exporters.models import Exporter
from tests import make
from tests.refused import breaches

OFFICER = (
    "SELECT min(m.user_id) FROM core_membership m JOIN core_organization o ON o.id = m.organization_id"
    " WHERE o.kind = 'ministry'"
)
DECIDED = {"outcome": "'dropped'", "decided_at": "asked_at", "decided_by_id": f"({OFFICER})"}
ANOTHER = "(SELECT min(u.id) FROM core_user u WHERE u.id <> opened_by_id)"
SENT = "CASE state WHEN 'pending' THEN {} ELSE {} END"  # what was verified stands
CASES = [
    ("exporters_exporter.exporter_code_held_once", {"*": "", "state": SENT.format("'active'", "state")}),
    ("exporters_exporter.exporter_province_known", {"*": "", "province": SENT.format("'99'", "province")}),
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
    ("exporters_stop.stop_suspends_once", {}),
    ("exporters_accountchange.change_one_open", {}),
    ("exporters_accountchange.change_of_something", {"after": "'{}'", "is_license": "false"}),
    ("exporters_accountchange.change_says_why", {"reason": "''"}),
    ("exporters_accountchange.change_decided_as_a_whole", {"answer": "'x'"}),
    ("exporters_accountchange.change_decided_as_a_whole", {"outcome": "'accepted'"}),
    ("exporters_accountchange.change_decided_as_a_whole", {"*": "", **DECIDED, "decided_by_id": "NULL"}),
    ("exporters_accountchange.change_decided_as_a_whole", {"*": "", **DECIDED, "decided_at": "NULL"}),
    ("exporters_accountchange.change_decided_as_a_whole", {"*": "", **DECIDED, "outcome": "'declined'"}),
    ("exporters_accountchange.change_decided_as_a_whole", {"*": "", **DECIDED, "outcome": "'?'"}),
]


def test_postgresql_refuses_what_breaks_a_constraint(world):
    world.declaration()
    make.exporter(world.ministry, "Second Co., Ltd.")
    rival = make.exporter(name="Third Co., Ltd.")
    code = Exporter.objects.get(pk=world.exporter.organization_id).uscc
    Exporter.objects.filter(pk=demo.send_company(rival)).update(uscc=code)
    make.asked(world.exporter)
    make.stopped(world)
    assert breaches(CASES) == {}
