"""Many shipments from a file: what is found in it is shown, and booked as it was shown. It is read as REST reads it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from itertools import chain, cycle, islice
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from core import codes, sizes
from core.access import Actor
from core.errors import DomainError, Unreadable
from core.idempotency import Answer
from core.languages import listed
from core.legal_time import legal_day, legal_now, legal_today
from core.web.errors import with_headers
from core.web.lists import csv_file
from core.web.refused import complete, form_page, sent
from licensing import selectors as licensing
from licensing.models import License, LicenseEndUser
from licensing.policy.vocabulary import OF_THE_REST
from shipments import selectors
from shipments.actions import bulk as jobs
from shipments.actions import sheets
from shipments.actions.foreseeing import foresee
from shipments.api.reading import read_sheet
from shipments.api.rows import COLUMNS, KEY, MAY_BE_MISSING, OURS, lines_of
from shipments.models import Bulk, Sheet
from shipments.web.forms import ConfirmForm, SheetForm
from shipments.web.outcomes import Outcome, Table, stated


def sheet_new(request: HttpRequest) -> HttpResponse:
    """A file is handed in: it is shown next, or the page says what can't be read of it."""
    form = SheetForm(sent(request), request.FILES or None)
    if complete(request, form):
        name, content = form.cleaned_data["file"]
        try:
            return redirect("sheet", ref=_show(request, name, content).ref)
        except DomainError as refusal:
            if refusal.status in (404, 503):
                raise
            form.refusal = refusal
            for text in _told(refusal):
                form.add_error("file", text)
    booked = selectors.sheets_for(request.actor).exclude(bulk=None).select_related("bulk__created_by")
    context = {
        "licenses": _fillable(request.actor, _license_of(request)),
        "booked": booked.order_by("-bulk_id")[:10],
        "columns": [(name, name in MAY_BE_MISSING) for name in COLUMNS if name != KEY],
        "earlier": getattr(getattr(form, "refusal", None), "extra", {}).get("bulk"),
    }
    return form_page(request, "shipments/sheet_new.html", form, **context)


def _fillable(actor: Actor, named: License | None) -> QuerySet[License]:
    """The license that is named, else all: if it can be used now, and for more than one shipment."""
    rows = licensing.licenses_for(actor).filter(License.open_on(legal_today())).exclude(max_clearances=1)
    return rows.filter(pk=named.pk) if named else rows


def _told(refusal: DomainError) -> list[str]:
    """Line and column, and the fix once; of what can't be read at all its detail says both."""
    if isinstance(refusal, Unreadable) or not refusal.errors:
        return [str(refusal.detail)]
    fixes: dict[str, list[str]] = {}
    for one in refusal.errors:
        fixes.setdefault(str(codes.find(one.code).fix), []).append(one.message)
    told = [[f"{found[0]} {fix}"] if len(found) == 1 else [*found, fix] for fix, found in fixes.items()]
    return [line for lines in told for line in lines]


def _show(request: HttpRequest, name: str, content: bytes) -> Sheet:
    """The file is kept with what is found in it now."""
    _sent, rows = read_sheet(content, request.request_id)
    found = foresee(rows, instance=request.request_id, by=request.actor)
    return sheets.show(name, content, found, language=get_language() or "", by=request.actor)


def _license_of(request: HttpRequest) -> License | None:
    number = request.GET.get("license", "")
    rows = licensing.with_balances(licensing.licenses_for(request.actor))
    return get_object_or_404(rows, ref=number) if number else None


def sheet_template(request: HttpRequest) -> HttpResponse:
    """The columns, and where a license is named rows with what it allows: only quantities are to be filled in."""
    license = _license_of(request)
    columns = [name for name in COLUMNS if name != KEY and name not in MAY_BE_MISSING]
    if license is None:
        return csv_file("shipments.csv", columns, [])
    capped = any(line.capped for line in license.lines.all())
    columns += ["value", "currency"] if capped else []
    columns += ["composition"] if licensing.elements_to_state(license) else []
    columns += ["final"] if license.tolerance_mode == OF_THE_REST else []
    rows = ([row.get(name, "") for name in columns] for row in _examples(license))
    return csv_file(f"shipments-{license.ref}.csv", columns, rows)


def _examples(license: License) -> Iterable[dict[str, Any]]:
    """So many that each line, end-user, consignee and port stands in one, no end-user beside what is not for him."""
    now, lines = legal_now(), list(license.lines.all())
    free = licensing.open_users(license, licensing.closings([license], now).get(license.pk, ()))
    pairs = _pairs(lines, free or list(license.end_users.all()))
    consignees, ports = list(license.consignees.all()), license.ports or ["CNSHA"]
    today = legal_day(now)
    every = zip(cycle(pairs), cycle(consignees), cycle(ports))
    most = max(map(len, (pairs, consignees, ports)))
    for number, ((line, user), consignee, port) in enumerate(islice(every, most), 1):
        caps = [one.currency for one in line.ceilings.all() if one.currency]
        yield {
            "license": license.ref,
            "client_reference": f"{license.ref}/{today:%Y%m%d}/{number}",
            "end_user": user.party.ref,
            "consignee": consignee.ref,
            "destination": user.destination,
            "port": port,
            "planned_on": license.first_day_from(today).isoformat(),
            "license_line": line.number,
            "unit": line.unit,
            "currency": "".join(caps[:1]),
        }


def _pairs(lines: list[Any], users: list[LicenseEndUser]) -> list[tuple[Any, LicenseEndUser]]:
    """Few in which each line stands with an end-user whom it is for, and each of these with a line."""
    fits = [(line, user) for line in lines for user in users if line.is_for(user)]
    found: list[tuple[Any, LicenseEndUser]] = []
    for enough in (all, any):
        for pair in fits:
            if enough(one not in chain(*found) for one in pair):
                found.append(pair)
    return found


def sheet(request: HttpRequest, ref: str) -> HttpResponse:
    """What was found in the file, one kind of problem at a time; confirmed, it is booked as it is shown."""
    row = get_object_or_404(selectors.sheets_for(request.actor).select_related("bulk", "uploaded_by"), ref=ref)
    if row.bulk:
        return redirect("bulk", ref=row.bulk.ref)
    form = _form(row, sent(request))
    if not complete(request, form):
        return _sheet_page(request, row, form)
    rows = _rows(request, row)
    shown = form.cleaned_data["seen"]
    options = {"read": row.digest, "shown": shown, "atomic": form.cleaned_data["mode"] == jobs.ATOMIC}
    named = {"language": get_language() or "", "instance": request.request_id, "by": request.actor}
    try:
        made = sheets.confirm(row.ref, rows, **options, **named)
    except jobs.NothingBooked as refused:
        lines = [str(row.line) for row, one in zip(rows, refused.told, strict=True) if one.refused]
        text = _("Nothing was booked: since the file was shown, rows of it are refused (lines {lines}).")
        return _again(request, row, DomainError(text.format(lines=listed(lines[:20])), code="not-booked"))
    except DomainError as refusal:
        if refusal.code not in ("stale", "not-booked"):
            raise
        return _again(request, row, refusal)
    if jobs.at_once(len(rows)):
        messages.success(request, _("Booked. What became of each row stands below."))
    else:
        messages.success(request, _("Being booked. You may leave this page; it goes on by itself."))
    return redirect("bulk", ref=made.ref)


def _again(request: HttpRequest, row: Sheet, refusal: DomainError) -> HttpResponse:
    """Nothing was booked: the file as it stands now, and why."""
    row = _show(request, row.name, bytes(row.content))
    return with_headers(_sheet_page(request, row, _form(row), refusal), refusal)


def _rows(request: HttpRequest, row: Sheet) -> list[jobs.Row]:
    """As they were shown: those that were refused then have that answer."""
    refused = {int(number): Answer(status, "", body) for number, (status, body) in row.found["refused"].items()}
    _sent, rows = read_sheet(bytes(row.content), request.request_id)
    return [replace(one, refused=refused.get(number)) for number, one in enumerate(rows, 1)]


def _form(row: Sheet, data: Any = None) -> ConfirmForm:
    rows, refused = row.found["rows"], len(row.found["refused"])
    return ConfirmForm(data, rows=rows, refused=refused, at_once=jobs.at_once(rows), initial={"seen": row.digest})


def _sheet_page(
    request: HttpRequest, row: Sheet, form: ConfirmForm, refusal: DomainError | None = None
) -> HttpResponse:
    found = _in_words(request, row)
    table = Table(request, _shown(row, found), _cells(row))
    context = {
        "sheet": row,
        "form": form,
        "table": table,
        "totals": found["totals"],
        "rows": found["rows"],
        "refused": len(found["refused"]),
        "good": found["rows"] - len(found["refused"]),
        "at_once": jobs.at_once(found["rows"]),
        "most_at_once": sizes.ROWS_AT_ONCE,
        "refusal": refusal,
    }
    status = refusal.status if refusal else 422 if form.errors else 200
    return render(request, "shipments/sheet_page.html", context, status=status)


def _in_words(request: HttpRequest, row: Sheet) -> Mapping[str, Any]:
    """What was found, in the reader's language."""
    if row.language == get_language():
        return row.found
    rows = read_sheet(bytes(row.content), request.request_id)[1]
    found = foresee(rows, instance=request.request_id, by=request.actor)
    return found.as_json() if found.digest(row.sha256) == row.digest else row.found


def _shown(row: Sheet, found: Mapping[str, Any]) -> list[Outcome]:
    lines = [number for number, _cells in islice(lines_of(bytes(row.content)), 1, None)]
    refused = found["refused"]
    return [Outcome(line, *refused.get(str(number), (None, ""))) for number, line in enumerate(lines, 1)]


def _cells(row: Sheet | None) -> dict[int, dict[str, str]]:
    """Of each line of the file what it says, by column."""
    if row is None or not row.content:
        return {}
    (_first, names), *lines = lines_of(bytes(row.content))
    return {number: dict(zip(names, cells, strict=False)) for number, cells in lines}


def sheet_file(request: HttpRequest, ref: str) -> HttpResponse:
    """The file back, with a column of problems."""
    row = get_object_or_404(selectors.sheets_for(request.actor), ref=ref)
    outcomes = {one.line: one for one in _shown(row, _in_words(request, row))}
    return _file_back(row, "problems", lambda line: outcomes[line].sentence)


def bulk(request: HttpRequest, ref: str) -> HttpResponse:
    """How far it is; once it has ended what became of each row, with its shipment or why it was refused."""
    row = _bulk(request, ref)
    said = selectors.progress(row)
    stage, of = row.stage(**said), _sheet_of(row)
    ended = stage not in (Bulk.Stage.QUEUED, Bulk.Stage.RUNNING)
    outcomes = _outcomes(row) if ended else []
    refused = said["done"] - said["booked"]
    context = {
        "bulk": row,
        "stage": stage,
        "sheet": of,
        **said,
        "refused": refused,
        "left": said["rows"] - said["done"],
        "changed": max(refused - len(of.found["refused"]), 0) if of else 0,
        "table": Table(request, outcomes, _cells(of)) if ended else None,
    }
    return render(request, "shipments/bulk_page.html", context)


def _bulk(request: HttpRequest, ref: str) -> Bulk:
    return get_object_or_404(selectors.bulks_for(request.actor).select_related("created_by"), ref=ref)


def _sheet_of(row: Bulk) -> Sheet | None:
    return Sheet.objects.filter(bulk=row).first()


def _outcomes(row: Bulk) -> list[Outcome]:
    rows = row.rows.order_by("number")
    return [Outcome(one.line or one.number, one.status, one.body, stated(one.stated)) for one in rows]


def bulk_file(request: HttpRequest, ref: str) -> HttpResponse:
    """The file back, with a column of outcomes; where there is none (any more), what its rows said."""
    row = _bulk(request, ref)
    of, outcomes = _sheet_of(row), {one.line: one for one in _outcomes(row)}
    if of and of.content:
        return _file_back(of, "outcome", lambda line: _became(outcomes[line]))
    columns = ["license", "client_reference", "license_line", "quantity", "unit"]
    rows = ([line, *(one.cells.get(name) for name in columns), _became(one)] for line, one in outcomes.items())
    return csv_file(f"{row.ref}-outcome.csv", ["line", *columns, "outcome"], rows)


def _became(one: Outcome) -> str:
    if one.status is None:
        return _("Not booked")
    return _("Refused. {why}").format(why=one.sentence) if one.refused else one.shipment


def _file_back(row: Sheet, column: str, told: Callable[[int], str]) -> HttpResponse:
    """As it came, without the columns that we wrote ourselves, and with a new one."""
    (_first, names), *lines = lines_of(bytes(row.content))
    kept = [place for place, name in enumerate(names) if name not in OURS]
    rows = ([*(cells[place] for place in kept), told(number)] for number, cells in lines)
    return csv_file(f"{row.ref}-{column}.csv", [*(names[place] for place in kept), column], rows)


def bulk_cancel(request: HttpRequest, ref: str) -> HttpResponse:
    jobs.cancel(ref, by=request.actor)
    messages.success(request, _("Cancelled: nothing more is booked. What is booked stays so."))
    return redirect("bulk", ref=ref)
