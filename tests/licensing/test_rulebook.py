"""Everybody reads the rules: which edition is in force, every instrument clause by clause, what each edition said."""

import hashlib
import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.legal_time import day_start, legal_today
from licensing import selectors
from licensing.actions import applications, editions
from licensing.models import PolicyEdition
from licensing.web.rulebook import parts_of
from tests import make
from tests.make import seen

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def read(client, reference):
    """A page as one text."""

    def read(path, status=200, language="en"):
        client.cookies["language"] = language
        answer = client.get(path)
        assert answer.status_code == status
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())

    return read


def announced(days=2, change=lambda rules, document: document.update(windows=[]), **facts):
    """An edition that starts so many days from today on, with a statement."""
    row = make.edition(change, starts_at=day_start(legal_today() + days * DAY), **facts)
    words = {"statement_en": "A title\nOne way\n\nWhat changes\nThis.\nThat.", "statement_zh": "标题\n变化"}
    type(row.draft).objects.filter(pk=row.draft_id).update(**words)
    return row


# --- editions -----------------------------------------------------------------------------------------------


def test_the_edition_in_force_is_named_with_its_hash_and_what_comes_next(read):
    first = PolicyEdition.objects.get()
    text = read("/rules/")
    assert first.code in text and first.digest in text and "No later edition is announced" in text
    row = announced()
    text = read("/rules/")
    assert "Other rules come into force" in text and row.code in text and first.digest in text
    assert row.digest not in text


def test_an_edition_is_in_force_where_it_judges_that_day_alone(read):
    first, today = PolicyEdition.objects.get(), legal_today()
    make.edition(lambda rules, document: document.update(windows=[]))
    names = ("The edition in force", "The edition of that day", "The edition that you asked for")
    for query, said in (
        ("", names[0]),
        (f"?as_of={today - DAY}", names[1]),
        (f"?edition={first.code}", names[2]),
        (f"?as_of={today + DAY}&edition={first.code}", names[2]),
    ):
        text = read(f"/rules/{query}")
        assert [name for name in names if name in text] == [said], query


def test_each_edition_has_its_statement_with_an_address_for_each_item(client, read):
    row = announced()
    html = client.get(f"/rules/editions/{row.code}/").content.decode()
    for name, words in (("item-1.1", "One way"), ("item-2.1", "This."), ("item-2.2", "That.")):
        assert re.search(rf'<li id="{re.escape(name)}">\s*{re.escape(words)}', html), name
    assert "变化" in read(f"/rules/editions/{row.code}/", language="zh-hans")
    assert "It changes nothing" in read(f"/rules/editions/{PolicyEdition.objects.earliest('pk').code}/")


def test_a_statement_is_cut_where_its_author_left_a_line_blank():
    found = parts_of("Title\r\nOne\r\n\r\nAlone\n\n\n\nLast\nTwo\nThree")
    assert [(part.title, [line for _, line in part.lines]) for part in found] == [
        ("Title", ["One"]),
        ("Alone", []),
        ("Last", ["Two", "Three"]),
    ]
    assert len({anchor for part in found for anchor, _ in part.lines}) == 3


def test_a_draft_is_not_public(read):
    draft = editions.draft(title="Secret", by=make.ministry().policy_officer)
    assert "Secret" not in read("/rules/")
    read(f"/rules/editions/{draft.ref}/", status=404)
    read(f"/rules/editions/{draft.ref}/text/", status=404)


def test_what_was_repealed_is_shown_as_that_and_what_repeals_it_is_no_edition(read):
    row = announced()
    make.repealed(row)
    assert "Repealed" in read(f"/rules/editions/{row.code}/")
    read(f"/rules/editions/{row.code}-0/", status=404)
    assert "No later edition is announced" in read("/rules/")


def test_everybody_can_count_the_hash(client, reference):
    row = PolicyEdition.objects.get()
    answer = client.get(f"/rules/editions/{row.code}/text/")
    assert hashlib.sha256(answer.content).hexdigest() == row.digest


# --- instruments --------------------------------------------------------------------------------------------


def test_every_instrument_stands_there_in_both_languages_with_its_source(read):
    text = read("/rules/")
    rows = selectors.rules_of(PolicyEdition.objects.get().digest).edition.document["instruments"]
    assert len(rows) == 16
    for row in rows:
        for words in (row["title_en"], row["title_zh"], row["source"]):
            assert words in text, words


def test_an_instrument_says_when_it_is_suspended_and_what_comes_back_on_which_day(read):
    text = read("/rules/A57-2025/?as_of=2026-11-10")
    assert "Suspended until 10 Nov 2026 inclusive" in text
    assert "All of it suspended from 7 Nov 2025 through 10 Nov 2026, by Ann. 70/2025" in text
    assert "From 11 Nov 2026 on this counts again , unless it is prolonged" in text
    assert "R002" in text and "Control codes that come back: 36" in text and "1C909.b" in text
    after = read("/rules/A57-2025/?as_of=2026-11-11")
    assert "It ended: from 11 Nov 2026 on this counts again" in after and "Suspended until" not in after
    assert "No rule loaded here rests on it" in read("/rules/A55-2025/")


def test_its_rules_stand_under_their_clauses_with_whose_word_they_are(client, read):
    text = read("/rules/A46-2024/")
    assert "Clause 1" in text and "Clause 2" in text and "R030" in text and "R032" in text
    assert "Default of this product: No provision says so." in text and "Unverified" in text
    assert "Announcement: Ann. 46/2024, 1" in text
    html = client.get("/rules/A46-2024/").content.decode()
    assert html.index('id="clause-1"') < html.index('id="rule-R030"') < html.index('id="clause-2"')
    assert html.index('id="clause-2"') < html.index('id="rule-R032"')
    assert "no law and no announcement says so" in read("/rules/PROD-ANNUAL/")


def test_a_clause_with_days_of_its_own_says_so(read):
    """Announcement 61 counts from October 2025 on, its paragraphs 1.1 and 1.2 from December on."""

    def change(rules, document):
        document["windows"] = []

    make.edition(change)
    clauses = read("/rules/A61-2025/").partition("Clauses, and the rules")[2]
    assert clauses.count("In force In force from 1 Dec 2025 on") == 2
    assert "Clause 1.3 In force In force from 9 Oct 2025 on" in clauses


def test_what_nobody_knows_for_sure_stands_at_the_instrument_that_it_bears_on(read):
    for name, words in (
        ("A57-2025", "No prolongation was found"),
        ("A21-2025", "AMBIGUOUS"),
        ("DUR", "Decree 792 was seen in parts only"),
        ("A56-2025", "Equipment codes from 2B902.d on"),
        ("PROD-ANNUAL", "known from the press"),
    ):
        assert words in read(f"/rules/{name}/"), name
    assert "not known for sure" not in read("/rules/ECL/")


def test_a_clause_that_has_a_slash_or_a_blank_has_its_anchor(client, reference):
    def change(rules, document):
        row = document["instruments"][0]
        document["instruments"].append(row | {"id": "A9-2027"})
        document["rules"].append(rules["R033"] | {"id": "R050", "instrument": "A9-2027", "clause": "1/2 (a)"})

    make.edition(change)
    html = client.get("/rules/A9-2027/").content.decode()
    assert 'id="clause-1%2F2%20%28a%29"' in html and 'id="rule-R050"' in html
    assert "/rules/A9-2027/" in client.get("/rules/").content.decode()


@pytest.mark.parametrize("name", ["A99-2025", "nothing/here"])
def test_an_unknown_instrument_is_not_found(read, name):
    read(f"/rules/{name}/", status=404)


# --- the day ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/rules/", "/rules/A57-2025/"])
@pytest.mark.parametrize("day", ["1900-01-01", "2020-11-30", "9999-12-31", "tomorrow", "2026-02-30"])
def test_a_day_that_nothing_judges_is_refused_at_its_field_and_stays_as_typed(client, reference, path, day):
    answer = client.get(path, {"as_of": day})
    assert answer.status_code == 422
    assert answer.context["form"].errors.keys() == {"as_of"} and day in answer.content.decode()


def test_a_day_ahead_is_judged_by_the_rules_known_today(read):
    row, day = announced(), legal_today() + 3 * DAY
    text = read(f"/rules/?as_of={day}")
    assert row.digest in text and "judged by the rules known today" in text
    assert "judged by the rules known today" not in read("/rules/")
    assert "Suspended" not in read(f"/rules/A57-2025/?as_of={day}")


def test_the_rules_of_an_edition_stay_readable_when_another_one_judges(read):
    first = PolicyEdition.objects.get()

    def change(rules, document):
        document["instruments"].append(document["instruments"][0] | {"id": "A9-2027"})

    row = make.edition(change)
    read("/rules/A9-2027/")
    read(f"/rules/A9-2027/?edition={first.code}", status=404)
    text = read(f"/rules/A57-2025/?edition={first.code}")
    assert f"These are the rules of edition {first.code}" in text and f"is judged by edition {row.code}" in text
    read("/rules/?edition=NONE", status=404)


# --- links --------------------------------------------------------------------------------------------------


def leads(client, html, rule):
    """The page behind the link of this rule, which has its anchor."""
    url = unescape(re.search(rf'href="([^"]+)">{rule}</a>', html)[1])
    path, _, anchor = url.partition("#")
    page = client.get(path)
    assert page.status_code == 200 and f'id="{anchor}"' in page.content.decode(), url
    return path


def test_a_rule_that_matched_in_the_check_leads_to_its_place(client, reference):
    html = client.get("/check/?item=1C909.b&to=DE&on=2026-11-11").content.decode()
    assert leads(client, html, "R002").startswith("/rules/A57-2025/?as_of=2026-11-11&edition=LIST-")


def test_a_rule_of_a_case_leads_to_the_edition_that_judged_it(client, world):
    ref, first = world.application(), PolicyEdition.objects.get()
    applications.submit(ref, seen=seen(ref), by=world.exporter)
    make.edition(lambda rules, document: document["rules"].remove(rules["R040"]))
    client.force_login(world.exporter.user)
    html = client.get(f"/applications/{ref}/rules/").content.decode()
    assert f"edition={first.code}" in leads(client, html, "R040")


def test_each_page_asks_the_same_few_questions_however_much_there_is(client, reference):
    def asked(path):
        client.get(path)  # compiled once a process
        with CaptureQueriesContext(
            connection,
        ) as found:
            assert client.get(path).status_code == 200
        return len(found)

    paths = ("/rules/", "/rules/A57-2025/", f"/rules/editions/{PolicyEdition.objects.get().code}/")
    before = [asked(path) for path in paths]

    def change(rules, document):
        for number in range(3):
            document["instruments"].append(document["instruments"][0] | {"id": f"A{number}-2027"})
            document["rules"].append(rules["R002"] | {"id": f"R9{number}"})
        last = date(2028, 1, 1) + DAY
        document["windows"].append(
            document["windows"][2] | {"suspended_from": "2028-01-01", "suspended_until": str(last)}
        )

    make.edition(change)
    announced(change=change, code="LATER")
    assert [asked(path) for path in paths] == before and max(before) < 12


def test_an_edition_says_what_is_written_otherwise_whatever_its_author_told(read):
    row = announced(change=lambda rules, document: rules["R033"].update(enabled=False))
    assert "R033" in read(f"/rules/editions/{row.code}/") and "What is written otherwise" not in read(
        f"/rules/editions/{PolicyEdition.objects.earliest('pk').code}/"
    )


def test_the_readers_language_stands_first(client, read):
    client.cookies["language"] = "zh-hans"
    html = " ".join(client.get("/rules/A57-2025/").content.decode().split())
    assert html.index("商务部、海关总署公告2025年第57号") < html.index("MOFCOM/GAC Ann. 57/2025")
    client.cookies["language"] = "en"
    html = " ".join(client.get("/rules/A57-2025/").content.decode().split())
    assert html.index("MOFCOM/GAC Ann. 57/2025") < html.index("商务部、海关总署公告2025年第57号")


def test_drafts_for_comment_are_found_from_the_rules(client, reference):
    assert 'href="/rules/proposals/"' in client.get("/rules/").content.decode()
