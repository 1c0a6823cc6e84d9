"""What a page carries of the version that it showed."""

from contextlib import closing

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse, QueryDict

from core.models import Organization
from core.web.steps import of_one_moment, seen_in


@pytest.mark.parametrize(
    ("text", "seen"),
    [("0", 0), ("17", 17), ("999999999", 999_999_999), ("1000000000", -1), ("", -1), ("-1", -1), ("x", -1)],
)
def test_whatever_is_no_number_was_never_seen(text, seen):
    data = QueryDict(mutable=True)
    data["seen"] = text
    assert seen_in(data) == seen
    assert seen_in(QueryDict()) == -1


def test_a_superscript_is_a_digit_and_no_number():
    data = QueryDict("seen=%C2%B2")
    assert data["seen"].isdigit()
    assert seen_in(data) == -1


@pytest.mark.django_db(transaction=True)
def test_all_that_a_page_reads_is_of_one_moment():
    def names():
        return list(Organization.objects.values_list("name_en", flat=True))

    @of_one_moment
    def page(request):
        before = names()
        with closing(connection.copy()) as other, other.cursor() as cursor:
            cursor.execute("UPDATE core_organization SET name_en = 'Later'")
        assert names() == before
        return HttpResponse()

    Organization.objects.create(kind="ministry", name_en="Before", name_zh="局")
    page(HttpRequest())
    assert names() == ["Later"]
