"""Each verb takes its rows in the order of core/locks.csv, and reads the clock after that."""

import csv
import re
from pathlib import Path

import pytest
from django.db import connection

from core import locks
from core.errors import NotFound
from core.locks import lock, lock_all
from exporters.models import Exporter, Party
from tests import story
from tests.mutations import guards

# A verb takes its noun's row and then reads the clock; here are those that take others, or several.
NOUNS = {
    "exporters": "exporters_exporter",
    "exporters.changes": "exporters_exporter",
    "licensing.declarations": "licensing_declaration",
    "licensing.applications": "licensing_application",
    "licensing.consultations": "licensing_application",
    "licensing.decisions": "licensing_application",
    "licensing.receipts": "licensing_application",
    "licensing.inquiries": "licensing_inquiry",
    "licensing.invalidations": "licensing_declaration",
    "licensing.revocations": "licensing_license",
    "licensing.screenings": "licensing_application",
    "licensing.signals": "licensing_application",
    "licensing.supplements": "licensing_application",
    "licensing.turns": "licensing_application",
    "licensing.intents": "licensing_application",
    "licensing.reconsiderations": "licensing_application",
    "licensing.questions": "licensing_application",
    "licensing.editions": "licensing_draft",
    "licensing.comments": "licensing_draft",
    "licensing.simulations": "licensing_draft",
    "licensing.licenses": "licensing_license",
    "licensing.amendments": "licensing_license",
    "licensing.renewals": "licensing_license",
    "licensing.notices": "licensing_notice",
    "shipments.incidents": "shipments_handling",
    "shipments.officers": "licensing_license shipments_shipment",
    "shipments.qualifications": "exporters_qualification",
    "shipments.reports": "shipments_shipment",
}
TAKES = {
    "core.people.choose_language": "",
    "core.mail.send_again": "core_delivery now",
    "core.mail.end_delivery": "core_delivery now",
    "core.teams.add_member": "core_organization now",
    "core.teams.withdraw_invitation": "core_organization now",
    "core.teams.accept_invitation": "core_organization now",
    "core.teams.change_member": "core_organization core_membership now",
    "core.keys.create_key": "core_organization now",
    "core.offices.open_office": "now",
    "core.keys.revoke_key": "core_organization core_apikey now",
    "core.officers.propose_officer": "core_organization now",
    "core.officers.confirm_grant": "core_organization core_rolegrant now",
    "core.officers.propose_roles": "core_organization core_membership now",
    "licensing.editions.draft": "now",
    "licensing.notices.publish": "now",
    "licensing.inquiries.ask": "now",
    "licensing.reconsiderations.serve": "now",
    "licensing.reconsiderations.reconsider": "exporters_exporter licensing_application now",
    "licensing.reconsiderations.change": "licensing_application licensing_declaration now",
    "licensing.follows.follow": "now",
    "licensing.follows.unfollow": "",
    "licensing.pools.propose_opening": "now",
    "licensing.pools.propose_change": "now",
    "licensing.pools.approve": "licensing_poolchange now",
    "licensing.pools.refuse": "licensing_poolchange now",
    "licensing.pools.check": "now",
    "licensing.pools.thaw": "now",
    "licensing.windows.warn": "core_organization now",
    "licensing.windows.review": "core_organization now",
    "licensing.simulations.take": "licensing_simulation now",
    "licensing.simulations.keep": "licensing_simulation",
    "exporters.change_party": "exporters_party now",
    "licensing.copies.copy_license": "now",
    "licensing.copies.copy_case": "now",
    "licensing.merges.merge": "licensing_application now",
    "exporters.changes.accept_change": "exporters_exporter core_organization now",
    "licensing.applications.start": "licensing_declaration now",
    "licensing.applications.change": "licensing_application licensing_declaration now",
    "licensing.declarations.submit": "licensing_application licensing_declaration now",
    "licensing.applications.redeclare": "exporters_exporter licensing_application licensing_declaration now",
    "licensing.applications.submit": "exporters_exporter licensing_application licensing_declaration now",
    "licensing.decisions.approve": "licensing_application licensing_declaration now",
    "licensing.decisions.issue": "exporters_exporter licensing_application licensing_declaration now ledger_open",
    "shipments.reservations.reserve": "shipment_reserve",
    "shipments.bulk.reserve_many": "shipment_reserve_many",
    "shipments.bulk.order": "now",
    "shipments.bulk.work": "shipments_bulk shipment_reserve_many",
    "shipments.bulk.fail": "shipments_bulk now",
    "shipments.bulk.cancel": "shipments_bulk now",
    "shipments.sheets.show": "shipments_sheet now",
    "shipments.sheets.confirm": "shipments_sheet now shipment_reserve_many",
    "shipments.customs.receive": "licensing_license shipments_shipment now shipments_customsdeclaration shipment_settle"
    " ledger_usable ledger_lapse",
    "shipments.counter.report": "licensing_license shipments_shipment now shipments_customsdeclaration",
    "shipments.officers.approve_return": "licensing_license shipments_shipment ledger_lock now shipment_credit",
    "shipments.officers.close_out": "licensing_license shipments_shipment shipment_settle now",
    "shipments.reservations.cancel": "licensing_license shipments_shipment shipment_settle now",
    "licensing.licenses.suspend": "licensing_license ledger_lock now ledger_usable",
    "shipments.visits.record_visit": "licensing_license now",
    "licensing.enforcement.suspend": "licensing_license ledger_lock now ledger_usable",
    "licensing.enforcement.lift": "licensing_license ledger_lock now ledger_usable",
    "licensing.standing.suspend": "exporters_exporter exporters_qualification licensing_license ledger_lock now"
    " ledger_usable",
    "licensing.standing.propose_bar": "exporters_exporter now",
    "licensing.standing.drop_bar": "exporters_exporter now",
    "licensing.standing.bar": "exporters_exporter exporters_qualification licensing_license ledger_lock now"
    " ledger_usable",
    "licensing.standing.end_bar": "exporters_exporter now",
    "licensing.standing.reinstate": "exporters_exporter licensing_license ledger_lock now ledger_usable",
    "shipments.closing.close": "exporters_exporter core_organization now",
    "licensing.licenses.freeze": "licensing_license ledger_lock now ledger_usable",
    "licensing.licenses.lift": "licensing_license ledger_lock now ledger_usable",
    "shipments.reservations.lapse": "licensing_license shipments_shipment now shipment_settle",
    "licensing.declarations.verify": "licensing_declaration licensing_declaration licensing_license now",
    "licensing.invalidations.invalidate": "exporters_exporter licensing_application licensing_declaration"
    " licensing_license now",
    "licensing.revocations.revoke": "exporters_qualification licensing_license ledger_lock now ledger_usable"
    " ledger_lapse",
    "licensing.licenses.surrender": "licensing_license ledger_lock now ledger_usable ledger_lapse",
    "licensing.licenses.expire": "licensing_license ledger_lock now ledger_usable ledger_lapse",
    "licensing.screenings.screen": "exporters_exporter licensing_application licensing_license now",
    "licensing.screenings.resolve": "exporters_exporter licensing_license ledger_lock now ledger_usable",
    "licensing.verdicts.confirm": "licensing_license now",
    "licensing.verdicts.turn": "licensing_license ledger_lock now",
}


@pytest.mark.slow
def test_each_verb_takes_its_rows_first_and_then_reads_the_clock(world, clock):
    """A verb that is missing here happens nowhere in tests/story.py (a plain one does so by itself)."""
    steps = story.told(world, clock).steps
    assert steps == {verb: TAKES[verb] if verb in TAKES else f"{NOUNS[verb.rpartition('.')[0]]} now" for verb in steps}
    assert {name for name in guards.locks() if "." in name} <= {f"lock:{verb}" for verb in steps}


TAKEN = re.compile(
    r"FOR NO KEY UPDATE(?: OF (?P<of>\w+))?|\bLOCK TABLE (?P<all>\w+)|ON CONFLICT (?:\([^)]*\) )?(?P<new>DO NOTHING)"
)


def taken_by_functions():
    """{function of the database: the tables of which it takes rows, or waits for new ones of others, and the functions
    that it calls, in order}."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
        sources = dict(cursor.fetchall())
    found = {name: [] for name in sources}
    for name, source in sources.items():
        for said in re.split(r";|\b(?:BEGIN|LOOP|THEN|ELSE)\b", re.sub(r"--[^\n]*", "", source)):
            found[name] += [table_of(said, what) for what in TAKEN.finditer(said)]
            found[name] += [word for word in re.findall(r"\b(\w+)\(", said) if word in {*sources} - {name}]
    return found


def table_of(said, what):
    if what["new"]:
        table = re.findall(r"\bINSERT INTO (\w+)", said)[-1]
        return f"{table} new" if table == "shipments_shipment" else table
    return what["all"] or re.search(rf"\b(\w+) {what['of']}\b" if what["of"] else r"\bFROM (\w+)", said)[1]


def tables_of(words, functions):
    """Of these tables and functions the tables, each where something of it is first taken."""
    found = {}
    for word in words:
        found.update(dict.fromkeys(tables_of(functions[word], functions) if word in functions else [word]))
    return list(found)


def test_all_rows_are_taken_in_the_one_order(db):
    """By each verb, whatever it calls, and by each function of the database, whoever calls it."""
    with Path(locks.__file__).with_name("locks.csv").open(encoding="utf-8") as source:
        order = [row["table"] for row in csv.DictReader(source)]
    functions = taken_by_functions()
    verbs = {verb: words.replace("now", "").split() for verb, words in (NOUNS | TAKES).items()}
    taken = {name: tables_of(words, functions) for name, words in (functions | verbs).items()}
    assert set(order) == {table for tables in taken.values() for table in tables}
    assert {name: tables for name, tables in taken.items() if tables != sorted(tables, key=order.index)} == {}


@pytest.mark.slow
def test_each_verb_that_decides_refuses_an_old_page(world, clock):
    deciding = {name.partition(":")[2] for name in guards.seen()}
    assert story.told(world, clock).old_page == dict.fromkeys(deciding, "stale")


@pytest.mark.slow
def test_each_verb_finds_only_the_rows_of_whom_it_is_done_by(world, clock):
    found = story.told(world, clock).of_others
    assert found == dict.fromkeys(found, "not-found")
    assert {name.partition(":")[2] for name in guards.scopes()} <= found.keys()


def test_what_the_actor_does_not_see_is_not_taken(world):
    with pytest.raises(NotFound):
        lock(Exporter.objects.none(), pk=world.exporter.organization_id)


def test_rows_are_taken_in_the_order_of_their_keys(world):
    made = [world.declaration().end_user for _ in range(3)]
    rows = Party.objects.filter(pk__in=[party.pk for party in made]).order_by("-name")
    assert [row.pk for row in lock_all(rows)] == sorted(party.pk for party in made)


def test_a_lock_waits_for_nobody_who_only_refers_to_the_row(world, django_assert_num_queries):
    with django_assert_num_queries(1) as seen:
        lock(Exporter.objects.all(), pk=world.exporter.organization_id)
    assert "FOR NO KEY UPDATE" in seen[0]["sql"]
