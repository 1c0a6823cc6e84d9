"""The page behind the code of a paper, for anybody: one word, and what of it is left. Chinese and English at once.

It stands alone: no script, no picture, one small stylesheet, as it is opened on a phone beside a container.
"""

import re
from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext
from django.views.decorators.cache import cache_control
from django.views.decorators.http import condition

from core import rates
from core.characters import half_width
from core.errors import one_stop
from core.languages import in_language
from core.legal_time import LEGAL_ZONE, legal_now
from core.references import CODE_LENGTH, TYPED_LONGEST
from core.templatetags.lodestone import day, quantity
from core.web.steps import of_one_moment
from licensing.models import Obstacle
from licensing.papers import checker, proof, said
from licensing.selectors.verified import Share, Standing, Word, opened, standing

rates.slow |= {"verify": "RATE_VERIFY", "api.verify": "RATE_VERIFY"}

Both = dict[str, str]
both = said.both


SUSPENSION = gettext_noop(
    "Nothing new may be declared on it until the suspension is lifted; what was declared before is cleared as usual."
)
WORDS = {
    "title": gettext_noop("Verify a license"),
    "lead": gettext_noop(
        "Type the number and the code that are printed on the license or the extract, and see how it stands now. The "
        "whole address that a scanner reads can be pasted as the number."
    ),
    "needed": gettext_noop("Both are needed, number and code."),
    "number": gettext_noop("Number: EL-…"),
    "code": gettext_noop("Code: {n} letters and digits"),
    "look": gettext_noop("Look up"),
    "offline": gettext_noop("Without a network, the public keys and one small program check the signature:"),
    "keys": gettext_noop("Public keys of the ministry (JWKS)"),
    "program": gettext_noop("The program, for Python 3.9 and newer"),
}


class AskForm(forms.Form):
    """What a person reads from a paper; or the whole address that its code holds, which has both."""

    number = forms.CharField(max_length=4_000)
    code = forms.CharField(max_length=TYPED_LONGEST, required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        number, code = said.get("number", ""), said.get("code", "")
        if address := proof.ADDRESS.search(number):
            number, code = address["number"], code or address["code"] or ""
        found = {name: _letters(text) for name, text in (("number", number), ("code", code))}
        if not all(found.values()):
            raise forms.ValidationError("both", "required")
        return found


def _letters(text: str) -> str:
    """As it can stand in an address; whatever else a person wrote is no part of a number or a code."""
    return re.sub(r"[^0-9A-Za-z-]", "", half_width(text))[:TYPED_LONGEST]


def ask(request: HttpRequest, number: str = "") -> HttpResponse:
    """Where number and code are typed, or to a number in the address its code; the page behind them answers. What they
    open is not looked at here."""
    form = AskForm(request.GET if request.GET else None, initial={"number": _letters(number)})
    if form.is_bound and form.is_valid():
        return _unseen(redirect("verify", **form.cleaned_data))
    words = {name: both(lambda text=text: _(text).format(n=CODE_LENGTH)) for name, text in WORDS.items()}
    context = {"form": form, "words": words, "sha256": checker.SHA256}
    return _unseen(render(request, "licensing/verify_ask.html", context, status=422 if form.is_bound else 200))


@condition(etag_func=lambda request: f'"{checker.SHA256}"')
@cache_control(public=True, no_cache=True)  # the hash beside its link is of the one that is served now
def program(request: HttpRequest) -> HttpResponse:
    """What checks a paper without a network, to be kept."""
    response = HttpResponse(checker.PROGRAM, content_type="text/x-python; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="verify.py"'
    return response


def _unseen(response: HttpResponse) -> HttpResponse:
    """Kept nowhere, and told to nobody: the address is the code."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@of_one_moment
def page(request: HttpRequest, number: str, code: str) -> HttpResponse:
    """How the code's part of the license stands now; of a wrong code the same page as of a wrong number."""
    at = legal_now()
    found = opened(number, code)
    context = _told(standing(found, at)) if found else _nothing()
    local = at.astimezone(LEGAL_ZONE)
    context["asked"] = both(lambda: _("Asked on {time}, UTC+8").format(time=f"{local:%Y-%m-%d %H:%M:%S}"))
    response = _unseen(render(request, "licensing/verify.html", context, status=200 if found else 404))
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _nothing() -> dict[str, Any]:
    return {
        "look": "none",
        "word": both(lambda: _("Not found")),
        "says": [
            both(lambda: _("No license has this number and this code together. Compare both with the paper.")),
            both(lambda: _("If they are the same, do not rely on the paper: ask the authority that it names.")),
        ],
        "again": both(lambda: _("Type number and code again")),
    }


def _told(found: Standing) -> dict[str, Any]:
    license = found.license
    return {
        "look": found.word,
        "word": _word(found),
        "says": list(_says(found)),
        "number": license.ref,
        "part": both(lambda: _("The whole license") if found.end_user is None else _("The part of one end-user")),
        "facts": list(_facts(found)),
        "shares": [_share(one) for one in found.shares],
        "heads": [both(lambda: _("Goods")), both(lambda: _("Authorized")), both(lambda: _("Left now"))],
    }


def _word(found: Standing) -> Both:
    words: dict[Word, Callable[[], str]] = {
        Word.IN_FORCE: lambda: pgettext("license", "In force"),
        Word.NOT_YET: lambda: _("Not in force yet"),
        Word.SUSPENDED: lambda: pgettext("license", "Suspended"),
        Word.ENDED: lambda: pgettext("license", "Ended"),
    }
    if found.ended == Obstacle.REPLACED:
        return both(_replaced_and_suspended if found.stopped else lambda: pgettext("license", "Replaced"))
    return both(words[found.word])


def _replaced_and_suspended() -> str:
    return _("Replaced and suspended")


ENDED: dict[Obstacle, Callable[[], str]] = {
    Obstacle.REVOKED: lambda: _("Ended by the ministry on {day}. Nothing may be exported on it."),
    Obstacle.SURRENDERED: lambda: _("Handed back by its holder on {day}. Nothing may be exported on it."),
    Obstacle.REPLACED: lambda: _("Another license took its place on {day}. Nothing may be exported on it."),
    Obstacle.USED_UP: lambda: _("Used up on {day}. Nothing is left to export on it."),
    Obstacle.OVER: lambda: _("Its last day was {day}. Nothing may be exported on it."),
}
# By the others it ends only when nothing is reserved on it any more, declared or not.
ENDED_UNDER_WAY = (Obstacle.REVOKED, Obstacle.REPLACED, Obstacle.OVER)


def _goes_on() -> str:
    return _("Another license took its place on {day}. Only what was reserved on it before may be exported on it.")


def _stopped() -> str:
    return _(
        "Another license took its place on {day}. What was reserved on it before may not be exported until the "
        "suspension is lifted."
    )


def _went_over(one: Share, ref: str) -> str:
    words = _("Line {number}: {amount} were left when {ref} took its place.")
    return words.format(number=one.line.number, amount=quantity(one.passed_on, one.line.unit), ref=ref)


def _says(found: Standing) -> Any:
    """Why, and whom to ask."""
    if found.ended:
        words = _goes_on if found.goes_on else _stopped if found.stopped else ENDED[found.ended]
        yield both(lambda: words().format(day=day(found.ended_on)))
        if found.ended in ENDED_UNDER_WAY and not found.goes_on:
            yield both(lambda: _("Only what was declared to customs in time is cleared as usual."))
        if (new := found.license.successor) and found.end_user is None:
            for one in found.shares:
                yield both(lambda one=one: _went_over(one, new.ref))
    elif found.word == Word.SUSPENDED:
        if found.suspended_on:
            yield both(lambda: _("Suspended since {day}.").format(day=day(found.suspended_on)))
        yield both(lambda: _(SUSPENSION))
    elif found.word == Word.NOT_YET:
        yield both(lambda: _("Nothing may be exported on it before its first day."))
    for one in found.closed:
        yield both(lambda one=one: one_stop(_("The end-user {name} is suspended.").format(name=one.party.name)))
    office = found.office
    yield both(lambda: _("Whom to ask: {office}").format(office=in_language(office.name_en, office.name_zh)))


def _facts(found: Standing) -> Any:
    license, user = found.license, found.end_user
    company, now = said.company(license.exporter, license.issued_at), said.named(license.exporter.organization)
    countries = [said.named(one) for one in found.countries]
    yield both(lambda: _("Holder")), company
    if any(company[language] != now[language] for language in now):
        yield both(lambda: _("Its name today")), now
    if user is not None:
        yield both(lambda: _("End-user")), {"zh": user.party.name_local, "en": user.party.name}
    yield both(lambda: _("Valid from")), said.day(license.usable_from)
    yield both(lambda: _("Valid to")), said.day(license.usable_until)
    yield (
        both(lambda: _("Country or region")),
        {name: ", ".join(one[name] for one in countries) for name in ("zh", "en")},
    )


def _share(one: Share) -> dict[str, Any]:
    line = one.line
    return {"line": line, "authorized": _amount(one.authorized, line.unit), "left": _amount(one.left, line.unit)}


def _amount(base: int | None, unit: str) -> Both:
    return both(lambda: _("as the holder arranges") if base is None else quantity(base, unit))
