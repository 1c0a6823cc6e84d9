"""What programs are answered, what files hold, what mails and histories say."""

import json

from django.test import Client
from django.urls import reverse
from django.utils import translation

from core import access
from core.deliveries import _writers
from core.models import HistoryLine
from core.telling import told
from licensing.models import License
from tests.seen.gather import Numbered, rows_of, undone
from tests.seen.world import LATER

NO_ANSWERS = {"api.schema", "api.docs", "api.explorer"}
QUERIES = {
    "api.control-items": ["?q=dysprosium", "?q=dysprosium&limit=x", "?lang=zh&q=1C905.a.4"],
    "api.calendar.deadline": ["?from=2026-11-17&days=45", "?from=2026-02-31&days=0", ""],
    "api.applications": ["", "?state=under_review", "?state=nope"],
    "api.licenses": ["", "?state=suspended", "?state=nope"],
    "api.shipments": ["", "?state=cleared", "?limit=1"],
}
BODIES = {
    "api.assessments": [
        {"item": "1C905.a.4", "country": "DE"},
        {"item": "1C909", "country": "DE", "end_use": "CIV_AUTO", "end_user_class": "commercial"},
        {},
    ],
}


def answers():
    """route -> its row, of what programs read."""
    return {
        name: row
        for (name, method), row in sorted(access.table().items())
        if method == "GET" and name.startswith("api.") and name not in NO_ANSWERS
    }


def files():
    return {name: row for (name, _), row in sorted(access.table().items()) if name.endswith(".csv")}


def _queries(name, kwargs):
    if name == "api.verify":
        return ["", "?code=WRONG", f"?code={License.objects.get(**kwargs).verify_code}"]
    return QUERIES[name]


class Programs:
    """Keys of each kind, and who reads with his session."""

    def __init__(self, gather):
        self.keys = gather.told.keys
        self.gather = gather
        self.actors = {who: access.actor_for_key(access.live_key(key)) for who, key in self.keys.items()}
        self.actors |= {who: gather.told.people[who] for who in ("viewer", "reviewer", "anonymous")}

    def ask(self, who, path):
        if who in self.keys:
            return Client().get(path, headers={"Authorization": f"Bearer {self.keys[who]}"})
        return self.gather.client(who).get(path)

    def answer(self, name, row):
        cases = {}
        rows = [("", self.gather.told.links.get(name, {}), None)]
        if row.noun:
            rows = rows_of(row.noun, self.gather.told.more, list(self.actors.values()))
        for case, kwargs, _row in rows:
            for query in [""] if row.noun else _queries(name, kwargs):
                found = cases[case or query or "all"] = {}
                for who, actor in self.actors.items():
                    if row.admits(actor) and (not row.noun or access.visible[row.noun](actor, **kwargs)):
                        answer = self.ask(who, reverse(name, kwargs=kwargs) + query)
                        text = json.dumps(answer.json(), ensure_ascii=False, indent=1)
                        found[who] = [f"Status {answer.status_code}", *text.splitlines()]
        return self.gather.sections(cases)


def file(gather, name, row):
    cases, rows = {}, [("", {}, None)]
    if row.noun:
        people = [actor for actor in gather.told.people.values() if row.admits(actor)]
        rows = rows_of(row.noun, gather.told.more, people)
    for case, kwargs, _row in rows:
        found = cases[case] = {}
        for who, actor in gather.told.people.items():
            if row.admits(actor) and (not row.noun or access.visible[row.noun](actor, **kwargs)):
                answer = gather.client(who).get(reverse(name, kwargs=kwargs))
                said = answer.headers.get("Content-Disposition", "")
                found[who] = [f"Status {answer.status_code} {said}", *answer.content.decode("utf-8-sig").splitlines()]
    return gather.sections(cases)


def _lines():
    """The first history line of each verb of each kind of row."""
    found = {}
    for line in HistoryLine.objects.order_by("pk"):
        found.setdefault((line.subject_kind, line.verb), line)
    return found


def mails(gather):
    """Who is written to of what, and how: the first of each kind."""
    people = {actor.user.email: who for who, actor in gather.told.people.items() if not actor.anonymous}
    numbered, out = Numbered(), []
    with gather.later(LATER[-1]):
        lines = _lines()
        for kind in sorted(_writers):
            out += ["", f"=== {' '.join(kind)}"]
            if kind not in lines:
                out += ["Never happens in the story."]
                continue
            for language in ("en", "zh-hans"):
                with translation.override(language), undone():
                    mail = _writers[kind](lines[kind])
                if mail is None:
                    out += ["Nobody is written to any more."]
                    continue
                if language == "en":
                    out += [f"To: {', '.join(people.get(to) or to for to in mail.to)}"]
                out += map(numbered, [f"Subject: {mail.subject}", *mail.body.splitlines()])
    return "\n".join(out).strip() + "\n"


def histories(gather):
    """The words of each verb's line: as officers read it, and as the exporter."""
    numbered, out = Numbered(), []
    readers = {who: gather.told.people[who] for who in ("reviewer", "signatory")}
    with gather.later(LATER[-1]):
        for (noun, verb), line in sorted(_lines().items()):
            out += ["", f"=== {noun} {verb}"]
            for who, actor in readers.items():
                said = [f"{one.sentence} ({one.actor_name}) {one.reason}".strip() for one in told([line], actor)]
                out += [numbered(f"{who}: {' '.join(said) or 'nothing'}")]
    return "\n".join(out).strip() + "\n"
