"""Pages about companies and their parties abroad."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from core.access import Actor
from core.errors import DomainError, Invalid
from core.history import lines_of, open_verbs, version
from core.legal_time import legal_now
from core.telling import told
from core.web import papers
from core.web.conflicts import Files, Meeting
from core.web.forms import read_upload, show_refusal
from core.web.refused import complete, form_page, refusals_in, sent
from core.web.steps import Failed, of_one_moment, offered
from core.web.typed import typed_into
from exporters import actions, selectors
from exporters.models import Exporter, Party
from exporters.web.forms import CompanyForm, PartyForm, ProvinceForm, fact_labels
from exporters.web.steps import shown


def company(request: HttpRequest, stating: ProvinceForm | None = None, failed: Failed | None = None) -> HttpResponse:
    """The exporter's own account: what the ministry verifies, where that stands, and the test for annual licenses.

    stating: the province as it was chosen, refused; failed: a step of the annual channel that was refused.
    """
    if failed or stating:
        request.POST = QueryDict()  # nothing of it is the company's form
    rows = selectors.exporters_for(request.actor).select_related("business_license", "qualification")
    rows = rows.defer("business_license__content")

    def parts(data: QueryDict | None, files: Files) -> list[CompanyForm]:
        seen = version(Exporter(pk=request.actor.organization_id))  # before the row: at worst a save is stale
        names = request.actor.may("exporter.submit")
        return [CompanyForm(data, files, instance=get_object_or_404(rows.all()), seen=seen, names=names)]

    def describe(form: CompanyForm) -> Exporter:
        file, seen = read_upload(form.cleaned_data["business_license"]), form.cleaned_data["version"]
        return actions.describe(seen=seen, by=request.actor, business_license=file, **form.facts())

    meeting = Meeting(request, parts)
    if meeting.save(describe):
        if _sent(request, meeting):
            return redirect("company")
    elif request.method == "POST" and "send" in request.POST:
        _name_what_is_missing(meeting.forms[0])
    (form,) = meeting.forms
    fresh = get_object_or_404(rows.all())
    steps = offered(
        request, fresh.qualification, "company", failed, beside=[fresh]
    )  # what they carry is older than what is shown
    returned = selectors.returned(fresh)
    stop = selectors.stop_of(fresh)
    editable = fresh.state == "draft" and request.actor.may("company", "POST")
    context = {
        "exporter": fresh,
        "stop": stop,
        "stopped": selectors.stopped_with(stop, request.actor),
        "form": form if editable else None,
        "meeting": meeting,
        "editable": editable,
        "stating": stating or ProvinceForm(typed_into(request, "company.province")),
        "verbs": open_verbs(fresh, request.actor),
        "returned": returned,
        "mend": [
            (label, form[name].id_for_label if name in form.fields else "")
            for name, label in fact_labels().items()
            if returned and name in returned.facts.get("mend", [])
        ],
        "change": shown(fresh.asked),
        **steps,
        **_annual(fresh, request.actor),
        **papers.shown(fresh),
        "history": told(lines_of(fresh), request.actor),
    }
    status = failed.status if failed else 422 if stating else meeting.status
    return render(request, "exporters/company.html", context, status=status)


def _annual(exporter: Exporter, reader: Actor) -> dict[str, Any]:
    """The annual channel of this company, with its history."""
    lines = told(lines_of(exporter.qualification), reader)
    return {"annual": {**selectors.annual_of(exporter, legal_now()), "history": lines}}


def _sent(request: HttpRequest, meeting: Meeting) -> bool:
    """What was saved is sent, where that was asked for; False when it was refused, which the form says."""
    if "send" not in request.POST:
        messages.success(request, _("Saved."))
    elif meeting.merged:
        messages.info(request, _("Saved with what a colleague changed meanwhile. Look at it, then send it."))
    else:
        saved = meeting.forms[0].cleaned_data["version"] + 1  # and nothing since
        try:
            actions.submit(seen=saved, by=request.actor)
        except DomainError as refusal:
            meeting.saved(saved, refusal)
            return False
        messages.success(request, _("Sent. The ministry verifies your company and writes to you."))
    return True


def _name_what_is_missing(form: CompanyForm) -> None:
    """Beside what is wrong with the form: all that it leaves open, or whoever mends the one would learn it next."""
    facts = form.cleaned_data | dict.fromkeys(form.errors, True)  # what is wrong is said already
    facts["business_license"] = facts.get("business_license") or form.instance.business_license
    show_refusal(form, Invalid(actions.what_is_missing(facts)))


def company_province(request: HttpRequest) -> HttpResponse:
    """The province of a company whose account had none that we know."""
    form = ProvinceForm(request.POST)
    if not form.is_valid():
        return company(request, form)
    actions.state_province(province=form.cleaned_data["province"], by=request.actor)
    messages.success(request, _("Saved."))
    return redirect("company")


def party_new(request: HttpRequest) -> HttpResponse:
    form = PartyForm(sent(request))
    if complete(request, form):
        with refusals_in(form):
            party = actions.add_party(by=request.actor, **form.facts())
            messages.success(request, _("{name} is in your address book.").format(name=party.name))
            return redirect("party", ref=party.ref)
    return form_page(request, "exporters/party_form.html", form)


def party(request: HttpRequest, ref: str) -> HttpResponse:
    row = get_object_or_404(selectors.parties_for(request.actor), ref=ref)
    return render(request, "exporters/party_page.html", {"party": row, "history": told(lines_of(row), request.actor)})


def party_edit(request: HttpRequest, ref: str) -> HttpResponse:
    """A party to change; what somebody else changed meanwhile is asked about, field by field."""

    def parts(data: QueryDict | None, files: Files) -> list[PartyForm]:
        return [PartyForm(data, instance=get_object_or_404(selectors.parties_for(request.actor), ref=ref))]

    def change(form: PartyForm) -> Party:
        return actions.change_party(ref, version=form.cleaned_data["version"], by=request.actor, **form.facts())

    meeting = Meeting(request, parts)
    if meeting.save(change):
        messages.success(request, _("Saved."))
        return redirect("party", ref=ref)
    (form,) = meeting.forms
    context = {"form": form, "party": form.instance, "meeting": meeting}
    return render(request, "exporters/party_form.html", context, status=meeting.status)


@of_one_moment
def desk_exporter(request: HttpRequest, pk: int, failed: Failed | None = None) -> HttpResponse:
    rows = selectors.exporters_for(request.actor).select_related("business_license", "qualification")
    exporter = get_object_or_404(rows.defer("business_license__content"), pk=pk)
    stop = selectors.stop_of(exporter)
    rivals, elsewhere = selectors.rivals_of(exporter, request.actor)
    context = {
        "exporter": exporter,
        "stop": stop,
        "stopped": selectors.stopped_with(stop, request.actor),
        "change": shown(exporter.asked),
        "not_to_reinstate": exporter.not_to_reinstate(request.actor.user),
        **offered(request, exporter, "desk.exporter", failed, beside=[exporter.qualification]),
        "rivals": rivals,
        "rivals_elsewhere": elsewhere,
        **_annual(exporter, request.actor),
        **papers.shown(exporter),
        "history": told(lines_of(exporter), request.actor),
    }
    return render(request, "exporters/exporter_page.html", context, status=failed.status if failed else 200)
