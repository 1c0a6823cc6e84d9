"""Currencies that a contract is in, by their ISO 4217 codes: the usual ones first, the others by their code."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

CURRENCIES: dict[str, Promise] = {
    "CNY": _("Chinese yuan"),
    "USD": _("US dollar"),
    "EUR": _("Euro"),
    "JPY": _("Japanese yen"),
    "AED": _("UAE dirham"),
    "AUD": _("Australian dollar"),
    "BRL": _("Brazilian real"),
    "CAD": _("Canadian dollar"),
    "CHF": _("Swiss franc"),
    "CZK": _("Czech koruna"),
    "DKK": _("Danish krone"),
    "GBP": _("Pound sterling"),
    "HKD": _("Hong Kong dollar"),
    "HUF": _("Hungarian forint"),
    "IDR": _("Indonesian rupiah"),
    "INR": _("Indian rupee"),
    "KRW": _("South Korean won"),
    "MOP": _("Macanese pataca"),
    "MXN": _("Mexican peso"),
    "MYR": _("Malaysian ringgit"),
    "NOK": _("Norwegian krone"),
    "NZD": _("New Zealand dollar"),
    "PHP": _("Philippine peso"),
    "PLN": _("Polish zloty"),
    "RUB": _("Russian rouble"),
    "SAR": _("Saudi riyal"),
    "SEK": _("Swedish krona"),
    "SGD": _("Singapore dollar"),
    "THB": _("Thai baht"),
    "TRY": _("Turkish lira"),
    "VND": _("Vietnamese dong"),
    "ZAR": _("South African rand"),
}
