"""What was typed is said by its labels, and what nobody typed is not said."""

import pytest
from django import forms
from django.http import QueryDict

from core.web.labels import said, said_by_name


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (
            "key=k1&client_reference=PO-1&end_user=PTY-1&planned_on=2026-12-01&quantity_1=10&license=EL-1",
            [
                ("Your reference", "PO-1"),
                ("End-user", "PTY-1"),
                ("Planned day", "2026-12-01"),
                ("Line 1", "10"),
            ],
        ),
        (
            "lines-TOTAL_FORMS=1&lines-0-code=&lines-0-description=N42SH&lines-0-hs_code=&lines-0-quantity=",
            [("Description", "N42SH")],
        ),
        (
            "outcome=refuse&seen=4&factors=END_USER&factors=END_USE&months=&acknowledged=3af1",
            [
                ("Outcome", "Refuse"),
                ("Factors of the law", "End-user, End-use"),
                ("I have seen that the rules say something else of this case than when it was last looked at", "Yes"),
            ],
        ),
        ("seen=4&version=2&base=%7B%7D&nothing=x", []),
    ],
    ids=["shipment", "goods", "recommendation", "hidden"],
)
def test_what_was_typed_has_its_labels(data, words):
    assert said_by_name(QueryDict(data)) == words


class Answers(forms.Form):
    name = forms.CharField(label="Name")
    version = forms.IntegerField(widget=forms.HiddenInput)
    agreed = forms.BooleanField(label="Agreed", required=False)
    looked = forms.CharField(label="Looked at it", required=False, widget=forms.CheckboxInput)
    kinds = forms.MultipleChoiceField(label="Kinds", choices=[("a", "First"), ("b", "Second")])


def test_a_known_form_says_its_choices_by_their_labels_and_nothing_that_was_hidden():
    form = Answers(QueryDict("name=N&version=3&agreed=on&looked=3af1&kinds=a&kinds=b"))
    assert said(form) == [("Name", "N"), ("Agreed", "Yes"), ("Looked at it", "Yes"), ("Kinds", "First, Second")]
    assert said(Answers(QueryDict("name=&version=3&kinds="))) == []
