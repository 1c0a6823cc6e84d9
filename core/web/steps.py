"""Steps: what people do to a row in a page. One row each in the apps' STEPS tables; address, form, button, words in the
history and the way back are made from it, the label and who may from the row's graph and the access table.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial, wraps
from inspect import signature
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib import messages
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from core.access import Actor
from core.deliveries import Message, mails
from core.errors import DomainError
from core.graphs import has_move
from core.history import lines_of, open_verbs, version
from core.models import HistoryLine, Proposal
from core.once import reading
from core.outside import again
from core.proposals import DROPS, PREFIX, waiting
from core.telling import Sentence, Told, facts_of, sentences, told
from core.web import kept
from core.web.forms import StepForm, show_refusal
from core.web.labels import said
from core.web.typed import typed_into


@dataclass(frozen=True)
class Page:
    """Where steps are offered: the route of a noun's page, below whose address theirs lie, and who sees its rows.

    key "": the page is of the one row that its reader has, and so are its steps.
    away: the list to go back to when a step took the row out of sight.
    """

    route: str
    rows: Callable[[Actor], Any]
    key: str = "ref"
    away: str = ""

    def of(self, row: Any) -> dict[str, Any]:
        """What names the row in its address."""
        return {self.key: getattr(row, self.key)} if self.key else {}


@dataclass(frozen=True)
class Step:
    """A verb of a noun.

    told: what its history line says, or what makes that from it; `internal` ones no exporter reads. mail: the
    subject of what its holder is sent (`{ref}`, and the line's facts), or what makes it from the line, if anything;
    mailed: what stands there besides, of what opening the page begins. folds: what one person does so many times in
    a row is told once, at its last time. page and action: where it is offered and what it calls, `action(key,
    **form.facts(), by=…)`; without them it happens elsewhere, and only its words stand here. said: what the page
    says afterwards, or what makes that from what the action returned. leads: the address to go on to, by what that
    is, where it is not the page. within: the step whose card holds it when both are open. offered, with a label:
    when a page offers it to whom the table opens it, where the graph does not say so. noun and app are set when it
    is registered.
    """

    verb: str
    told: Sentence
    page: Page | None = None
    action: Callable[..., Any] | None = None
    said: "str | Promise | Callable[[Any], str]" = ""
    form: type[StepForm] = StepForm
    leads: Callable[[Any], str] | None = None
    within: str = ""
    mail: "str | Promise | Callable[[HistoryLine], str]" = ""
    mailed: "str | Promise" = ""
    internal: bool = False
    folds: bool = False
    offered: Callable[[Any, Actor], bool] | None = None
    label: "str | Promise" = ""
    noun: str = ""
    app: str = ""

    @property
    def route(self) -> str:
        """Its name in the access table and among the addresses."""
        return f"{self.noun}.{self.verb}"

    @property
    def decides(self) -> bool:
        """Its verb asks what the person has seen, so the page carries that (WORKFLOWS: what the officer saw)."""
        return self.action is not None and "seen" in signature(self.action).parameters

    def bind(self, row: Any, data: Any = None, files: Any = None) -> StepForm:
        """The step's form on this row. Several stand on one page, so each has ids of its own."""
        return self.form(data, files, row=row, auto_id=f"id_{self.verb}_%s")


@dataclass(frozen=True)
class Offer:
    """A step that a page offers this actor on this row now."""

    step: Step
    form: StepForm
    label: str
    url: str

    @property
    def templates(self) -> list[str]:
        """Its card: one of its own, or the plain one."""
        return [f"{self.step.app}/steps/{self.step.noun}_{self.step.verb}.html", "parts/step.html"]


@dataclass(frozen=True)
class Failed:
    """A step that was refused: the page shows its form again, with what was typed, why, and what changed meanwhile."""

    verb: str
    form: StepForm
    status: int = 422
    changes: Sequence[Told] = ()


@dataclass(frozen=True)
class Proposed:
    """What waits for its second person on a page's row, and what this reader may do about it.

    countersign, drop: None where that is not open to him. own: he proposed it. possible: the graph has it from the
    state in which the row is meanwhile, for whoever may.
    """

    proposal: Proposal
    label: str
    own: bool
    possible: bool
    countersign: Offer | None
    drop: Offer | None
    app: str

    @property
    def template(self) -> str:
        """Of its facts, and of what exactly happens with the countersignature."""
        return f"{self.app}/proposals/{self.proposal.subject_kind}_{self.proposal.verb}.html"


Holder = Callable[[HistoryLine], tuple[list[str], str]]
_steps: dict[str, dict[str, Step]] = {}


def register(app: str, noun: str, steps: Iterable[Step], *, holder: Holder | None = None) -> None:
    """The noun has these steps, in the order in which a page offers them.

    holder: who is written to of the steps that have a mail, and the address of the page that says more.
    """
    table = _steps.setdefault(noun, {})
    table.update({step.verb: replace(step, noun=noun, app=app) for step in steps})
    sentences(
        noun,
        {verb: step.told for verb, step in table.items()},
        internal=tuple(verb for verb, step in table.items() if step.internal),
        folded=tuple(verb for verb, step in table.items() if step.folds),
    )
    if holder is not None:
        mails(noun, *(verb for verb, step in table.items() if step.mail))(partial(_mail, table, holder))


def _mail(table: dict[str, Step], holder: Holder, line: HistoryLine) -> Message:
    """Which row, what happened, where to read it; never what is in it."""
    readers, page = holder(line)
    facts = facts_of(line) | {"ref": line.subject_ref}
    mail = table[line.verb].mail
    subject = str(mail(line) if callable(mail) else mail)
    body = _("Read it on its page: {url}").format(url=f"{settings.BASE_URL}{page}")
    more = f"\n{mailed}\n" if (mailed := table[line.verb].mailed) else ""
    return Message(readers, subject.format(**facts), f"{body}\n{more}")


def addresses(prefix: str, route: str) -> list[URLPattern]:
    """The addresses of the steps that the page of this route offers, below the page's own."""
    return [
        path(f"{prefix}{step.verb}/", act, {"step": step}, name=step.route)
        for table in _steps.values()
        for step in table.values()
        if step.page and step.page.route == route
    ]


def offers(request: HttpRequest, row: Any, route: str, failed: Failed | None = None) -> dict[str, Offer]:
    """The steps that the row's page offers this actor now, by verb; the one that failed keeps its form."""
    labels = open_verbs(row, request.actor)
    seen = version(row)
    found = {}
    for verb, step in _steps[row._meta.model_name].items():
        if step.page is None or step.page.route != route:
            continue
        if step.offered is not None and request.actor.may(step.route) and step.offered(row, request.actor):
            labels[verb] = str(step.label)
        if verb in labels and not _own(row, verb, request.actor):
            url = reverse(step.route, kwargs=step.page.of(row))
            form = failed.form if failed and failed.verb == verb else step.bind(row, typed_into(request, step.route))
            form.seen = seen if step.decides else None
            found[verb] = Offer(step, form, labels[verb], url)
    return found


def proposing(noun: str) -> dict[str, Step]:
    """The steps that propose another one of this noun, by that."""
    table = _steps.get(noun, {})
    return {verb.removeprefix(PREFIX): step for verb, step in table.items() if verb.startswith(PREFIX)}


def _own(row: Any, verb: str, actor: Actor) -> bool:
    """It waits for a second person, and this is the first."""
    found = waiting(row).get(verb) if verb in proposing(row._meta.model_name) else None
    return found is not None and found.is_of(actor.user)


def label_of(noun: str, verb: str) -> str:
    """What its button says."""
    model = next(one for one in apps.get_models() if one._meta.model_name == noun)
    return str(next(iter(getattr(model, verb)._django_fsm.transitions.values())).custom["label"])


def _proposed(row: Any, route: str, found: dict[str, Offer], actor: Actor) -> list[Proposed]:
    noun = row._meta.model_name
    return [
        Proposed(
            waiting(row)[verb],
            label_of(noun, verb),
            _own(row, verb, actor),
            has_move(getattr(row, verb)),
            found.get(verb),
            found.get(f"{DROPS}{verb}"),
            step.app,
        )
        for verb, step in proposing(noun).items()
        if step.page and step.page.route == route and verb in waiting(row)
    ]


def offered(
    request: HttpRequest, row: Any, route: str, failed: Failed | None = None, *, beside: Sequence[Any] = ()
) -> dict[str, Any]:
    """What a page's template needs of its steps: the cards in their order, each verb's form, and what failed.

    beside: other rows of the page that have steps there, of other nouns, whose verbs have other names.
    """
    rows = (row, *beside)
    found = {verb: offer for one in rows for verb, offer in offers(request, one, route, failed).items()}
    if failed is None:  # what somebody typed and nobody carried out is shown as what failed is
        failed = next(filter(None, (_kept(request, one, route, found) for one in rows)), None)
    proposed = [one for row_ in rows for one in _proposed(row_, route, found, request.actor)]
    inside = {id(offer) for one in proposed for offer in (one.countersign, one.drop)}
    return {
        "offers": [one for one in found.values() if one.step.within not in found and id(one) not in inside],
        "proposed": proposed,
        "forms": {verb: offer.form for verb, offer in found.items()},
        "failed": failed.verb if failed else "",
        "failed_form": failed.form if failed else None,
        "changes": failed.changes if failed else (),
        "typed": said(failed.form) if failed and failed.verb not in found else [],
    }


def _kept(request: HttpRequest, row: Any, route: str, found: dict[str, Offer]) -> Failed | None:
    """The step whose text was kept for its writer, with what happened since he saw the row."""
    for verb, step in _steps[row._meta.model_name].items():
        data = typed_into(request, step.route)
        if data is not None and step.page and step.page.route == route:
            form = found[verb].form if verb in found else step.bind(row, data)
            return Failed(verb, form, changes=changes_since(row, seen_in(data), request.actor) if step.decides else ())
    return None


def act(request: HttpRequest, step: Step, **key: Any) -> HttpResponse:
    """The step is done and its page says so; or the page shows its form again, with what was typed and why."""
    page = step.page
    assert page is not None and step.action is not None
    row = get_object_or_404(page.rows(request.actor), **key)
    form = step.bind(row, request.POST, request.FILES)
    failed = Failed(step.verb, form)
    if form.is_valid():
        seen = {"seen": seen_in(request.POST)} if step.decides else {}
        try:
            made = step.action(*key.values(), by=request.actor, **seen, **form.facts())
        except DomainError as refusal:
            request.refused_form = form
            changes = changes_since(row, seen["seen"], request.actor) if seen else []
            if refusal.status == 403 and changes:  # not his any more: the page says since when
                form.add_error(None, str(refusal.detail))
            else:
                show_refusal(form, refusal)
            failed = Failed(step.verb, form, refusal.status, changes)
        else:
            text = step.said(made) if callable(step.said) else str(step.said)
            messages.success(request, " ".join([text, *form.read_as]))
            if step.leads:
                return redirect(step.leads(made))
            if page.away and not page.rows(request.actor).filter(**key).exists():
                return redirect(page.away)
            return redirect(page.route, **key)
    return _page_of(page, key)(request, failed=failed, **key)


def seen_in(data: QueryDict) -> int:
    """The version that the page carried; whatever is no number was never seen."""
    text = data.get("seen", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def not_open(request: HttpRequest, row: Any, verb: str, route: str) -> HttpResponse | None:
    """The row's own page, for who asks for the page of a verb that is not open to him there (any more)."""
    if request.method == "POST" or verb in open_verbs(row, request.actor):
        return None
    messages.info(request, _("That can't be done now. Here you see where {ref} stands.").format(ref=row.ref))
    return kept.onward(request, route, ref=row.ref)


def changes_since(row: Any, seen: int, by: Actor) -> list[Told]:
    """What happened to the row since this version of it was seen, as this reader is told."""
    return told(lines_of(row).filter(seq__gt=seen), by)


def of_one_moment(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """All that the page reads is of one moment, so that what it carries as seen is what it shows. What takes long is
    worked out before (core.outside)."""

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return again(partial(_of_one_moment, view, request, *args, **kwargs))

    return run


def _of_one_moment(view: Callable[..., HttpResponse], *args: Any, **kwargs: Any) -> HttpResponse:
    with reading():
        if connection.in_atomic_block:
            return view(*args, **kwargs)
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            return view(*args, **kwargs)


def _page_of(page: Page, key: dict[str, Any]) -> Callable[..., HttpResponse]:
    return resolve(reverse(page.route, kwargs=key)).func
