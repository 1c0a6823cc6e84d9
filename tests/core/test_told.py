"""Who is told of what: tests/told.csv has a row for each verb, by hand, and the steps say the same."""

import csv
from pathlib import Path

from core.web.steps import _steps

TESTS = Path(__file__).parent.parent
# Whose history their company reads; of the rest officers alone do, or everybody.
THEIRS = (
    "exporter",
    "party",
    "qualification",
    "inquiry",
    "declaration",
    "application",
    "license",
    "shipment",
    "windowwarning",
)


def read(name):
    with (TESTS / name).open(encoding="utf-8") as table:
        return list(csv.DictReader(table))


def rows():
    return {(row["noun"], row["verb"]): row for row in read("told.csv")}


def steps():
    return {(noun, verb): step for noun, table in _steps.items() for verb, step in table.items()}


def test_each_verb_has_its_row():
    assert rows().keys() == steps().keys()
    assert len(read("told.csv")) == len(rows())
    built = {(row["object"], row["verb"]) for row in read("workflows.csv") if row["who"]}
    assert built <= rows().keys()


def test_whoever_is_written_to_is_named():
    assert {key for key, row in rows().items() if row["mail"]} == {key for key, step in steps().items() if step.mail}


def test_a_company_reads_what_happens_to_what_is_its_own_unless_it_is_the_ministrys_alone():
    for (noun, verb), step in steps().items():
        page = rows()[noun, verb]["page"]
        assert page in ("holder", "desk", "everybody")
        assert (page == "holder") == (noun in THEIRS and not step.internal), (noun, verb)
        assert page != "everybody" or not step.internal
