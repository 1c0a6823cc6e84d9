"""References, quantities, history's chain."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from core import history, quantities, references
from core.legal_time import day_end, day_start, legal_day


@given(st.text(alphabet=references.ALPHABET, min_size=8, max_size=8))
def test_a_reference_is_read_back_however_it_is_typed(body):
    from stdnum.iso7064 import mod_37_2

    check = mod_37_2.calc_check_digit(body)
    if check not in references.ALPHABET:
        return
    canonical = f"EL-{body}{check}"
    typed = f"el {body[:4].lower()}-{body[4:]} {check}".replace("0", "o").replace("1", "l")
    assert references.read(typed, "EL") == canonical


@given(st.integers(0, 7), st.sampled_from(references.ALPHABET))
def test_one_wrong_character_is_noticed(place, other):
    ref = references.draw("EL")
    body = ref[3:]
    if body[place] == other:
        return
    with pytest.raises(ValueError, match="EL-"):
        references.read("EL-" + body[:place] + other + body[place + 1 :], "EL")


@given(st.integers(1, quantities.MAX_BASE))
def test_quantities_survive_the_wire(base):
    for unit in ("kg", "g", "unit"):
        assert quantities.read(quantities.show(base, unit), unit) == base


def test_legal_days_are_half_open():
    from datetime import date, timedelta

    day = date(2026, 12, 2)
    assert day_start(day).isoformat() == "2026-12-01T16:00:00+00:00"
    assert legal_day(day_end(day) - timedelta(microseconds=1)) == day
    assert legal_day(day_end(day)) == day + timedelta(days=1)


def test_history_is_chained_and_tampering_shows(world):
    license = world.license(kilograms=100)
    row = license.application
    assert history.broken_links(row) == []
    line = history.lines_of(row)[3]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_historyline DISABLE TRIGGER USER")
        cursor.execute("UPDATE core_historyline SET reason = 'changed' WHERE id = %s", [line.pk])
        cursor.execute("ALTER TABLE core_historyline ENABLE TRIGGER USER")
    assert history.broken_links(row) == [line.seq]


def test_no_float_and_no_forbidden_shortcut_in_the_code():
    """No float in our code; no .update(state=; rows are locked in core/locks.py; nothing switches the guards off."""
    from pathlib import Path

    root = Path(__file__).resolve().parent.parent.parent
    found = []
    for app in ("core", "exporters", "licensing", "shipments"):
        for path in (root / app).rglob("*.py"):
            if "migrations" in path.parts:
                continue
            text = path.read_text(encoding="utf-8")
            for shortcut in ("float(", "FloatField", ".update(state=", "pgtrigger.ignore"):
                if shortcut in text:
                    found.append((str(path.relative_to(root)), shortcut))
            if "select_for_update" in text and path.name != "locks.py":
                found.append((str(path.relative_to(root)), "select_for_update"))
    assert found == []


def test_no_template_has_inline_style_or_script():
    import re
    from pathlib import Path

    root = Path(__file__).resolve().parent.parent.parent / "templates"
    bad = re.compile(r"\sstyle=|<style|<script(?![^>]*\bsrc=)|\son[a-z]+=|javascript:", re.IGNORECASE)
    assert [str(p) for p in root.rglob("*.html") if bad.search(p.read_text(encoding="utf-8"))] == []
