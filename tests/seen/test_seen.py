"""What people are shown, word by word: approved texts, each compared with what is shown now."""

import pytest

from tests.seen import forms, gather, rest

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
