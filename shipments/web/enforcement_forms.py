"""What many licenses are suspended by, or let go again."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from core.sizes import REASON_CHARACTERS
from core.web.fields import one_needed
from core.web.lists import countries
from licensing.models import ControlItem
from licensing.policy.vocabulary import CATEGORY
from licensing.selectors import control_lists
from licensing.selectors.enforcement import MOST_HIT, Query
from licensing.words import terms

ANY = ("", _("Any"))


class HitForm(forms.Form):
    """Goods, a destination, an end-user: one of them at least."""

    item = forms.ChoiceField(
        label=_("Goods"), required=False, help_text=_("What the end-user may be sent, or is being sent.")
    )
    destination = forms.ChoiceField(
        label=_("Destination"),
        required=False,
        help_text=_("The end-user’s country, or where goods are under way to him."),
    )
    end_user = forms.CharField(
        label=_("End-user"),
        required=False,
        min_length=3,
        max_length=100,
        help_text=_("A part of its name, or its whole number (ours, or that of its registration)."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        one_needed(self.fields[name] for name in HitForm.base_fields)
        self.fields["item"].choices = [ANY, *_goods()]
        self.fields["destination"].choices = [ANY, *countries()]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if not self.errors and not any(found.get(name) for name in HitForm.base_fields):
            self.add_error(None, _("Choose at least one: goods, a destination or an end-user."))
        return found

    @property
    def query(self) -> Query:
        """Of a form that is valid."""
        return Query(**{name: self.cleaned_data[name] for name in HitForm.base_fields})


def _goods() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """Codes, and the groups in which the lists have them."""
    items = list(ControlItem.objects.only("code", "element", "category", "description_en", "description_zh"))
    words = terms.VALUES[CATEGORY]
    kinds = sorted((str(terms.word(words, one)), one) for one in {item.category for item in items} - {""})
    elements = sorted({item.element for item in items} - {""})
    return [
        (_("All of a list"), [(f"list:{one}", label) for one, label in control_lists().items()]),
        (_("All of an element"), [(f"element:{one}", one) for one in elements]),
        (_("All of a category"), [(f"category:{one}", label) for label, one in kinds]),
        (_("One code"), [(f"item:{item.code}", item.label()) for item in items]),
    ]


class EnforceForm(forms.Form):
    """What is done, to what was shown, and why; beside the query that shows it."""

    do = forms.ChoiceField(choices=[("suspend", _("Suspend")), ("lift", _("Lift"))])
    shown = forms.RegexField(r"^[A-Z0-9-]+:[0-9]{1,9}( [A-Z0-9-]+:[0-9]{1,9})*$", max_length=30 * (MOST_HIT + 1))
    reason = forms.CharField(label=_("Reason"), max_length=REASON_CHARACTERS, widget=forms.Textarea(attrs={"rows": 3}))

    def clean_shown(self) -> dict[str, int]:
        pairs = (one.split(":") for one in self.cleaned_data["shown"].split())
        return {ref: int(version) for ref, version in pairs}
