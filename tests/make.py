"""Builders with honest defaults. Each goes through the verbs that people use: no test starts in an impossible state."""

import copy
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from stdnum.cn import uscc

from config.local import demo
from core import references
from core.access import Actor
from core.actions import issue_key
from core.history import version
from core.legal_time import legal_now, legal_today
from core.models import Organization, Role, User
from exporters import actions as exporters
from exporters.actions import changes
from exporters.models import Exporter, Qualification
from licensing.actions import (
    applications,
    decisions,
    declarations,
    inquiries,
    notices,
    pools,
    receipts,
    revocations,
    simulations,
    standing,
)
from licensing.granted import Tolerance
from licensing.loading import first_document
from licensing.models import (
    Application,
    ApplicationEndUser,
    Declaration,
    Draft,
    Inquiry,
    License,
    LicenseEndUser,
    Notice,
    PolicyEdition,
    PoolChange,
    QuotaPool,
    Signature,
    Simulation,
)
from licensing.models.balances import LicenseLine
from licensing.policy.editions import canonical, digest_of
from licensing.policy.engine import ENGINE
from licensing.selectors import editions_at
from shipments import actions as shipments
from shipments import needs
from shipments.holdings import Holdings
from shipments.looks import Need
from shipments.models import Shipment
from tests.again import again
from tests.ticks import tick

CIRCUMSTANCES = "A hospital in the plant's town has no other maker of the magnets of its scanners."
serial = itertools.count(10_001)  # (no name is part of a code, a reference or another name)
seen, annual_seen = demo.seen, demo.annual_seen


def unique(prefix: str) -> str:
    return f"{prefix}{next(serial)}"


def credit_code(number: int) -> str:
    body = f"91360700MA{number:07d}"
    return body + uscc.calc_check_digit(body)


@dataclass
class Ministry:
    office: Organization
    intake: Actor
    reviewer: Actor
    decider: Actor
    other_decider: Actor
    auditor: Actor
    admin: Actor
    other_admin: Actor
    policy_officer: Actor
    policy_approver: Actor
    other_approver: Actor
    reconsiderer: Actor
    other_reconsiderer: Actor


@again
def ministry() -> Ministry:
    office = Organization.objects.create(kind="ministry", name_en="Bureau of Export Control", name_zh="出口管制局")

    def officer(*roles: str) -> Actor:
        return demo.person(unique("officer"), unique("Officer "), office, *roles)

    return Ministry(
        office,
        officer(Role.INTAKE),
        officer(Role.REVIEWER),
        officer(Role.DECIDER),
        officer(Role.DECIDER, Role.REVIEWER),
        officer(Role.AUDITOR),
        officer(Role.ADMIN),
        officer(Role.ADMIN),
        officer(Role.POLICY_OFFICER),
        officer(Role.POLICY_APPROVER),
        officer(Role.POLICY_APPROVER),
        officer(Role.RECONSIDERER),
        officer(Role.RECONSIDERER),
    )


def both_policies(world: "World") -> Actor:
    """An officer who may both propose and approve."""
    office = world.ministry.office
    return demo.person(unique("officer"), unique("Officer "), office, Role.POLICY_OFFICER, Role.POLICY_APPROVER)


def customs() -> Actor:
    office = Organization.objects.create(kind="customs", name_en="Customs, Shanghai")
    user = demo.person(unique("customs"), "Gateway", office, Role.CUSTOMS).user
    return Actor(user, office, scopes=frozenset({"customs:confirm"}))


@again
def exporter(
    officers: Ministry | None = None, name: str = "Lanting Magnetics Co., Ltd.", *, qualified: bool = True
) -> Actor:
    """A signatory of a new exporter; verified, and qualified for annual licenses, when officers are given."""
    if not officers:
        return _joined(name)
    with demo.earlier(180):  # an account as old as the test asks
        actor = _joined(name)
        pk = demo.send_company(actor)
        exporters.verify(pk, seen=seen(pk), by=officers.intake)
    if qualified:
        demo.qualified(actor, officers)
    return actor


def _joined(name: str) -> Actor:
    with transaction.atomic():
        return demo.exporter(unique("signatory"), unique("Signatory "), name, "兰汀磁材", _body(), "36")


def _body() -> str:
    return credit_code(next(serial))[:17]


def asking(change: Application) -> Application:
    """The draft of a change asks for something, which stands in its remarks alone."""
    change.remarks = "One more clearance, please."
    change.save(update_fields=["remarks"])
    return change


def ends_in(row: License, days: int) -> License:
    """The license, whose last day comes in so many days, as it is then."""
    today = legal_today()
    last = {"usable_from": min(row.usable_from, today + timedelta(days)), "usable_until": today + timedelta(days)}
    License.objects.filter(pk=row.pk).update(**last)
    LicenseLine.objects.filter(license=row.pk).update(**last)
    return License.objects.get(pk=row.pk)


def colleague(of: Actor, *roles: str) -> Actor:
    return demo.person(unique("colleague"), unique("Colleague "), of.organization, *roles)


def key(of: Actor, *scopes: str, days: int = 30) -> str:
    with transaction.atomic():
        return issue_key(name="Test", scopes=list(scopes), days=days, by=of)[1]


EXPORTER_SCOPES = ("applications:read", "licenses:read", "shipments:read", "shipments:write")


@dataclass
class World:
    ministry: Ministry
    customs: Actor
    exporter: Actor
    made: dict[str, Any] = field(default_factory=dict)
    grade: dict[str, str] = field(default_factory=dict)

    @again
    def declaration(
        self, *, country: str = "DE", codes: tuple[str, ...] = ("1C905.a.4",), verified: bool = True
    ) -> Declaration:
        end_user = demo.party(self.exporter, unique("End-user "), country, "Motors")
        row = demo.declaration(self.exporter, end_user, list(codes), "CIV_AUTO", "traction motors")
        if not verified:
            return row
        return declarations.verify(row.ref, seen=seen(row.ref), quantity_fit=True, by=self.ministry.reviewer)

    @again
    def application(
        self,
        *,
        kind: str = "annual",
        kilograms: int = 60_000,
        code: str = "1C905.a.4",
        by_whom: list[Declaration] | None = None,
        **said: Any,
    ) -> str:
        """A complete draft; its reference. said: what it says otherwise."""
        signed = by_whom or [self.declaration(codes=(code,))]
        goods = [(code, "NdFeB magnets N42SH, Dy 3.2 %", kilograms)]
        return demo.application(self.exporter, kind, goods, signed, unique("K-"), self.grade, **said)

    @again
    def special(self, **said: Any) -> str:
        """A complete draft that asks for a license under special circumstances; its reference."""
        ref = self.application(**{"kind": "special", "kilograms": 500, "circumstances": CIRCUMSTANCES} | said)
        demo.paper(self.exporter, ref, "circumstances", "A letter of the Red Cross")
        return ref

    @again
    def listed(self, ref: str, hit: str = "control_list") -> str:
        """Filed, accepted, taken by the reviewer, who found its end-users on a list of parties."""
        applications.submit(ref, seen=seen(ref), by=self.exporter)
        receipts.accept(ref, by=self.ministry.intake)
        decisions.assign(ref, seen=seen(ref), by=self.ministry.reviewer)
        demo.screened(ref, self.ministry.reviewer, hit=hit, reason="Entry CL-0001: the same register number.")
        return ref

    @again
    def exception(self, **said: Any) -> License:
        """An active license under special circumstances, whose end-user is on the control list."""
        ref, m = self.listed(self.special(**said)), self.ministry
        decisions.recommend(ref, seen=seen(ref), outcome="approve", acknowledged=tick(ref), by=m.reviewer)
        decisions.approve(ref, seen=seen(ref), departure="Spare parts of a hospital.", by=m.decider)
        return decisions.issue(ref, seen=seen(ref), by=m.decider)

    @again
    def under_review(self, ref: str, by: Actor | None = None) -> str:
        """Filed, accepted, and taken by an officer: the reviewer unless another is named."""
        return demo.under_review(self.exporter, ref, self.ministry, by)

    @again
    def license(
        self,
        *,
        kind: str = "annual",
        kilograms: int = 60_000,
        users: int = 1,
        allotted: Sequence[int] = (),
        **granted: Any,
    ) -> License:
        """An active license issued today. granted: what was recommended; allotted: base units of line 1 by end-user."""
        signed = [self.declaration() for _ in range(users)]
        ref = self.application(kind=kind, kilograms=kilograms, by_whom=signed)
        asked = ApplicationEndUser.objects.filter(application__ref=ref).order_by("pk")
        granted["allotments"] = {(1, user.pk): part for user, part in zip(asked, allotted, strict=False) if part}
        return demo.issued(self.exporter, ref, self.ministry, signed, **granted)

    @again
    def asked_apart(self) -> str:
        """A complete draft of two lines: a German end-user declared the first, a Japanese one the second."""
        codes = ("1C905.a.4", "1C904.a.4")
        signed = [self.declaration(codes=codes[:1]), self.declaration(country="JP", codes=codes[1:])]
        goods = [(code, "NdFeB magnets", 100) for code in codes]
        return demo.application(self.exporter, "annual", goods, signed, unique("K-"), self.grade)

    @again
    def apart(self) -> License:
        """The license of it, active."""
        return demo.issued(self.exporter, self.asked_apart(), self.ministry, [])

    def request(self, license: License, grams: int = 1_000_000, **changes: Any) -> shipments.ShipmentRequest:
        user = whom(license, changes)
        facts: dict[str, Any] = {
            "license": license.ref,
            "client_reference": unique("PO-"),
            "end_user": user.party.ref,
            "consignee": license.consignees.order_by("pk")[0].ref,
            "destination": user.destination,
            "port": "CNSHA",
            "planned_on": min(legal_today(), license.usable_until),
            "lines": [shipments.LineRequest(1, grams, "kg")],
        }
        return shipments.ShipmentRequest(**facts | changes)

    @again
    def shipment(self, license: License, grams: int = 1_000_000, **changes: Any):
        made = shipments.reserve(self.request(license, grams, **changes), by=self.exporter)
        return Shipment.objects.select_related("license").get(ref=made.ref)

    def message(self, shipment_ref: str, event: str = "cleared", grams: int = 0, **changes: Any) -> shipments.Message:
        number = next(serial)
        facts: dict[str, Any] = {
            "message_id": f"GAC-{number}",
            "event": event,
            "shipment": shipment_ref,
            "declaration_no": f"5301202{number:08d}",
            "declared_at": legal_now(),
            "cleared_at": legal_now() + timedelta(seconds=1) if event == "cleared" else None,
            "final": event == "cleared",
            "lines": [shipments.ClearedLine(1, grams, "kg")] if event == "cleared" else [],
            "body": {"reason": changes["reason"]} if "reason" in changes else {},
            "fingerprint": "",
        }
        return shipments.Message(**facts | changes)

    @again
    def clear(self, shipment_ref: str, grams: int, **changes: Any) -> shipments.Receipt:
        return shipments.receive(self.message(shipment_ref, grams=grams, **changes), by=self.customs)

    def body(self, license: License, quantity: str = "1000.000", **changes: Any) -> dict[str, Any]:
        """The JSON of a shipment request."""
        user = whom(license, changes)
        return {
            "license": license.ref,
            "client_reference": unique("PO-"),
            "end_user": user.party.ref,
            "consignee": license.consignees.order_by("pk")[0].ref,
            "destination": user.destination,
            "port": "CNSHA",
            "planned_on": legal_today().isoformat(),
            "lines": [{"license_line": 1, "quantity": quantity, "unit": "kg"}],
        } | changes


def whom(license: License, said: dict[str, Any]) -> LicenseEndUser:
    """The end-user of the license that is said, else, or where he is none of it, the first."""
    users = list(license.end_users.select_related("party").order_by("pk"))
    return next((one for one in users if one.party.ref == said.get("end_user")), users[0])


def taken(
    license: License, party: int, grams: int, *, dry: bool = False, listed: bool = False, **changes: Any
) -> dict[str, Any]:
    """What the ledger's own function says of a request for the first line, for that end-user and consignee. listed: as
    the version before asked it."""
    line = {"line": 1, "quantity": grams, "unit": "g", "hs": "", "value": None}
    whom = {"license": license.pk, "end_user": party, "consignee": party, "destination": "DE", "port": "CNSHA"}
    request = whom | {"planned_on": legal_today().isoformat(), "lines": [line]} | changes
    with connection.cursor() as cursor:
        cursor.execute("SELECT ledger_take(%s::jsonb, %s)", [json.dumps([request] if listed else request), dry])
        outcome = json.loads(cursor.fetchone()[0])
    return dict(*outcome) if listed else dict(outcome)


def told(function: str, license: License, *lines: dict[str, Any], **more: Any) -> None:
    """That function of the ledger does what it is told of a shipment, as its owner."""
    request = {"license": license.pk, "shipment": 0, "shipment_ref": "", "end_user": 0, "lines": lines} | more
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s::jsonb)", [json.dumps(request)])


def another_handler(exporter: Actor) -> None:
    """Somebody else answers for this company from now on."""
    row = Exporter.objects.get(pk=exporter.organization_id)
    kept = {"customs_code": row.customs_code, "main_manager": row.main_manager, "handler_phone": row.handler_phone}
    changes.restate(seen=version(row), by=exporter, handler="Wu Di", **kept)


def needs_of(actor: Actor) -> list[Need]:
    """What needs the exporter now."""
    at = legal_now()
    return needs.needs_of(Holdings(actor, at, needs.sought(actor, at)))


def qualified_until(exporter: Actor) -> date:
    """The last day of the exporter's qualification."""
    return Qualification.objects.get(exporter=exporter.organization_id).last_day


def edition(
    change: Callable[[dict[str, Any], dict[str, Any]], Any], code: str = "NEXT", starts_at: datetime | None = None
) -> PolicyEdition:
    """From now on the rules are those of the first edition after `change(rules by their ids, the whole document)`."""
    document = copy.deepcopy(first_document())
    change({rule["id"]: rule for rule in document["rules"]}, document)
    return signed(canonical(document), code, starts_at or legal_now())


def as_of_old(actor: Actor, **facts: str) -> None:
    """The actor's company says what no verb writes of one that is verified: an earlier release did."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE exporters_exporter DISABLE TRIGGER USER")
        Exporter.objects.filter(pk=actor.organization_id).update(**facts)
        cursor.execute("ALTER TABLE exporters_exporter ENABLE TRIGGER USER; SET CONSTRAINTS ALL DEFERRED")


NEW_NAMES = {"name_en": "Lanting Rare Metals Co., Ltd.", "name_zh": "兰汀稀有金属"}


def asked(actor: Actor, reason: str = "Renamed", is_license: bool = True, **facts: str) -> Exporter:
    """The actor's company asks for these facts, other names when none is given, with a paper."""
    paper = ("new-license.pdf", demo.pdf("The new business license"))
    said = {
        "seen": seen(actor.organization_id),
        "reason": reason,
        "paper": paper,
        "is_license": is_license,
        "by": actor,
    }
    return changes.ask_change(**said, **facts or NEW_NAMES)


def renamed(actor: Actor, officers: Ministry, **facts: str) -> Exporter:
    """And an intake officer accepts it."""
    pk = asked(actor, **facts).pk
    return changes.accept_change(pk, seen=seen(pk), by=officers.intake)


PROVISION = "Export Control Law, as the order names it"


def stopped(world: World, number: str = "2026-7", reason: str = "Its records are looked into.") -> Exporter:
    """A decider suspends the world's company by an order."""
    pk = world.exporter.organization_id
    facts = {"number": number, "provision": PROVISION, "reason": reason}
    return standing.suspend(pk, seen=seen(pk), **facts, by=world.ministry.decider)


def reinstated(world: World, reason: str = "Its records are in order.") -> Exporter:
    """Another one ends that."""
    pk = world.exporter.organization_id
    return standing.reinstate(pk, seen=seen(pk), reason=reason, by=world.ministry.other_decider)


def bar_proposed(world: World, by: Actor | None = None, days: int = 30, number: str = "P-9") -> Exporter:
    """That the world's company is barred for so many days waits for its second decider."""
    pk, until = world.exporter.organization_id, legal_today() + timedelta(days=days)
    facts = {"number": number, "provision": PROVISION, "last_day": until, "reason": "It sold to somebody else."}
    return standing.propose_bar(pk, seen=seen(pk), **facts, by=by or world.ministry.decider)


def barred(world: World, days: int = 30) -> Exporter:
    """It is barred, by a decider and another one."""
    bar_proposed(world, days=days)
    pk = world.exporter.organization_id
    return standing.bar(pk, seen=seen(pk), by=world.ministry.other_decider)


def unsaid(license: License) -> License:
    """It is of before the form asked what goods contain."""
    LicenseLine.objects.filter(license=license).update(composition={})
    return license


def pool_change(officers: Ministry, ref: str = "Q-EU-DY", cap: float = 90_000, by: Actor | None = None, **scope: Any):
    """A national quota that waits for its second person: of this year and from today unless scope says otherwise."""
    year, public = legal_today().year, scope.pop("public", False)
    from_day = scope.pop("from_day", max(legal_today(), scope.get("period_from", legal_today())))
    facts = {"measure": "content", "element": "Dy", "period_from": date(year, 1, 1), "period_until": date(year, 12, 31)}
    return pools.propose_opening(
        pools.Scope(ref, **facts | scope),
        cap=round(cap * 1000),
        public=public,
        from_day=from_day,
        reason="For the year.",
        by=by or officers.policy_officer,
    )


def pool_approved(officers: Ministry, change: PoolChange) -> QuotaPool:
    pools.approve(change.pk, seen=version(change), by=officers.policy_approver)
    return QuotaPool.objects.get(ref=change.ref)


def pool(officers: Ministry, ref: str = "Q-EU-DY", cap: float = 90_000, **scope: Any) -> QuotaPool:
    """A national quota of contained dysprosium that two people opened."""
    return pool_approved(officers, pool_change(officers, ref, cap, **scope))


def tolerance(mode: str, percent: str) -> Tolerance:
    """The rules allow annual licenses this tolerance from now on."""
    share = str(Decimal(percent) / 100)
    params = {"qty_tolerance_mode": mode, "qty_tolerance_pct": share}
    edition(lambda rules, document: rules["R040"]["effect"]["params"].update(params), code=unique("TOL"))
    return Tolerance(mode, Decimal(percent))


def signed(text: str, code: str, starts_at: datetime) -> PolicyEdition:
    """An edition of that text, from any instant on, signed by three people as an emergency is."""
    at, digest = legal_now(), digest_of(text)
    facts = {"text": text, "digest": digest, "base": PolicyEdition.objects.latest("pk"), "created_at": at}
    draft = Draft.objects.create(ref=unknown(Draft.PREFIX), title_en=code, title_zh=code, **facts)
    for name in ("author", "approver", "other approver"):
        user, _ = User.objects.get_or_create(email=f"{name.replace(' ', '.')}@ministry.example", name=name)
        Signature.objects.create(draft=draft, part=name.split()[-1], actor=user, digest=digest, at=at)
    facts = {"code": code, "title_en": code, "title_zh": code, "engine": ENGINE, "starts_at": starts_at}
    return PolicyEdition.objects.create(text=text, digest=digest, draft=draft, **facts)


def repealed(edition: PolicyEdition) -> None:
    """Before its start, by the one that judged before it."""
    text = PolicyEdition.objects.get(code=editions_at(legal_now()).before(edition.starts_at)[0]).text
    at, digest = legal_now(), digest_of(text)
    for user in User.objects.filter(email__endswith="approver@ministry.example"):
        Signature.objects.create(draft=edition.draft, part="approver", actor=user, digest=digest, at=at)
    facts = {"engine": ENGINE, "starts_at": edition.starts_at, "draft": edition.draft, "repeals": edition}
    PolicyEdition.objects.create(
        code=f"{edition.code}-0", title_en="Repealed", title_zh="撤销", text=text, digest=digest, **facts
    )


ENDING = {
    "end_reason": "quash",
    "provision": "Administrative Licensing Law, as the letter names it",
    "reason": "The contract was forged.",
}


def heard() -> dict[str, Any]:
    """What a penalty says beside that: the record of the hearing, of today."""
    return {"end_reason": "penalty", "hearing": ("hearing.pdf", demo.pdf("Heard")), "heard_on": legal_today()}


def end_proposed(world: World, license: License, by: Actor | None = None, **said: Any) -> License:
    """That the ministry ends the license waits for its second decider."""
    facts = ENDING | said
    return revocations.propose_revoke(license.ref, seen=seen(license.ref), **facts, by=by or world.ministry.decider)


def ended(world: World, license: License, **said: Any) -> License:
    """The ministry has ended the license."""
    end_proposed(world, license, **said)
    return revocations.revoke(license.ref, seen=seen(license.ref), by=world.ministry.other_decider)


def inquiry(world: World, **said: Any) -> Inquiry:
    """A question of the world's exporter, what some goods are."""
    return inquiries.ask(**{"description": "Sintered magnets, grade N42SH"} | said, by=world.exporter)


def answer_proposed(
    world: World, row: Inquiry | None = None, item: str = "1C905.a.4", by: Actor | None = None
) -> Inquiry:
    """What its goods are, as a reviewer proposes it."""
    row = row or inquiry(world)
    said = {"item": item, "reason": "They contain dysprosium.", "by": by or world.ministry.reviewer}
    return inquiries.propose_sign(row.ref, seen=seen(row.ref), **said)


def answered(world: World, row: Inquiry | None = None, item: str = "1C905.a.4") -> Inquiry:
    row = answer_proposed(world, row, item)
    return inquiries.sign(row.ref, seen=seen(row.ref), by=world.ministry.decider)


def notice(officers: Ministry, **facts: Any) -> Notice:
    """A published notice about announcement 57, of today."""
    said = {"kind": "under_study", "dated": legal_today(), "instruments": ["A57-2025"]}
    words = {"text_en": "Whether it is prolonged is studied.", "text_zh": "正在研究是否延长。"}
    return notices.publish(**said | words | facts, by=officers.policy_officer)


def simulated(ref: str, by: Actor, **licenses: Any) -> None:
    """What a worker does with the draft's simulation, but for the figures, of which most tests read none."""
    simulations.simulate(ref, seen=seen(ref), by=by)
    row = Simulation.objects.filter(draft__ref=ref).latest("pk")
    at = legal_now()
    row.stage, row.book_at, row.newest = "done", at, editions_at(at).newest
    load = {"cases": [0, 0], "average": "0.0", "days": "0.0", "refs": {}}
    row.result = {"hash": "", "load": load, "exposure": {"old": [], "new": []}}
    row.result |= {part: {"entries": 0, "outcomes": []} for part in ("cases", "licenses", "shipments", "decided")}
    row.result["licenses"] |= licenses
    row.save()


def unknown(prefix: str = License.PREFIX) -> str:
    """A well-formed reference that nothing has."""
    return references.draw(prefix)
