from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from licensing.models import Application


class _Cases(forms.MultipleChoiceField):
    """Of which cases somebody may merge which, the verb says."""

    def valid_value(self, value: Any) -> bool:
        return True


class MergeForm(forms.Form):
    cases = _Cases(
        label=gettext_lazy("Applications"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "What was granted counts where a case led to a license; what it asks for where it is still open."
        ),
    )

    def __init__(self, *args: Any, rows: Iterable[Application] = (), **kwargs: Any) -> None:
        """rows: those to choose among, all ticked but what was merged already."""
        super().__init__(*args, **kwargs)
        rows = list(rows)
        self.fields["cases"].choices = [(row.ref, row.ref) for row in rows]
        self.fields["cases"].initial = [row.ref for row in rows if not row.merged_into.all()]
