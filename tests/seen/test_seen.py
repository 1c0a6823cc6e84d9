"""What people are shown, word by word: approved texts, each compared with what is shown now."""

import pytest

from tests.seen import forms, gather, rest, weight

pytestmark = [pytest.mark.full, pytest.mark.django_db]


@pytest.fixture(scope="module")
def gathered(told):
    return gather.Gather(told)


@pytest.mark.parametrize("route", gather.pages())
def test_page(route, gathered, snapshot):
    assert gathered.page(route, gather.pages()[route]) == snapshot


def test_frame(gathered, snapshot):
    """What stands on every page."""
    assert gathered.frame() == snapshot


def test_refused(gathered, snapshot):
    """The pages that say no."""
    assert gathered.refused() == snapshot


@pytest.mark.parametrize("route", forms.forms())
def test_form(route, gathered, snapshot):
    assert forms.told(gathered, route, forms.forms()[route]) == snapshot


@pytest.mark.parametrize("route", [name for name in forms.forms() if not name.startswith("account_")])
def test_typed_again(route, gathered):
    """Nothing that somebody typed is lost: it stands in the form that he typed it into, whoever could not take it."""
    assert forms.lost(gathered, route, forms.forms()[route]) == {}


@pytest.fixture(scope="module")
def programs(gathered):
    return rest.Programs(gathered)


@pytest.mark.parametrize("route", rest.answers())
def test_answer(route, programs, snapshot):
    assert programs.answer(route, rest.answers()[route]) == snapshot


@pytest.mark.parametrize("route", rest.files())
def test_file(route, gathered, snapshot):
    assert rest.file(gathered, route, rest.files()[route]) == snapshot


def test_mails(gathered, snapshot):
    assert rest.mails(gathered) == snapshot


def test_histories(gathered, snapshot):
    assert rest.histories(gathered) == snapshot


def test_95_pages_in_100_are_light_cold_and_warm(gathered):
    """Each page that opens, but the reference of all calls on one page."""
    for name, row in gather.pages().items():
        gathered.page(name, row)
    found = [one for one in gathered.weighed if one[-1] != "api.docs"]
    new = [one for one in found if one[-1] in weight.NEW]
    assert {route for *_, route in new} == weight.NEW
    assert len(found) > 500
    assert (weight.heavy(found), weight.heavy(new)) == ([], [])
    assert weight.ours(found) <= weight.OURS
