"""What the texts show: the story, and beside it a row of each kind with all that it may say filled in."""

import csv
import io
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.urls import resolve

from config.local import demo
from core import access
from core import actions as people
from core.invitations import one_time_link, token
from core.legal_time import LEGAL_ZONE, legal_today
from core.models import Country, Delivery, Mail, Membership, Role, User
from exporters import actions as exporters
from exporters.models import Exporter, Qualification
from licensing.actions import (
    amendments,
    applications,
    comments,
    consultations,
    decisions,
    declarations,
    editions,
    intents,
    invalidations,
    licenses,
    merges,
    questions,
    receipts,
    reconsiderations,
    renewals,
    simulations,
    supplements,
)
from licensing.actions.drafts import Draft, LineDraft
from licensing.loading import first_document
from licensing.models import Application, ApplicationDocument, ControlItem, Declaration, License, QuotaPool
from shipments import actions as shipments
from shipments.actions import bulk, closing, incidents, qualifications, sheets
from shipments.actions.foreseeing import foresee
from shipments.api.reading import read_sheet
from tests import make, story
from tests.api.test_bulk import COLUMNS
from tests.clock import Clock
from tests.make import seen
from tests.ticks import tick

BEGIN = datetime(2026, 11, 17, 10, tzinfo=LEGAL_ZONE)  # a Tuesday
LATER = [datetime(*day, 10, tzinfo=LEGAL_ZONE) for day in ((2026, 12, 2), (2027, 1, 5), (2027, 12, 1))]
NAMES = ("intake", "reviewer", "decider", "other_decider", "auditor", "admin", "other_admin")
NAMES += ("policy_officer", "policy_approver", "other_approver", "reconsiderer", "other_reconsiderer")
KG = 1000


@dataclass
class Told:
    """people: who looks, by what he is; more: references of rows that are shown beside the first of each state; links:
    what the addresses take that only a mail carries; keys: of programs."""

    world: make.World
    people: dict[str, access.Actor]
    more: list[str]
    links: dict[str, dict[str, str]]
    keys: dict[str, str]
    clock: Clock


def told(clock: Clock) -> Told:
    ministry, customs = make.ministry(), make.customs()
    for name in NAMES:
        _call(getattr(ministry, name), name.replace("_", " ").title())
    world = make.World(ministry, customs, make.exporter(ministry))
    boss, m = world.exporter, ministry
    _call(boss, "Signatory")
    clerk, viewer = (make.colleague(boss, role) for role in ("clerk", "viewer"))
    _call(clerk, "Clerk")
    _call(viewer, "Viewer")
    everything = (Role.INTAKE, Role.REVIEWER, Role.DECIDER)
    provincial = demo.person("provincial", "Provincial", m.office, *everything)
    Membership.objects.filter(user=provincial.user).update(province="33")
    story.told(world)
    make.notice(m)
    make.notice(m, kind="no_change", instruments=["A18-2025", "A1-2026"], text_en="Nothing is known.\nWe look on.")
    more = [*_cases(world), *_licenses(world), *_ends(world), *_special(world), *_drafts(world)]
    newcomer, waits, returned, nowhere = _companies(world)
    stopped, theirs = _stopped(world)
    (barred, theirs_too), (proposed, _) = _barred(world)
    more += [*theirs, theirs_too, Exporter.objects.get(pk=proposed.organization_id).ref]
    more += _annual(world)
    more += _files(world)
    more += _quotas(m)
    _teams(world)
    port = access.Actor(customs.user, customs.organization, roles=frozenset({"customs"}))
    nobody = User.objects.create_user("gone@demo.example", "a-long-enough-secret-7", name="Gone")
    seers = {"signatory": boss, "clerk": clerk, "viewer": viewer}
    seers |= {name: getattr(m, name) for name in ("reviewer", "intake", "decider", "other_decider", "auditor", "admin")}
    seers |= {name: getattr(m, name) for name in ("policy_officer", "policy_approver", "reconsiderer")}
    seers |= {"provincial": replace(provincial, province="33"), "customs": port}
    seers |= {"newcomer": newcomer, "waits": waits, "returned": returned, "of no province": nowhere}
    seers |= {"stopped": stopped, "closed": _closed(world), "barred": barred}
    seers |= {"newcomer's clerk": make.colleague(newcomer, "clerk")}
    seers |= {"of no organization": access.actor_for_user(nobody), "anonymous": access.NOBODY}
    keys = {"exporter's key": make.key(boss, *make.EXPORTER_SCOPES), "customs' key": make.key(port, "customs:confirm")}
    return Told(world, seers, more, _links(world), keys, clock)


def _quotas(m):
    """One that is stopped, one that waits for its second person, and one that everybody reads of."""
    make.pool(m, "Q-STOPPED", element="Tb", destinations=["AQ"])
    QuotaPool.objects.filter(ref="Q-STOPPED").update(frozen=True)
    make.pool(m, "Q-PUBLIC", element="Sm", destinations=["AQ"], public=True)
    make.pool_change(m, "Q-WAITS", element="Gd", destinations=["AQ"])
    return ["Q-STOPPED", "Q-PUBLIC", "Q-WAITS"]


def _drafts(world):
    """Three that ban an item to a country: simulated and approved; shown to all; and signed once as an emergency."""
    m = world.ministry
    rule = {row["id"]: row for row in first_document()["rules"]}["R033"]
    match = {"item.control_code_prefix": ["1C905"], "destination.country": ["JP"]}
    ban = rule | {"id": "R050", "match": match, "applies_to": ["new", "pending", "existing"]}
    words = {
        "title_en": "No dysprosium to Japan",
        "title_zh": "镝不得出口日本",
        "statement_en": "Banned.",
        "statement_zh": "禁止。",
    }
    rows = [editions.draft(title="No dysprosium to Japan", by=m.policy_officer) for _ in range(3)]
    for number, row in enumerate(rows):
        facts = {"part": "rules", "key": "", "row": ban, "by": m.policy_officer}
        editions.change(row.ref, seen=seen(row.ref), **facts)
        day = legal_today() + timedelta(days=2_000 - number)
        editions.describe(row.ref, seen=seen(row.ref), starts_on=day, by=m.policy_officer, **words)
        make.simulated(row.ref, m.policy_officer)
    first, second, third = rows
    editions.approve(first.ref, seen=seen(first.ref), by=m.policy_approver)
    until = legal_today() + timedelta(days=30)
    comments.publish(second.ref, seen=seen(second.ref), until=until, by=m.policy_officer)
    comments.comment(second.ref, text="Twelve months, please.", by=world.exporter)
    make.simulated(second.ref, m.policy_officer)
    simulations.simulate(second.ref, seen=seen(second.ref), by=m.policy_officer)
    editions.hasten(third.ref, seen=seen(third.ref), reason="At once", by=m.policy_approver)
    return [second.ref, third.ref]


def _links(world):
    somebody = User.objects.create_user("forgot@demo.example", "a-long-enough-secret-7", name="Forgot")
    invitation = {"token": token(world.exporter.organization_id, "invited@firm.example")}
    unproved = EmailAddress.objects.create(user=somebody, email="new@b.example")
    reset = resolve(urlsplit(one_time_link(somebody)).path).kwargs
    Mail.objects.create(sender="a@b.example", recipients="c@d.example", subject="A subject", body="Two\nlines")
    return {
        "invitation.link": invitation,
        "account_reset_password_from_key": reset,
        "account_confirm_email": {"key": EmailConfirmationHMAC(unproved).key},
        "api.verify": {"ref": License.objects.order_by("pk").values_list("ref", flat=True)[0]},
    }


def _call(actor: access.Actor, name: str) -> None:
    actor.user.name = name
    actor.user.save(update_fields=["name"])


def _companies(world):
    """One that only joined, one that waits to be verified, one that is to mend something, one without a province that
    may ask for the annual channel."""
    newcomer, waits, returned = (make.exporter(None, f"{name} Co., Ltd.") for name in ("Joined", "Waiting", "Returned"))
    for actor, name in ((newcomer, "Newcomer"), (waits, "Waits"), (returned, "Returned")):
        _call(actor, name)
    demo.send_company(waits)
    pk = demo.send_company(returned)
    exporters.send_back(pk, seen=seen(pk), reason="Another address, please", mend=["address"], by=world.ministry.intake)
    nowhere = make.exporter(world.ministry, "Nowhere Co., Ltd.", qualified=False)
    _call(nowhere, "Nowhere")
    make.as_of_old(nowhere, province="")
    return newcomer, waits, returned, nowhere


def _stopped(world):
    """A company that is suspended while it waits for another name, and the references of its license and open case."""
    boss = make.exporter(world.ministry, "Stopped Co., Ltd.")
    _call(boss, "Stopped")
    mine = make.World(world.ministry, world.customs, boss)
    license = mine.license(kilograms=100)
    case = mine.under_review(mine.application(by_whom=[mine.declaration()]))
    make.asked(boss)
    make.stopped(mine)
    return boss, [license.ref, case]


def _barred(world):
    """Companies that are barred, and that may be soon."""
    for name, bar in (("Barred", make.barred), ("Proposed", make.bar_proposed)):
        boss = make.exporter(world.ministry, f"{name} Co., Ltd.")
        mine = make.World(world.ministry, world.customs, boss)
        mine.under_review(mine.application(by_whom=[mine.declaration()]))
        bar(mine)
        yield boss, Application.objects.filter(exporter=boss.organization_id).get().ref


def _closed(world):
    """A company that left."""
    boss = make.exporter(world.ministry, "Closed Co., Ltd.")
    _call(boss, "Closed")
    closing.close(seen=seen(boss.organization_id), by=boss)
    return replace(boss, roles=frozenset({Role.VIEWER}))


def _annual(world):
    """Two companies ask for the annual channel: a record of one waits, the other meets the test; of those that have it
    the last weeks have come. The references of one that meets it and of one to renew."""
    m, file, days = world.ministry, ("paper.pdf", demo.pdf("A paper")), timedelta(days=1)
    for name in ("Asking", "Ready"):
        asks = make.exporter(m, f"{name} Co., Ltd.", qualified=False)
        pk = asks.organization_id
        qualifications.file_audit(file=file, audited_on=legal_today() - 30 * days, by=asks)
        facts = {"number": 12, "first_day": legal_today() - 90 * days, "last_day": legal_today() - days}
        record = qualifications.file_record(file=file, by=asks, **facts)
        if name == "Ready":
            said = {"which": record.pk, "reason": "Compared"}
            qualifications.accept_record(pk, seen=make.annual_seen(pk), by=m.decider, **said)
        qualifications.ask(seen=make.annual_seen(pk), by=asks)
    granted = Qualification.objects.filter(state="granted").order_by("pk")
    granted.update(last_day=legal_today() + 30 * days)
    return [Qualification.objects.get(pk=pk).ref, granted.last().ref]


def _teams(world):
    boss, m = world.exporter, world.ministry
    for scopes, days in ((("applications:read", "licenses:read"), 30), (("shipments:read", "shipments:write"), 3)):
        people.create_key(name=f"Key {days}", scopes=list(scopes), days=days, by=boss)
    people.add_member(email="invited@firm.example", name="Li Na", roles=["clerk", "viewer"], by=boss)
    people.propose_officer(
        email="p@m.example", name="P", organization_id=m.office.pk, roles=["intake"], by=m.other_admin
    )
    failed = Delivery.objects.filter(delivered_at=None, ended_at=None).order_by("-pk")[0]
    Delivery.objects.filter(pk=failed.pk).update(to="a@b.example", error="550 No such user", refused=True, tries=3)
    Delivery.objects.filter(pk=failed.pk).update(failed_at=failed.due_at)


def rich(world, *, kind="annual", kilograms=(60_000, 1_500), users=2, sent=True, verified=True) -> str:
    """An application that says all that one may: two goods, two end-users, ports, remarks."""
    boss, codes = world.exporter, ["1C905.a.4", "1C904.a.4"]
    signed = []
    for number in range(users):
        country, product = [("DE", "traction motors"), ("JP", "compressors")][number]
        user = exporters.add_party(
            by=boss,
            name=make.unique("End-user "),
            name_local="星野自動車株式会社",
            country=Country.objects.get(pk=country),
            address="2 Example Street",
            site_address="Plant 2",
            nature="commercial",
            business="Passenger cars",
            registration_no="HRB 4711",
            email="office@end-user.example",
        )
        row = demo.declaration(boss, user, codes, "CIV_AUTO", product)
        if verified:
            declarations.verify(row.ref, seen=seen(row.ref), quantity_fit=True, by=world.ministry.reviewer)
        signed.append(Declaration.objects.get(pk=row.pk))
    items = {item.code: item for item in ControlItem.objects.filter(code__in=codes)}
    goods = zip(codes, ("NdFeB magnets N42SH, Dy 3.2 %", "NdFeB magnets N38UH, Tb 1.1 %"), kilograms, strict=False)
    today = legal_today()
    row = applications.start(
        Draft(
            kind=kind,
            lines=[
                LineDraft(
                    items[code],
                    words,
                    kg * KG,
                    items[code].unit,
                    "85051110",
                    unit_price=demo.PRICE,
                    composition=demo.usual(items[code]),
                    composition_basis="measured",
                    purity=Decimal("99.5"),
                    **demo.MADE,
                )
                for code, words, kg in goods
            ],
            end_users=signed,
            consignees=[row.end_user for row in signed],
            ports=["CNSHA", "CNNGB"],
            contract_no="K-RICH",
            contract_value=Decimal("1500000.00"),
            payment_terms="30 % in advance, the rest against documents",
            currency="CNY",
            contract_on=today - timedelta(days=30),
            planned_from=today,
            planned_until=today + timedelta(days=300),
            purpose="sale",
            red_flag="none",
            trade_mode="ordinary",
            transport_mode="sea",
            remarks="Line one.\nLine two <b>&amp;</b>.",
        ),
        by=boss,
    )
    if sent:
        for type_ in (*ApplicationDocument.NEEDED, "other"):
            file = (f"{type_}.pdf", demo.pdf(type_))
            applications.add_document(row.ref, type=type_, file=file, by=boss)
    return row.ref


def _cases(world):
    """Cases beside the story's, one in each stage; their references."""
    boss, m = world.exporter, world.ministry
    fortnight = legal_today() + timedelta(days=14)
    empty = applications.start(Draft(kind="annual"), by=boss).ref
    half = rich(world, sent=False)
    applications.add_document(half, type="contract", file=("contract.pdf", demo.pdf("contract")), by=boss)
    single = rich(world, kind="per_shipment", kilograms=(3_000,), users=1)

    def filed(**facts):
        ref = rich(world, **facts)
        applications.submit(ref, seen=seen(ref), by=boss)
        return ref

    waits = filed()
    like = [filed(kind="per_shipment", kilograms=(3_000,), users=1) for _ in range(4)]
    merged = merges.merge(like[2:], by=boss).ref
    incomplete = filed()
    supplements.request_supplement(incomplete, points=["The test report", "The contract, signed"], by=m.intake)
    completed = filed()
    supplements.request_supplement(completed, points=["The test report", "The contract, signed"], by=m.intake)
    file = ("report.pdf", demo.pdf("report"))
    answers = {1: supplements.Answer("Attached.", [file]), 2: supplements.Answer("It is signed\non page 3.")}
    supplements.resubmit(completed, answers=answers, by=boss)
    accepted = filed()
    receipts.accept(accepted, by=m.intake)
    turned_away = filed()
    receipts.not_accept(turned_away, reason="No controlled goods", by=m.intake)
    withdrawn = filed()
    applications.withdraw(withdrawn, reason="The order was cancelled", by=boss)

    def reviewed(**facts):
        return world.under_review(rich(world, **facts))

    taken = filed()  # whose end-users are not screened yet
    receipts.accept(taken, by=m.intake)
    decisions.assign(taken, seen=seen(taken), by=m.reviewer)
    unverified, rejected = filed(verified=False, users=1), filed(verified=False)
    no = Application.objects.get(ref=rejected).end_users.order_by("pk")[0].declaration.ref
    declarations.reject(no, seen=seen(no), reason="Another form", by=m.reviewer)
    whose = Declaration.objects.get(ref=no).end_user
    demo.declaration(boss, whose, ["1C905.a.4", "1C904.a.4"], "CIV_AUTO", "traction motors")
    leaver = demo.person("leaver", "Leaver", m.office, Role.REVIEWER)
    left = world.under_review(rich(world), by=leaver)
    Membership.objects.filter(user=leaver.user).update(roles=[Role.AUDITOR])
    hit = reviewed()
    demo.screened(hit, m.reviewer, hit="watch_list", reason="Entry 12: the same address")
    paused = reviewed()
    consultations.consult(paused, cause="expert", notice="An institute looks at it.", by=m.reviewer)
    asked = reviewed()
    for text, about in (("Why so much?", ["quantity", "contract"]), ("Which port?", ["ports"]), ("Who?", ["ports"])):
        questions.ask(asked, text=text, about=about, due_on=fortnight, by=m.reviewer)
    why, which, who = Application.objects.get(ref=asked).questions.order_by("pk").values_list("pk", flat=True)
    questions.answer(asked, question=why, text="In part", files=[("a.pdf", demo.pdf("a"))], by=boss)
    again = {"text": "And the rest?", "about": ["contract"], "due_on": fortnight + timedelta(days=1)}
    questions.ask(asked, question=why, by=m.reviewer, **again)
    questions.answer(asked, question=which, text="Shanghai", final=True, by=boss)
    questions.close_question(asked, seen=seen(asked), question=who, reason="Found it", by=m.reviewer)
    questions.ask(asked, text="By which ship?", about=["other"], due_on=fortnight, by=m.reviewer)
    doubted = _declarations(world, single)
    make.answer_proposed(world)
    make.answered(world)
    asked_what = make.inquiry(
        world, composition={"Dy": "0.032"}, hs_code="85051110", files=[("sheet.pdf", demo.pdf("sheet"))]
    )
    drafts, sent = [empty, half, single], [waits, unverified, rejected, completed]
    return [
        like[0],
        merged,
        doubted,
        *drafts,
        *sent,
        accepted,
        taken,
        left,
        hit,
        paused,
        asked,
        asked_what.ref,
        *_decided(world, reviewed),
    ]


def _declarations(world, ref):
    """One begun, one signed, one sent, one asked about, one taken back to be signed anew, one invalid, one that is
    proposed to be."""
    like = Application.objects.get(ref=ref).end_users.get().declaration
    facts = {name: getattr(like, name) for name in declarations.FIELDS}
    items = [item.control_item for item in like.items.all()]
    begun = [declarations.draft(by=world.exporter, items=items, **facts).ref for _ in range(7)]
    signature = {"certificate": ("c.pdf", demo.pdf("x")), "signer_name": "J. Brandt", "signer_post": "Head"}
    for row in begun[1:]:
        day = legal_today() - timedelta(days=10)
        declarations.attach_signed(row, seen=seen(row), by=world.exporter, signed_on=day, **signature)
    for row in begun[2:]:
        declarations.submit(row, seen=seen(row), by=world.exporter)
    asked, anew, invalid, doubted = begun[3:]
    for row in (anew, asked):
        declarations.query(row, seen=seen(row), reason="Who is the signer?", by=world.ministry.reviewer)
    said = {"text": "See the card.", "files": [("card.pdf", demo.pdf("card"))]}
    declarations.answer(asked, seen=seen(asked), by=world.exporter, **said)
    declarations.query(asked, seen=seen(asked), reason="May he sign alone?", by=world.ministry.reviewer)
    declarations.redo(anew, seen=seen(anew), changes=["signature"], reason="The director signs.", by=world.exporter)
    for row in (invalid, doubted):
        declarations.verify(row, seen=seen(row), quantity_fit=True, by=world.ministry.reviewer)
        said = {"ground": "forged", "reason": "The stamp is not that of the company."}
        invalidations.propose_invalidate(row, seen=seen(row), by=world.ministry.reviewer, **said)
    invalidations.invalidate(invalid, seen=seen(invalid), by=world.ministry.decider)
    declarations.receive_original(doubted, seen=seen(doubted), on=legal_today(), by=world.ministry.intake)
    return doubted


def _decided(world, reviewed):
    m = world.ministry

    def cut(**facts):
        ref = reviewed(**facts)
        first = Application.objects.get(ref=ref).end_users.order_by("pk")[0].pk
        decisions.recommend(
            ref,
            seen=seen(ref),
            outcome="approve",
            quantities_={1: 20_000 * KG},
            end_users=[first],
            months=6,
            max_clearances=12,
            conditions=["DELIVERY_PROOF_30D", "NO_RESALE"],
            text="Less than asked: the contract covers less.",
            note="Look at the plant next year.",
            by=m.reviewer,
        )
        return ref

    recommended, approved = cut(), cut()
    decisions.approve(approved, seen=seen(approved), text="Granted in part.", by=m.decider)
    doubted, refused, announced, heard = reviewed(), reviewed(), reviewed(), reviewed()
    no = {"outcome": "refuse", "factors": ["END_USE"], "text": "Its use is not known.", "note": "Ask the embassy."}
    for ref in (doubted, refused, announced, heard):
        decisions.recommend(ref, seen=seen(ref), by=m.reviewer, **no)
    for ref in (announced, heard):
        intents.intend(ref, seen=seen(ref), factors=["END_USE"], text="Its use\nis not known.", days=5, by=m.decider)
    intents.respond(heard, text="It is for\nmotors.", files=[("a.pdf", demo.pdf("a"))], by=world.exporter)
    decisions.refuse(
        refused,
        seen=seen(refused),
        factors=["END_USE"],
        text="Its use is not known.",
        departure="Doubts.",
        by=m.decider,
    )
    contested, begun, upheld, quashed, changed, admitted = (_contested(world, reviewed()) for _ in range(6))
    for ref in (begun, upheld, quashed, changed, admitted):
        reconsiderations.admit(ref, seen=seen(ref), by=m.reconsiderer)
    reconsiderations.extend(begun, seen=seen(begun), reason="An expert\nis heard.", by=m.reconsiderer)
    said = {"text": "The declaration\nsays nothing of it.", "by": m.reconsiderer}
    reconsiderations.uphold(upheld, seen=seen(upheld), factors=["END_USE", "END_USER"], **said)
    reconsiderations.quash(quashed, seen=seen(quashed), **said)
    back = cut()
    decisions.send_back(back, seen=seen(back), reason="Ask for the contract", by=m.decider)
    reopened = cut()
    decisions.approve(reopened, seen=seen(reopened), by=m.decider)
    decisions.reopen(reopened, seen=seen(reopened), reason="News of the end-user", by=m.other_decider)
    issued = cut()
    decisions.approve(issued, seen=seen(issued), text="Granted in part.", by=m.decider)
    decisions.issue(issued, seen=seen(issued), usable_from=legal_today() + timedelta(days=7), by=m.decider)
    less = {"quantities_": {1: 20_000 * KG}, "conditions": ["NO_RESALE"], "departure": "Their letter."}
    reconsiderations.change(changed, seen=seen(changed), **said, **less)
    again = [contested, begun, upheld, quashed, changed, admitted]
    return [recommended, approved, doubted, refused, announced, heard, *again, back, reopened, issued]


def _contested(world, ref):
    no = {"factors": ["END_USE"], "text": "Its use is not known."}
    decisions.recommend(ref, seen=seen(ref), outcome="refuse", by=world.ministry.reviewer, **no)
    decisions.refuse(ref, seen=seen(ref), departure="Doubts.", by=world.ministry.decider, **no)
    file = ("letter.pdf", demo.pdf("letter"))
    said = {"grounds": "It is known:\nsee the letter.", "files": [file]}
    reconsiderations.reconsider(ref, seen=seen(ref), by=world.exporter, **said)
    return ref


def _licenses(world):
    """Licenses beside the story's and what was shipped under them; their references."""
    boss, m = world.exporter, world.ministry
    future = Application.objects.filter(state="issued").order_by("-pk")[0].license
    ref = world.under_review(rich(world))
    decisions.recommend(ref, seen=seen(ref), outcome="approve", months=12, max_clearances=5, by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    used = decisions.issue(ref, seen=seen(ref), by=m.decider)
    both = [shipments.LineRequest(1, 2_000 * KG, "kg"), shipments.LineRequest(2, 100 * KG, "kg")]
    made = [world.shipment(used, lines=both) for _ in range(5)]
    reserved, declared, part, over, off = (row.ref for row in made)
    shipments.receive(world.message(declared, "declared"), by=world.customs)
    lines = [shipments.ClearedLine(1, 500 * KG, "kg")]
    shipments.receive(world.message(part, final=False, lines=lines), by=world.customs)
    shipments.receive(world.message(over, grams=1_995 * KG), by=world.customs)
    shipments.receive(world.message(over, grams=5 * KG), by=world.customs)  # after the last one
    shipments.depart(over, departed_on=legal_today(), by=boss)
    shipments.cancel(off, by=boss)
    shipments.receive(world.message(off, grams=KG), by=world.customs)  # its reservation is gone
    suspended = world.license(kilograms=100)
    held = world.shipment(suspended, KG)
    shipments.receive(world.message(held.ref, grams=120 * KG), by=world.customs)  # more than there was
    licenses.suspend(suspended.ref, seen=seen(suspended.ref), reason="Inspection", by=m.decider)
    late = shipments.receive(world.message(held.ref, "declared"), by=world.customs)
    for incident in late.incidents[:1]:
        incidents.take(incident.ref, seen=seen(incident.ref), by=m.reviewer)
        incidents.note(incident.ref, text="Called the port.\nThey look.", by=m.reviewer)
    after = _after_clearance(world)
    listed = world.license(kilograms=100, users=2)  # a hit closes one of its end-users, and the case of it has ended
    case = world.under_review(world.application(by_whom=[listed.end_users.last().declaration]))
    demo.screened(case, m.reviewer, hit="possible", reason="Entry 12:\nthe same address")
    applications.withdraw(case, reason="No order", by=boss)
    return [future.ref, used.ref, suspended.ref, listed.ref, reserved, part, over, off, held.ref, *after]


def _ends(world):
    """Licenses of which one may be handed back, and one was; that one ends is proposed, and one has ended, each with
    goods under way: their references."""
    free, given, proposed, ended, old = (world.license(kilograms=100) for _ in range(5))
    kept = world.shipment(old, 10 * KG).ref
    changed = make.asking(amendments.amend(old.ref, seen=seen(old.ref), by=world.exporter)).ref
    demo.under_review(world.exporter, changed, world.ministry)
    decisions.recommend(changed, seen=seen(changed), outcome="approve", months=12, by=world.ministry.reviewer)
    decisions.approve(changed, seen=seen(changed), by=world.ministry.decider)
    new = decisions.issue(changed, seen=seen(changed), by=world.ministry.decider)
    again = amendments.amend(new.ref, seen=seen(new.ref), by=world.exporter).ref
    licenses.surrender(given.ref, seen=seen(given.ref), reason="Sold elsewhere.", by=world.exporter)
    under_way = []
    for license in (proposed, ended):
        declared, reserved = world.shipment(license, 20 * KG).ref, world.shipment(license, 10 * KG).ref
        shipments.receive(world.message(declared, "declared"), by=world.customs)
        under_way += [declared, reserved]
    hearing = {"end_reason": "penalty", "hearing": ("hearing.pdf", demo.pdf("Heard")), "heard_on": legal_today()}
    make.end_proposed(world, proposed, world.ministry.other_decider, **hearing)
    make.ended(world, ended)
    amended = [old.ref, kept, changed, new.ref, again]
    soon, late = (make.ends_in(world.license(kilograms=100), days) for days in (120, 30))
    renewal = renewals.renew(late.ref, seen=seen(late.ref), by=world.exporter).ref
    return [free.ref, given.ref, proposed.ref, ended.ref, *under_way, *amended, soon.ref, late.ref, renewal]


def _special(world):
    """What is forbidden but under special circumstances: a draft, a case that waits for its decision, a license in
    force, and a draft of the usual kind for its end-user."""
    waits, license, m = world.listed(world.special()), world.exception(), world.ministry
    decisions.recommend(waits, seen=seen(waits), outcome="approve", acknowledged=tick(waits), by=m.reviewer)
    usual = world.application(kind="per_shipment", by_whom=[license.end_users.get().declaration])
    return [world.special(), waits, license.ref, license.application.ref, usual]


def _after_clearance(world):
    """Shipments that customs asked about, and that it corrected and saw come back in part; their references."""
    license = world.license(kilograms=1_000)
    asked, back = world.shipment(license, 10 * KG).ref, world.shipment(license, 400 * KG).ref
    shipments.receive(world.message(asked, "questioned", reason="Are these\nmagnets?"), by=world.customs)
    cleared = world.clear(back, 400 * KG)
    facts = {"corrects": cleared.message.message_id, "reason": "Weighed again"}
    lines = [shipments.ClearedLine(1, 390 * KG, "kg")]
    shipments.receive(world.message(back, "corrected", lines=lines, **facts), by=world.customs)
    lines, number = [shipments.ClearedLine(1, 100 * KG, "kg")], "530120269000000001"
    shipments.receive(world.message(back, "returned", lines=lines, reimport_no=number), by=world.customs)
    return [asked, back]


def _files(world):
    """A file that waits, with a good row and some that are not, and a job of which nothing is booked yet."""
    license = License.objects.filter(exporter_id=world.exporter.organization_id, state="active").earliest("pk")
    lines = csv.DictWriter(text := io.StringIO(newline=""), COLUMNS.split(",")[1:], extrasaction="ignore")
    lines.writeheader()
    said = [{}, {"quantity": "=1+1"}, {"quantity": "9999999"}, {"unit": "lb"}, {"planned_on": "28/11/2026"}]
    for number, changes in enumerate(said):
        body = world.body(license, "1.000", client_reference=f"Row {number}")
        lines.writerow(body | body["lines"][0] | changes)
    content = text.getvalue().encode()
    rows = read_sheet(content, "")[1]
    named = {"language": "en", "by": world.exporter}
    found = foresee(rows, instance="", by=world.exporter)
    return [
        sheets.show(name="orders.csv", content=content, found=found, **named).ref,
        bulk.order(rows, instance="", **named).ref,
    ]
