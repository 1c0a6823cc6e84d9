"""The certificate says what was decided, in two languages, on one page or saying that it continues."""

import json
import re
from decimal import Decimal

import pytest
from django.utils import translation

from core import papers
from core.models import Country, Document, Paper
from exporters import actions as exporters
from licensing.papers import said
from tests import pdf


@pytest.fixture
def issued(world):
    facts = {"users": 2, "allotted": (40_000_000, 20_000_000), "values": {1: Decimal("2400000.50")}}
    return world.license(**facts, max_clearances=12)


def paper_of(license):
    papers.make_due()
    [paper] = papers.papers_of(license).filter(kind="certificate")
    return Paper.objects.get(pk=paper.pk)


def file_of(license):
    return bytes(Document.objects.get(pk=paper_of(license).document_id).content)


def words(content):
    """Without blanks, as a line may end anywhere."""
    return re.sub(r"\s", "", pdf.text_of(content))


def test_it_says_all_that_was_decided(issued):
    text = words(file_of(issued))
    user, other = issued.end_users.order_by("pk")
    for one in (
        issued.ref,
        issued.application.ref,
        "年度出口许可证",
        "Annual export license",
        "出口管制局",
        "Bureau of Export Control",
        "兰汀磁材",
        "Lanting Magnetics Co., Ltd.",
        issued.exporter.uscc,
        user.party.name,
        other.party.name,
        user.declaration.ref,
        "40,000",
        "20,000",
        "60,000",
        "千克",
        "kg",
        "1C905.a.4",
        "NdFeB magnets N42SH, Dy 3.2 %",
        "2,400,000.50 CNY",
        "德国",
        "Germany",
        "CNSHA",
        "不得转售",
        "No resale",
        "At most 12 clearances",
        "最多 12 次",
        f"{issued.verify_code[:5]}-{issued.verify_code[5:]}",
        "不反映其当前状态",
        "is not in it: scan the code",
        "http://127.0.0.1:8000",
        "both days included, Beijing time",
    ):
        assert one.replace(" ", "") in text, one
    for one in (issued.usable_from, issued.usable_until):
        assert f"{one.year}年{one.month}月{one.day}日" in text
        assert f"{one:%-d%b%Y}" in text


def test_the_usual_one_is_one_page_that_archives_and_screen_readers_take(issued):
    content = file_of(issued)
    assert pdf.flaws_of(content) == []
    [page] = pdf.pages_of(content)
    assert "Page1of1" in page.replace(" ", "") and "Continues" not in page


@pytest.mark.slow
def test_nothing_is_said_of_its_state_or_of_what_is_left(issued):
    data = json.loads(paper_of(issued).data)
    assert {"state", "left", "available", "drawn"} & set(data) == set()


def test_it_rests_on_laws_and_announcements_by_name_and_never_on_a_default_of_ours(issued):
    """The annual channel and its limits are the product's own (R040 rests on nothing that anybody published)."""
    matched = {name for one in issued.application.findings.filter(moment="issue") for name in one.matched}
    assert "R040" in matched
    assert json.loads(paper_of(issued).data)["basis"] == [
        {"zh": "中华人民共和国出口管制法", "en": "Export Control Law"},
        {
            "zh": "中华人民共和国两用物项出口管制条例",
            "en": "Regulations on Export Control of Dual-Use Items (State Council Decree 792)",
        },
        {
            "zh": "商务部、海关总署公告2025年第18号：对部分中重稀土相关物项实施出口管制",
            "en": "MOFCOM/GAC Ann. 18/2025, medium and heavy rare earths (April list)",
        },
    ]


@pytest.mark.parametrize("change", [{"authority": "product"}, {"verified": False}])
def test_what_is_a_default_or_unverified_is_no_provision(change, issued):
    findings = [one.matched for one in issued.application.findings.filter(moment="issue")]
    document = said.document_of(issued.edition)
    assert "A18-2025" in {row["instrument"] for row in document["rules"] if row["id"] == "R001"}
    assert len(said.provisions(findings, document)) == 1
    rules = [{**row, **change} if row["id"] == "R001" else row for row in document["rules"]]
    assert said.provisions(findings, {**document, "rules": rules}) == []


def test_it_names_people_as_they_stood_when_it_was_issued(issued, world):
    """Whoever makes it later reads the address book as it was."""
    user = issued.end_users.order_by("pk")[0].party
    before = user.name
    facts = {name: getattr(user, name) for name in ("address", "site_address", "business", "nature")}
    exporters.change_party(
        user.ref,
        version=user.version,
        by=world.exporter,
        name="Renamed AG",
        country=Country.objects.get(pk="FR"),
        name_local="",
        registration_no="",
        email="",
        **facts,
    )
    data = json.loads(paper_of(issued).data)
    assert [one["name"] for one in data["end_users"]][0] == before
    assert data["end_users"][0]["country"] == {"zh": "德国", "en": "Germany"}


def test_each_end_user_has_his_own_share(issued):
    shares = [one["shares"] for one in json.loads(paper_of(issued).data)["end_users"]]
    unit = {"zh": "千克", "en": "kg"}
    assert shares == [[{"line": 1, "quantity": number, "unit": unit}] for number in ("40,000", "20,000")]


@pytest.mark.slow
def test_it_says_which_lines_an_end_user_may_take_where_that_is_not_all(world, issued):
    apart = world.apart()
    assert [one["within"] for one in json.loads(paper_of(apart).data)["end_users"]] == [[1], [2]]
    content = file_of(apart)
    text = words(content)
    said = ("以第1项批准数量为限", "Withinthequantityofline1", "以第2项批准数量为限", "Withinthequantityofline2")
    assert [one for one in said if one not in text] == [] and "ofeachline" not in text
    assert len(pdf.pages_of(content)) == 1
    assert [one["within"] for one in json.loads(paper_of(issued).data)["end_users"]] == [[], []]


def test_a_license_without_caps_says_so(world):
    license = world.license(kind="per_shipment", kilograms=3_000)
    data = json.loads(paper_of(license).data)
    assert (data["kind"], data["clearances"], data["lines"][0]["value"]) == ("per_shipment", 1, "")
    assert data["end_users"][0]["shares"] == []
    text = words(file_of(license))
    assert "单项出口许可证" in text and "Withinthequantityofeachline" in text and "Oneclearance" in text


def test_the_certificate_of_the_same_license_is_the_same_whoever_reads_it(issued, client, world):
    """In both languages at once, so that the language of a page is nothing to it."""
    with translation.override("zh-hans"):
        chinese = paper_of(issued)
    assert papers.made_anew(chinese) == file_of(issued)
    assert json.loads(chinese.data)["day"]["en"].split()[1].isascii()


HOSTILE = {
    "description": '#panic() $x^2$ [*bold*] \\u{41} <label> @ref // /* "quoted" `raw` ' + "\u202e😀" + "A" * 200,
    "name": "W" * 190 + "\u0301" * 9,
    "local": "株式会社" + "サクラモーターズ製造" * 19,
    "site": "العنوان: شارع الملك 12, Riyadh 11564 " * 8,
}


def many(data, lines):
    one = data["lines"][0]
    return {**data, "lines": [{**one, "number": number} for number in range(1, lines + 1)]}


def set_again(paper, data):
    template = papers._kinds[paper.kind].template
    return papers.typeset(template, papers.text_of(data), paper.line.at)


def test_200_lines_continue_on_pages_that_repeat_the_head(issued):
    paper = paper_of(issued)
    pages = pdf.pages_of(set_again(paper, many(pdf.data_of(paper), 200)))
    assert len(pages) > 5
    told = [page.replace(" ", "") for page in pages]
    for number, page in enumerate(told, 1):
        assert f"Page{number}of{len(pages)}" in page
        assert ("Continuesonthenextpage" in page) == (number < len(pages))
        assert (f"{issued.ref}/1" in page) and (("continued" in page) == (number > 1))
    with_lines = [page for page in told if "NdFeBmagnets" in page]
    assert len(with_lines) > 5
    assert all("Controlitem" in page and "管制编码" in page for page in with_lines)
    assert sum(page.count("NdFeBmagnets") for page in told) == 200


def test_what_people_wrote_is_printed_and_never_obeyed(issued):
    paper = paper_of(issued)
    data = pdf.data_of(paper)
    data["lines"][0]["description"] = HOSTILE["description"]
    data["end_users"][0] |= {name: HOSTILE[name] for name in ("name", "local", "site")}
    data["exporter"] |= {"zh": "赣州" * 100, "en": "#set page(fill: red) " * 9 + "B" * 200}
    content = set_again(paper, data)
    text = words(content)
    assert '#panic()$x^2$[*bold*]\\u{41}<label>@ref///*"quoted"`raw`[U+202E][U+1F600]' in text
    assert "赣州" * 100 in text and "B" * 200 in text and "#setpage(fill:red)" * 9 in text
    assert ("W" * 190) in text and "サクラモーターズ製造" * 19 in text
    assert pdf.flaws_of(content) == []
    assert "Continuesonthenextpage" in text


@pytest.mark.slow
@pytest.mark.parametrize("name", ["description", "name", "local", "site"])
def test_no_words_leave_the_page_or_their_column(name, issued):
    """What is drawn lies within the margins, whatever is written there."""
    paper = paper_of(issued)
    data = pdf.data_of(paper)
    (data["lines"] if name == "description" else data["end_users"])[0][name] = HOSTILE[name]
    content = set_again(paper, data)
    assert pdf.outside(content, left=50, right=545, bottom=25, top=820) == []
    assert pdf.outside(content, left=50, right=400, bottom=25, top=820) != []
