"""What an officer of customs fills in at the counter, and the message that it makes."""

import re
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.access import Actor
from core.characters import half_width
from core.errors import DomainError
from core.idempotency import Answer, Claim, fingerprint
from core.legal_time import legal_now, on_the_wire
from core.quantities import show
from core.sizes import REASON_CHARACTERS
from core.templatetags.lodestone import instant, listed, quantity, unit_word
from core.web.fields import InstantField, QuantityField, one_needed
from core.web.forms import StepForm
from shipments import selectors
from shipments.actions import ClearedLine, Message, Receipt, report
from shipments.actions.messages import key_of
from shipments.models import DECLARATION_PATTERN, DECLARATION_WORDS, CustomsMessage

SECOND = timedelta(seconds=1)
ON_THE_WIRE = {"reimport_no": "reimport_declaration_no"}  # what a program's message calls otherwise


class CounterForm(StepForm):
    """What each of them says. key: of this one rendering, so that sending it twice says it once. told: what names the
    unusual things that stand above the button."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    told = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False, label=gettext_lazy("Unusual"))
    declaration_no = forms.CharField(
        label=gettext_lazy("Declaration number"),
        max_length=30,
        help_text=DECLARATION_WORDS,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    declared_at = InstantField(label=gettext_lazy("Declared at"))
    refusal: DomainError | None = None
    lines: list[Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["key"] = uuid.uuid4().hex
        found = list(self.row.declarations.all()) if self.row else []
        self.latest = found[-1] if found else None  # one that was mistyped is followed by the right one
        self.initial["declared_at"] = self.latest.declared_at if self.latest else legal_now()
        self.initial["declaration_no"] = self.latest.number if self.latest else ""

    def _quantities(self) -> list[str]:
        """The fields of the lines, of which one is needed."""
        names = [f"quantity_{line.number}" for line in self.lines]
        one_needed(self.fields[name] for name in names)
        return names

    def clean_declaration_no(self) -> str:
        """As it is on the paper: scanners and people put blanks into it, small letters, and full-width ones."""
        return _number(self.cleaned_data["declaration_no"])

    def clean_declared_at(self) -> datetime:
        """The instant of before, to its last digit, where the field still shows it."""
        at: datetime = self.cleaned_data["declared_at"]
        known = self.latest and self.latest.declared_at
        return known if known and at <= known < at + SECOND else at

    def unusual(self) -> str:
        """What names the unusual things that the page shows above the button; empty where it shows none."""
        return str(self.refusal.extra["told"]) if self.refusal and self.refusal.code == "unusual" else ""


def _number(typed: str) -> str:
    number = "".join(half_width(typed).split()).upper()
    if not re.fullmatch(DECLARATION_PATTERN, number):
        raise forms.ValidationError(DECLARATION_WORDS, "invalid-format")
    return number


class QuestionForm(CounterForm):
    reason = forms.CharField(
        label=gettext_lazy("Question"),
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The ministry answers, and the company reads it too."),
    )


class RejectForm(CounterForm):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_CHARACTERS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The company reads this. What is reserved is free again."),
    )


class ClearForm(CounterForm):
    """A quantity for each line of the license: goods cross on other lines, too."""

    numbered = {"quantity": gettext_lazy("Line {number}")}

    cleared_at = InstantField(label=gettext_lazy("Cleared at"))
    final = forms.TypedChoiceField(
        label=gettext_lazy("Does more of this shipment follow?"),
        choices=[
            ("true", gettext_lazy("No, this is all of it: what is still reserved is free again")),
            ("false", gettext_lazy("Yes, this is a part: the rest stays reserved")),
        ],
        coerce=lambda value: value == "true",
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["cleared_at"] = legal_now()
        self.lines = list(self.row.license.lines.all()) if self.row else []
        own = {line.line_number: line for line in self.row.lines.all()} if self.row else {}
        for line in self.lines:
            one = own.get(line.number)
            held, crossed = (one.held, one.crossed) if one else (0, 0)
            self.fields[f"quantity_{line.number}"] = QuantityField(
                label=_("Line {number}, {unit}").format(number=line.number, unit=unit_word(line.unit)),
                help_text=_("{description}. Reserved: {held}, cleared so far: {crossed}.").format(
                    description=line.description,
                    held=quantity(held, line.unit),
                    crossed=quantity(crossed, line.unit),
                ),
                required=len(self.lines) == 1,
                initial=show(held, line.unit) if held else "",
            )
        self.order_fields(["key", "told", *self._quantities(), "final"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["lines"] = [one for one in _typed(self, data) if one.quantity]
        if not data["lines"] and not any(name.startswith("quantity_") for name in self.errors):
            self.add_error(f"quantity_{self.lines[0].number}", _("Say how much was cleared."))
        if (begun := data.get("declared_at")) and (end := data.get("cleared_at")) and end < begun:
            data["cleared_at"] = begun  # as long as it is the same second, which is all that the page shows
            if end + SECOND <= begun:
                self.add_error("cleared_at", _("Cleared before it was declared."))
        return data


class CorrectForm(CounterForm):
    """What crossed under one clearance after all. Lines that were right are left as they stand."""

    numbered = {"quantity": gettext_lazy("Line {number}")}
    declaration_no = declared_at = None  # those of the clearance

    corrects = forms.TypedChoiceField(
        label=gettext_lazy("Which clearance was wrong?"), coerce=int, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The company reads this."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cleared = {row.pk: row for row in selectors.clearances(self.row)} if self.row else {}
        self.fields["corrects"].choices = [(pk, _as_it_stands(row)) for pk, row in self.cleared.items()]
        only = next(iter(self.cleared.values())) if len(self.cleared) == 1 else None
        self.initial["corrects"] = only and only.pk
        self.lines = list(self.row.license.lines.all()) if self.row else []
        for line in self.lines:
            stands = only.stands.get(line.number) if only else None
            self.fields[f"quantity_{line.number}"] = QuantityField(
                label=_("Line {number}: what crossed after all, {unit}").format(
                    number=line.number, unit=unit_word(line.unit)
                ),
                help_text=line.description,
                required=len(self.lines) == 1,
                initial=show(stands.quantity, line.unit) if stands else "",
            )
        self.order_fields(["key", "told", "corrects", *self._quantities()])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["lines"] = _typed(self, data)
        if not data["lines"] and not any(name.startswith("quantity_") for name in self.errors):
            self.add_error(f"quantity_{self.lines[0].number}", _("Say how much crossed; 0 where nothing did."))
        if (cleared := self.cleared.get(data.get("corrects"))) is not None:
            data["corrects"] = cleared.message_id
            said = cleared.body  # of one that lacks its declaration the shipment knows it
            data["declaration_no"] = said.get("declaration_no") or self.row.declaration_no
            data["declared_at"] = (
                datetime.fromisoformat(said["declared_at"]) if said.get("declared_at") else self.row.declared_at
            )
        return data


class ReturnedForm(CounterForm):
    """What came back, of the lines of which something is abroad."""

    numbered = {"quantity": gettext_lazy("Line {number}")}
    declaration_no = declared_at = None  # those under which it left

    reimport_no = forms.CharField(
        label=gettext_lazy("Number of the re-import declaration"),
        max_length=30,
        help_text=DECLARATION_WORDS,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        abroad = {line.line_number: line.abroad for line in self.row.lines.all()} if self.row else {}
        self.lines = [line for line in self.row.license.lines.all() if abroad.get(line.number)] if self.row else []
        for line in self.lines:
            self.fields[f"quantity_{line.number}"] = QuantityField(
                label=_("Line {number}: what came back, {unit}").format(number=line.number, unit=unit_word(line.unit)),
                help_text=_("{description}. At most {most}: so much crossed and has not come back.").format(
                    description=line.description, most=quantity(abroad[line.number], line.unit)
                ),
                required=len(self.lines) == 1,
            )
        self.order_fields(["key", "told", *self._quantities()])

    def clean_reimport_no(self) -> str:
        return _number(self.cleaned_data["reimport_no"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        data["lines"] = [one for one in _typed(self, data) if one.quantity]
        if not self.lines:
            self.add_error(None, _("Nothing of this shipment is left to come back."))
        elif not data["lines"] and not any(name.startswith("quantity_") for name in self.errors):
            self.add_error(f"quantity_{self.lines[0].number}", _("Say how much came back."))
        data["declaration_no"], data["declared_at"] = self.row.declaration_no, self.row.declared_at
        return data

    def field_for(self, pointer: str) -> str:
        """The field of a line of what was sent."""
        parts = pointer.strip("/").split("/")
        if parts[0] == "lines" and len(parts) > 1 and parts[1].isdigit():
            return f"quantity_{self.cleaned_data['lines'][int(parts[1])].license_line}"
        return parts[0]


def _typed(form: ClearForm | CorrectForm | ReturnedForm, data: dict[str, Any]) -> list[ClearedLine]:
    """The quantities that were typed, and are taken out of the data; none for a line where nothing was."""
    found = []
    for line in form.lines:
        name = f"quantity_{line.number}"
        try:
            if typed := data.pop(name, ""):
                found.append(ClearedLine(line.number, QuantityField.base(typed, line.unit), line.unit))
        except forms.ValidationError as error:
            form.add_error(name, error)
    return found


def _as_it_stands(row: CustomsMessage) -> str:
    text = _("Line {number}: {much}")
    lines = [
        text.format(number=number, much=quantity(one.quantity, one.line.unit)) for number, one in row.stands.items()
    ]
    return _("{at}, {lines}").format(at=instant(row.received_at), lines=listed(lines))


def says(event: str) -> Callable[..., Answer]:
    """A step's action: the officer says this event of the shipment, once however often the form is sent."""

    def say(ref: str, *, key: str, told: str, seen: int, by: Actor, **said: Any) -> Answer:
        said = {name: value for name, value in said.items() if value != ""}
        wire = {ON_THE_WIRE.get(name, name): _on_the_wire(value) for name, value in said.items()}
        body = {"event": event, "shipment": ref} | wire
        body["message_id"] = f"page:{fingerprint('', key, body)[:40]}"  # as no program can guess it
        claim = Claim(
            organization_id=by.organization_id or 0,
            key=key_of(body["message_id"]),
            fingerprint=fingerprint("POST", ref, body),
            render=lambda receipt: Answer(302, "text/plain", booked(receipt)),
            refuse=_refuse,
        )
        facts = {"final": False, "shipment": ref, "event": event} | said
        message = Message(message_id=body["message_id"], body=body, fingerprint=claim.fingerprint, **facts)
        return report.claimed(claim, message, told=told, seen=seen, by=by)

    return say


def _on_the_wire(value: Any) -> Any:
    if isinstance(value, list):
        return [
            {"license_line": one.license_line, "quantity": show(one.quantity, one.unit), "unit": one.unit}
            for one in value
        ]
    return on_the_wire(value) if isinstance(value, datetime) else value


def _refuse(refusal: DomainError) -> Answer:
    raise refusal  # a page's refusal is not remembered: the officer looks again, and sends it again


def booked(receipt: Receipt) -> str:
    """What was booked, as the page says it afterwards."""
    assert receipt.shipment is not None
    found = [_("Recorded. The shipment is now: {state}.").format(state=receipt.shipment.get_state_display())]
    words = {
        "drawn": _("{much} drawn"),
        "released": _("{much} released"),
        "over_cleared": _("{much} beyond the license"),
    }
    for line, result in receipt.lines:
        if receipt.corrects:
            text = _("Line {number}: {much} crossed after all.")
            found.append(text.format(number=line.line_number, much=quantity(result["quantity"], line.unit)))
            continue
        if "returned" in result:
            text = _("Line {number}: {much} came back.")
            found.append(text.format(number=line.line_number, much=quantity(result["returned"], line.unit)))
            continue
        parts = [
            text.format(much=quantity(result[name], line.unit))
            for name, text in words.items()
            if result[name] or name == "drawn"
        ]
        found.append(_("Line {number}: {parts}.").format(number=line.line_number, parts=listed(parts)))
    found += [
        _("Incident {ref}: {what}.").format(ref=one.ref, what=one.get_kind_display()) for one in receipt.incidents
    ]
    return " ".join(found)
