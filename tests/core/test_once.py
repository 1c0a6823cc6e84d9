"""What a page asks more than once."""

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from core import once
from core.middleware import Reading
from core.web.steps import of_one_moment


@pytest.fixture
def count():
    """A question with another answer each time it is asked."""
    asked = []

    @once.once
    def count():
        asked.append(None)
        return len(asked)

    return count


def test_a_page_asks_once_and_the_next_one_anew(count):
    pages = []
    for _ in range(2):
        with once.reading():
            pages.append([count(), count()])
    assert (pages, count(), count()) == ([[1, 1], [2, 2]], 3, 4)


def test_what_another_statement_brought_is_not_asked(count):
    once.known(count, 9)
    with once.reading():
        once.known(count, 8)
        assert count() == 8
    assert count() == 1


@pytest.mark.parametrize(("method", "same"), [("GET", True), ("HEAD", True), ("POST", False)])
def test_what_is_written_is_asked_for_anew(method, same, count):
    answer = Reading(lambda request: HttpResponse(f"{count()} {count()}"))(RequestFactory().generic(method, "/"))
    assert answer.content.decode() == ("1 1" if same else "1 2")


def test_a_page_of_one_moment_asks_inside_of_it(count, db):
    with once.reading():
        once.known(count, 9)
        page = of_one_moment(lambda request: HttpResponse(f"{count()} {count()}"))(RequestFactory().get("/"))
        assert (page.content.decode(), count()) == ("1 1", 9)
