"""The public check: the worked answers on its page, what it asks back, and what it refuses by its field."""

from datetime import UTC, datetime
from html import unescape

import pytest
from django.utils.html import strip_tags

from core import calendar_file
from licensing.loading import first_document
from licensing.policy.editions import canonical
from licensing.web.forms.check import CheckForm, words_of
from licensing.web.forms.rules import PARTS, sections
from tests import make

pytestmark = pytest.mark.django_db
HOLMIUM = {"item": "1C909.b", "to": "DE", "use": "CIV_AUTO", "user": "commercial", "hit": "none"}
MAGNET = {"item": "1C905.a.4", "to": "DE", "use": "CIV_AUTO", "user": "commercial", "hit": "none", "qualified": "yes"}
ABROAD = {"territory": "overseas", "item": "ANN61-P2", "to": "FR", "origin": "FR", "use": "CIV_AUTO"}
ABROAD |= {"user": "commercial", "hit": "none", "value": "100,000.00", "on": "2026-11-20"}


@pytest.fixture
def ask(client, reference, clock):
    calendar_file.fill()
    clock.set(datetime(2026, 11, 25, 4, tzinfo=UTC))

    def asked(question, status=200, **more):
        answer = client.get("/check/", question | more)
        assert answer.status_code == status, answer.content.decode()
        return Page(answer)

    return asked


class Page:
    """An answer, and its text as it is read."""

    def __init__(self, response):
        self.response, self.context = response, response.context
        self.html = response.content.decode()
        self.text = " ".join(unescape(strip_tags(self.html)).split())

    def __contains__(self, words):
        return words in self.text

    @property
    def errors(self):
        return {name: list(found) for name, found in self.context["form"].errors.items()}

    @property
    def answer(self):
        return self.context["answer"]


def test_it_asks_before_it_answers(ask):
    page = ask({})
    assert "Your question" in page and "answer" not in page.context


def test_holmium_oxide_the_day_before_it_comes_back_and_that_day(ask):
    before = ask(HOLMIUM, on="2026-11-10")
    assert "Not controlled on 10 Nov 2026" in before
    assert "From 11 Nov 2026 on: License needed: Standard review; per-shipment licenses." in before
    after = ask(HOLMIUM, on="2026-11-11")
    assert "License needed on 11 Nov 2026" in after and "Until 10 Nov 2026: Not controlled." in after
    assert "it must be accepted by 2 Sep 2026" in after and "file by 26 Aug 2026" in after
    assert "Ann. 57/2025: suspended until 10 Nov 2026 by Ann. 70/2025" in after


def test_each_rule_says_where_it_stands_and_a_default_of_ours_is_no_provision(ask):
    page = ask(MAGNET)
    assert "License needed on 25 Nov 2026" in page and "Presumption of approval" in page
    assert "Annual licenses; per-shipment licenses" in page
    assert "Ann. 18/2025, 1-7 Announcement Verified" in page
    assert "Default of this product No provision says so. Unverified" in page
    traced = page.text[page.text.index("Every rule, and what became of it") :]
    assert "R001 April list: license before export Ann. 18/2025, 1-7 Applies" in traced
    assert (
        "R042 Defense-linked end-uses stay outside the annual channel and are presumed denied Default of this" in traced
    )
    assert "792), 28-29, unverified Does not fit: Screening result" in traced
    assert "Accepted today, its limit ends on 28 Jan 2027. Silence is no license. Provisional" in page


def test_what_is_missing_and_what_would_change_it(ask):
    page = ask({"item": "1C905.a.4", "to": "DE"})
    assert {label for _, label in page.answer.missing} >= {"End-use", "Kind of end-user"}
    assert "More rules may apply once this is known" in page
    changed = {(one["fact"], one["values"]): one["told"] for one in ask(MAGNET).answer.changes}
    assert changed["Kind of end-user", "military"].endswith("Presumption of refusal; per-shipment licenses")
    listed = changed["Screening result", "on the control list of parties"]
    assert listed == "Prohibited; an application for special circumstances"
    assert not any(fact == "Item" for fact, _ in changed)


@pytest.mark.slow
def test_what_is_prohibited_has_a_time_limit_only_where_it_can_be_asked_for(ask):
    banned = {"item": "1C905.a.4", "to": "US", "use": "MIL_USE", "user": "military"}
    page = ask(banned)
    assert "Time limit None: nothing is decided" in page and "45 working days" not in page
    assert "an application for special circumstances" not in page
    assert "Time limit None: nothing is decided" in ask(banned | {"hit": "control_list"})
    usual = {"item": "1C905.a.4", "to": "DE", "use": "CIV_AUTO", "user": "commercial"}
    assert "on the control list of parties Prohibited; an application for special circumstances" in ask(usual)
    page = ask(usual | {"hit": "control_list"})
    assert "Prohibited" in page and "Time limit 45 working days" in page


def test_a_share_of_one_in_a_thousand_of_goods_made_abroad_decides_unrounded(ask):
    assert "Not controlled on 20 Nov 2026" in ask(ABROAD, input="99.99")
    assert "License needed on 20 Nov 2026" in ask(ABROAD, input="100.00")


def test_humanitarian_goods_are_exempt_and_their_report_has_its_day(ask):
    page = ask(ABROAD, input="100.00", use="HUMANITARIAN")
    assert "Exempt from a license on 20 Nov 2026" in page
    assert "Of an export on 20 Nov 2026 the report is due by 4 Dec 2026" in page
    assert "Not filed here yet: a report after the export" in page
    assert "it must be accepted by" not in page


@pytest.mark.parametrize(
    ("typed", "codes"),
    [
        ("1c909.b", {"1C909.b"}),
        ("1C909", {f"1C909.{end}" for end in ("a.1", "a.2", "a.3", "a.4", "a.5", "a.6", "a.7", "b", "c")}),
        ("2805.30.12.00", {"1C905.a.1"}),
        ("dysprosium oxide", {"1C905.b"}),
        ("氧化钬", {"1C909.b"}),
    ],
)
def test_an_item_is_found_by_code_goods_code_and_name_in_either_language(typed, codes, ask):
    page = ask({"item": typed})
    hits = page.context.get("hits")
    assert ({item.code for item, _ in hits} if hits else {page.context["item"].code}) == codes


def test_of_several_items_one_is_chosen_with_the_rest_of_the_question_kept(ask, client):
    page = ask(HOLMIUM, item="1C909", on="2026-11-11")
    address = next(address for item, address in page.context["hits"] if item.code == "1C909.b")
    assert "License needed on 11 Nov 2026" in Page(client.get(address))


def test_exporters_overseas_choose_one_of_our_labels(ask):
    page = ask(ABROAD, item="1C905.a.4", input="1")
    assert [item.code for item, _ in page.context["hits"]] == ["ANN61-P1", "ANN61-P2"]


def test_goods_on_no_list_are_never_free_of_a_license(ask):
    page = ask({"unlisted": "on", "to": "DE", "use": "CIV_AUTO"})
    assert "On none of the lists loaded here on 25 Nov 2026" in page
    assert "controls that catch every item still apply" in page
    gallium = ask({"unlisted": "on", "element": "ga", "to": "US", "use": "CIV_AUTO"}, on="2026-11-28")
    assert "License needed on 28 Nov 2026" in gallium and "Until 27 Nov 2026" in gallium


def test_a_day_ahead_is_judged_by_the_rules_known_today(ask):
    words = "it is judged by the rules known today"
    assert words in ask(HOLMIUM, on="2031-01-01")
    assert words not in ask(HOLMIUM, on="2026-11-25") and words not in ask(HOLMIUM)
    assert "By when to file for that day can't be said" in ask(HOLMIUM, on="2031-01-01")


def test_a_coming_edition_is_told_from_its_day_on(ask):
    document = first_document()
    windows = [row | {"suspended_from": "2026-12-05", "suspended_until": "2027-01-31"} for row in document["windows"]]
    text = canonical(document | {"windows": windows})
    starts = datetime(2026, 11, 30, 16, tzinfo=UTC)
    make.signed(text, "NEXT", starts)
    page = ask(HOLMIUM)
    assert "From 5 Dec 2026 on: Not controlled." in page and "Until 10 Nov 2026: Not controlled." in page


REFUSED = {
    "nothing": ({"to": "DE"}, "item"),
    "no such item": (HOLMIUM | {"item": "bread"}, "item"),
    "a long item": (HOLMIUM | {"item": "x" * 101}, "item"),
    "both": (HOLMIUM | {"unlisted": "on"}, "unlisted"),
    "no such country": (HOLMIUM | {"to": "QQ"}, "to"),
    "onward only": ({"item": "1C909.b", "via": "US"}, "to"),
    "no such end-use": (HOLMIUM | {"use": "BREAD"}, "use"),
    "no such end-user": (HOLMIUM | {"user": "army"}, "user"),
    "no such hit": (HOLMIUM | {"hit": "some"}, "hit"),
    "1900": (HOLMIUM | {"on": "1900-01-01"}, "on"),
    "9999": (HOLMIUM | {"on": "9999-12-31"}, "on"),
    "no day": (HOLMIUM | {"on": "2026-02-30"}, "on"),
    "no element": ({"unlisted": "on", "element": "Xx"}, "element"),
    "another element": (HOLMIUM | {"element": "Dy"}, "element"),
    "half a share": (ABROAD, "input"),
    "more than all": (ABROAD | {"input": "100000.01"}, "input"),
    "a share of nothing": (ABROAD | {"value": "0", "input": "0"}, "input"),
    "no amount": (ABROAD | {"input": "1e3"}, "input"),
    "an unclear comma": (ABROAD | {"input": "99,99"}, "input"),
    "a label at home": (HOLMIUM | {"item": "ANN61-P1"}, "territory"),
    "unknown parameter": (HOLMIUM | {"destination": "US"}, "__all__"),
    "said twice": (HOLMIUM | {"use": ["CIV_AUTO", "WMD"]}, "__all__"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", REFUSED)
def test_what_is_asked_wrongly_is_refused_at_its_field_and_stays_as_typed(case, ask):
    question, field = REFUSED[case]
    page = ask(question, status=422)
    assert list(page.errors) == [field]
    assert page.context.get("answer") is None
    typed = question.get("item")
    assert not typed or f'value="{typed}"' in page.html


def test_what_is_asked_wrongly_is_told_in_its_own_words(ask):
    whole = ask(REFUSED["more than all"][0], status=422).errors
    assert whole == {"input": ["The inputs are a part of the value: from nothing to all of it."]}
    element = ask(REFUSED["no element"][0], status=422).errors
    assert element == {"element": ["Write an element's symbol, for example Ga."]}


def test_everything_that_is_wrong_is_said_at_once(ask):
    page = ask({"item": "bread", "to": "QQ", "user": "army", "on": "x"}, status=422)
    assert set(page.errors) == {"item", "to", "user", "on"}


def test_it_speaks_chinese(ask, client):
    client.cookies["language"] = "zh-hans"
    page = ask(HOLMIUM, on="2026-11-11")
    assert "须申请许可" in page and "公告2025年第57号" in page


def test_the_same_number_of_queries_whatever_is_asked_and_nothing_is_kept(ask, client, django_assert_max_num_queries):
    for question in (MAGNET, HOLMIUM | {"on": "2026-11-11"}):
        with django_assert_max_num_queries(16):
            client.get("/check/", question)
    assert "sessionid" not in client.cookies


def test_a_way_without_an_end_is_asked_about(ask):
    assert ask({"item": "1C909.b", "via": "SG"}, status=422).errors == {"to": ["Say where the end-user is."]}
    assert ask({"item": "1C909.b", "via": "SG", "to": "XX"}, status=422).errors.keys() == {"to"}
    assert "errsum" not in ask({"item": "1C909.b", "via": "SG", "to": "DE"}).html


def test_what_the_lists_say_otherwise_is_named_with_their_own_value(ask):
    page = ask({"item": "1C909.b", "to": "DE", "element": "Ga"}, status=422)
    assert page.errors == {"element": ["The control list says Ho of this code."]}


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({"element": "Xx"}, "element", "Write an element's symbol, for example Ga."),
        ({"value": "100"}, "input", "A share takes both amounts."),
        ({"input": "100"}, "value", "A share takes both amounts."),
        ({"value": "0", "input": "0"}, "input", "The inputs are a part of the value: from nothing to all of it."),
        ({"value": "10", "input": "11"}, "input", "The inputs are a part of the value: from nothing to all of it."),
        ({"unlisted": "on"}, "unlisted", "Name an item above, or say that it is on none of the lists; not both."),
        ({"on": "1999-01-01"}, "on", None),
    ],
)
def test_each_answer_that_can_not_be_is_named_at_its_field(ask, wrong, field, words):
    errors = ask({"item": "1C909.b", "to": "DE"} | wrong, status=422).errors
    assert list(errors) == [field]
    assert words is None or errors[field] == [words]


def test_something_is_to_be_named(ask):
    assert ask({"to": "DE"}, status=422).errors == {"item": ["Say what you export."]}
    assert "errsum" not in ask({"to": "DE", "unlisted": "on"}).html
    assert ask({"item": "nothing like it", "to": "DE"}, status=422).errors.keys() == {"item"}


def labels_of(fields):
    found = [option for field in fields for option in getattr(field, "choices", ())]
    return [str(label) for _value, label in found]


@pytest.mark.django_db
def test_what_is_chosen_among_begins_with_a_capital_and_says_the_same_inside_a_sentence():
    document = first_document()
    rows = [one for part in PARTS for section in sections(part, document, {}) for one in section.fields.values()]
    asked = ["user", "hit", "qualified", "flag", "purpose", "territory"]
    found = labels_of([*rows, *(CheckForm.base_fields[name] for name in asked)])
    assert [label for label in found if label[:1].islower()] == ["kg", "g"]
    said = {"Sale", "No hit", "In China", "None", "Not looked at", "Annual licenses", "April list", "Pieces", "R001"}
    assert said <= set(found)
    assert str(words_of("transaction.purpose")[0][1]) == "sale"
