"""Whose name comes first: a Chinese reader's company is known by its Chinese name."""

import re
from html import unescape

import pytest
from django.test import Client
from django.utils import translation

from core import languages
from core.history import lines_of, record
from core.models import Country, Organization
from core.web.lists import countries
from exporters.web.forms import PartyForm
from licensing.web.forms import DeclarationForm
from tests import make


@pytest.mark.parametrize(
    ("language", "first", "other", "tag"),
    [
        ("en", "Lanting Magnetics Co., Ltd.", "兰汀磁材", "zh-Hans"),
        ("zh-hans", "兰汀磁材", "Lanting Magnetics Co., Ltd.", "en"),
    ],
)
def test_each_reader_meets_the_name_in_his_language_first_and_the_other_marked(
    language, first, other, tag, world, client
):
    reference = world.under_review(world.application())
    pages = {
        world.exporter: ["/", "/company/", "/account/"],
        world.ministry.reviewer: [
            "/desk/exporters/",
            f"/desk/exporters/{world.exporter.organization_id}/",
            f"/desk/cases/{reference}/",
        ],
    }
    client.cookies["language"] = language
    for actor, paths in pages.items():
        client.force_login(actor.user)
        for path in paths:
            with translation.override("en"):  # and back: a request leaves its language behind
                html = unescape(client.get(path).content.decode())
            body = html[html.index("<body") :]
            assert 0 <= body.find(first) < body.find(other), path
            assert re.search(rf'lang="{tag}">\s*{re.escape(other)}\s*<', body), path


def test_an_organization_with_one_name_has_no_other(db):
    border = Organization(kind="customs", name_en="Customs, Shanghai")
    with translation.override("zh-hans"):
        assert (str(border), border.other_name) == ("Customs, Shanghai", "")


def test_history_names_an_organization_alike_whoever_reads(world):
    with translation.override("zh-hans"):
        record(world.exporter.organization, "rename", by=make.colleague(world.exporter, "signatory"))
    assert lines_of(world.exporter.organization).last().subject_ref == "Lanting Magnetics Co., Ltd."


ORDER = {  # a, ai, an, chao, chi, de, ri, zhong
    "en": ["Afghanistan", "Åland Islands", "Albania", "Côte d'Ivoire", "Croatia", "Germany", "Zimbabwe"],
    "zh-hans": [
        "阿尔巴尼亚",
        "埃及",
        "安道尔",
        "朝鲜",
        "赤道几内亚",
        "德国",
        "日本",
        "中国",
    ],
}


@pytest.mark.parametrize("language", ORDER)
def test_countries_stand_in_the_order_of_their_names_as_the_reader_reads_them(language, reference):
    with translation.override(language):
        offered = {
            "party": PartyForm().fields["country"].choices,
            "declaration": DeclarationForm(parties=None, items=None).fields["re_export_countries"].choices,
            "filter": countries(),
        }
        for where, choices in offered.items():
            labels = [str(label) for value, label in choices if value]
            assert [label for label in labels if label in ORDER[language]] == ORDER[language], where
            assert len(labels) == Country.objects.count()
        assert next(iter(offered["party"]))[0] == ""  # nothing is chosen before a person does


def test_a_character_that_gb_2312_does_not_sort_by_pinyin_stands_last():
    with translation.override("zh-hans"):
        assert sorted(["斐济", "直布罗陀", "芬兰"], key=languages.label_order) == ["芬兰", "直布罗陀", "斐济"]


@pytest.fixture
def forms(world):
    """Whose form, on which page, and where it is sent to."""
    m, ref, draft = world.ministry, world.under_review(world.application()), world.application()
    make.as_of_old(world.exporter, province="")
    return [
        (m.reviewer, f"/desk/cases/{ref}/", "recommend/"),
        (m.policy_officer, "/desk/policy/notices/", "new/"),
        (m.policy_officer, "/desk/policy/", "new/"),
        (world.exporter, f"/applications/{draft}/", "documents/"),
        (world.exporter, "/control-list/followed/", "end/"),
        (world.exporter, "/company/", "province/"),
    ]


@pytest.mark.parametrize("number", range(6))
def test_the_language_is_changed_on_the_page_whose_form_was_refused(number, forms, client):
    """It is opened anew, as nothing but the form was ever at the address that it was sent to."""
    actor, page, below = forms[number]
    client.force_login(actor.user)
    for query in ("", "?back=1"):
        refused = client.post(f"{page}{below}{query}")
        [leads] = re.findall(r'name="next" value="([^"]*)"', refused.content.decode())
        assert (refused.status_code, leads) == (422, f"{page}{query}")
    switched = client.post("/language/", {"next": leads, "language": "zh-hans"}, follow=True)
    assert (switched.status_code, switched.request["PATH_INFO"]) == (200, page)


def test_the_language_of_a_page_that_is_not_there_is_changed_there(client, lanting):
    client.force_login(lanting.user)
    for path in ("/company/nowhere/?q=1", "/company/province/", "/accounts/login/code/confirm/"):
        missing = client.get(path)
        assert missing.status_code in (404, 405)
        leads = re.findall(r'name="next" value="([^"]*)"', missing.content.decode())
        assert leads == ["/company/" if missing.status_code == 405 else path]


def test_a_page_that_was_open_too_long_is_opened_again_and_not_where_its_form_was_sent(world):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(world.exporter.user)
    page = browser.post("/control-list/followed/end/").content.decode()
    assert 'class="btn" href="/control-list/followed/"' in page
