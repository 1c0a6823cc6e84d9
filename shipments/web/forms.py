"""The shipment form: one license, its lines, whom and where."""

import re
from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from core.actions.documents import ANSWER_KINDS
from core.decided import filled
from core.errors import Problem
from core.files import ROWS, SHEET, examine
from core.references import REFERENCE_LONGEST
from core.sizes import REASON_CHARACTERS, TEXT_CHARACTERS
from core.templatetags.lodestone import money, quantity, unit_word
from core.web.fields import AmountField, DayField, FilesField, QuantityField, one_needed
from core.web.forms import ReasonForm, StepForm, length_of, read_upload
from core.web.lists import countries
from licensing import elements, selectors
from licensing.models import License, Visit, VisitKind, VisitOutcome
from licensing.models.applications import PORT_LENGTH, PORT_PATTERN, PORT_WORDS
from licensing.policy.vocabulary import OF_THE_REST
from licensing.prices import WORTH_PLACES
from licensing.web.forms.elements import ElementsField
from shipments.actions import LineRequest, ShipmentRequest
from shipments.actions.bulk import ATOMIC, PARTIAL
from shipments.actions.closing import open_ends
from shipments.actions.reports import FILE_KINDS
from shipments.actions.reservations import DAYS_AHEAD_MOST, TOO_FAR, too_far
from shipments.models import CLIENT_REFERENCE_LONGEST
from shipments.refusals import exhausted, problem


class VisitForm(StepForm):
    """What officers found. Whom and what it was about is chosen among what the license names."""

    kind = forms.ChoiceField(label=gettext_lazy("What was done"), choices=VisitKind.choices, widget=forms.RadioSelect)
    made_on = DayField(label=gettext_lazy("On"))
    went = forms.CharField(label=gettext_lazy("Who went"), max_length=length_of(Visit, "went"))
    end_user = forms.ChoiceField(label=gettext_lazy("End-user"), required=False)
    shipment = forms.CharField(
        label=gettext_lazy("Shipment, by its number"), required=False, max_length=REFERENCE_LONGEST
    )
    outcome = forms.ChoiceField(label=gettext_lazy("Outcome"), choices=VisitOutcome.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label=gettext_lazy("What was found"),
        max_length=TEXT_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("Officers alone read this. The holder reads kind, day and outcome."),
    )
    files = FilesField(
        label=gettext_lazy("Files"),
        required=False,
        kinds=ANSWER_KINDS,
        help_text=filled(
            gettext_lazy("{kinds}, together at most {most} MB."),
            kinds=ANSWER_KINDS,
            most="core.sizes.FILE_MEGABYTES",
        ),
    )

    def __init__(self, *args: Any, row: License, **kwargs: Any) -> None:
        super().__init__(*args, row=row, **kwargs)
        parties = [user.party for user in row.end_users.all()]
        self.fields["end_user"].choices = [
            ("", gettext_lazy("None of them alone")),
            *((party.ref, party.label()) for party in parties),
        ]

    def facts(self) -> dict[str, Any]:
        return self.cleaned_data | {"files": [read_upload(file) for file in self.cleaned_data["files"]]}


def _told_of(line: Any) -> Iterator[str]:
    yield _("{description}. {left} left.").format(
        description=line.description, left=quantity(line.available, line.unit)
    )
    for user in line.not_for:
        yield _("Not for {name}: its declaration does not name this.").format(name=user.party.name)


class ShipmentForm(forms.Form):
    """Only what the license allows can be chosen, and what has no alternative is chosen; how much is left, and whom a
    line is not for, stands beside each quantity. The goods go to the end-user's own country, which stands beside his
    name. One of the license who was chosen and is closed stays chosen: the ledger says why not."""

    numbered = {"quantity": gettext_lazy("Line {number}")}

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    client_reference = forms.CharField(
        label=gettext_lazy("Your reference"),
        max_length=CLIENT_REFERENCE_LONGEST,
        help_text=gettext_lazy("For example the order number; used once, for ever."),
    )
    end_user = forms.ChoiceField(label=gettext_lazy("End-user"))
    consignee = forms.ChoiceField(label=gettext_lazy("Consignee"))
    port = forms.CharField(
        label=gettext_lazy("Customs port"), max_length=PORT_LENGTH, help_text=gettext_lazy("For example CNSHA.")
    )
    planned_on = DayField(
        label=gettext_lazy("Planned day"),
        help_text=filled(
            gettext_lazy("Today or up to {days} days ahead."), days="shipments.actions.reservations.DAYS_AHEAD_MOST"
        ),
    )
    final = forms.BooleanField(
        label=gettext_lazy("The last shipment under this license"),
        required=False,
        help_text=gettext_lazy("It may take the license's tolerance on what remains; what is left lapses with it."),
    )

    def __init__(
        self, *args: Any, license: License, closings: Collection[selectors.Closing], today: date, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.initial["planned_on"] = license.first_day_from(today)
        self.license, self.today = license, today
        free, chosen = selectors.open_users(license, closings), self.data.get("end_user")
        users = [user for user in license.end_users.all() if user in free or user.party.ref == chosen]
        self.goes_to = {user.party.ref: user.destination for user in users}
        names = dict(countries())
        self._choices("end_user", [(one.party.ref, f"{one.party.name}, {names[one.destination]}") for one in users])
        self._choices("consignee", [(party.ref, party.name) for party in license.consignees.all()])
        if license.ports:
            self.fields["port"] = forms.ChoiceField(label=_("Customs port"))
            self._choices("port", [(port, port) for port in license.ports])
        self.lines = list(license.lines.all())
        self.quantity_names = [f"quantity_{line.number}" for line in self.lines]
        for line, name in zip(self.lines, self.quantity_names, strict=True):
            self.fields[name] = QuantityField(
                label=_("Line {number}: {code}, {unit}").format(
                    number=line.number, code=line.control_item.code, unit=unit_word(line.unit)
                ),
                help_text=" ".join(_told_of(line)),
                required=len(self.lines) == 1,
            )
        one_needed(self.fields[name] for name in self.quantity_names)
        caps = {line.number: one for line in self.lines for one in line.ceilings.all() if one.of_value}
        self.capped = {number: one.currency for number, one in caps.items()}
        asked = _("The license caps the value of this line; state it, best in {currency}.")
        for number, one in caps.items():
            left = money(one.available, one.currency)
            self.fields[f"value_{number}"] = AmountField(
                label=_("Line {number}: value, {currency}").format(number=number, currency=one.currency),
                help_text=_("The license caps it; {left} left.").format(left=left),
                places=WORTH_PLACES,
                required=len(self.lines) == 1,
                error_messages={"required": asked.format(currency=one.currency)},
            )
            self.fields[f"value_{number}"].note = "" if len(self.lines) == 1 else _("(needed if the line is shipped)")
        self.counted = selectors.elements_to_state(license)
        for number, symbols in self.counted.items():
            self.fields[f"contents_{number}"] = ElementsField(
                label=_("Line {number}: contained elements, %").format(number=number),
                help_text=_("A national quota counts {elements}. Write for example: {example}.").format(
                    elements=_(", ").join(symbols), example=f"{symbols[0]} 3.2"
                ),
            )
        if license.tolerance_mode != OF_THE_REST:
            del self.fields["final"]

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        self.fields[name].choices = choices if len(choices) == 1 else [("", ""), *choices]

    def quantity_fields(self) -> list[forms.BoundField]:
        values = [f"value_{number}" for number in self.capped]
        contents = [f"contents_{number}" for number in self.counted]
        return [self[name] for name in (*self.quantity_names, *values, *contents)]

    def clean_port(self) -> str:
        port: str = self.cleaned_data["port"].strip().upper()
        if not re.fullmatch(PORT_PATTERN, port, re.ASCII):
            raise forms.ValidationError(PORT_WORDS, "invalid-format")
        return port

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self.taken = []
        self.read_as: list[str] = []
        for line, name in zip(self.lines, self.quantity_names, strict=True):
            if not data.get(name):
                continue
            try:
                quantity = QuantityField.base(data[name], line.unit)
            except forms.ValidationError as error:
                self.add_error(name, error)
                continue
            if read_as := QuantityField.repeated(data[name], quantity, line.unit):
                self.read_as.append(read_as)
                self[name].help_text += " " + read_as
            if quantity:
                value, currency = data.get(f"value_{line.number}"), self.capped.get(line.number, "")
                worth = {} if value is None else {"value": value, "currency": currency}
                said = data.get(f"contents_{line.number}") or {}
                contents = elements.contents(said, elements.DECLARED, "")
                made = LineRequest(line.number, quantity, line.unit, composition=said, contents=contents, **worth)
                self.taken.append((name, made))
        if not self.taken and not any(self.errors.get(name) for name in self.quantity_names):
            self.add_error(self.quantity_names[0], _("Say how much is shipped."))
        self._say_all(data)
        return data

    def _say_all(self, data: dict[str, Any]) -> None:
        """What the ledger would refuse, too, of a request that does not reach it: a day too far off, and, beside
        whatever else is wrong, that more is asked than is left; how much the last one may be the ledger knows."""
        planned = data.get("planned_on")
        if planned and too_far(planned, self.today):
            self.add_error("planned_on", TOO_FAR.format(days=DAYS_AHEAD_MOST))
        for name, made in self.taken if self.errors and not data.get("final") else ():
            line = self.lines[self.quantity_names.index(name)]
            if failure := exhausted(line, made.quantity):
                self.add_error(name, problem(failure).message)

    def request(self) -> ShipmentRequest:
        data = self.cleaned_data
        return ShipmentRequest(
            license=self.license.ref,
            client_reference=data["client_reference"],
            end_user=data["end_user"],
            consignee=data["consignee"],
            destination=self.goes_to[data["end_user"]],
            port=data["port"],
            planned_on=data["planned_on"],
            lines=[line for _name, line in self.taken],
            final=data.get("final", False),
        )

    def field_for(self, pointer: str) -> str:
        """The form's field that a JSON pointer of the request means."""
        parts = pointer.strip("/").split("/")
        if parts[0] == "lines" and len(parts) > 1 and parts[1].isdigit():
            name, line = self.taken[int(parts[1])]
            own = {"value": "value", "composition": "contents"}.get(parts[2] if len(parts) > 2 else "", "")
            other = f"{own}_{line.license_line}"
            return other if other in self.fields else name
        return parts[0]


class SheetForm(forms.Form):
    """A file of shipments: its name and content."""

    file = forms.FileField(
        label=gettext_lazy("The file"),
        help_text=filled(
            gettext_lazy(
                "Drop it here, or choose it: CSV UTF-8, up to {rows} rows and {size} MB. Nothing is booked until you "
                "confirm."
            ),
            rows="core.sizes.BULK_ROWS",
            size="core.sizes.BULK_MEGABYTES",
        ),
        widget=forms.FileInput(attrs={"accept": f"{ROWS.ends[0]},{ROWS.media_type}"}),
        allow_empty_file=True,
    )

    def clean_file(self) -> tuple[str, bytes]:
        name, content = read_upload(self.cleaned_data["file"]) or ("", b"")
        found = examine(name, content, kinds=SHEET, field="file")
        if isinstance(found, Problem):
            raise forms.ValidationError(found.message, found.code)
        return name, content


class ConfirmForm(forms.Form):
    """Of so many rows, and how many of them are refused: what is to be booked. at_once: whether these are few
    enough for all or none. seen: what was shown."""

    seen = forms.CharField(widget=forms.HiddenInput, max_length=64)
    mode = forms.ChoiceField(label=gettext_lazy("What is to be booked"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, rows: int, refused: int, at_once: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        good = rows - refused
        whole = _("All {rows} rows or none: if one of them is refused meanwhile, nothing is booked.")
        part = ngettext(
            "The one row that is good.",
            "The {rows} rows that are good: if one of them is refused meanwhile, the others are booked.",
            good,
        )
        self.fields["mode"].choices = [
            *([(ATOMIC, whole.format(rows=f"{rows:,}"))] if not refused and rows > 1 and at_once else []),
            *([(PARTIAL, part.format(rows=f"{good:,}"))] if good else []),
        ]
        if len(self.fields["mode"].choices) == 1:
            self.initial["mode"] = self.fields["mode"].choices[0][0]


class AnswerForm(ReasonForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].label = _("What the goods are, and whether the license covers them")
        self.fields["reason"].help_text = _("Customs and the company read this.")


class CloseForm(StepForm):
    """Of the company's account, for good. Its card says what stands in the way."""

    sure = forms.BooleanField(label=gettext_lazy("Close it for good: nobody opens it again"))

    def facts(self) -> dict[str, Any]:
        return {}

    @cached_property
    def against(self) -> list[str]:
        return [problem.message for problem in open_ends(self.row)]


class CloseOutForm(ReasonForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "What it still holds is free again. The company reads this. What crosses later all the same is booked."
        )


class ReturnForm(ReasonForm):
    """row: the shipment of which something came back."""

    which = forms.TypedChoiceField(label=gettext_lazy("What came back"), coerce=int)
    field_order = ["which", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["which"].choices = [
            (
                back.pk,
                _("{number}: {quantities}").format(
                    number=back.declaration_no,
                    quantities=_(", ").join(quantity(part.quantity, part.line.unit) for part in back.lines.all()),
                ),
            )
            for back in (self.row.waiting if self.row else [])
        ]
        self.fields["reason"].help_text = _("The company reads this.")


class NoteForm(StepForm):
    text = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Stays inside the ministry."),
    )


class DepartForm(StepForm):
    departed_on = DayField(label=gettext_lazy("Day of departure"))


class DeliverForm(StepForm):
    """row: the shipment, whose license may ask for a proof."""

    delivered_on = DayField(label=gettext_lazy("Day of delivery"))
    proof = forms.FileField(
        label=gettext_lazy("Proof of delivery"),
        required=False,
        help_text=filled(
            gettext_lazy("{kinds}, at most {most} MB, for example what the consignee signed."),
            kinds=FILE_KINDS,
            most="core.sizes.FILE_MEGABYTES",
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["proof"].required = self.row is not None and self.row.license.asks_proof

    def facts(self) -> dict[str, Any]:
        return self.cleaned_data | {"proof": read_upload(self.cleaned_data["proof"])}
