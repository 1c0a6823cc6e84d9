"""What an exporter asks for: the case, its goods, its papers."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django import forms
from django.forms import BoundField
from django.forms.models import ModelChoiceIterator
from django.utils.text import format_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.decided import filled
from core.languages import label_order
from core.legal_time import legal_today
from core.selectors import country_called, unknown_countries
from core.sizes import ECHOED
from core.templatetags.lodestone import day, money
from core.web.fields import AmountField, CodesField, DayField, GroupedBoxes, QuantityField
from core.web.fields import words_of as words_of_choices
from core.web.forms import length_of
from exporters.models import Party
from licensing.actions.amendments import counts_from
from licensing.actions.applications import FILE_KINDS, LINES_MOST, SIGNED_AHEAD, USUAL
from licensing.actions.drafts import SAID, Draft, LineDraft
from licensing.elements import HOME, named_in, show_percent
from licensing.models import (
    Application,
    ApplicationDocument,
    ApplicationLine,
    Basis,
    ControlItem,
    Declaration,
    Inquiry,
    Kind,
)
from licensing.models.applications import PORT_PATTERN, PURITY_MOST, PURITY_PLACES, lacking
from licensing.models.lists import GOODS_CODE_PATTERN, GOODS_CODE_WORDS
from licensing.prices import PRICE_MOST, PRICE_PLACES, WORTH_MOST, WORTH_PLACES, in_words, worth
from licensing.selectors import editions_at
from licensing.web.forms.check import one_of, words_of
from licensing.web.forms.elements import ElementsField
from licensing.words import terms
from licensing.words.currencies import CURRENCIES

USES_NAMED = 2
PERCENT = re.compile(r"\s*[%％]\s*$")  # the sign of it after a share


class _ByEndUser(ModelChoiceIterator):
    """Declarations under their end-users' names, in the order of these; of each the newest first."""

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        rows = sorted(self.queryset, key=lambda row: (label_order(row.end_user.label()), row.end_user_id))
        for user, own in groupby(rows, key=lambda row: row.end_user):
            yield user.label(), [self.choice(row) for row in own]


class DeclarationsField(forms.ModelMultipleChoiceField):
    iterator = _ByEndUser
    widget = GroupedBoxes
    first: date | None = None  # on which the application begins at the earliest; None: today

    def label_from_instance(self, row: Declaration) -> str:
        said = f"{row.product} · {row.ref}, {row.get_state_display()}"
        return said + _too_old(row, self.first or legal_today()) + _used(getattr(row, "used_for", []))


def _too_old(row: Declaration, first: date) -> str:
    """Until when an application could begin on it, where that is over on the first day that it may."""
    if row.recent_for(first):
        return ""
    return _(" · signed too long ago: for a planned start until {day} only").format(day=day(row.last_start))


def _used(refs: Sequence[str]) -> str:
    """For which cases it was used, the newest two."""
    named = _(", ").join(refs[:USES_NAMED]) + ("…" if len(refs) > USES_NAMED else "")
    return _(" · filed on it: {refs}").format(refs=named) if refs else ""


class PriceField(AmountField):
    """An amount that is more than nothing; shown with two decimal places at least."""

    nothing = gettext_lazy("The amount must be more than zero.")

    def clean(self, value: Any) -> Decimal | None:
        amount = super().clean(value)
        if amount == 0:
            raise forms.ValidationError(self.nothing, "invalid")
        return amount

    def prepare_value(self, value: Any) -> Any:
        return in_words(value) if isinstance(value, Decimal) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class PurityField(PriceField):
    """A share of the mass in percent, with the sign of that or without."""

    example = gettext_lazy("Write a share in percent such as 99.95.")
    nothing = gettext_lazy("The share must be more than zero.")

    def clean(self, value: Any) -> Decimal | None:
        return super().clean(PERCENT.sub("", value or ""))

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return super().widget_attrs(widget) | {"data-after": " %"}

    def prepare_value(self, value: Any) -> Any:
        return show_percent(value).removesuffix(" %") if isinstance(value, Decimal) else value


class OriginField(forms.CharField):
    """A country by its code or what it is called; nothing typed is China."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        code = text.upper() or HOME
        if code != HOME and unknown_countries({code}) and not (code := country_called(text)):
            message = _("“{text}” is no country: write its two letters or its name, e.g. VN or Vietnam.")
            raise forms.ValidationError(message.format(text=text), "unknown-reference")
        return code

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data) and super().has_changed(initial, data)


class ApplicationForm(forms.ModelForm):
    """Everything of an application but its goods."""

    version = forms.IntegerField(widget=forms.HiddenInput, initial=1)
    contract_on = DayField(label=gettext_lazy("Contract signed on"), required=False)
    contract_value = PriceField(
        label=gettext_lazy("Contract value"),
        places=WORTH_PLACES,
        most=WORTH_MOST,
        required=False,
        help_text=gettext_lazy("In the currency of the prices. Empty: what the lines are worth together."),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency of the prices"),
        help_text=gettext_lazy("For an annual license state the prices that you expect."),
        choices=[
            ("", ""),
            *((one, format_lazy("{} · {}", one, CURRENCIES[one])) for one in CURRENCIES),
        ],
        required=False,
    )
    planned_from = DayField(label=gettext_lazy("Planned from"), required=False)
    planned_until = DayField(label=gettext_lazy("Planned until"), required=False)
    end_users = DeclarationsField(
        label=gettext_lazy("End-users, by their declarations"),
        queryset=Declaration.objects.none(),
        required=False,
        help_text=gettext_lazy("One for a license of one shipment; each end-user of an annual license has its own."),
    )
    consignees = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Who receives the goods"),
        queryset=Party.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    ports = CodesField(
        label=gettext_lazy("Customs ports"),
        pattern=PORT_PATTERN,
        example="CNSHA",
        help_text=gettext_lazy("For example CNSHA, CNNGB. Empty: any port."),
    )

    purpose = one_of(terms.FACTS["transaction.purpose"], words_of("transaction.purpose"))
    red_flag = one_of(
        gettext_lazy("A risk that you know of, or were told of"),
        words_of("exporter.red_flag"),
        help_text=gettext_lazy(
            "That the goods serve weapons of mass destruction or terrorism, or harm national security. Then a license "
            "is needed on whatever list the goods are, or on none."
        ),
    )

    class Meta:
        model = Application
        fields = [
            "kind",
            "contract_no",
            "contract_on",
            "contract_value",
            "payment_terms",
            "currency",
            "planned_from",
            "planned_until",
            "purpose",
            "red_flag",
            "ports",
            "trade_mode",
            "transport_mode",
            "remarks",
            "circumstances",
        ]
        widgets = {
            "kind": forms.RadioSelect,
            "remarks": forms.Textarea(attrs={"rows": 3}),
            "circumstances": forms.Textarea(attrs={"rows": 4}),
        }
        help_texts = {
            "payment_terms": gettext_lazy("For example: a third in advance, the rest against documents."),
            "circumstances": filled(
                gettext_lazy(
                    "Of an application under special circumstances alone, in {least} characters or more: why it should "
                    "be licensed although the rules forbid it. Attach a paper that proves it."
                ),
                least="licensing.models.CIRCUMSTANCES_LEAST",
            ),
        }

    def __init__(self, *args: Any, declarations: Any, parties: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amending = bool(self.instance.amends_id)
        self.fields["kind"].choices = [one for one in Kind.choices if (one[0] == Kind.AMENDMENT) == amending]
        if self.instance.renews:
            self.fields["kind"].choices = [one for one in Kind.choices if one[0] == self.instance.renews.kind]
        self.fields["end_users"].queryset = declarations
        self.fields["consignees"].queryset = parties
        self.fields["consignees"].label_from_instance = Party.label
        if self.instance.amends:
            self.fields["end_users"].first = self.instance.amends.counted_from
            self.fields["planned_from"].widget.attrs["readonly"] = True
            self.fields["planned_from"].help_text = counts_from(self.instance.amends)
        if amending and not self.instance.special:
            del self.fields["circumstances"]
        if self.instance.pk:
            self.initial["end_users"] = [user.declaration_id for user in self.instance.end_users.all()]
            self.initial["consignees"] = [party.pk for party in self.instance.consignees.all()]
            self.initial["version"] = self.instance.version

    def clean_contract_on(self) -> date | None:
        on: date | None = self.cleaned_data["contract_on"]
        if on and on > legal_today():
            raise forms.ValidationError(str(SIGNED_AHEAD))
        return on

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        begins, ends = data.get("planned_from"), data.get("planned_until")
        if begins and ends and ends < begins:
            self.add_error("planned_until", _("The end lies before the start."))
        if data.get("circumstances") and self.instance.grants_as(data.get("kind", "")) != Kind.SPECIAL:
            self.add_error("circumstances", USUAL)
        users = [declaration.end_user_id for declaration in data.get("end_users") or []]
        if len(users) != len(set(users)):
            self.add_error("end_users", _("Choose one declaration for each end-user."))
        return data

    def draft(self, lines: list[LineDraft]) -> Draft:
        data = self.cleaned_data
        return Draft(
            lines=lines,
            end_users=list(data["end_users"]),
            consignees=list(data["consignees"]),
            **{name: data[name] for name in SAID if name in data},  # a form may not ask for each of them
        )


@dataclass(frozen=True)
class Rest:
    """The folded part of a row of goods, as its summary says it: what stands there, which fields still have to be
    filled in before the case can be sent, and which are wrong."""

    told: list[str]
    lacking: list[str]
    wrong: list[str]


class LineForm(forms.Form):
    """One row of goods, of the items handed in by their code in small letters. The unit is the control list's own.

    Each field but those FIRST stands folded below these; static/js/goods.js says the same while it is typed.
    """

    FIRST = ("code", "description", "quantity", "unit_price", "DELETE")
    code = forms.CharField(
        label=gettext_lazy("Control code"),
        max_length=length_of(ControlItem, "code"),
        widget=forms.TextInput(attrs={"list": "control-codes", "autocomplete": "off"}),
        help_text=gettext_lazy("For example 1C905.a.4"),
    )
    description = forms.CharField(
        label=gettext_lazy("Description"),
        max_length=length_of(ApplicationLine, "description"),
        help_text=gettext_lazy("Grade, shape, composition; e.g. N42SH, Dy 3.2 %."),
    )
    quantity = QuantityField(
        label=gettext_lazy("Quantity"), help_text=gettext_lazy("In the list's unit, e.g. 1200.500 kg.")
    )
    unit_price = PriceField(
        label=gettext_lazy("Unit price"),
        places=PRICE_PLACES,
        most=PRICE_MOST,
        required=False,
        help_text=gettext_lazy("For one of that unit, e.g. 58.25."),
    )
    hs_code = forms.RegexField(
        rf"^({GOODS_CODE_PATTERN})$",
        label=gettext_lazy("Customs goods code"),
        required=False,
        error_messages={"invalid": GOODS_CODE_WORDS},
    )
    specification = forms.CharField(
        label=gettext_lazy("Model or specification"),
        max_length=length_of(ApplicationLine, "specification"),
        required=False,
    )
    maker = forms.CharField(label=gettext_lazy("Maker"), max_length=length_of(ApplicationLine, "maker"), required=False)
    origin = OriginField(
        label=gettext_lazy("Country of origin"),
        max_length=60,  # a name is not cut to the code of another country
        initial=HOME,
        required=False,
        widget=forms.TextInput(attrs={"list": "country-codes", "autocomplete": "off"}),
        help_text=gettext_lazy("Its two letters or its name, e.g. CN or China."),
    )
    composition = ElementsField(
        label=gettext_lazy("Contained elements, at most"),
        help_text=gettext_lazy(
            "In percent of the mass, by the grade: Dy 3.5, Tb 0.5. Needed to send magnets, alloys, targets and other "
            "materials. It stands on the license; a national quota counts by it where a shipment does not say less."
        ),
    )
    composition_basis = forms.ChoiceField(
        label=gettext_lazy("How its contents are known"),
        choices=[("", ""), *Basis.choices],
        required=False,
        help_text=gettext_lazy("Needed to send where contents are stated. Add the report of what was measured below."),
    )
    purity = PurityField(
        label=gettext_lazy("Purity"),
        places=PURITY_PLACES,
        most=PURITY_MOST,
        required=False,
        help_text=gettext_lazy("In percent of the mass, where the goods are sold by it."),
    )
    inquiry = forms.ModelChoiceField(
        label=gettext_lazy("Inquiry that answered what it is"),
        queryset=Inquiry.objects.none(),
        to_field_name="ref",
        required=False,
        empty_label=gettext_lazy("None"),
    )

    def __init__(
        self, *args: Any, items: Mapping[str, ControlItem], inquiries: Sequence[Inquiry] = (), **kwargs: Any
    ) -> None:
        self.items = items
        self.read_as = ""  # how the quantity was read, where it was typed anew
        self.floor = ""
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() - set(self.FIRST):
            self.fields[name].widget.attrs["data-called"] = self.fields[name].label
        if inquiries:
            self.fields["inquiry"].choices = [
                ("", _("None")),
                *((one.ref, f"{one} · {one.answer}") for one in inquiries),
            ]
            self.fields["inquiry"].queryset = Inquiry.objects.filter(pk__in=[one.pk for one in inquiries])
        else:
            del self.fields["inquiry"]

    @property
    def item(self) -> ControlItem | None:
        """What the code names as it stands there."""
        return self.items.get(str(self["code"].value() or "").strip().lower())

    @property
    def rest(self) -> Rest:
        """Of a row that nobody began nothing is told, and nothing lacks."""
        folded = [self[name] for name in self.fields if name not in self.FIRST]
        wrong = [str(bound.label) for bound in folded if bound.errors]
        if not any(self[name].value() for name in ("code", "description", "quantity")):
            return Rest([], [], wrong)
        said = {bound.name: str(bound.value() or "").strip() for bound in folded} | {
            "origin": HOME
        }  # where none is typed
        lacks = [str(self[name].label) for name in lacking(self.item, said, named_in(said["composition"]))]
        return Rest([told for bound in folded if (told := _told(bound))], lacks, wrong)

    def clean_code(self) -> ControlItem:
        code = self.cleaned_data["code"].strip()
        if code.lower() not in self.items:
            raise forms.ValidationError(
                _("{code} is not on the lists loaded here.").format(code=code[:ECHOED]), "unknown-code"
            )
        return self.items[code.lower()]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "code" in data and "quantity" in data:
            try:
                data["base"] = QuantityField.base(data["quantity"], data["code"].unit)
            except forms.ValidationError as error:
                self.add_error("quantity", error)
            else:
                if "quantity" in self.changed_data:
                    self.read_as = QuantityField.repeated(data["quantity"], data["base"], data["code"].unit)
                    self["quantity"].help_text = self.read_as or self["quantity"].help_text
                if data["base"] == 0:
                    self.add_error("quantity", _("The quantity must be more than zero."))
                if (value := self.worth()) is not None and value > WORTH_MOST:
                    message = _("Together the line would be worth {value}: at most {most}.")
                    self.add_error("unit_price", message.format(value=money(value, "").strip(), most=f"{WORTH_MOST:,}"))
        elif "quantity" in data and not re.search(r"\d", data["quantity"]):  # in whatever unit
            self.add_error("quantity", QuantityField.NO_NUMBER)
        return data

    def at_least(self, used: str) -> None:
        """Beside the quantity stands how much of it is used."""
        self.floor = _("At least what is drawn and reserved, {used}.").format(used=used)
        self["quantity"].help_text = " ".join(filter(None, (self.floor, self.read_as)))

    def worth(self) -> Decimal | None:
        """As it was typed, or stands there; None where no price or quantity can be read."""
        if not self.is_bound:
            return self.initial.get("value")
        data = getattr(self, "cleaned_data", {})
        price, base = data.get("unit_price"), data.get("base")
        return worth(base, data["code"].unit, price) if price and base else None

    def line(self) -> LineDraft:
        data = self.cleaned_data
        item = data["code"]
        said: dict[str, Any] = {"hs_code": data.get("hs_code") or "", "composition": data.get("composition") or {}}
        said |= {"inquiry": data.get("inquiry"), "unit_price": data.get("unit_price")}
        said |= {name: data[name] for name in ("specification", "maker", "purity")} | {"origin_id": data["origin"]}
        said |= {"composition_basis": data["composition_basis"] if said["composition"] else ""}
        return LineDraft(item, data["description"], data["base"], item.unit, **said)


def _told(bound: BoundField) -> str:
    """What stands in the field, in the words of its choices; nothing where nothing does."""
    value = str(bound.value() or "").strip()
    words = words_of_choices(getattr(bound.field, "choices", ())).get(value, value) if value else ""
    after = bound.field.widget.attrs.get("data-after", "")
    return PERCENT.sub("", words) + after if after and words else words


LineFormSet = forms.formset_factory(LineForm, extra=1, max_num=LINES_MOST, validate_max=True, can_delete=True)


def _papers() -> list[tuple[str, Any]]:
    """The usual papers, and each that a rule may ask for, of the edition in force or of one to come."""
    editions = editions_at()
    coming = (rule for rules, _since, _until in editions.reigns(editions.at) for rule in rules.rules)
    asked = sorted({paper for rule in coming for paper in rule.effect.require})
    *usual, other = ApplicationDocument.Type.choices
    return [*usual, *((name, terms.word(terms.PAPERS, name)) for name in asked), other]


class DocumentForm(forms.Form):
    type = forms.ChoiceField(label=gettext_lazy("Paper"), choices=_papers)
    file = forms.FileField(
        label=gettext_lazy("File"),
        help_text=filled(
            gettext_lazy("{kinds}, at most {most} MB."), kinds=FILE_KINDS, most="core.sizes.FILE_MEGABYTES"
        ),
    )
