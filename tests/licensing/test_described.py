"""Which goods they are: model, maker, origin and purity, and how it is known what they contain."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from core.errors import Invalid
from core.history import version
from core.legal_time import legal_now
from licensing.actions import amendments, applications, copies
from licensing.api.applications import application
from licensing.models import Application
from licensing.web.changes import copied
from tests.licensing.papers.test_letters import said_of, text_of
from tests.licensing.test_prices import missing, row_of, text, typed
from tests.make import seen

SAID = {
    "composition_basis": "measured",
    "specification": "N38UH-T",
    "maker": "Ganzhou Works",
    "origin_id": "VN",
    "purity": Decimal("99.9500"),
}
WORDS = "Contents: Measured · Model: N38UH-T · Maker: Ganzhou Works · Origin: Vietnam · Purity: 99.95 %"
EMPTY = {"composition_basis": "", "specification": "", "maker": "", "origin_id": None}


@pytest.fixture
def browser(client, world):
    client.force_login(world.exporter.user)
    return client


def says(row):
    return {name: getattr(row.lines.get(), name) for name in SAID}


@pytest.mark.parametrize("field", EMPTY)
def test_no_case_is_sent_whose_goods_are_not_described(world, browser, field):
    row = row_of(world)
    row.lines.update(**{field: EMPTY[field]})
    name = field.removesuffix("_id")
    assert missing(row) == [(f"/lines/0/{name}", "required")]
    page = text(browser.get(f"/applications/{row.ref}/"))
    assert f'href="/applications/{row.ref}/edit/#id_lines-0-{name}"' in page
    with pytest.raises(Invalid):
        applications.submit(row.ref, seen=version(row), by=world.exporter)


def test_how_contents_are_known_is_asked_of_goods_that_state_them(world):
    row = row_of(world)
    row.lines.update(composition_basis="", composition={})
    assert missing(row) == [("/lines/0/composition", "required")]


def test_goods_are_made_in_china_unless_somebody_says_otherwise(world):
    assert [typed(origin=said).line().origin_id for said in ("", "cn", "VN")] == ["CN", "CN", "VN"]
    assert typed().line().origin_id == "CN"
    wrong = "“Xx” is no country: write its two letters or its name, e.g. VN or Vietnam."
    assert typed(origin="Xx").errors == {"origin": [wrong]}


@pytest.mark.parametrize("said", ["Vietnam", "vietnam ", "VIETNAM", "越南"])
def test_a_country_is_taken_by_its_name_in_either_language(world, said):
    assert typed(origin=said).line().origin_id == "VN"


@pytest.mark.parametrize("wrong", [{"origin": "Xx"}, {"code": "1X"}])
def test_a_quantity_that_is_none_is_named_beside_what_else_is_wrong(world, wrong):
    assert set(typed(quantity="abc", **wrong).errors) == {"quantity", *wrong}
    assert "quantity" not in typed(quantity="3 sets", code="1X").errors


@pytest.mark.parametrize("said", ["99.95 %", "99.95%", " 99.95 ％ ", "99.95"])
def test_a_purity_is_taken_with_the_sign_of_percent(world, said):
    row = typed(purity=said)
    assert row.line().purity == Decimal("99.95") and row.rest.told[-1] == "99.95 %"


NO_SHARE = {
    "pure": "Write a share in percent such as 99.95.",
    "101 %": "At most 100.",
    "0 %": "The share must be more than zero.",
}


@pytest.mark.parametrize("said", NO_SHARE)
def test_what_is_wrong_with_a_purity_is_said_of_a_share(world, said):
    assert typed(purity=said).errors == {"purity": [NO_SHARE[said]]}


def test_a_name_is_not_cut_to_the_code_of_another_country(world):
    """A browser keeps what is typed beyond the length that a field has."""
    assert 'maxlength="2"' not in str(typed()["origin"])


def test_how_contents_are_known_goes_with_them(world):
    said = [typed(composition=text, composition_basis="measured").line().composition_basis for text in ("Dy 3.2", "")]
    assert said == ["measured", ""]


@pytest.mark.parametrize("said", ["0", "100.1", "99.99999", "x"])
def test_what_is_no_purity_is_refused_at_its_field(said):
    assert list(typed(purity=said).errors) == ["purity"]


def test_the_form_keeps_and_shows_what_was_typed_and_no_row_is_begun_by_its_country(world, browser):
    row = row_of(world)
    page = f"/applications/{row.ref}/edit/"
    form, lines = (browser.get(page).context[name] for name in ("form", "lines"))
    assert (lines[0]["maker"].value(), lines.empty_form["origin"].value()) == ("Lanting Magnetics Co., Ltd.", "CN")
    answers = {name: value for name, value in form.initial.items() if value} | {
        "version": row.version,
        "lines-TOTAL_FORMS": 2,
        "lines-INITIAL_FORMS": 1,
        "lines-1-origin": "CN",
    }
    same = ("code", "description", "quantity", "composition", "unit_price")
    answers |= {f"lines-0-{name}": lines[0][name].value() for name in same}
    more = {"composition_basis": "measured", "specification": "N38UH-T", "maker": "Ganzhou Works", "origin": "vn"}
    answers |= {f"lines-0-{name}": said for name, said in (more | {"purity": "99.95"}).items()}
    assert browser.post(page, answers).status_code == 302
    assert says(row) == SAID
    lines = browser.get(page).context["lines"]
    assert [lines[0][name].value() for name in ("origin", "purity")] == ["VN", "99.95"]
    for path in (f"/applications/{row.ref}/", f"/applications/{row.ref}/submit/"):
        assert WORDS in text(browser.get(path)), path


def test_its_officers_and_its_receipt_say_it(world, client):
    row = row_of(world)
    row.lines.update(**SAID)
    world.under_review(row.ref)
    client.force_login(world.ministry.reviewer.user)
    assert WORDS in text(client.get(f"/desk/cases/{row.ref}/"))
    [line] = said_of(row, "receipt")["lines"]
    assert (line["specification"], line["maker"], line["origin"], line["purity"]) == (
        "N38UH-T",
        "Ganzhou Works",
        {"zh": "越南", "en": "Vietnam"},
        "99.95\u00a0%",
    )
    words = text_of(row, "receipt")
    for told in ("specificationN38UH-T", "制造商MakerGanzhouWorks", "原产地Origin越南Vietnam", "纯度Purity99.95%"):
        assert told in words
    assert "含量依据Contents" in words and "Measured" in words


@pytest.mark.parametrize("verb", [copies.copy_license, amendments.amend])
def test_what_begins_with_a_license_has_it(world, verb):
    license = world.license()
    license.application.lines.update(**SAID)
    more = {"seen": seen(license.ref)} if verb is amendments.amend else {}
    row = verb(license.ref, **more, by=world.exporter)
    assert says(row) == SAID
    row.lines.update(maker="Another", origin="CN")
    if verb is copies.copy_license:
        found = [(str(one.label), one.before, one.now) for one in copied(row, legal_now().date()).changes]
        assert ("Line 1: maker", "Ganzhou Works", "Another") in found
        assert ("Line 1: country of origin", "Vietnam", "China") in found


def test_what_nobody_said_before_is_null_and_on_no_page(world, browser):
    row = row_of(world)
    row.lines.update(**EMPTY)
    [line] = application(Application.objects.get(pk=row.pk), None, None)["lines"]
    told = (line["specification"], line["maker"], line["origin"], line["purity"])
    assert told == ("", "", None, None)
    page = text(browser.get(f"/applications/{row.ref}/"))
    assert not [word for word in ("Model:", "Maker:", "Origin:", "Purity:", "Contents:") if word in page]


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ({"purity": 0}, "application_line_purity"),
        ({"purity": "100.0001"}, "application_line_purity"),
        ({"composition_basis": "guessed"}, "application_line_basis"),
    ],
)
def test_postgresql_refuses_what_no_goods_are(world, said, name):
    lines = row_of(world).lines
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        lines.update(**said)
