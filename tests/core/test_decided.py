"""A text takes a number that is a rule from the place that decides it: another number there, another text."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from django.template import Context, Template
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, override

from core import access, codes
from core.decided import decided, filled
from core.models.roles import SAID, Role
from exporters.web.forms import RestateForm
from licensing.selectors import reconsiderations
from licensing.web.forms.inquiries import InquiryForm
from licensing.words import phrases, terms
from shipments.api.serializers import MessageInput, ShipmentLineInput
from shipments.web.counter import CounterForm
from shipments.web.customs import NumberForm

ROOT = Path(__file__).resolve().parent.parent.parent
TAG = re.compile(r'{% decided "([^"]+)" as \w+ %}')
WHO = re.compile(r'{% who "([^"]+)" as who %}')
COMMENT = re.compile(r"{% comment %}.*?{% endcomment %}|{#.*?#}", re.S)
FILLED = re.compile(r'="((?:core|exporters|licensing|shipments)\.[\w.]+\.[A-Z_]+)"')


def test_a_text_says_what_stands_there_now(monkeypatch):
    text = filled(gettext_lazy("{days} working days"), days="licensing.clock.WORKING_DAYS")
    assert str(text) == "45 working days"
    monkeypatch.setattr("licensing.clock.WORKING_DAYS", 2_045)
    assert (str(text), str(phrases.CLOCKS["45wd"])) == ("2,045 working days",) * 2
    with override("zh-hans"):
        assert str(text) == "2,045 个工作日"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("licensing.clock.RECEIPT_DAYS", lambda: codes.find("deemed-accepted").cause),
        ("licensing.selectors.drafts.SIMULATED_HOURS", lambda: codes.find("not-simulated").fix),
        ("exporters.models.RENEWAL_DAYS", lambda: codes.find("renewal-not-open").cause),
        ("shipments.models.LATE_DAYS", lambda: codes.find("report-overdue").cause),
        ("core.sizes.FILE_MEGABYTES", lambda: codes.find("file-too-large").cause),
        ("core.models.roles.ADMINS_LEAST", lambda: codes.find("last-admins").cause),
        ("core.models.roles.ADMINS_LEAST", lambda: codes.find("too-few-admins").fix),
        ("core.quantities.NAMES", lambda: codes.find("unknown-unit").fix),
        ("core.sizes.LIST_ROWS", lambda: codes.find("too-many-rows").cause),
        ("licensing.selectors.reconsiderations.SERVICE_DAYS", lambda: reconsiderations.SERVED_HOW),
        ("core.references.CODE_LENGTH", lambda: NumberForm.base_fields["number"].help_text),
        ("exporters.models.CREDIT_CODE_LENGTH", lambda: codes.find("invalid-credit-code").fix),
        ("exporters.models.CUSTOMS_CODE_LENGTH", lambda: codes.find("invalid-customs-code").fix),
        ("exporters.models.CUSTOMS_CODE_LENGTH", lambda: RestateForm.base_fields["customs_code"].help_text),
        (
            "licensing.models.lists.GOODS_CODE_LONG",
            lambda: InquiryForm.base_fields["hs_code"].error_messages["invalid"],
        ),
        ("licensing.models.lists.GOODS_CODE_SHORT", lambda: ShipmentLineInput().fields["hs_code"].message),
        ("shipments.models.DECLARATION_LONGEST", lambda: CounterForm.base_fields["declaration_no"].help_text),
        ("shipments.models.DECLARATION_SHORTEST", lambda: MessageInput().fields["declaration_no"].message),
        ("shipments.models.MESSAGE_LONGEST", lambda: MessageInput().fields["corrects"].message),
        ("licensing.policy.vocabulary.PROOF_DAYS", lambda: terms.CONDITIONS["DELIVERY_PROOF_30D"]),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_another_number_is_another_text(place, said, language, monkeypatch):
    monkeypatch.setattr(place, 1_234)
    with override(language):
        assert "1,234" in str(said())


def test_a_page_says_what_stands_there_now(monkeypatch):
    page = Template('{% decided "licensing.clock.WORKING_DAYS" as days %}{{ days }}')
    monkeypatch.setattr("licensing.clock.WORKING_DAYS", 46)
    assert page.render(Context()) == "46"


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_a_phrase_that_is_a_rule_is_said_as_its_place_says_it(language, monkeypatch):
    monkeypatch.setattr("core.models.idempotency.KEY_LONGEST", 1_234)
    with override(language):
        words = str(decided("core.models.idempotency.KEY_WORDS"))
        assert "1,234" in words and words in str(codes.find("idempotency-key-invalid").cause)


def test_every_place_that_a_text_names_holds_a_number_a_phrase_or_names():
    pages = [found for path in (ROOT / "templates").rglob("*.html") for found in TAG.findall(path.read_text("utf-8"))]
    texts = [
        found
        for app in ("core", "exporters", "licensing", "shipments")
        for path in (ROOT / app).rglob("*.py")
        for found in FILLED.findall(path.read_text("utf-8"))
    ]
    assert len(pages) > 20 and len(texts) > 20
    assert [one for one in pages + texts if not isinstance(decided(one), int | str | Promise)] == []


@pytest.mark.parametrize(
    ("language", "said"), [("en", "an auditor or a customs officer"), ("zh-hans", "审计人员或海关人员")]
)
def test_whom_the_access_table_admits_is_said_as_its_row_stands(language, said, monkeypatch):
    row = access.table()["exporter.accept_change", "POST"]
    other = replace(row, roles=frozenset({"customs", "auditor"}))
    monkeypatch.setattr(access, "table", lambda: {("exporter.accept_change", "POST"): other})
    page = Template('{% who "exporter.accept_change" as who %}{{ who }}')
    with override(language):
        assert page.render(Context()) == said and said in str(codes.find("change-open").cause)


def test_every_role_has_words_for_a_sentence():
    assert set(SAID) == set(Role)


def test_every_verb_whose_people_a_page_names_is_in_the_access_table():
    pages = [found for path in (ROOT / "templates").rglob("*.html") for found in WHO.findall(path.read_text("utf-8"))]
    assert len(pages) > 5 and "" not in map(access.who, pages)


def test_no_page_names_by_hand_who_may_do_a_verb():
    """But the one that says of keys that a company's are made by a signatory: offices make theirs, too."""
    roles = re.compile(r"\b(signatory of your company|decider|(intake|reviewing|deciding)\s+officer)\b", re.I)
    found = [
        (path.name, words[0])
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for words in roles.findall(COMMENT.sub("", path.read_text("utf-8")))
    ]
    assert found == []
