"""The rules as everybody reads them: editions, instruments with their clauses and windows, public statements."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from core.languages import in_language
from core.legal_time import legal_day, legal_now
from core.selectors import country_names
from licensing import selectors
from licensing.models import PolicyEdition
from licensing.selectors import Returns, Window
from licensing.web.forms.check import DayForm
from licensing.web.policy import SCHEDULED, download, reign_of, reigns
from licensing.words import differences
from licensing.words import rules as words
from licensing.words.doubts import doubts_about
from licensing.words.instruments import instruments
from licensing.words.sentences import anchor

MOST_NOTICES = 50  # on a page; those that stand, and the newest, come first


@dataclass(frozen=True)
class Asked:
    """The day that a page is about, and the edition that is shown. judges: the name of the one that judges this day."""

    day: date
    today: date
    edition: PolicyEdition
    judges: str

    @property
    def query(self) -> str:
        """What the same day and edition are asked for by; nothing today."""
        found = {"as_of": str(self.day)} if self.day != self.today else {}
        return urlencode(found | ({"edition": self.edition.code} if self.edition.code != self.judges else {}))


def _asked(request: HttpRequest, form: DayForm) -> Asked | None:
    """None for a day that nothing judges: the form says why. Raises Http404 for an edition that is none."""
    if not form.is_valid():
        return None
    day = form.cleaned_data["as_of"]
    judges = selectors.edition_on(day)
    return Asked(day, form.today, _edition(request.GET.get("edition", judges.code)), judges.code)


def _edition(code: str) -> PolicyEdition:
    """Whatever was put in force or announced, if it was repealed since, too; its text left out."""
    return get_object_or_404(PolicyEdition.objects.defer("text").select_related("draft"), code=code, repeals=None)


def rules(request: HttpRequest) -> HttpResponse:
    """Which edition is in force, what comes next, and every instrument."""
    at = legal_now()
    form = DayForm(request.GET, today=legal_day(at))
    context: dict[str, Any] = {"form": form, "asked": (asked := _asked(request, form))}
    if asked:
        found = reigns(at)
        context |= {
            "reign": next((one for one in found if one.edition.pk == asked.edition.pk), None),
            "next": next((one for one in found if one.standing == SCHEDULED), None),
            "reigns": found[::-1],
            "notices": selectors.notices_in_words(
                selectors.of_now(selectors.notices_told()[:MOST_NOTICES], legal_day(at))
            ),
            "instruments": instruments(selectors.rules_of(asked.edition.digest).edition, asked.day).values(),
        }
    return render(request, "licensing/rules.html", context, status=200 if asked else 422)


@dataclass(frozen=True)
class WindowTold:
    """A window, whether it lies ahead, and what comes back after it."""

    window: Window
    by: str
    over: bool
    returns: Returns


def instrument(request: HttpRequest, name: str) -> HttpResponse:
    """One instrument: its clauses with the rules that rest on each, its windows, its codes."""
    form = DayForm(request.GET, today=legal_day(legal_now()))
    asked = _asked(request, form)
    if asked is None:
        return render(request, "licensing/rules.html", {"form": form, "asked": None}, status=422)
    edition = selectors.rules_of(asked.edition.digest).edition
    found = instruments(edition, asked.day).get(name)
    if found is None:
        raise Http404
    windows = [
        WindowTold(
            window,
            words.instrument(window.by, edition.document["instruments"]),
            window.last < asked.day,
            selectors.returns_of(asked.edition.digest, window.key),
        )
        for window in selectors.windows_of(edition)
        if window.instrument == name
    ]
    context = {
        "form": form,
        "asked": asked,
        "instrument": found,
        "clauses": list(found.clauses(country_names())),
        "windows": windows,
        "notices": selectors.notices_in_words(selectors.notices_told(name)[:MOST_NOTICES]),
        "doubts": doubts_about(edition, name),
    }
    return render(request, "licensing/rules_instrument.html", context)


@dataclass(frozen=True)
class Part:
    """A part of a public statement: its title, and its lines with the address of each."""

    anchor: str
    title: str
    lines: tuple[tuple[str, str], ...]


def parts_of(statement: str) -> list[Part]:
    """Parts stand between blank lines; the first line of each is its title where more follow."""
    found = []
    blocks = [block.splitlines() for block in statement.replace("\r\n", "\n").split("\n\n") if block.strip()]
    for number, (title, *lines) in enumerate(blocks, start=1):
        items = tuple((anchor("item", f"{number}.{place}"), line) for place, line in enumerate(lines, start=1))
        found.append(Part(anchor("part", str(number)), title, items))
    return found


def edition(request: HttpRequest, ref: str) -> HttpResponse:
    """What an edition changes and what it does not, as its author tells the public; each item has an address."""
    row = _edition(ref)
    statement = in_language(row.draft.statement_en, row.draft.statement_zh) if row.draft else ""
    context = {
        "edition": row,
        "reign": reign_of(row),
        "parts": parts_of(statement),
        "written": _written(row) if row.draft else None,
        "first_day": legal_day(row.starts_at),
    }
    return render(request, "licensing/rules_edition.html", context)


def _written(row: PolicyEdition) -> tuple[differences.Change, ...]:
    """What its text says otherwise than that of the edition which it followed, whatever its author told of it."""
    followed = selectors.editions_at(legal_now()).before(row.starts_at).digest
    names = country_names()
    return differences.changes(selectors.rules_of(followed).edition, selectors.rules_of(row.digest).edition, names)


def edition_text(request: HttpRequest, ref: str) -> HttpResponse:
    """The canonical text, of which everybody can count the digest."""
    return download(_edition(ref))


def rule_url(instrument: str, rule: str, day: date, edition: str) -> str:
    """The address of a rule as this edition has it, with how it stands on this day."""
    query = urlencode({"as_of": str(day), "edition": edition})
    return f"{reverse('rules.instrument', args=[instrument])}?{query}#{anchor('rule', rule)}"
