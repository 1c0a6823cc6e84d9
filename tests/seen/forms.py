"""What a form answers: sent empty, with a wrong value in each field, and with values that might do."""

from itertools import takewhile
from urllib.parse import urlencode

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import resolve, reverse

from config.local import demo
from config.local.visitor import Page
from core import access
from core.graphs import verb_name
from core.history import open_verbs
from core.models import KeptText
from core.web import steps
from core.web.errors import SECRETS
from core.web.typed import page_of
from licensing.models import Application, License
from tests import make, pages
from tests.seen import text
from tests.seen.gather import Numbered, differs, rows_of, undone

# those of the frame, of scripts, of nobody here, and what is no address
NO_FORMS = {"set_language", "session", "account_logout", "account_confirm_email", "account_set_password"}
NO_FORMS |= {"exporter.submit", "shipment.customs", "application.typed"}
ALSO = pages.ALSO | {
    "grant.confirm": {"pk": 1},
    "application.document.remove": {"paper": 1},
}  # what else the address takes
WORDS = "Typed <b>words</b>"
WRONG = {
    "date": "2026-02-31",
    "datetime-local": "2026-02-31T10:00:00",
    "number": "-1",
    "email": "no mail",
    "decimal": "4,2",
    "password": "short",
    "file": None,
}
GOOD = {
    "uscc": make.credit_code(4711),
    "ports": "CNSHA",
    "lines-0-code": "1C905.a.4",
    "lines-0-hs_code": "85051110",
    "lines-0-composition": "Dy 3.5",
    "lines-0-origin": "CN",
    "lines-0-DELETE": None,
    "declaration_no": "530120260123456789",
}
RIGHT = {
    "date": "2026-12-15",
    "datetime-local": "2026-11-16T10:00:00",
    "number": "1",
    "email": "a@new.example",
    "decimal": "1",
    "password": demo.PASSWORD,
}


def forms():
    """route -> its row, of each address that takes a form of a page."""
    return {
        name: row
        for (name, method), row in sorted(access.table().items())
        if method == "POST" and not name.startswith("api.") and name not in NO_FORMS
    }


def told(gather, route, row):
    """The file of a route: its form as it is found, and each answer by what is different then."""
    found = next(_found(gather, route, row), None)
    assert found, f"no page that somebody here may open has the form of {route}"
    who, lines, action, form = found
    numbered, sent, out = Numbered(), [], []
    before = list(map(numbered, lines))
    for name, fill in {"empty": _empty, "wrong": _wrong, "right": _right, "of an old page": _right}.items():
        data = _data(form, fill)
        data |= {name: ["0"] for name in ("seen", "version") if name in data} if name == "of an old page" else {}
        if data in sent:
            continue
        sent.append(data)
        with undone():
            response = _browser(gather, who, action).post(action, data, follow=True)
            lines = [numbered(line) for line in text.told(response.content.decode())]
            out += ["", f"=== {name}: {who}", f"Status {response.status_code}"]
            if response.redirect_chain:
                out += [numbered(f"Leads to {response.redirect_chain[-1][0]}"), *_banners(lines)]
            else:
                out += differs(before, lines)
    return "\n".join(out).strip() + "\n"


def lost(gather, route, row):
    """What was typed into the form of a route and does not stand in it again: after a character that is not allowed,
    and after its writer was signed out."""
    found = _found(gather, route, row)
    who, lines, action, form = next(found)
    for *_rest, other in takewhile(lambda one: one[:3] == (who, lines, action), found):  # on this page
        form = max(form, other, key=lambda one: len(_shown(one)))
    data = {name: values for name, values in _data(form, _right).items() if name not in SECRETS}
    typed = {(name, value) for name in _shown(form) for value in data.get(name, ())}
    answers, client = {}, _browser(gather, who, action)
    with undone():
        for name in [name for name, value in typed if value == WORDS][:1]:
            answers["refused"] = client.post(action, data | {name: f"{WORDS}\u202e"})
    with undone():
        if user := gather.told.people[who].user:
            row = KeptText.objects.create(user=user, route=route, data=urlencode(data, doseq=True))
            answers["kept"] = client.get(page_of(action)[0], {"kept": row.pk}, follow=True)
    return {how: missing for how, answer in answers.items() if (missing := _missing(typed, route, action, answer))}


def _shown(form):
    """Names of the fields into which somebody types or in which he chooses, in a row that is there."""
    fields = [field.given for field in form.all("input", "select", "textarea") if field.given.get("name")]
    unseen = ("hidden", "file", "password")
    return {one["name"] for one in fields if one.get("type") not in unseen and "__prefix__" not in one["name"]}


def _missing(typed, route, action, answer):
    """What of it no one form of the route would send."""
    page = Page(action, answer.status_code, answer.content.decode())
    sent = [
        {(name, value.strip()) for name, value in form.fields}
        for form in page.read.forms
        if resolve((form.action or action).split("?")[0]).view_name == route
    ]
    return min((sorted(typed - one) for one in sent), key=len, default=sorted(typed))


def _browser(gather, who, page):
    """His browser, which came by the link of the mail that leads to this page."""
    client = gather.client(who)
    for route, link in {
        "invitation": "invitation.link",
        "password/reset/key": "account_reset_password_from_key",
    }.items():
        if route in page:
            client.get(reverse(link, kwargs=gather.told.links[link]))
    return client


def _found(gather, route, row):
    """(who, lines, action, form), of each that a page shows somebody who may send it."""
    for who, actor in gather.told.people.items():
        for page in _pages(gather, route, row, actor) if row.admits(actor) else ():
            response = _browser(gather, who, page).get(page, follow=True)
            here, html = response.request["PATH_INFO"], response.content.decode()
            for form in text.Tree(html).open[0].all("form"):
                action = form.given.get("action") or here
                if form.given.get("method") == "post" and resolve(action.split("?")[0]).view_name == route:
                    yield who, text.told(html), action, form


def _pages(gather, route, row, actor):
    """Addresses of pages on which the form may stand."""
    if not row.noun:
        kwargs = gather.told.links.get(route, {}) | ALSO.get(route, {})
        path = reverse(route, kwargs=kwargs)
        yield path if access.find(route, "GET") else page_of(path)[0]
        if route == "shipment.new":
            usable = License.objects.filter(state="active").order_by("pk").values_list("ref", flat=True)
            yield from (f"{path}?license={ref}" for ref in usable)
        if route == "application.merge":
            single = Application.objects.filter(kind="per_shipment", state="submitted").order_by("pk")
            yield from (f"{path}?like={ref}" for ref in single.values_list("ref", flat=True))
        if route == "desk.enforcement":
            yield f"{path}?destination=DE"
        return
    verb = route.rpartition(".")[2]
    step = steps._steps.get(row.noun, {}).get(verb)
    for _case, kwargs, one in rows_of(row.noun, gather.told.more, [actor]):
        graph = {verb_name(move) for move in one.get_all_state_transitions()} if hasattr(one, "states") else ()
        if step and step.offered:  # where the graph does not say so
            if not step.offered(one, actor):
                continue
        elif verb in graph and verb not in open_verbs(one, actor):
            continue
        if step and step.page:
            yield reverse(step.page.route, kwargs=kwargs)
        else:
            yield page_of(reverse(route, kwargs=kwargs | ALSO.get(route, {})))[0]


def _banners(lines):
    return [words for mark, words in zip(lines, lines[1:], strict=False) if mark.startswith("{banner")]


def _data(form, fill):
    data = {}
    for field in form.all("input", "select", "textarea", "button"):
        name, kind = field.given.get("name"), field.given.get("type", "")
        if not name:
            continue
        if kind == "hidden":
            data.setdefault(name, []).append(field.given.get("value", ""))
        elif field.tag == "button":
            data.setdefault(name, [field.given.get("value", "")])
        elif name not in data or kind in ("checkbox", "radio"):
            value = fill(field, "decimal" if field.given.get("inputmode") == "decimal" else kind or field.tag)
            if value is not None:
                data[name] = [value]
    return data


def _empty(field, kind):
    return None if kind in ("checkbox", "radio", "file") else ""


def _wrong(field, kind):
    if field.given["name"].endswith("DELETE"):
        return None
    return WRONG.get(kind, "nope" if kind in ("checkbox", "radio", "select") else WORDS)


def _right(field, kind):
    """The last of several choices."""
    if field.given["name"] in GOOD:
        return GOOD[field.given["name"]]
    if kind in ("checkbox", "radio"):
        return field.given.get("value", "on")
    if kind == "select":
        return [option.given.get("value", "") for option in field.all("option")][-1]
    if kind == "file":
        return SimpleUploadedFile("x.pdf", demo.pdf("x"))
    return RIGHT.get(kind, WORDS)
