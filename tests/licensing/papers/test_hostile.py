"""Whatever people write is printed on every paper in every field: each text of the data of each kind is in turn one
that breaks lines, obeys nothing and is written from the right, and the paper still is one that archives take."""

import copy
import re

import pytest
from django.db import connection

from core import papers
from core.models import Paper
from tests import pdf, story

HOSTILE = (
    '#panic() [*x*] $y$ \\u{41} <a> @b // "q" '
    + "Ωμέγα Магниты 株式会社 마그넷 شركة المغناطيس מגנטים " * 5
    + "W" * 120
    + "\u202e😀"
)[:400]
OURS = {"number", "qr", "kind", "code", "sha256", "unit", "ask"}  # which nobody writes
MADE = re.compile(r"[a-z_]+|[A-Z]{2}-[A-Z0-9]+|[0-9A-Z]{18}")  # nor these: words templates go by, references, codes
IN_TWO = {"exporter", "holder", "reason", "reasons"}  # where somebody's words stand for both languages
pytestmark = [pytest.mark.full, pytest.mark.slow]


def leaves(data, at=()):
    """The places of texts that somebody wrote."""
    if isinstance(data, dict | list):
        for key, one in data.items() if isinstance(data, dict) else enumerate(data):
            yield from leaves(one, (*at, key))
    elif isinstance(data, str) and data and not (OURS & {*at} or MADE.fullmatch(data) or said_in_both(at)):
        yield at


def said_in_both(at):
    """Our own words, of which each language has its own."""
    return at[-1] in ("zh", "en") and not IN_TWO & {*at}


def put(data, at, text):
    changed = copy.deepcopy(data)
    inner = changed
    for key in at[:-1]:
        inner = inner[key]
    inner[at[-1]] = text
    return changed


def test_each_text_of_each_paper_may_be_anything(world, clock):
    story.told(world, clock)
    papers.make_due()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")  # (many texts are typeset between two)
    wrong, tried = [], set()
    for kind in sorted(set(Paper.objects.values_list("kind", flat=True))):
        paper = Paper.objects.filter(kind=kind).select_related("line").first()
        data = pdf.data_of(paper)
        for at in leaves(data):
            field = tuple("*" if isinstance(key, int) else key for key in at)
            if (kind, field) in tried:
                continue
            tried.add((kind, field))
            text = papers.text_of(put(data, at, HOSTILE))
            content = papers.typeset(papers._kinds[kind].template, text, paper.line.at)
            found = pdf.flaws_of(content) + pdf.outside(content, left=50, right=545, bottom=25, top=820)
            pages = pdf.pages_of(content)
            found += [] if all("Continues" in page for page in pages[:-1]) else ["it does not say that it continues"]
            wrong += [(kind, field, found)] if found else []
    assert wrong == []
    assert len(tried) > 60, tried
