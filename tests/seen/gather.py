"""Who is shown what: each page as each kind of person meets it, for each state of its noun."""

import inspect
import re
from collections import defaultdict
from contextlib import contextmanager
from difflib import SequenceMatcher
from functools import cached_property

from django.apps import apps
from django.db import transaction
from django.test import Client
from django.test.client import ClientHandler
from django.urls import resolve, reverse

from core import access
from core.models import HistoryLine
from licensing import tasks as licensing
from licensing.models import Application
from shipments import tasks as shipments
from tests.pages import ALSO, CHECKED, NO_PAGES, NOUNS, READS
from tests.seen import text, weight
from tests.seen.world import BEGIN, LATER

ALIKE = ["signatory", "reviewer", "of no organization", "anonymous"]  # who look at what everybody may read
BEGINNERS = ["newcomer's clerk", "waits", "returned", "of no province"]  # whose other pages are those of the newcomer
FOR_BEGINNERS = ["overview", "company"]
EMPTY = ["newcomer", "provincial"]  # who have no rows
AGAIN = ["signatory", "intake", "reviewer", "decider", "admin"]  # who look at a second row in the same state
AFTER = ["signatory", "reviewer", "decider"]  # who look at what the clock did
# what a page is asked, beside nothing
QUERIES = {
    "check": [*(f"?{asked}" for asked in CHECKED), "?item=&value=x&on=1999-01-01&element=Xx"],
    "control-list": ["?q=dysprosium", "?q=Nothing+like+it"],
    "mailbox": [],
}
LISTS = ["overview", "desk", "applications", "licenses", "desk.licenses", "shipments", "desk.incidents"]
SWEEPS = [
    licensing.expire_licenses,
    licensing.accept_by_law,
    licensing.lapse_supplements,
    licensing.end_questions,
    licensing.signal_days,
    licensing.warn_of_ends,
    licensing.warn_of_uses,
    shipments.lapse_reservations,
]
# What is drawn, or counted over the whole world, by its kind: the text has the n-th of them instead.
DRAWN = {
    r"\b([A-Z]{2,3})-[0-9A-Z]{9}\b": r"\1-",
    r"\b(End-user |K-|PO-|GAC-|officer|signatory|colleague|customs)\d+\b": r"\1",
    r"\b(5301202)\d{8}\b": r"\1-",
    r"((?<!/)/|question-|question=)\d+(?=/|\b)": r"\1#",
    r"\b([0-9a-f]{12})[0-9a-f]{20,}\b": "digest ",
    r"\b[0-9a-f]{16}…": "begin of a digest ",
    r"(/reset/key/)[^/ ]+": r"\1",
    r"(\"id\": )\d+": r"\1",
    r"(\[hidden seen=)\d+": r"\1",
    r"\bLIST-\d{4}-\d\d-\d\d-[0-9a-f]{6}\b": "LIST-",
    r"(/invitations/)[^/]{20,}(?=/)": r"\1",
}


class Numbered:
    """A file's texts, in which what is drawn is numbered in the order in which it is first met."""

    def __init__(self):
        self.known = defaultdict(dict)

    def __call__(self, line):
        for pattern, kind in DRAWN.items():
            line = re.sub(pattern, lambda found, kind=kind: self._number(found, kind), line)
        return line

    def _number(self, found, kind):
        prefix = found.expand(kind)
        known = self.known[prefix]
        return f"{prefix}{known.setdefault(found[0], len(known) + 1)}"


@contextmanager
def undone():
    """What happens inside has not happened."""
    inside = transaction.atomic()
    inside._from_testcase = True  # commands make their own, and nothing may stand around that
    with inside:
        yield
        transaction.set_rollback(True)


def pages():
    """route -> its row, of each page."""
    return {
        name: row
        for (name, method), row in sorted(access.table().items())
        if method == "GET" and name not in NO_PAGES and not name.endswith(".csv")
        if not name.startswith("api.") or name == "api.docs"
    }


def kind_of(row):
    return getattr(row, "state", "") or getattr(row, "kind", "")


def rows_of(noun, more, people):
    """The first row of a noun in each state, and those that more names: (its case, what the address takes, it)."""
    visible = access.visible.get(noun, lambda actor, pk: True)
    takes = list(inspect.signature(visible).parameters)[1]
    model = next(model for model in apps.get_models() if model._meta.model_name == NOUNS.get(noun, noun))
    met = defaultdict(int)
    for row in model.objects.order_by("pk"):
        kind = kind_of(row)
        kwargs = {takes: getattr(row, takes)}
        wanted = not met[kind] or getattr(row, "ref", "") in more or (not hasattr(row, "ref") and met[kind] < 4)
        if wanted and any(visible(actor, **kwargs) for actor in people):
            met[kind] += 1
            yield f"{kind or noun} {met[kind]}", kwargs, row


class Gather:
    def __init__(self, told):
        self.told = told
        self.sessions = self._sessions()
        self.handler = ClientHandler(enforce_csrf_checks=False)  # a client's own looks for all static files anew
        self.pages = {}
        self.weighed = []  # what weight.of says of each time that a page opened

    def _sessions(self):
        found = {}
        for who, actor in self.told.people.items():
            client = Client()
            if actor.user.is_authenticated:
                client.force_login(actor.user)
            found[who] = {name: cookie.value for name, cookie in client.cookies.items()}
        return found

    def client(self, who):
        """A browser of his, in which nothing was done yet."""
        client = Client(raise_request_exception=False)
        client.handler = self.handler
        client.cookies.load(self.sessions[who])
        return client

    def page(self, name, row):
        """All that people meet at this address; looked at once."""
        if name not in self.pages:
            self.pages[name] = self._page(name, row)
        return self.pages[name]

    def _page(self, name, row):
        noun, rows = row.noun or READS.get(name, ""), [("", self.told.links.get(name, {}), None)]
        if noun:
            people = [actor for actor in self.told.people.values() if row.admits(actor)]
            own = name in (noun, f"desk.{noun}", "desk.case")
            rows = rows_of(noun, self.told.more if own else [], people)
        cases = {}
        for case, kwargs, _row in rows:
            again = noun and not case.endswith(" 1")
            cases[case] = self.one(name, row, kwargs, among=AGAIN if again else ())
        cases |= {query: self.one(name, row, {}, query) for query in self.queries(name)}
        return self.sections(cases | self.after[name])

    def queries(self, name):
        """What a page without a row is asked beside nothing."""
        if name == "shipment.new":
            return [f"?license={ref}" for ref in self.told.more if ref.startswith("EL")]
        if name in QUERIES or not access.find(f"{name}.csv", "GET"):
            return QUERIES.get(name, [])
        listed = resolve(reverse(name)).kwargs["listed"]
        return ["?q=Nothing+like+it", *(f"?view={view.name}" for view in listed.views)]

    @cached_property
    def after(self):
        """What the clock changed, later: route -> case -> who -> the lines he meets. It is undone."""
        found, before = defaultdict(dict), self.sessions
        for at in LATER:
            with self.later(at):
                self.sessions = self._sessions()
                for noun, (verbs, row) in [*self._moved(at), *self._waiting(at)]:
                    for name in (noun, f"desk.{noun}", "desk.case" if noun == "application" else ""):
                        if (name, "GET") in access.table():
                            case, row_of = f"{at:%Y-%m-%d}, {', '.join(verbs)}", access.table()[name, "GET"]
                            found[name][case] = self.one(name, row_of, {"ref": row.ref}, among=AFTER)
                for name in LISTS if at == LATER[1] else ():
                    found[name][f"{at:%Y-%m-%d}"] = self.one(name, access.table()[name, "GET"], {}, among=AFTER)
        self.sessions = before
        return found

    @contextmanager
    def later(self, until):
        """The clock has come to this instant, and did what it does on the way. It is undone."""
        with undone():
            for at in LATER[: LATER.index(until) + 1]:
                self.told.clock.set(at)
                for sweep in SWEEPS:
                    sweep()
            yield
        self.told.clock.set(BEGIN)

    def _waiting(self, at):
        """The case whose questions are due, at the first of these instants."""
        asked = Application.objects.filter(state="awaiting_applicant", ref__in=self.told.more)
        return [("application", (["waits for an answer"], row)) for row in asked if at == LATER[0]]

    def _moved(self, at):
        """One row of each noun to which the clock did the same."""
        verbs, found = defaultdict(list), {}
        for line in HistoryLine.objects.filter(at=at).order_by("pk"):
            verbs[line.subject_kind, line.subject_id].append(line.verb)
        for (noun, pk), done in verbs.items():
            row = apps.get_model({"shipment": "shipments"}.get(noun, "licensing"), noun).objects.get(pk=pk)
            found.setdefault((noun, tuple(done)), row)
        return [(noun, (done, row)) for (noun, done), row in found.items()]

    def one(self, name, row, kwargs, query="", among=()):
        """who -> the lines he meets."""
        found = {}
        if access.ANONYMOUS in row.roles:
            among = ["anonymous"] if query else ALIKE
        for who, actor in self.told.people.items():
            if (among and who not in among) or (who in BEGINNERS and name not in FOR_BEGINNERS):
                continue
            if query and found and who not in EMPTY:
                continue
            if row.admits(actor) and (not kwargs or not row.noun or access.visible[row.noun](actor, **kwargs)):
                address = reverse(name, kwargs=kwargs | ALSO.get(name, {})) + query
                response = self.client(who).get(address, follow=name in self.told.links)
                found[who] = self.answer(response)
                self.weighed += weight.of(response)
        return found

    def frame(self):
        frames = {}
        for who, actor in self.told.people.items():
            at = reverse("account_login" if actor.anonymous else "account")
            frames[who] = text.frame(self.client(who).get(at, follow=True).content.decode())
        return self.sections({"": frames})

    def refused(self):
        """The pages that say no."""
        client, at = Client(enforce_csrf_checks=True, raise_request_exception=False), reverse("party.new")
        client.cookies.load(self.sessions["signatory"])
        ways = [("signatory", "/desk/"), ("signatory", "/nothing/"), ("anonymous", "/licenses/")]
        ways += [("signatory", "/control-list/?q=%00"), ("of no organization", "/licenses/"), ("reviewer", "/check")]
        cases = {f"{path} {who}": {who: self.answer(self.client(who).get(path, follow=True))} for who, path in ways}
        cases["without its token"] = {"signatory": text.told(client.post(at, {"name": "Typed"}).content.decode())}
        posted = self.client("anonymous").post(at, {"name": "Typed"}, follow=True)
        cases["signed out"] = {"anonymous": self.answer(posted)}
        return self.sections(cases)

    def answer(self, response):
        if response.status_code in (301, 302):
            return [f"Leads to {response.headers['Location']}"]
        lines = text.told(response.content.decode())
        if response.status_code == 200:
            return lines
        return [f"Status {response.status_code}", *lines]

    def sections(self, cases):
        """The text of a file: what the first reads, who reads the same, and how others' differs."""
        numbered, out = Numbered(), []
        for case, found in cases.items():
            readers = defaultdict(list)
            for who, lines in found.items():
                readers[tuple(map(numbered, lines))].append(who)
            first = next(iter(readers), ())
            for lines, who in readers.items():
                out += ["", numbered(f"=== {case}: {', '.join(who)}").replace("=== : ", "=== ")]
                out += lines if lines is first else differs(first, lines)
        return "\n".join(out).strip() + "\n"


def differs(first, lines):
    """What is read instead, by what is different; all of it where little is the same."""
    same = SequenceMatcher(None, first, lines, autojunk=False)
    if same.ratio() < 0.5:
        return lines
    found = []
    for tag, begin, end, start, stop in same.get_opcodes():
        if tag != "equal":
            found += [f"@ {lines[start - 1] if start else ''}"]
            found += [*(f"- {line}" for line in first[begin:end]), *(f"+ {line}" for line in lines[start:stop])]
    return found
