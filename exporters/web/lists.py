"""Exporters' lists: parties abroad, and companies as officers look through them."""

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from core import provinces
from core.access import Actor
from core.legal_time import legal_today
from core.web.lists import Choice, Column, CountryName, List, View, countries, state_word
from exporters import selectors
from exporters.models import Party
from exporters.states import STOPPED, ExporterState

PARTIES = List(
    route="parties",
    template="exporters/party_list.html",
    rows=selectors.parties_for,
    columns=(
        Column("ref", _("Reference for the API"), lambda row: row.ref),
        Column("name", _("Name"), lambda row: row.name, ("name__folded",)),
        Column("name_local", _("Name in its own script"), lambda row: row.name_local),
        Column("country", _("Country or region"), lambda row: row.country, (CountryName("country"),)),
        Column("kind", _("Kind"), lambda row: row.kind),
        Column("business", _("Business"), lambda row: row.business),
        Column("address", _("Address"), lambda row: row.address),
        Column("site", _("Site of use"), lambda row: row.site_address),
        Column("registration", _("Registration number"), lambda row: row.registration_no),
        Column("added", _("Added"), lambda row: row.created_at, ("pk",)),
    ),
    order="name",
    search=("ref", "name", "name_local", "business", "registration_no"),
    hint=_("Name in either script, business, reference"),
    filters=(
        Choice("country", _("Country or region"), _("Any country"), countries),
        Choice("kind", _("Kind"), _("Any kind"), Party.Nature.choices, path="nature"),
    ),
)


def _waiting(rows: QuerySet, actor: Actor) -> QuerySet:
    return rows.filter(state=ExporterState.PENDING)


def _changing(rows: QuerySet, actor: Actor) -> QuerySet:
    return rows.filter(pk__in=selectors.asking(actor))


def _asking(rows: QuerySet, actor: Actor) -> QuerySet:
    return rows.filter(pk__in=selectors.to_answer(actor))


def _renewable(rows: QuerySet, actor: Actor) -> QuerySet:
    return rows.filter(pk__in=selectors.to_renew(actor, legal_today()))


COMPANIES = List(
    route="desk.exporters",
    template="exporters/exporter_list.html",
    rows=selectors.exporters_for,
    whole=lambda rows: rows.select_related("qualification"),
    columns=(
        Column("name", _("Company"), lambda row: row.organization.name_en, ("organization__name_en__folded",)),
        Column("name_zh", _("Name in Chinese"), lambda row: row.organization.name_zh),
        Column("uscc", _("Unified social credit code"), lambda row: row.uscc, ("uscc",)),
        Column("province", _("Province"), lambda row: provinces.name(row.province), ("province",)),
        Column("state", _("State"), state_word),
        Column("annual", _("Annual licenses until"), lambda row: row.qualification.last_day),
        Column("created", _("Registered"), lambda row: row.organization.created_at, ("pk",)),
    ),
    order="name",
    search=("organization__name_en", "organization__name_zh", "uscc", "customs_code"),
    hint=_("Company in either script, credit code"),
    filters=(Choice("province", _("Province"), _("Any province"), provinces.choices),),
    views=(
        View("waiting", _("To verify"), _waiting, "created"),
        View("changes", _("Changes to answer"), _changing),
        View("annual", _("Annual channel: to answer"), _asking, "created"),
        View("renewal", _("Annual channel: to renew"), _renewable),
        View("stopped", _("Stopped by an order"), lambda rows, actor: rows.filter(state__in=STOPPED)),
        View("all", _("All companies"), lambda rows, actor: rows),
    ),
    prefer=("waiting", "all"),
)
