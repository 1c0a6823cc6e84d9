"""Every verb once, in one story, and what each did on the way: which rows it took, when it read the clock."""

import inspect
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from config.local import demo
from core import actions as people
from core import calendar_file
from core.access import Actor, clock
from core.errors import DomainError
from core.history import open_verbs, version
from core.legal_time import legal_now, legal_today
from core.models import Delivery, LegalDay, Membership
from core.web import steps
from exporters import actions as exporters
from exporters.actions import changes
from exporters.models import Exporter
from licensing.actions import (
    amendments,
    applications,
    comments,
    consultations,
    copies,
    decisions,
    declarations,
    editions,
    enforcement,
    follows,
    inquiries,
    intents,
    invalidations,
    licenses,
    merges,
    notices,
    pools,
    questions,
    receipts,
    reconsiderations,
    renewals,
    revocations,
    screenings,
    signals,
    simulations,
    standing,
    supplements,
    turns,
    verdicts,
    windows,
)
from licensing.models import Application, Draft, License, QuotaPool, Simulation, WindowWarning
from shipments import actions as shipments
from shipments.actions import bulk, closing, incidents, officers, qualifications, reports, sheets, visits
from shipments.actions.foreseeing import Foreseen, foresee
from shipments.models import Return
from tests import make
from tests.make import seen

KG = 1000
SHEET = (  # one row that can't be read
    b"license,client_reference,end_user,consignee,destination,port,planned_on,license_line,quantity,unit\n,,,,,,,,,\n"
)
_CALLS = re.compile(r"\b(ledger_\w+|shipment_(?:reserve\w*|settle|correct|credit))\(")
_TAKES = re.compile(r'FROM "(\w+)".*FOR NO KEY UPDATE|INTO (\w+) .* ON CONFLICT', re.DOTALL)


# Administrators see all officers and all mail; whoever was invited is nobody yet; everybody comments on a draft;
# officers of every province see all national quotas.
SEEN_BY_ALL = {
    "core.officers.confirm_grant",
    "core.officers.propose_roles",
    "core.mail.send_again",
    "core.mail.end_delivery",
    "core.teams.accept_invitation",
    "licensing.comments.comment",
    *(f"licensing.pools.{verb}" for verb in ("propose_change", "approve", "refuse", "thaw")),
}


class Story:
    """steps: verb → the tables whose rows it took and "now" where it first read the legal clock, in order.
    old_page: verb that decides → the code of its refusal to whoever saw the version before.
    of_others: verb done to a row → the code of its refusal to the same person elsewhere."""

    def __init__(self, elsewhere: Callable[[Actor], Actor | None]) -> None:
        self.steps: dict[str, str] = {}
        self.old_page: dict[str, str] = {}
        self.of_others: dict[str, str] = {}
        self.elsewhere = elsewhere

    def name(self, verb: Callable[..., Any]) -> str:
        return f"{verb.__module__.replace('.actions', '')}.{verb.__name__}"

    def __call__(self, verb: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        name = self.name(verb)
        assert hasattr(verb, "claimed"), f"{name} is no command: what it does is not one transaction"
        if "seen" in inspect.signature(verb).parameters:
            if "seen" not in kwargs:
                kwargs["seen"] = make.seen(args[0])
            with pytest.raises(DomainError) as refused:
                verb(*args, **kwargs | {"seen": kwargs["seen"] - 1})
            self.old_page[name] = refused.value.code
        if args and name not in SEEN_BY_ALL and (stranger := self.elsewhere(kwargs["by"])):
            with pytest.raises(DomainError) as unseen:
                verb(*args, **kwargs | {"by": stranger})
            self.of_others[name] = unseen.value.code
        taken: list[str] = []

        def watch(execute: Any, sql: str, *rest: Any) -> Any:
            if sql.startswith("ROLLBACK TO SAVEPOINT"):  # a transaction that begins anew: what counts is the last
                taken.clear()
            for word in (*map("".join, _TAKES.findall(sql)), *_CALLS.findall(sql)):
                taken.append(word)
            if "legal_now()" in sql and "now" not in taken and not sql.startswith(("INSERT", "WITH")):
                taken.append("now")
            return execute(sql, *rest)

        with connection.execute_wrapper(watch):
            made = verb(*args, **kwargs)
        self.steps.setdefault(name, " ".join(taken))
        return made


def told(world: make.World, clock_of: Any = None) -> Story:
    """The whole story. Ends with the legal clock shifted beyond the licenses' last day; without a clock before that."""
    other = make.exporter(world.ministry, "Elsewhere Co., Ltd.")

    def elsewhere(actor: Actor) -> Actor | None:
        """The same person in another company, or of another province; customs and the clock see everything, and policy
        officers of every province."""
        if actor.kind == "exporter" or actor.roles & {"policy_officer", "policy_approver"}:
            return replace(actor, organization=other.organization)
        return replace(actor, province="33") if actor.kind == "ministry" else None

    step = Story(elsewhere)
    _people(step, world)
    _company(step, world)
    signed = _declarations(step, world)
    _applications(step, world, signed)
    _policy(step, world.ministry, world.exporter)
    _pools(step, world.ministry)
    step(follows.follow, code="1C909", by=world.exporter)
    follows.follow(code="1C910", by=world.exporter)
    step(follows.unfollow, code="1C909", by=world.exporter)
    stopped = make.World(world.ministry, world.customs, make.exporter(world.ministry, "Stopped Co., Ltd."))
    stopped.license(kilograms=100)
    _standing(step, stopped)
    _shipments(step, world, clock_of)
    return step


def _people(step: Story, world: make.World) -> None:
    boss, m = world.exporter, world.ministry
    step(people.add_member, email="new@firm.example", name="New", roles=["clerk"], by=boss)
    people.add_member(email="came@firm.example", name="Came", roles=["clerk"], by=boss)
    came = {"name": "Came", "password": "a-long-enough-secret-7"}
    step(people.accept_invitation, boss.organization_id, "came@firm.example", **came)
    people.add_member(email="gone@firm.example", name="Gone", roles=["clerk"], by=boss)
    step(people.withdraw_invitation, email="gone@firm.example", by=boss)
    waiting = Delivery.objects.filter(line__facts__email="gone@firm.example").get()
    step(people.send_again, waiting.pk, by=m.admin)
    step(people.end_delivery, waiting.pk, reason="Withdrawn", by=m.admin)
    member = Membership.objects.get(user=make.colleague(boss, "clerk").user)
    step(people.change_member, member.pk, roles=["viewer"], by=boss)
    step(people.choose_language, language="en", by=boss)
    key, _text = step(people.create_key, name="Key", scopes=["licenses:read"], days=1, by=boss)
    step(people.revoke_key, key.pk, by=boss)
    step(people.open_office, name_en="Customs, Tianjin", name_zh="天津海关", by=m.admin)
    office = m.office.pk
    grant = step(
        people.propose_officer, email="o@m.example", name="O", organization_id=office, roles=["auditor"], by=m.admin
    )
    step(people.confirm_grant, grant.pk, by=m.other_admin)
    step(people.propose_roles, Membership.objects.get(user=m.auditor.user).pk, roles=["auditor"], by=m.admin)


def _company(step: Story, world: make.World) -> None:
    """A newcomer is verified half a year ago; asks for the annual channel today, in vain, then with success."""
    with demo.earlier(180):
        newcomer = _verified(step, world)
    decider, pk = world.ministry.decider, newcomer.organization_id
    day, seen_ = {"first_day": legal_today(), "last_day": legal_today()}, make.annual_seen
    paper = {"file": ("paper.pdf", demo.pdf("Paper")), "by": newcomer}
    step(qualifications.file_audit, audited_on=legal_today(), **paper)
    wrong, right = (step(qualifications.file_record, number=12, **day, **paper).pk for _ in range(2))
    step(qualifications.refuse_record, pk, seen=seen_(pk), which=wrong, reason="Unreadable", by=decider)
    step(qualifications.ask, seen=seen_(pk), by=newcomer)
    step(qualifications.decline, pk, seen=seen_(pk), reason="Records are missing", by=decider)
    step(qualifications.accept_record, pk, seen=seen_(pk), which=right, reason="Compared", by=decider)
    qualifications.ask(seen=seen_(pk), by=newcomer)
    step(qualifications.grant, pk, seen=seen_(pk), papers_seen=True, by=decider)
    make.as_of_old(newcomer, province="")
    step(exporters.state_province, province="36", by=newcomer)
    _changes(step, world, newcomer)
    party = demo.party(newcomer, "Works", "DE", "Motors")
    step(exporters.change_party, party.ref, version=1, name="Works AG", by=newcomer)


def _changes(step: Story, world: make.World, newcomer: Actor) -> None:
    """It names another handler, and asks for another name, which it withdraws, and twice for another address."""
    pk, intake = newcomer.organization_id, world.ministry.intake
    contacts = {
        "customs_code": "3601234567",
        "main_manager": "Li Na",
        "handler": "Wu Di",
        "handler_phone": "0797 812 3456",
    }
    step(changes.restate, seen=seen(pk), **contacts, by=newcomer)
    asks = {"reason": "Renamed", "paper": ("paper.pdf", demo.pdf("Paper")), "by": newcomer}
    step(changes.ask_change, seen=seen(pk), name_en="Latecomer Co., Ltd.", **asks)
    step(changes.withdraw_change, seen=seen(pk), by=newcomer)
    make.asked(newcomer, address="2 Road")
    step(changes.decline_change, pk, reason="Another paper, please", by=intake)
    make.asked(newcomer, address="2 Road")
    step(changes.accept_change, pk, by=intake)


def _verified(step: Story, world: make.World) -> Actor:
    newcomer, intake = make.exporter(None, "Newcomer Co., Ltd."), world.ministry.intake
    certificate = ("business-license.pdf", demo.pdf("Business license"))
    names = dict.fromkeys(("legal_representative", "main_manager", "handler"), "Li Na")
    names["handler_phone"] = "0797 812 3456"
    facts = {"seen": make.seen(newcomer.organization_id), "address": "1 Road", "province": "36", **names}
    step(exporters.describe, by=newcomer, business_license=certificate, **facts)
    step(exporters.submit, seen=make.seen(newcomer.organization_id), by=newcomer)
    step(exporters.send_back, newcomer.organization_id, reason="Mend the address", by=intake)
    exporters.submit(seen=make.seen(newcomer.organization_id), by=newcomer)
    step(exporters.verify, newcomer.organization_id, by=intake)
    return newcomer


def _declarations(step: Story, world: make.World) -> Any:
    boss, reviewer = world.exporter, world.ministry.reviewer
    row = world.declaration(verified=False)
    step(declarations.query, row.ref, reason="Who signed?", by=reviewer)
    step(declarations.answer, row.ref, text="See", files=[("c.pdf", demo.pdf("card"))], by=boss)
    declarations.query(row.ref, seen=seen(row.ref), reason="May he?", by=reviewer)
    step(declarations.redo, row.ref, changes=["signature"], reason="The director will sign.", by=boss)
    row = world.declaration(verified=False)
    case = world.under_review(world.application(by_whom=[row]))
    step(declarations.reject, row.ref, reason="Another form", by=reviewer)
    new = demo.declaration(boss, row.end_user, ["1C905.a.4"], "CIV_AUTO", "motors")
    step(applications.redeclare, case, declaration=new.ref, by=boss)
    facts = {name: getattr(row, name) for name in declarations.FIELDS}
    items = [item.control_item for item in row.items.all()]
    row = declarations.draft(by=boss, items=items, **facts)
    step(declarations.change, row.ref, version=1, by=boss, items=items, **facts)
    signature = {"certificate": ("c.pdf", demo.pdf("x")), "signer_name": "J", "signer_post": "Head"}
    step(declarations.attach_signed, row.ref, by=boss, signed_on=legal_today(), **signature)
    step(declarations.submit, row.ref, by=boss)
    intake = world.ministry.intake
    step(declarations.receive_original, row.ref, on=legal_today(), by=intake)
    step(declarations.miss_original, row.ref, reason="It was another one.", by=intake)
    _inquiries(step, world)
    return step(declarations.verify, row.ref, quantity_fit=True, by=reviewer)


def _inquiries(step: Story, world: make.World) -> None:
    reviewer, decider = world.ministry.reviewer, world.ministry.decider
    said = {"description": "Magnets", "files": [("sheet.pdf", demo.pdf("sheet"))], "by": world.exporter}
    row = step(inquiries.ask, **said)
    answer = {"item": "1C905.a.4", "reason": "They contain dysprosium.", "by": reviewer}
    step(inquiries.propose_sign, row.ref, **answer)
    step(inquiries.drop_sign, row.ref, reason="Which grade?", by=decider)
    inquiries.propose_sign(row.ref, seen=seen(row.ref), **answer)
    step(inquiries.sign, row.ref, by=decider)
    step(inquiries.withdraw, make.inquiry(world).ref, by=world.exporter)


def _standing(step: Story, world: make.World) -> None:
    """A company closes its account; one with a license is stopped, and reinstated."""
    m, pk = world.ministry, world.exporter.organization_id
    leaver = make.exporter(m, "Leaving Co., Ltd.")
    step(closing.close, seen=make.seen(leaver.organization_id), by=leaver)
    order = {"number": "2026-7", "provision": make.PROVISION, "reason": "Its records are looked into"}
    step(standing.suspend, pk, **order, by=m.decider)
    step(standing.reinstate, pk, reason="They are in order", by=m.other_decider)
    facts = {"number": "P-9", "provision": make.PROVISION, "reason": "It sold to somebody else"}
    facts |= {"last_day": legal_today() + timedelta(days=30)}
    step(standing.propose_bar, pk, **facts, by=m.other_decider)
    step(standing.drop_bar, pk, reason="Not yet", by=m.other_decider)
    make.bar_proposed(world, by=m.other_decider)
    step(standing.bar, pk, by=m.decider)


def _applications(step: Story, world: make.World, signed: Any) -> None:
    boss, m = world.exporter, world.ministry
    ref = world.application(by_whom=[signed])
    paper = step(applications.add_document, ref, type="other", file=("x.pdf", demo.pdf("x")), by=boss)
    step(applications.remove_document, ref, paper.pk, by=boss)
    draft = applications.Draft(kind="annual", end_users=[signed])
    other = step(applications.start, draft=draft, by=boss)
    step(applications.change, other.ref, draft, version=other.version, by=boss)
    step(applications.withdraw, other.ref, by=boss)
    waits = world.application(by_whom=[signed])
    applications.submit(waits, seen=seen(waits), by=boss)
    step(applications.submit, ref, by=boss)
    step(copies.copy_case, ref, by=boss)
    like = [world.application(kind="per_shipment", by_whom=[signed]) for _ in range(2)]
    for one in like:
        applications.submit(one, seen=seen(one), by=boss)
    step(merges.merge, like, by=boss)
    step(supplements.request_supplement, ref, points=["The test report"], by=m.intake)
    step(supplements.resubmit, ref, answers={1: supplements.Answer("Attached.")}, by=boss)
    step(receipts.accept, ref, by=m.intake)
    step(decisions.assign, ref, by=m.reviewer)
    in_two_weeks = legal_today() + timedelta(days=14)
    step(questions.ask, ref, text="Why?", about=["quantity"], due_on=in_two_weeks, by=m.reviewer)
    questions.ask(ref, text="Where?", about=["ports"], due_on=in_two_weeks, by=m.reviewer)
    why, where = Application.objects.get(ref=ref).questions.values_list("pk", flat=True)
    step(questions.answer, ref, question=why, files=[("x.pdf", demo.pdf("x"))], final=True, by=boss)
    step(questions.read_answer, ref, question=why, by=m.reviewer)
    step(questions.close_question, ref, question=where, reason="Found it", by=m.reviewer)
    step(consultations.consult, ref, cause="expert", notice="An institute looks at it.", by=m.reviewer)
    step(consultations.end_consult, ref, by=m.reviewer)
    users = [user.pk for user in Application.objects.get(ref=ref).end_users.all()]
    result = {"end_users": users, "hit": "none", "list_version": "6 May 2026", "screened_on": legal_today()}
    step(screenings.screen, ref, **result, by=m.reviewer)
    step(decisions.recommend, ref, outcome="approve", by=m.reviewer)
    step(decisions.send_back, ref, reason="Less", by=m.decider)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    step(decisions.approve, ref, by=m.decider)
    step(decisions.reopen, ref, reason="News", by=world.ministry.other_decider)
    decisions.recommend(ref, seen=seen(ref), outcome="approve", by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    step(decisions.issue, ref, by=m.decider)
    bad = world.under_review(world.application(by_whom=[signed]))
    decisions.recommend(bad, seen=seen(bad), outcome="refuse", factors=["END_USE"], text="No.", by=m.reviewer)
    step(intents.intend, bad, factors=["END_USE"], text="No.", days=5, by=m.decider)
    decisions.send_back(bad, seen=seen(bad), reason="Ask first", by=m.decider)
    decisions.recommend(bad, seen=seen(bad), outcome="refuse", factors=["END_USE"], text="No.", by=m.reviewer)
    intents.intend(bad, seen=seen(bad), factors=["END_USE"], text="No.", days=5, by=m.decider)
    step(intents.respond, bad, text="See", files=[("x.pdf", demo.pdf("x"))], by=boss)
    step(decisions.refuse, bad, factors=["END_USE"], text="No.", departure="Doubts.", by=m.decider)
    _contested(step, world, bad, signed)
    _hit(step, world, ref, signed)


def _hit(step: Story, world: make.World, ref: str, signed: Any) -> None:
    """A hit that was found in a case which has ended is resolved on the license."""
    boss, m, license = world.exporter, world.ministry, License.objects.get(application__ref=ref)
    found = world.under_review(world.application(by_whom=[signed]))
    demo.screened(found, m.reviewer, hit="possible", reason="A like name")
    applications.withdraw(found, reason="No order", by=boss)
    facts = {"end_user": license.end_users.get().pk, "hit": "none", "list_version": "6 May 2026"}
    step(screenings.resolve, license.ref, reason="Another address", by=m.reviewer, **facts)


def _contested(step: Story, world: make.World, bad: str, signed: Any) -> None:
    """The refusal of this case is upheld; of a second one, which another officer takes, quashed; of a third changed."""
    boss, m = world.exporter, world.ministry
    worse = world.under_review(world.application(by_whom=[signed]))
    no = {"factors": ["END_USE"], "text": "No."}
    decisions.recommend(worse, seen=seen(worse), outcome="refuse", by=m.reviewer, **no)
    decisions.refuse(worse, seen=seen(worse), departure="Doubts.", by=m.decider, **no)
    step(reconsiderations.serve, worse, by=boss)
    step(reconsiderations.reconsider, worse, grounds="It is known.", files=[("x.pdf", demo.pdf("x"))], by=boss)
    step(reconsiderations.admit, worse, by=m.reconsiderer)
    step(reconsiderations.extend, worse, reason="An expert is heard", by=m.reconsiderer)
    step(reconsiderations.quash, worse, text="Nobody asked the end-user.", by=m.reconsiderer)
    decisions.assign(worse, seen=seen(worse), by=m.other_decider)
    reconsiderations.reconsider(bad, seen=seen(bad), grounds="It is known.", by=boss)
    reconsiderations.admit(bad, seen=seen(bad), by=m.reconsiderer)
    step(reconsiderations.uphold, bad, by=m.reconsiderer, **no)
    lucky = world.under_review(world.application(by_whom=[signed]))
    decisions.recommend(lucky, seen=seen(lucky), outcome="refuse", by=m.reviewer, **no)
    decisions.refuse(lucky, seen=seen(lucky), departure="Doubts.", by=m.decider, **no)
    reconsiderations.reconsider(lucky, seen=seen(lucky), grounds="It is known.", by=boss)
    reconsiderations.admit(lucky, seen=seen(lucky), by=m.reconsiderer)
    step(reconsiderations.change, lucky, text="It is known now.", by=m.reconsiderer)


def _policy(step: Story, m: make.Ministry, company: Actor) -> None:
    """Groups of destinations that no rule names come and go: no outcome is another."""

    words = {"statement_en": "A group more.", "statement_zh": "增加一组。", "by": m.policy_officer}

    def added(name: str) -> Draft:
        row = editions.draft(title=name, by=m.policy_officer)
        group = {"name": name, "en": name, "zh": name, "countries": ["DE"]}
        facts = {"part": "groups", "key": "", "row": group, "by": m.policy_officer}
        editions.change(row.ref, seen=seen(row.ref), **facts)
        return editions.describe(row.ref, seen=seen(row.ref), title_en=name, title_zh="一组", starts_on=None, **words)

    ref = step(editions.draft, title="A group", by=m.policy_officer).ref
    row = {"name": "EAST", "en": "East", "zh": "东", "countries": ["JP"]}
    step(editions.change, ref, part="groups", key="", row=row, by=m.policy_officer)
    text = Draft.objects.get(ref=ref).text.encode()
    step(editions.load, ref, file=("rules.json", text), by=m.policy_officer)
    step(
        editions.describe,
        ref,
        title_en="A group",
        title_zh="一组",
        starts_on=legal_today() + timedelta(days=3_000),
        **words,
    )
    step(simulations.simulate, ref, by=m.policy_officer)
    asked = Simulation.objects.get(draft__ref=ref).pk
    step(simulations.take, asked, by=clock())
    step(simulations.keep, asked, result={}, book_at=legal_now(), newest=0, by=clock())
    simulations.simulate(ref, seen=seen(ref), by=m.policy_officer)
    step(simulations.stop, ref, by=m.policy_officer)
    make.simulated(ref, m.policy_approver)
    step(comments.publish, ref, until=legal_today() + timedelta(days=9), by=m.policy_officer)
    step(comments.comment, ref, text="Later, please", by=company)
    step(comments.withdraw, ref, by=m.policy_officer)
    step(editions.approve, ref, by=m.policy_approver)
    step(editions.repeal, ref, reason="Not now", by=m.other_approver)
    facts = {"kind": "announced", "dated": legal_today(), "instruments": ["A57-2025"]}
    told = step(notices.publish, text_en="Prolonged.", text_zh="延长。", by=m.policy_officer, **facts)
    step(notices.withdraw, told.ref, reason="Not yet", by=m.policy_officer)
    west = step(editions.hasten, added("WEST").ref, reason="At once", by=m.policy_approver)
    step(editions.unsign, west.ref, by=m.policy_approver)
    shown = added("SOUTH").ref
    make.simulated(shown, m.policy_officer)
    comments.publish(shown, seen=seen(shown), until=legal_today() + timedelta(days=9), by=m.policy_officer)
    comments.comment(shown, text="Later, please", by=company)


def _pools(step: Story, m: make.Ministry) -> None:
    """A national quota is opened, and stopped when its books do not agree; a change of it is refused."""
    until = legal_today() + timedelta(days=9)
    scope = pools.Scope("Q-DY", "content", legal_today(), until, element="Dy", destinations=["AQ"])
    terms = {"cap": 0, "from_day": legal_today(), "reason": "For the year", "by": m.policy_officer}
    opening = step(pools.propose_opening, scope=scope, **terms)
    step(pools.approve, opening.pk, seen=version(opening), by=m.policy_approver)
    pool = QuotaPool.objects.get(ref="Q-DY")
    change = step(pools.propose_change, pool.ref, seen=version(pool), **terms)
    step(pools.refuse, change.pk, seen=version(change), reason="Too little", by=m.policy_approver)
    QuotaPool.objects.filter(pk=pool.pk).update(opened_on=legal_today() - timedelta(days=1))
    step(pools.check, whole=True, by=clock())
    QuotaPool.objects.filter(pk=pool.pk).update(opened_on=legal_today())
    step(pools.thaw, pool.ref, seen=version(pool), reason="It was a slip", by=m.decider)


def _shipments(step: Story, world: make.World, clock_of: Any) -> None:
    boss, decider = world.exporter, world.ministry.decider
    used, ending = world.license(kilograms=10), world.license(kilograms=100)
    asked = world.request(used, 10 * KG)
    held = step(shipments.reserve, asked, by=boss)
    step(licenses.warn_of_use, used.pk, by=clock())
    held = step(shipments.receive, world.message(held.ref, grams=10 * KG), by=world.customs)
    step(reports.depart, held.shipment.ref, departed_on=legal_today(), by=boss)
    proof = ("proof.pdf", demo.pdf("Received"))
    step(reports.deliver, held.shipment.ref, delivered_on=legal_today(), proof=proof, by=boss)
    _customs(step, world, held)
    strange = shipments.receive(world.message(make.unknown("SH")), by=world.customs).incidents[0]
    step(incidents.take, strange.ref, by=decider)
    step(incidents.note, strange.ref, text="Mistyped", by=decider)
    step(incidents.end, strange.ref, reason="Sent again", by=decider)
    off = world.shipment(ending, KG)
    step(shipments.cancel, off.ref, by=boss)
    rows = [bulk.Row("row", "0" * 64, asked)]  # its reference was used
    step(bulk.reserve_many, rows=rows, atomic=False, instance="", by=boss)
    job = step(bulk.order, rows=rows, language="en", instance="", by=boss)
    step(bulk.work, job.pk, by=clock())
    job = bulk.order(rows, language="en", instance="", by=boss)
    step(bulk.fail, job.pk, by=clock())
    step(bulk.cancel, job.ref, by=boss)
    # the first of the files stays shown, and has a page of its own; the second leads on to what was booked
    sheets.show("more.csv", SHEET + b"\n", foresee(rows, instance="", by=boss), language="en", by=boss)
    found = Foreseen(1, {}, [])  # as long as its reference was free
    of_file = step(sheets.show, name="po.csv", content=SHEET, found=found, language="en", by=boss)
    shown = {"read": of_file.digest, "shown": of_file.digest, "atomic": False, "language": "en", "instance": ""}
    step(sheets.confirm, of_file.ref, rows, **shown, by=boss)
    forgotten = world.shipment(ending, KG)
    silent_about = world.shipment(ending, KG)
    world.clear(silent_about.ref, KG)
    step(licenses.suspend, ending.ref, reason="Inspection", by=decider)
    another, cause = world.ministry.other_decider, ending.suspensions.get().pk
    step(licenses.lift, ending.ref, suspension=cause, reason="Cleared up", by=another)
    step(licenses.freeze, ending.pk, by=clock())
    frozen = ending.suspensions.get(ended_at=None).pk
    licenses.lift(ending.ref, seen=seen(ending.ref), suspension=frozen, reason="Agrees", by=another)
    found = {"kind": "site_visit", "outcome": "discrepancy", "went": "Two officers", "note": "Half of it is not there."}
    found |= {"made_on": legal_today(), "shipment": silent_about.ref, "files": [("report.pdf", demo.pdf("x"))]}
    step(visits.record_visit, ending.ref, **found, by=world.ministry.reviewer)
    hit = enforcement.Query(end_user=ending.end_users.get().party.ref)
    for verb, officer in ((enforcement.suspend, decider), (enforcement.lift, another)):
        shown = {one.license.ref: one.version for one in enforcement.hits(hit, officer)}
        step(verb, hit, shown=shown, reason="Diverted goods", by=officer)
    false = world.declaration()
    said = {"ground": "forged", "reason": "The stamp is another's."}
    step(invalidations.propose_invalidate, false.ref, **said, by=world.ministry.reviewer)
    step(invalidations.drop_invalidate, false.ref, reason="It is theirs", by=decider)
    invalidations.propose_invalidate(false.ref, seen=seen(false.ref), **said, by=world.ministry.reviewer)
    step(invalidations.invalidate, false.ref, by=decider)
    step(declarations.expire, world.declaration().pk, by=clock())  # which is not due, and looked at
    _ends(step, world)
    _plain(step, world)
    if clock_of is None:
        return
    silent = world.application(by_whom=[world.declaration()])
    applications.submit(silent, seen=seen(silent), by=boss)
    incomplete = world.application(by_whom=[world.declaration()])
    applications.submit(incomplete, seen=seen(incomplete), by=boss)
    supplements.request_supplement(incomplete, points=["The contract"], by=world.ministry.intake)
    waits = world.under_review(world.application(by_whom=[world.declaration()]))
    no = {"factors": ["END_USE"], "text": "No."}
    decisions.recommend(waits, seen=seen(waits), outcome="refuse", by=world.ministry.reviewer, **no)
    decisions.refuse(waits, seen=seen(waits), departure="Doubts.", by=decider, **no)
    reconsiderations.reconsider(waits, seen=seen(waits), grounds="It is known.", by=boss)
    asked = world.under_review(world.application(by_whom=[world.declaration()]))
    in_two_weeks = legal_today() + timedelta(days=14)
    questions.ask(asked, text="Why?", about=["ports"], due_on=in_two_weeks, by=world.ministry.reviewer)
    LegalDay.objects.filter(day__gt=in_two_weeks).delete()
    calendar_file.fill()  # where the table ended there is a last day again: whose case is open, is told
    unused = world.declaration()
    clock_of.shift(days=9)
    step(reports.warn_of_report, silent_about.pk, by=clock())
    clock_of.shift(days=360)
    newcomer = Exporter.objects.get(organization__name_en="Newcomer Co., Ltd.").pk
    seen_of = make.annual_seen(newcomer)
    step(qualifications.renew, newcomer, seen=seen_of, papers_seen=True, by=decider)
    step(signals.signal, Application.objects.get(ref=asked).pk, by=clock())
    step(signals.signal, Application.objects.get(ref=waits).pk, by=clock())
    step(questions.no_answer, Application.objects.get(ref=asked).pk, by=clock())
    step(supplements.lapse, Application.objects.get(ref=incomplete).pk, by=clock())
    step(receipts.accept_by_law, Application.objects.get(ref=silent).pk, by=clock())
    step(licenses.warn_of_end, ending.pk, by=clock())
    step(reports.warn_of_report, silent_about.pk, by=clock())
    step(shipments.lapse, forgotten.pk, by=clock())
    turned = Application.objects.get(ref=asked)
    here = {"match": {"destination.country": ["DE"]}, "applies_to": ["pending"]}
    make.edition(lambda rules, _: rules["R033"].update(here))
    step(turns.turn, turned.pk, by=clock())
    License.objects.filter(pk=ending.pk).update(judged_by=None)
    step(verdicts.confirm, among=[ending.pk])
    step(verdicts.turn, ending.pk, by=clock())
    _holds(ending, turned)
    clock_of.shift(days=400)
    step(licenses.expire, ending.pk, by=clock())
    declarations.expire(unused.pk, by=clock())
    barred = Exporter.objects.get(organization__name_en="Stopped Co., Ltd.").pk
    step(standing.end_bar, barred, by=clock())
    step(qualifications.lapse, boss.organization_id, by=clock())
    _windows(step, world.ministry)


def _ends(step: Story, world: make.World) -> None:
    """The ministry ends a license, which one decider proposes, takes back and proposes anew; a second countersigns."""
    m = world.ministry
    punished = make.World(m, world.customs, make.exporter(m, "Punished Co., Ltd."))
    license = punished.license(kilograms=10)
    step(revocations.propose_revoke, license.ref, **make.ENDING, by=m.other_decider)
    step(revocations.drop_revoke, license.ref, reason="Not yet", by=m.other_decider)
    make.end_proposed(world, license, m.other_decider, **make.heard())
    step(revocations.revoke, license.ref, by=m.decider)
    step(copies.copy_license, license.ref, by=punished.exporter)
    step(renewals.renew, make.ends_in(world.license(kilograms=10), 100).ref, by=world.exporter)
    amended = step(amendments.amend, world.license(kilograms=10).ref, by=world.exporter).ref
    make.asking(Application.objects.get(ref=amended))
    make.demo.under_review(world.exporter, amended, m)
    decisions.recommend(amended, seen=make.seen(amended), outcome="approve", months=12, by=m.reviewer)
    decisions.approve(amended, seen=make.seen(amended), by=m.decider)
    decisions.issue(amended, seen=make.seen(amended), by=m.decider)
    step(licenses.surrender, world.license(kilograms=10).ref, by=world.exporter)


def _customs(step: Story, world: make.World, used: shipments.Receipt) -> None:
    """Customs asks, rejects, corrects, and sees goods come back; officers answer, close out and decide."""

    def say(ref: str, event: str, grams: int = 0, **facts: Any) -> shipments.Receipt:
        lines = [shipments.ClearedLine(1, grams, "kg")] if grams else []
        return shipments.receive(world.message(ref, event, lines=lines, **facts), by=world.customs)

    decider, license = world.ministry.decider, world.license(kilograms=100)
    asked, silent, back = (world.shipment(license, 10 * KG).ref for _ in range(3))
    say(asked, "questioned", reason="Are these magnets?")
    step(officers.answer, asked, reason="They are", by=world.ministry.reviewer)
    say(asked, "rejected")
    at_the_counter = world.message(silent, "declared")
    step(shipments.report, at_the_counter, told="", seen=seen(silent), by=world.customs)
    step(officers.close_out, silent, reason="Customs does not come back", by=decider)
    say(back, "cleared", 10 * KG)
    for verb in (officers.approve_return, officers.decline_return):
        say(back, "returned", 5 * KG, reimport_no="530120269000000001")
        which = Return.objects.get(decided_at=None).pk
        step(verb, back, which=which, reason="Seen at the port", by=decider)
    assert used.shipment
    corrects = used.message.message_id
    say(used.shipment.ref, "corrected", 9 * KG, corrects=corrects, reason="Weighed again")  # its license is not used up


def _holds(license: License, case: Application) -> None:
    """A hold begins to stand on a license and on an open case, and ends."""
    words = {"reason_en": "Talks go on.", "reason_zh": "磋商进行中。", "owner": "Bureau of Export Control"}
    match = {"destination.country": ["DE"]}
    hold = {"id": "H001", "from": str(legal_today()), "until": None, "match": match, "reservations": True, **words}
    for name, holds in (("HOLDS", [hold]), ("HOLDS NO MORE", [])):
        make.edition(lambda rules, document, holds=holds: document.update(holds=holds), name)
        turns.turn(case.pk, by=clock())
        verdicts.turn(license.pk, by=clock())


def _windows(step: Story, m: make.Ministry) -> None:
    """A suspension ends in 20 days; then none does; then it ends after all."""
    first, last = legal_today() + timedelta(days=1), legal_today() + timedelta(days=20)
    days = {"suspended_from": str(first), "suspended_until": str(last)}
    window = {"instrument": "A58-2025", "clause": None, "by": "A70-2025", **days}

    def suspend(rules: dict[str, Any], document: dict[str, Any]) -> None:
        document["windows"].append(window)

    make.edition(suspend, "SUSPENDS")
    step(windows.warn, m.office.pk, f"A58-2025 - {first}", last, by=clock())
    warning = WindowWarning.objects.get().pk
    make.edition(lambda rules, document: None, "SUSPENDS NOTHING")
    step(windows.review, warning, by=clock())
    make.edition(suspend, "SUSPENDS AGAIN")
    windows.review(warning, by=clock())


def _plain(step: Story, world: make.World) -> None:
    """Each step of a page that was not told, and needs no more than a reason, happens to a row that offers it."""
    people = [world.exporter, *(actor for actor in vars(world.ministry).values() if isinstance(actor, Actor))]
    for one in (one for table in steps._steps.values() for one in table.values()):
        wants = set(inspect.signature(one.action).parameters) if one.action else {"nothing"}
        if not wants <= {"ref", "seen", "reason", "by"} or step.name(one.action) in step.steps:
            continue
        offers = ((row, who) for who in people for row in one.page.rows(who) if one.verb in open_verbs(row, who))
        row, who = next(offers)
        reason = {"reason": "Why it is so"} if "reason" in wants else {}
        step(one.action, row.ref, **reason, by=who)
