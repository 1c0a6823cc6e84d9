"""Form fields that several apps need."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.models import ModelChoiceIterator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import quantities
from core.files import Kinds
from core.languages import label_order
from core.legal_time import DAY_PATTERN, LEGAL_ZONE, YEARS
from core.sizes import ECHOED
from core.templatetags.lodestone import quantity_in_full

_INSTANT = re.compile(DAY_PATTERN + r"[T ]\d\d:\d\d(:\d\d)?", re.ASCII)
_ZONE = gettext_lazy("Beijing time, UTC+8.")


def one_needed(fields: Iterable[forms.Field], note: str = "") -> None:
    """Each says that one of these is needed, and none that it is optional; what is needed by itself says nothing."""
    for field in fields:
        if not field.required:
            field.note = note or _("(one of these is needed)")


class DayField(forms.DateField):
    """A legal day; the browser's own date picker, YYYY-MM-DD on the wire."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}), input_formats=["%Y-%m-%d"], **kwargs
        )

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, date) else value


class InstantField(forms.CharField):
    """An instant on the legal clock (UTC+8), to the second; the browser's own picker."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"})
        super().__init__(widget=widget, help_text=kwargs.pop("help_text", _ZONE), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return f"{value.astimezone(LEGAL_ZONE):%Y-%m-%dT%H:%M:%S}" if isinstance(value, datetime) else value

    def clean(self, value: Any) -> datetime | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            at = datetime.fromisoformat(text if _INSTANT.fullmatch(text) else "").replace(tzinfo=LEGAL_ZONE)
        except ValueError:
            at = None
        if at is None or at.year not in YEARS:
            raise forms.ValidationError(_("Write the instant as 2026-12-01 09:30, in Beijing time."), "invalid")
        return at.astimezone(UTC)


class _ByLabel(ModelChoiceIterator):
    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return iter(sorted(super().__iter__(), key=lambda pair: (pair[0] != "", label_order(str(pair[1])))))


class CountryField(forms.ModelChoiceField):
    """One of the countries, in the order of their names as the reader reads them."""

    iterator = _ByLabel


class CountriesField(forms.ModelMultipleChoiceField):
    """Several of them."""

    iterator = _ByLabel


class TickedFirst(forms.CheckboxSelectMultiple):
    """Boxes of a long list: those that are ticked come first, the others are folded (parts/many.html)."""

    many = True

    def optgroups(self, *args: Any, **kwargs: Any) -> list[Any]:
        return sorted(super().optgroups(*args, **kwargs), key=lambda group: not group[1][0]["selected"])


class GroupedBoxes(forms.CheckboxSelectMultiple):
    """Boxes each of which knows the `group` of choices in which it stands."""

    def optgroups(self, *args: Any, **kwargs: Any) -> list[Any]:
        groups = super().optgroups(*args, **kwargs)
        return [(name, [box | {"group": name} for box in boxes], index) for name, boxes, index in groups]


def words_of(choices: Iterable[Any]) -> dict[str, str]:
    """What each choice is called, by what is sent for it; one of a group after the group's own name."""
    words = {}
    for key, label in choices:
        if isinstance(label, list | tuple):
            words |= {one: f"{key}, {said}" for one, said in words_of(label).items()}
        else:
            words[str(key)] = str(label)
    return words


class _SeveralFiles(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once, of these kinds; none is an empty list. What is in them is for the verb to look at."""

    def __init__(self, *, kinds: Kinds, **kwargs: Any) -> None:
        super().__init__(widget=_SeveralFiles(attrs={"accept": ",".join(kinds.ends)}), **kwargs)

    def clean(self, value: Any, initial: Any = None) -> list[Any]:
        return [super(FilesField, self).clean(file, initial) for file in value or []]


def plain(text: str) -> str:
    """The number without its groups. Raises forms.ValidationError where a comma may mean two things."""
    try:
        return quantities.plain(text)
    except quantities.UnclearComma as unclear:
        raise _asks_which(unclear) from None


def _asks_which(unclear: quantities.UnclearComma) -> forms.ValidationError:
    readings = _(" or ").join(unclear.readings)
    message = _("Do you mean {readings}? Write a point for decimals, and groups of three for thousands.")
    return forms.ValidationError(message.format(readings=readings), "use-a-point")


class QuantityField(forms.CharField):
    """A quantity as people type it: thousands in groups, full-width digits. Nothing is rounded.

    `base()` reads it in a unit, `repeated()` says how it was read.
    """

    NO_NUMBER = gettext_lazy("Write a number such as 12,000.5 or 12000.5, without signs, letters or exponents.")

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.TextInput(attrs={"inputmode": "decimal", "size": 14})
        super().__init__(max_length=quantities.LONGEST, widget=widget, **kwargs)

    @staticmethod
    def base(text: str, unit: str) -> int:
        """As core.quantities reads what was typed. Raises forms.ValidationError saying what to write."""
        try:
            return quantities.typed(text, unit)
        except quantities.UnclearComma as unclear:
            raise _asks_which(unclear) from None
        except quantities.BadQuantity as error:
            message = QuantityField.NO_NUMBER
            if error.code != "not-plain-decimal":
                message = _(quantities.MESSAGES[error.code])
            raise forms.ValidationError(message, error.code) from None

    @staticmethod
    def repeated(text: str, base: int, unit: str) -> str:
        """How the typed text was read, with every decimal place: an English comma must not pass unseen. Nothing is said
        of plain digits, which can be read in one way."""
        if re.fullmatch(r"[0-9]+ *[A-Za-z]*", text.strip()):
            return ""
        return _("“{typed}” was read as {quantity}.").format(typed=text, quantity=quantity_in_full(base, unit))


class AmountField(forms.CharField):
    """An amount of money, of any currency, exact; of at most so many decimal places, and no more than `most`: of 15
    digits before the point, as many as are kept of it anywhere."""

    example = gettext_lazy("Write an amount such as 100,000.00.")

    def __init__(self, *, places: int = 6, most: int = 10**15 - 1, **kwargs: Any) -> None:
        self.places, self.most = places, most
        super().__init__(max_length=40, widget=forms.TextInput(attrs={"inputmode": "decimal"}), **kwargs)

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        text = plain(text)
        if not re.fullmatch(rf"[0-9]+(\.[0-9]{{1,{self.places}}})?", text, re.ASCII):
            raise forms.ValidationError(self._flaw(text), "invalid")
        if Decimal(text) > self.most:
            raise forms.ValidationError(_("At most {most}.").format(most=f"{self.most:,}"), "invalid")
        return Decimal(text)

    def _flaw(self, text: str) -> str:
        if re.fullmatch(r"[0-9]+\.[0-9]+", text, re.ASCII):
            return _("At most {places} decimal places.").format(places=self.places)
        return str(self.example)


class CodesField(forms.CharField):
    """Codes separated by commas or blanks, upper-cased; empty means none."""

    def __init__(self, *, pattern: str, example: str, **kwargs: Any) -> None:
        self.pattern, self.example = pattern, example
        super().__init__(required=False, max_length=200, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        codes = [code for code in re.split(r"[\s,;，；]+", super().clean(value).upper()) if code]
        wrong = [code for code in codes if not re.fullmatch(self.pattern, code, re.ASCII)]
        if wrong:
            message = _("{code} is not such a code; write for example {example}.")
            raise forms.ValidationError(message.format(code=wrong[0][:ECHOED], example=self.example), "invalid-format")
        return sorted(set(codes))
