"""The demo world itself: two exporters, their cases in every stage, and keys for programs."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction

from config.local.demo.cases import application, cleared, declaration, delivered, issued, party, shipped, under_review
from config.local.demo.people import (
    PASSWORD,
    Ministry,
    earlier,
    exporter,
    offices,
    person,
    qualified,
    seen,
    send_company,
)
from config.local.demo.regime import followed, open_for_comment, quotas, told_to_the_public
from core.access import Actor
from core.actions import issue_key
from core.checks import DEMO_DOMAIN
from core.legal_time import legal_today
from core.models import Membership, Role, User
from core.models.people import KEY_DAYS_MOST
from core.references import draw
from core.scopes import scopes_of
from exporters import actions as exporters
from licensing.actions import applications, decisions, questions
from licensing.models import About
from shipments.models import Shipment

# by grade, at most so much of the mass
N42, N38, N35, OXIDE = {"Dy": "0.021"}, {"Dy": "0.018"}, {"Dy": "0.041"}, {"Dy": "0.8713"}


@dataclass
class World:
    """What the demo file lists, as it grows."""

    accounts: list[dict[str, str]] = field(default_factory=list)
    keys: list[dict[str, Any]] = field(default_factory=list)
    customs_key: str = ""


def make() -> World:
    """All of it, in a database that holds none of it yet."""
    with earlier(200):
        ministry, customs, lanting, clerk, ruohe = companies()
    for actor in (lanting, ruohe):
        qualified(actor, ministry)
    quotas(ministry)
    lanting_cases(lanting, clerk, ministry, customs)
    ruohe_cases(ruohe, ministry, customs)
    told_to_the_public(ministry.policy_officer)
    followed(lanting, ruohe)
    open_for_comment(ministry.policy_officer)
    world = World(accounts=accounts())
    make_keys(world)
    return world


def companies() -> tuple[Ministry, Actor, Actor, Actor, Actor]:
    """The people of the ministry and of customs, and two companies that were verified; a third one waits."""
    with transaction.atomic():
        ministry, customs = offices()
        lanting = exporter(
            "lin.wei", "Lin Wei", "Lanting Magnetics Co., Ltd.", "兰汀磁材有限公司", "91360700MA35LT1X0", "36"
        )
        ruohe = exporter(
            "chen.yu", "Chen Yu", "Ruohe Materials Co., Ltd.", "若禾材料有限公司", "91150200MA0RH7M24", "15"
        )
        clerk = person("wu.fang", "Wu Fang", lanting.organization, Role.CLERK)
        person("guest", "Gu Ting", lanting.organization, Role.VIEWER)
        waiting = exporter(
            "sun.li", "Sun Li", "Beilu Advanced Alloys Co., Ltd.", "北麓新材料有限公司", "91330200MA2BL5K83", "33"
        )
    for actor in (lanting, ruohe):
        pk = send_company(actor)
        exporters.verify(pk, seen=seen(pk), by=ministry.intake)
    send_company(waiting)
    return ministry, customs, lanting, clerk, ruohe


def lanting_cases(actor: Actor, clerk: Actor, ministry: Ministry, customs: Actor) -> None:
    auriga = party(actor, "Auriga Wind A/S", "DK", "Wind turbines")
    delmora = party(actor, "Delmora Electric S.p.A.", "IT", "Electric drives")
    nordwind = party(actor, "Nordwind Drives GmbH", "DE", "Industrial motors")
    hoshino = party(clerk, "Hoshino Motors K.K.", "JP", "Passenger cars", "星野自動車株式会社")
    wind = declaration(actor, auriga, ["1C905.a.4"], "CIV_WIND", "direct-drive wind generators")
    drives = declaration(actor, delmora, ["1C904.b", "1C905.a.4"], "CIV_INDUSTRIAL", "servo drives")
    motors = declaration(actor, nordwind, ["1C905.a.4"], "CIV_INDUSTRIAL", "pump motors")
    cars = declaration(clerk, hoshino, ["1C905.a.4"], "CIV_AUTO", "traction motors for passenger cars")

    magnets = "NdFeB sintered magnets N42SH, Dy 2.1 %"
    first = issued(
        actor,
        application(actor, "annual", [("1C905.a.4", magnets, 18_000)], [wind], "AUR-2026-11", N42),
        ministry,
        [wind],
    )
    gone = []
    for number, kilograms in (("0000000101", 6_000), ("0000000102", 5_060)):
        gone.append(shipped(actor, first, f"AUR-{number[-3:]}", kilograms))
        cleared(customs, gone[-1], number, kilograms * 1000)
    delivered(actor, gone[0])
    shipped(actor, first, "AUR-103", 1_080)

    arcs = [("1C905.a.4", "NdFeB arc magnets N38UH, Dy 1.8 %", 1_500)]
    soon = legal_today() + timedelta(days=115)  # so near that whoever tries the demo may renew it
    asked = application(actor, "annual", arcs, [drives], "DEL-2026-07", N38, planned_until=soon)
    second = issued(actor, asked, ministry, [drives], months=4)
    cleared(customs, shipped(actor, second, "DEL-201", 1_250), "0000000201", 1_250_000)
    shipped(actor, second, "DEL-202", 110)

    single = application(actor, "per_shipment", [("1C905.a.4", magnets, 3_000)], [motors], "NOR-2026-02", N42)
    issued(actor, single, ministry, [motors])

    asked = under_review(
        actor,
        application(actor, "annual", [("1C905.a.4", magnets, 4_200)], [motors], "NOR-2026-05", N42),
        ministry,
    )
    questions.ask(
        asked,
        about=[About.QUANTITY, About.CONTRACT],
        text="You ask for 4,200 kg; the contract names 2,600 kg. Please explain the difference.",
        due_on=legal_today() + timedelta(days=14),
        by=ministry.reviewer,
    )
    second_officer = under_review(
        actor,
        application(actor, "annual", [("1C905.a.4", magnets, 2_000)], [wind], "AUR-2026-12", N42),
        ministry,
    )
    decisions.recommend(
        second_officer, seen=seen(second_officer), outcome="approve", months=11, conditions=[], by=ministry.reviewer
    )
    oxide = [("1C904.b", "Terbium oxide 99.99 %", 900)]  # materials have no annual way
    sent = application(actor, "per_shipment", oxide, [drives], "DEL-2026-09")
    applications.submit(sent, seen=seen(sent), by=actor)
    application(clerk, "annual", [("1C905.a.4", magnets, 9_600)], [cars], "HOS-2026-01")


def ruohe_cases(actor: Actor, ministry: Ministry, customs: Actor) -> None:
    ardent = party(actor, "Ardent Motoren AG", "AT", "Motor works")
    motors = declaration(actor, ardent, ["1C905.a.4"], "CIV_INDUSTRIAL", "pump motors")
    alloys = declaration(actor, ardent, ["1C905.b"], "PROCESSING", "magnet alloys")
    magnets = [("1C905.a.4", "NdFeB sintered magnets N35EH, Dy 4.1 %", 20_000)]
    license = issued(actor, application(actor, "annual", magnets, [motors], "ARD-2026-01", N35), ministry, [motors])
    oxide = [("1C905.b", "Dysprosium oxide 99.9 %", 2_000)]
    issued(actor, application(actor, "per_shipment", oxide, [alloys], "ARD-2026-02", OXIDE), ministry, [alloys])
    cleared(customs, shipped(actor, license, "ARD-301", 4_000), "0000000301", 3_996_500)
    cleared(customs, draw(Shipment.PREFIX), "0000000302", 12_000)  # nobody knows this shipment: an incident


def make_keys(world: World) -> None:
    with transaction.atomic():
        for email in ("lin.wei", "chen.yu"):
            user = User.objects.get(email=f"{email}@{DEMO_DOMAIN}")
            organization = user.membership.organization
            scopes = sorted(scopes_of(organization.kind))
            actor = Actor(user, organization, roles=frozenset({Role.SIGNATORY}))
            _key, text = issue_key(name="Demo client", scopes=scopes, days=KEY_DAYS_MOST, by=actor)
            world.keys.append({"organization": organization.name_en, "key": text, "scopes": scopes})
        user = User.objects.get(email=f"port@{DEMO_DOMAIN}")
        actor = Actor(user, user.membership.organization, roles=frozenset({Role.CUSTOMS}))
        scopes = sorted(scopes_of(actor.kind))
        _key, world.customs_key = issue_key(name="Demo gateway", scopes=scopes, days=KEY_DAYS_MOST, by=actor)


def accounts() -> list[dict[str, str]]:
    rows = Membership.objects.filter(user__email__endswith=f"@{DEMO_DOMAIN}").select_related("user", "organization")
    return [
        {
            "email": row.user.email,
            "password": PASSWORD,
            "role": row.roles[0],
            "organization": row.organization.name_en,
            "name": row.user.name,
        }
        for row in rows.order_by("pk")
    ]
