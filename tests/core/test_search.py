"""Words found in either script: width and case make no difference."""

import pytest

from core.errors import Invalid
from core.models import Organization
from core.search import search, words_of

PATHS = ("name_en", "name_zh")


@pytest.fixture
def company(db):
    return Organization.objects.create(
        kind="exporter", name_en="Lanting Magnetics (100%) Å/S", name_zh="兰汀磁材ＡＢＣ"
    )


@pytest.mark.parametrize(
    "q",
    [
        "lanting",
        "ＬＡＮＴＩＮＧ",
        "MAGNETICS lanting",
        "汀磁",
        "兰汀磁材abc",
        "lanting　汀磁",
        "å/s",
        "Å/S",
        "100%",
        "１００％",
        "",
    ],
)
def test_width_case_and_the_order_of_words_make_no_difference(q, company):
    assert list(search(Organization.objects.all(), PATHS, words_of(q))) == [company]


@pytest.mark.parametrize("q", ["lantings", "lanting ruohe", "1%0", "_anting", "兰汀材", "\\"])
def test_every_word_must_stand_somewhere_and_no_sign_stands_for_others(q, company):
    assert list(search(Organization.objects.all(), PATHS, words_of(q))) == []


def test_a_search_has_at_most_100_characters_and_eight_words():
    assert words_of("x" * 100) == ["x" * 100]
    assert words_of("a b c d e f g h i j") == ["a", "b", "c", "d", "e", "f", "g", "h i j"]
    with pytest.raises(Invalid) as refused:
        words_of("x" * 101)
    assert [(p.pointer, p.code) for p in refused.value.errors] == [("/q", "invalid-parameter")]
