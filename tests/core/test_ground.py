"""References, quantities, history's chain."""

import dataclasses
import inspect
import pkgutil
import re
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from core import access, history, quantities, references
from core.legal_time import INSTANT, day_end, day_start, legal_day
from core.models import HistoryLine
from shipments.models import Shipment


@given(st.text(alphabet=references.ALPHABET, min_size=8, max_size=8), st.sampled_from("il"))
def test_a_reference_is_read_back_however_it_is_typed(body, one):
    from stdnum.iso7064 import mod_37_2

    check = mod_37_2.calc_check_digit(body)
    if check not in references.ALPHABET:
        return
    canonical = f"EL-{body}{check}"
    typed = f"el {body[:4].lower()}-{body[4:]} {check}".replace("0", "o").replace("1", one)
    assert references.read(typed, "EL") == canonical


@pytest.mark.parametrize("typed", ["SHX4K2M1G", "sh-SHX4K2M1G"])
def test_a_number_that_begins_as_its_prefix_does_is_read_without_it_too(typed):
    assert references.read(typed, "SH") == "SH-SHX4K2M1G"


@given(st.integers(0, 7), st.sampled_from(references.ALPHABET))
def test_one_wrong_character_is_noticed(place, other):
    ref = references.draw("EL")
    body = ref[3:]
    if body[place] == other:
        return
    with pytest.raises(ValueError, match="EL-"):
        references.read("EL-" + body[:place] + other + body[place + 1 :], "EL")


def test_a_code_that_was_drawn_is_one_and_nothing_else_is():
    code = references.draw_code()
    assert references.is_code(code)
    assert not any(map(references.is_code, ("", code[1:], code + "2", code[1:] + "U", code[1:] + "字")))


@given(st.integers(1, quantities.MAX_BASE))
def test_quantities_survive_the_wire(base):
    for unit in ("kg", "g", "unit"):
        assert quantities.read(quantities.show(base, unit), unit) == base


def test_legal_days_are_half_open():
    day = date(2026, 12, 2)
    assert day_start(day).isoformat() == "2026-12-01T16:00:00+00:00"
    assert legal_day(day_end(day) - timedelta(microseconds=1)) == day
    assert legal_day(day_end(day)) == day + timedelta(days=1)


def test_the_database_ends_a_legal_day_where_python_does(db):
    instants = [day_start(date(2026, month, 1)) + n * INSTANT for month in range(1, 13) for n in (-1, 0, 1)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(legal_day(at) ORDER BY at) FROM unnest(%s) at", [instants])
        assert cursor.fetchone()[0] == [legal_day(at) for at in instants]


def test_history_is_chained_and_tampering_shows(world, license):
    row = license.application
    assert history.broken_links(row) == []
    line = history.lines_of(row)[3]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE core_historyline DISABLE TRIGGER USER")
        cursor.execute("UPDATE core_historyline SET reason = 'changed' WHERE id = %s", [line.pk])
        cursor.execute("ALTER TABLE core_historyline ENABLE TRIGGER USER")
    assert history.broken_links(row) == [line.seq]


def test_what_postgresql_begins_has_the_hash_that_python_would_give(world, license):
    """Whatever the microseconds, and with a day that is another one in UTC."""
    shipment = world.shipment(license, 1_000)
    assert history.broken_links(shipment) == []
    begin = "SELECT history_begin('shipment', %s, 'SH-X', 'reserve', 'reserved', %s, %s, '2026-11-28-abc123')"
    for number, at in enumerate(
        ("2026-11-28 16:00:00+00", "2026-11-29 00:30:00.000100+08", "2026-02-28 23:59:59.999999+00")
    ):
        row = Shipment(pk=10_000 + number)
        with connection.cursor() as cursor:
            cursor.execute(begin, [row.pk, shipment.created_by_id, at])
        assert history.lines_of(row).count() == 1
        assert history.broken_links(row) == []


HASHED = [field.attname for field in HistoryLine._meta.concrete_fields if field.name not in ("id", "hash")]


def another(value):
    match value:
        case str():
            return value + "x"
        case datetime():
            return value + timedelta(microseconds=1)
        case dict():
            return value | {"x": 1}
    return value + 1


@pytest.mark.parametrize("name", HASHED)
def test_a_lines_hash_covers_each_of_its_fields(name):
    line = HistoryLine(subject_id=1, seq=1, actor_id=1, at=datetime(2026, 12, 2, tzinfo=UTC))
    before = history.chain_hash(line)
    setattr(line, name, another(getattr(line, name)))
    assert history.chain_hash(line) != before


def test_no_float_and_no_forbidden_shortcut_in_the_code():
    """No float in our code; no .update(state=; rows are locked in core/locks.py; nothing switches the guards off.

    The day of an instant is the legal one, which core/legal_time.py alone works out: eight hours a day it is another.
    """
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
            if ".date()" in text and path.name != "legal_time.py":
                found.append((str(path.relative_to(root)), ".date()"))
    assert found == []


def test_no_template_has_inline_style_or_script():
    root = Path(__file__).resolve().parent.parent.parent / "templates"
    bad = re.compile(r"\sstyle=|<style|<script(?![^>]*\bsrc=)|\son[a-z]+=|javascript:", re.IGNORECASE)
    assert [str(p) for p in root.rglob("*.html") if bad.search(p.read_text(encoding="utf-8"))] == []


BLOCKS = (
    "address|article|aside|blockquote|body|dd|details|dialog|div|dl|dt|fieldset|figure|footer|form|h[1-6]|head|header"
    "|html|legend|li|main|nav|ol|option|p|section|select|summary|table|tbody|td|tfoot|th|thead|tr|ul"
)


def crowded(line):
    """A block opens or closes beside something else; its own end on the same line is no crowd."""
    tags = re.findall(rf"</?(?:{BLOCKS})\b", line)
    alone = len(tags) == 1 or (len(tags) == 2 and tags[1] == tags[0].replace("<", "</"))
    return bool(tags) and not (alone and line.lstrip().startswith(tags[0]))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('  <p class="x">{% if a %}<b>word</b>{% endif %}</p>', False),
        ("  </div>", False),
        ("<div><p>", True),
        ("</p></div>", True),
        ("{% if a %}<p>word</p>{% endif %}", True),
        ("<td>1</td><td>2</td>", True),
        ("<progress><picture>", False),
    ],
)
def test_a_line_is_crowded_by_a_second_block(line, expected):
    assert crowded(line) is expected


def test_template_lines_are_short_and_hold_one_block():
    root = Path(__file__).resolve().parent.parent.parent / "templates"
    found = []
    for path in sorted(root.rglob("*.html")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if len(line) > 120 or crowded(line):
                found.append(f"{path.relative_to(root)}:{number}: {line.strip()[:80]}")
    assert found == []


def test_the_ground_speaks_no_word_of_an_upper_app():
    """core keeps registries; apps fill them. What HTTP and PostgreSQL call an application is left out."""
    import re
    from pathlib import Path

    words = re.compile("licen[sc]e|shipment|declaration|application|quota|incident", re.IGNORECASE)
    others = re.compile(r"application/[\w.+-]+|the application('s)?\b", re.IGNORECASE)
    root = Path(__file__).resolve().parent.parent.parent / "core"
    found = [
        f"{path.relative_to(root)}:{number}: {line.strip()}"
        for path in sorted(root.rglob("*.py"))
        if "migrations" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if words.search(others.sub("", line))
    ]
    assert found == []


def test_each_noun_of_the_access_table_says_who_sees_its_rows():
    """Else a refused person would meet an error, and not 404 or 403."""
    assert {row.noun for row in access.table().values() if row.noun} == access.visible.keys()


def test_what_is_handed_on_is_changed_by_nobody():
    """Actors, requests, facts: every dataclass of ours is frozen."""
    for app in ("core", "exporters", "licensing", "shipments"):
        for module in pkgutil.walk_packages(import_module(app).__path__, f"{app}."):
            for one in vars(import_module(module.name)).values() if ".migrations" not in module.name else ():
                if isinstance(one, type) and dataclasses.is_dataclass(one) and one.__module__.startswith(f"{app}."):
                    assert one.__dataclass_params__.frozen, one


STEPS = {
    "book",
    "drafted",
    "foresee",
    "keep",
    "keep_answer",
    "keep_file",
    "issue_key",
    "lock_with_exporter",
    "lock_to_resolve",
    "write",
    "begin",
    "open_cause",
    "put_in_force",
    "cause_opened",
    "cause_ended",
    "lapse_with",
    "lifted",
    "narrowed",
    "widened",
    "exhaust_if_done",
    "settle",
    "open_again",
    "restore",
    "take_silence",
    "found_invalid_by",
    "correct",
    "drop_change",
    "take_back",
    "tell_of_holds",
    "check",
    "reconsidered",
    "require_reconsidering",
}


def test_each_verb_that_pages_and_calls_reach_is_a_command():
    """What takes its actor and is no command is a step under one, or asks only; it is named here."""
    found = {}
    for app in ("core", "exporters", "licensing", "shipments"):
        top = import_module(f"{app}.actions")
        parts = [
            import_module(part.name) for part in pkgutil.iter_modules(getattr(top, "__path__", []), f"{app}.actions.")
        ]
        for one in (one for part in (top, *parts) for one in vars(part).values()):
            if inspect.isfunction(one) and one.__module__.startswith(top.__name__) and not one.__name__.startswith("_"):
                found[one.__name__] = one
    acting = {name for name, one in found.items() if "by" in inspect.signature(one).parameters}
    assert len(acting) > 50
    assert {name for name in acting if not hasattr(found[name], "claimed")} == STEPS
