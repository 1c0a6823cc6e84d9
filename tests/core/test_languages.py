"""Whose name comes first: a Chinese reader's company is known by its Chinese name."""

import re
from html import unescape

import pytest
from django.utils import translation

from core.history import lines_of, record
from core.models import Organization
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
