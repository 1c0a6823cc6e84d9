"""How many queries each page makes, by its route: with three rows of everything as with nine, on lists and on what is
opened."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from config.local import demo
from core import papers
from core.deliveries import PAPER
from core.history import version
from core.legal_time import legal_today
from core.models import Delivery
from licensing.actions import (
    applications,
    comments,
    consultations,
    decisions,
    declarations,
    editions,
    intents,
    merges,
    pools,
    questions,
)
from licensing.models import Application, ControlItem, Inquiry
from licensing.selectors.enforcement import Query
from tests import make
from tests.core.test_lists import LISTS, one_more, reader
from tests.licensing.test_drafts import changed, described
from tests.licensing.test_enforcement import suspended
from tests.licensing.test_proposals import ban, published
from tests.make import seen
from tests.shipments.test_corrections import correct
from tests.shipments.test_visits import recorded

KG = 1000
CODES = ("1C905.a.4", "1C904.a.4")
COUNTRIES = ("FR", "JP", "KR", "US", "IN", "BR", "VN", "IT", "AT")
FILE = ("a.pdf", demo.pdf("a"))
NO = {"factors": ["END_USE"], "text": "Its use is not known."}

PAGES = {
    "application": 29,
    "application merged": 39,
    "application under review": 34,
    "application.edit": 15,
    "application.merge": 19,
    "application.submit": 24,
    "applications": 7,
    "company": 29,
    "control-list": 6,
    "declaration": 18,
    "declaration.edit": 16,
    "declarations": 3,
    "desk": 12,
    "desk.case": 38,
    "desk.case under review": 42,
    "desk.countersign": 7,
    "desk.declaration": 17,
    "desk.declarations": 4,
    "desk.exporter": 24,
    "desk.exporters": 4,
    "desk.incidents": 5,
    "desk.inquiries": 4,
    "desk.inquiry": 10,
    "desk.license": 37,
    "desk.licenses": 7,
    "desk.pool": 13,
    "desk.poolchange": 10,
    "desk.pools": 7,
    "desk.proposals": 4,
    "desk.reconsiderations": 9,
    "desk.reports": 4,
    "desk.shipment": 20,
    "inquiries": 3,
    "inquiry": 11,
    "license": 40,
    "licenses": 6,
    "members": 6,
    "officers": 5,
    "overview": 15,
    "parties": 3,
    "proposal": 15,
    "proposals": 3,
    "quotas": 6,
    "shipment": 21,
    "shipments": 6,
}


def asked(do):
    """What is asked while this is done."""
    with CaptureQueriesContext(connection) as queries:
        do()
    return [one["sql"] for one in queries]


class Opened:
    """What is opened: a license, a shipment on it, a case, a quota, a draft for comment, each with as many parts of
    every kind as there are rows."""

    def __init__(self, world):
        self.world, self.rows, self.alike, self.proposed = world, 0, [], []
        self.license = world.license(users=10)
        self.last = self.license.end_users.order_by("pk").last().party
        self.shipment = world.shipment(self.license, 900 * KG, end_user=self.last.ref, consignee=self.last.ref)
        self.case = world.under_review(world.application())
        self.single = world.declaration()
        self.pool = make.pool(world.ministry, destinations=["DE"])

    def one_more(self):
        """One more of everything."""
        one_more(self.world)
        for more in (self._license, self._shipment, self._case, self._alike, self._pools, self._proposals):
            more()
        self.rows += 1
        self._papers()

    def _license(self):
        """A cause, and a visit with its paper."""
        user = self.license.end_users.order_by("pk")[self.rows]
        suspended(self.world, Query(end_user=user.party.name))
        recorded(self.world, self.license, end_user=user.party.ref, files=[FILE])

    def _shipment(self):
        correct(self.world, self.shipment, self.world.clear(self.shipment.ref, KG, final=False), KG // 2)

    def _case(self):
        """A question that was answered, a consultation, a result of screening, and a refusal that was announced."""
        ref, m, boss = self.case, self.world.ministry, self.world.exporter
        due = {"due_on": legal_today() + timedelta(days=14), "about": ["quantity"]}
        which = questions.ask(ref, text="Why so much?", by=m.reviewer, **due).questions.last().pk
        questions.answer(ref, question=which, text="A new line.", files=[FILE], final=True, by=boss)
        questions.read_answer(ref, question=which, by=m.reviewer)
        consultations.consult(ref, cause="expert", notice="An institute looks at it.", by=m.reviewer)
        consultations.end_consult(ref, by=m.reviewer)
        demo.screened(ref, m.reviewer)
        decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=m.reviewer, **NO)
        intents.intend(ref, seen=seen(ref), days=3, by=m.decider, **NO)
        intents.respond(ref, text="It is.", files=[FILE], by=boss)
        decisions.send_back(ref, seen=seen(ref), reason="Look again.", by=m.decider)

    def _alike(self):
        ref = self.world.application(kind="per_shipment", kilograms=3, by_whom=[self.single])
        applications.submit(ref, seen=seen(ref), by=self.world.exporter)
        self.alike.append(ref)

    def _pools(self):
        """One more that stands and one that waits, and a change of the one that is opened."""
        m, country = self.world.ministry, COUNTRIES[self.rows]
        make.pool(m, f"Q-STANDS-{country}", destinations=[country], public=True)
        self.waiting = make.pool_change(m, f"Q-WAITS-{country}", destinations=[country], element="Tb")
        said = {"cap": 80_000 * KG - self.rows, "from_day": legal_today(), "reason": "Less"}
        change = pools.propose_change(self.pool.ref, seen=version(self.pool), by=m.policy_officer, **said)
        make.pool_approved(m, change)

    def _proposals(self):
        m = self.world.ministry
        row = described(changed(editions.draft(title=make.unique("Draft "), by=m.policy_officer), m, new=ban("DE")), m)
        make.simulated(row.ref, m.policy_officer)
        self.proposed.append(published(row, self.world).ref)
        comments.comment(self.proposed[0], text="Twelve months, please.", by=self.world.exporter)

    def _papers(self):
        """Those of what is opened."""
        whose = {"line__subject_ref__in": [self.license.ref, self.license.application.ref, self.case]}
        for due in Delivery.objects.filter(consumer=PAPER, delivered_at=None, **whose).order_by("pk"):
            papers._make(due)

    # --- drafts, each begun with all of it ----------------------------------------------------------------
    def draft(self):
        """With as many goods, end-users and papers."""
        boss, signed = self.world.exporter, [self.world.declaration(codes=CODES) for _ in range(self.rows)]
        goods = [(CODES[number % 2], f"Magnets {number}", 100) for number in range(self.rows)]
        ref = demo.application(boss, "annual", goods, signed, make.unique("K-"), self.world.grade)
        for _ in signed:
            demo.paper(boss, ref, "other")
        return {"ref": ref}

    def merged(self):
        """Of all cases that are alike."""
        for row in Application.objects.filter(state="draft", merged__case__ref__in=self.alike).distinct():
            applications.withdraw(row.ref, by=self.world.exporter)
        return {"ref": merges.merge(self.alike, by=self.world.exporter).ref}

    def declaration(self):
        """Of as many items."""
        facts = {name: getattr(self.single, name) for name in declarations.FIELDS}
        items = list(ControlItem.objects.filter(official=True).order_by("code")[: self.rows])
        return {"ref": declarations.draft(by=self.world.exporter, items=items, **facts).ref}


def pages(opened):
    """Who reads what: each list, the overview, and what is opened as both sides have it."""
    world, license, case, draft = opened.world, opened.license, {"ref": opened.case}, opened.draft()
    m, exporter, reviewer = world.ministry, world.exporter, world.ministry.reviewer
    one, shipment, decided = ({"ref": row.ref} for row in (license, opened.shipment, license.application))
    declaration = {"ref": license.end_users.order_by("pk")[0].declaration.ref}
    inquiry = {"ref": Inquiry.objects.earliest("pk").ref}
    found = {name: (reader(name, world), reverse(name)) for name in LISTS}
    for who, name, kwargs in (
        (exporter, "overview", {}),
        (exporter, "license", one),
        (reviewer, "desk.license", one),
        (exporter, "application", decided),
        (reviewer, "desk.case", decided),
        (exporter, "application under review", case),
        (reviewer, "desk.case under review", case),
        (exporter, "application merged", opened.merged()),
        (exporter, "application.edit", draft),
        (exporter, "application.submit", draft),
        (exporter, "company", {}),
        (reviewer, "desk.exporter", {"pk": license.exporter_id}),
        (exporter, "declaration", declaration),
        (reviewer, "desk.declaration", declaration),
        (exporter, "declaration.edit", opened.declaration()),
        (exporter, "inquiry", inquiry),
        (reviewer, "desk.inquiry", inquiry),
        (exporter, "shipment", shipment),
        (reviewer, "desk.shipment", shipment),
        (m.policy_officer, "desk.pools", {}),
        (m.policy_officer, "desk.pool", {"ref": opened.pool.ref}),
        (m.policy_approver, "desk.poolchange", {"pk": opened.waiting.pk}),
        (exporter, "quotas", {}),
        (exporter, "proposals", {}),
        (exporter, "proposal", {"ref": opened.proposed[0]}),
    ):
        found[name] = who.user, reverse(name.partition(" ")[0], kwargs=kwargs)
    found["application.merge"] = exporter.user, f"{reverse('application.merge')}?like={opened.alike[0]}"
    return found


@pytest.mark.slow
def test_each_page_makes_so_many_queries_for_three_rows_as_for_nine(client, world):
    opened = Opened(world)

    def counts():
        found = {}
        for name, (user, path) in pages(opened).items():
            client.force_login(user)
            assert client.get(path).status_code == 200  # rules are compiled, and sessions begun, once
            found[name] = len(asked(lambda path=path: client.get(path)))
        return found

    made = []
    for rows in (3, 6):
        for _ in range(rows):
            opened.one_more()
        made.append(counts())
    few, many = made
    assert {name: number for name, number in many.items() if number > few[name]} == {}  # the first of many may ask less
    assert few == PAGES
