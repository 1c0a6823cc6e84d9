"""The reference data stands as the files say: once, again, and after a newer edition."""

import pytest

from core.models import Country
from licensing import loading
from licensing.models import ControlItem, EndUse, Instrument, InstrumentSuspension, PolicyEdition

pytestmark = pytest.mark.django_db

MODELS = [Country, Instrument, InstrumentSuspension, EndUse, ControlItem, PolicyEdition]


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


def test_a_newer_edition_writes_over_what_stands_and_keeps_who_points_at_it(tmp_path, monkeypatch):
    loading.load()
    before = standing()
    newer = tmp_path / "control_list.csv"
    text = loading.CONTROL_LIST.read_text(encoding="utf-8")
    assert text.count("Samarium metal,") == 1
    newer.write_text(text.replace("Samarium metal,", "Samarium as metal,"), encoding="utf-8")
    monkeypatch.setattr(loading, "CONTROL_LIST", newer)

    Country.objects.filter(code="FR").update(name_en="Francia")

    assert loading.load() is True

    after = standing()
    changed = [(old, new) for old, new in zip(before[ControlItem], after[ControlItem], strict=True) if old != new]
    assert [(old | {"description_en": "Samarium as metal"}) for old, _ in changed] == [new for _, new in changed]
    assert len(changed) == 1
    assert len(after.pop(PolicyEdition)) == len(before.pop(PolicyEdition)) + 1
    del before[ControlItem], after[ControlItem]
    assert after == before
