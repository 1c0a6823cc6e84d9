"""The reference data stands as the files say: once, and again; the rules only until the ministry has them."""

import pytest

from core.models import Country
from licensing import loading
from licensing.models import ControlItem, EndUse, Instrument, PolicyEdition
from licensing.policy.editions import read
from licensing.policy.engine import ENGINE

pytestmark = pytest.mark.django_db

MODELS = [Country, Instrument, EndUse, ControlItem, PolicyEdition]


def standing():
    return {model: list(model.objects.order_by("pk").values()) for model in MODELS}


def test_everything_in_the_files_is_loaded_once():
    assert loading.load() is True
    once = standing()
    assert all(once.values())
    assert len(once[ControlItem]) == len(list(loading.rows(loading.CONTROL_LIST)))
    assert len(once[Country]) == len(list(loading.rows(loading.COUNTRIES)))
    assert loading.load() is False
    assert standing() == once


def test_newer_files_change_countries_and_not_the_rules(tmp_path, monkeypatch):
    loading.load()
    before = standing()
    newer = tmp_path / "control_list.csv"
    text = loading.CONTROL_LIST.read_text(encoding="utf-8")
    assert text.count("Samarium metal,") == 1
    newer.write_text(text.replace("Samarium metal,", "Samarium as metal,"), encoding="utf-8")
    monkeypatch.setattr(loading, "CONTROL_LIST", newer)
    Country.objects.filter(code="FR").update(name_en="Francia")

    assert loading.load() is False

    assert standing() == before


def test_the_first_edition_is_a_text_that_the_engine_reads():
    loading.load()
    edition = PolicyEdition.objects.get()
    assert read(edition.text).digest == edition.digest
    assert edition.engine == ENGINE and edition.code.endswith(edition.digest[:6])
