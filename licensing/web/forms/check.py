"""The public check's question: what is exported, where to, for whom and what for. All of it stands in the address."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.languages import in_language
from core.models import Country
from core.search import LONGEST
from core.sizes import ECHOED
from core.templatetags.lodestone import day as in_words
from core.web.fields import AmountField, CountriesField, CountryField, DayField, TickedFirst
from licensing import selectors
from licensing.policy.facts import share_of
from licensing.policy.vocabulary import CODE, COUNTRY, ELEMENT, ELEMENTS, END_USE, FACTS, TERRITORY
from licensing.words import terms

Words = Mapping[str, Any]
# which field asks for a fact; the others are followed from the item
FIELDS = {
    CODE: "item",
    COUNTRY: "to",
    END_USE: "use",
    "end_user.class": "user",
    "screening.hit": "hit",
    "exporter.annual_qualified": "qualified",
    "end_user.validated": "validated",
    "exporter.red_flag": "flag",
    "transaction.purpose": "purpose",
    ELEMENT: "element",
    TERRITORY: "territory",
    "item.origin": "origin",
    "item.cn_technology": "technology",
    "item.cn_input_value_share": "input",
}
PLAIN = {"use", "user", "hit", "validated", "flag", "purpose", "element", "territory", "technology"}
MORE = ("via", "hit", "qualified", "validated", "flag", "purpose", "unlisted", "element")
ABROAD = ("territory", "origin", "value", "input", "technology")


def judged_day(asked: date | None, today: date) -> date:
    """The day that is asked about, today when none is. Raises forms.ValidationError for one that nothing judges."""
    day, first, last = asked or today, selectors.FIRST_DAY, today + selectors.AHEAD
    if not first <= day <= last:
        message = _("A day from {first} to {last}.").format(first=in_words(first), last=in_words(last))
        raise forms.ValidationError(message, "date-out-of-range")
    return day


class DayForm(forms.Form):
    """Of which day the rules are shown."""

    as_of = DayField(label=gettext_lazy("Rules of the day"), required=False)

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_as_of(self) -> date:
        return judged_day(self.cleaned_data["as_of"], self.today)


def one_of(label: Any, words: Iterable[tuple[str, Any]], unsaid: Any = "", **more: Any) -> forms.ChoiceField:
    """A choice that may be left open. unsaid: what counts then; nothing where it counts as not known."""
    return forms.ChoiceField(label=label, choices=choices([("", unsaid), *words]), required=False, **more)


def choices(words: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """To choose among: each begins with a capital, as no sentence stands around it; what has no word is as it is."""
    return [(name, said if isinstance(said, str) and said == name else capfirst(said)) for name, said in words]


def words_of(fact: str, *, default: str = "") -> list[tuple[str, Any]]:
    return [(name, terms.VALUES[fact][name]) for name in FACTS[fact].words if name != default]


def yes_or_no(label: Any, **more: Any) -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, **more)


class CheckForm(forms.Form):
    item = forms.CharField(
        label=gettext_lazy("What do you export?"),
        required=False,
        max_length=LONGEST,
        help_text=gettext_lazy("Control code, customs goods code, element or name, in English or Chinese."),
    )
    to = CountryField(label=terms.FACTS[COUNTRY], queryset=Country.objects.all(), required=False)
    use = one_of(terms.FACTS[END_USE], ())
    user = one_of(terms.FACTS["end_user.class"], words_of("end_user.class"))
    on = DayField(label=gettext_lazy("Day of export"), required=False, help_text=gettext_lazy("Today when left empty."))
    via = CountriesField(
        label=gettext_lazy("Countries they pass through or go on to"),
        queryset=Country.objects.all(),
        required=False,
        widget=TickedFirst,
    )
    hit = one_of(
        terms.FACTS["screening.hit"],
        words_of("screening.hit"),
        help_text=gettext_lazy("Of the end-user, against the lists of parties."),
    )
    qualified = one_of(terms.FACTS["exporter.annual_qualified"], [("yes", terms.YES), ("no", terms.NO)])
    validated = yes_or_no(terms.FACTS["end_user.validated"])
    flag = one_of(
        terms.FACTS["exporter.red_flag"],
        words_of("exporter.red_flag", default="none"),
        terms.VALUES["exporter.red_flag"]["none"],
    )
    purpose = one_of(
        terms.FACTS["transaction.purpose"],
        words_of("transaction.purpose", default="sale"),
        terms.VALUES["transaction.purpose"]["sale"],
    )
    unlisted = yes_or_no(gettext_lazy("The goods are on none of the lists loaded here"))
    element = forms.CharField(
        label=terms.FACTS[ELEMENT],
        required=False,
        max_length=2,
        help_text=gettext_lazy("Its symbol, for example Ga, when the goods are on none of these lists."),
    )
    territory = one_of(
        terms.FACTS[TERRITORY], [("overseas", terms.VALUES[TERRITORY]["overseas"])], terms.VALUES[TERRITORY]["domestic"]
    )
    origin = CountryField(label=terms.FACTS["item.origin"], queryset=Country.objects.all(), required=False)
    value = AmountField(label=gettext_lazy("Value of the goods"), required=False)
    input = AmountField(
        label=gettext_lazy("Value of the Chinese inputs in it"),
        required=False,
        help_text=gettext_lazy("Items of Announcement 61, Part 1, in the same currency."),
    )
    technology = yes_or_no(terms.FACTS["item.cn_technology"])

    def __init__(self, *args: Any, end_uses: Mapping[str, Words], today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        named = [(code, in_language(words["en"], words["zh"])) for code, words in end_uses.items()]
        self.fields["use"].choices = [("", ""), *named]

    def clean_on(self) -> date:
        return judged_day(self.cleaned_data["on"], self.today)

    def clean_element(self) -> str:
        symbol: str = self.cleaned_data["element"].capitalize()
        if symbol and symbol not in ELEMENTS:
            raise forms.ValidationError(_("Write an element's symbol, for example Ga."), "fact-value")
        return symbol

    def clean(self) -> None:
        said, given = self.cleaned_data, self.data
        for name in given:
            if name not in self.fields or name != "via" and len(given.getlist(name)) > 1:
                message = _("This page does not know “{name}”, or it is said twice.").format(name=name[:ECHOED])
                self.add_error(None, forms.ValidationError(message, "invalid-parameter"))
        if not said.get("item") and not said.get("unlisted") and "item" not in self.errors:
            self.add_error("item", _("Say what you export."))
        if said.get("item") and said.get("unlisted"):
            self.add_error("unlisted", _("Name an item above, or say that it is on none of the lists; not both."))
        if said.get("via") and not said.get("to") and "to" not in self.errors:
            self.add_error("to", _("Say where the end-user is."))
        value, part = said.get("value"), said.get("input")
        if (value is None) != (part is None) and not self.errors.keys() & {"value", "input"}:
            self.add_error("input" if part is None else "value", _("A share takes both amounts."))
        if value is not None and part is not None and (value == 0 or part > value):
            self.add_error("input", _("The inputs are a part of the value: from nothing to all of it."))

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in MORE]

    @property
    def more_said(self) -> bool:
        return self._said(MORE)

    @property
    def abroad_said(self) -> bool:
        return self._said(ABROAD)

    def _said(self, names: Iterable[str]) -> bool:
        """Is there anything in one of these fields, or wrong with it?"""
        return self.is_bound and any(self.data.get(name) or name in self.errors for name in names)

    @property
    def abroad(self) -> list[forms.BoundField]:
        return [self[name] for name in ABROAD]

    def facts(self, code: str) -> dict[str, Any]:
        """What was said, by the names of the rules' facts. What was left open is absent."""
        said = self.cleaned_data
        countries = [country.pk for country in (said["to"], *said["via"]) if country]
        found = {
            CODE: code,
            COUNTRY: countries or None,
            "item.origin": said["origin"] and said["origin"].pk,
            "exporter.annual_qualified": {"yes": True, "no": False}.get(said["qualified"]),
            **{fact: said[name] or None for fact, name in FIELDS.items() if name in PLAIN},
        }
        if said["value"]:
            found["item.cn_input_value_share"] = share_of(said["input"], said["value"])
        return {name: value for name, value in found.items() if value is not None}
