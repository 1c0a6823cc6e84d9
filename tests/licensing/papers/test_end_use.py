"""The form of the end-user's certificate: all that is declared, in two languages, with the code of its words."""

import re

import pytest
from django.urls import reverse

from exporters import actions as exporters
from exporters.models import Party
from licensing.actions import declarations
from licensing.models import Declaration
from licensing.papers import end_use
from tests import make, pdf
from tests.make import seen

MIXED = "Ωμέγα Магниты 株式会社 마그넷 شركة المغناطيس מגנטים "


@pytest.fixture
def row(world):
    """A draft with all that it needs to be signed."""
    like = world.declaration(verified=False)
    facts = {name: getattr(like, name) for name in declarations.FIELDS}
    items = [item.control_item for item in like.items.all()]
    return declarations.draft(by=world.exporter, items=items, **facts)


def change(row, world, **other):
    facts = {name: getattr(row, name) for name in declarations.FIELDS} | other
    items = [item.control_item for item in row.items.all()]
    return declarations.change(row.ref, version=row.version, items=items, by=world.exporter, **facts)


def again(row):
    return Declaration.objects.get(pk=row.pk)


def words(row):
    content = end_use.form(row)
    assert pdf.flaws_of(content) == []
    return re.sub(r"\s", "", pdf.text_of(content))


def signed(row, world):
    signature = {"signer_name": "K", "signer_post": "Director", "signed_on": make.legal_today()}
    file = ("a.pdf", make.demo.pdf("paper"))
    return declarations.attach_signed(row.ref, seen=seen(row.ref), certificate=file, by=world.exporter, **signature)


def test_it_says_what_the_end_user_is_asked_to_sign(row, world):
    row = change(row, world, re_export=True, re_export_countries=["JP"])
    text, user = words(row), row.end_user
    for one in (
        row.ref,
        f"{row.ref}/2",
        "证明的第2版",
        "version 2 of the declaration",
        end_use.code_of(row),
        "最终用户和最终用途证明",
        "签署之前不具任何效力",
        "It counts for nothing until it is signed",
        user.name,
        user.address,
        user.site_address,
        "德国",
        "Germany",
        "日本",
        "Japan",
        "兰汀磁材",
        "Lanting Magnetics Co., Ltd.",
        row.exporter.uscc,
        "1C905.a.4",
        row.end_use.name_zh,
        row.end_use.name_en,
        row.end_use_text,
        row.product,
        row.position_in_product,
        "装入产品",
        "Built into a product",
        row.yearly_need,
        "不用于军事用途",
        "not used for any military use",
        "签字Signature",
        "姓名Name",
        "职务Position",
        "日期Date",
        "最终用户盖章Stamp",
    ):
        assert re.sub(r"\s", "", one) in text, one
    assert "Notcompleteyet" not in text
    assert len(pdf.pages_of(end_use.form(row))) == 1


def test_what_is_not_confirmed_yet_is_no_form_to_sign(row, world):
    text = words(change(row, world, no_military_use=False))
    assert "Notcompleteyet:donotsignit." in text and "尚未填写完整" in text
    assert "notusedforanymilitaryuse" not in text


def test_long_names_in_many_scripts_go_on_to_a_page_that_says_so(row, world):
    party = row.end_user
    long = (MIXED * 9)[:200]
    Party.objects.filter(pk=party.pk).update(
        name=long, name_local=long[::-1], address=(MIXED * 9)[:300], site_address="X" * 300
    )
    Declaration.objects.filter(pk=row.pk).update(
        end_use_text=(MIXED * 25), product=long, position_in_product="W" * 300, yearly_need="1" * 300
    )
    content = end_use.form(again(row))
    pages = pdf.pages_of(content)
    assert pdf.flaws_of(content) == [] and len(pages) == 2
    assert "Continuesonthenextpage" in pages[0].replace(" ", "") and "continued" in pages[1]
    margin = 19 * 72 / 25.4
    assert pdf.outside(content, left=margin - 2, right=595.3 - margin + 2, bottom=20, top=841.9 - 20) == []


def test_a_name_of_400_characters_breaks_nothing(row, monkeypatch):
    says = end_use._says(row)
    says["party"] = says["party"] | {"name": "N" * 400, "name_local": "名" * 400}
    monkeypatch.setattr(end_use, "_says", lambda row: says)
    text = words(row)
    assert "N" * 400 in text and "名" * 400 in text


def test_its_code_changes_with_every_word_and_with_nothing_else(row, world):
    code = end_use.code_of(row)
    assert re.fullmatch(r"[0-9A-F]{4}-[0-9A-F]{4}", code)
    same = change(row, world)
    assert same.version == 2 and end_use.code_of(same) == code
    codes = {code, end_use.code_of(change(same, world, product="Other motors"))}
    moved = {name: getattr(row.end_user, name) for name in Party.ENTERED} | {"email": "new@user.example"}
    user = exporters.change_party(row.end_user.ref, version=1, by=world.exporter, **moved)
    assert end_use.code_of(again(row)) in codes
    exporters.change_party(user.ref, version=2, by=world.exporter, **moved | {"address": "2 New Road"})
    codes.add(end_use.code_of(again(row)))
    assert len(codes) == 3


def test_once_signed_it_stays_what_was_signed(row, world):
    code, text = end_use.code_of(row), words(row)
    signed(row, world)
    moved = {name: getattr(row.end_user, name) for name in Party.ENTERED} | {"address": "2 New Road"}
    exporters.change_party(row.end_user.ref, version=1, by=world.exporter, **moved)
    assert end_use.code_of(again(row)) == code and words(again(row)) == text


def test_its_company_has_it_and_nobody_else(row, world, client):
    signed(row, world)
    declarations.submit(row.ref, seen=seen(row.ref), by=world.exporter)
    address = reverse("declaration.form", args=[row.ref])
    stranger = make.exporter(world.ministry, "Other Co., Ltd.")
    met = {}
    for name, actor in {"own": world.exporter, "stranger": stranger, "officer": world.ministry.intake}.items():
        client.force_login(actor.user)
        met[name] = client.get(address)
    assert {name: answer.status_code for name, answer in met.items()} == {"own": 200, "stranger": 404, "officer": 403}
    assert met["own"].content.startswith(b"%PDF-") and met["own"].headers["Content-Type"] == "application/pdf"
    assert met["own"].headers["Content-Disposition"] == f'attachment; filename="{row.ref}-1.pdf"'


def test_the_page_offers_it_where_a_signature_is_asked_for_and_shows_its_code_on_both_sides(row, world, client):
    address, code = reverse("declaration.form", args=[row.ref]), end_use.code_of(row)
    client.force_login(world.exporter.user)
    page = client.get(reverse("declaration", args=[row.ref])).content.decode()
    assert address in page and code in page
    signed(row, world)
    declarations.submit(row.ref, seen=seen(row.ref), by=world.exporter)
    page = client.get(reverse("declaration", args=[row.ref])).content.decode()
    assert address not in page and code in page
    client.force_login(world.ministry.intake.user)
    assert code in client.get(reverse("desk.declaration", args=[row.ref])).content.decode()


def test_an_unconfirmed_draft_is_offered_no_form(row, world, client):
    change(row, world, no_transfer=False)
    client.force_login(world.exporter.user)
    page = client.get(reverse("declaration", args=[row.ref])).content.decode()
    assert reverse("declaration.form", args=[row.ref]) not in page
