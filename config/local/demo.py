"""The demo world of local mode: two exporters, a ministry, customs, and cases in every stage.

Everything but the first accounts is made by the verbs that people use, so the demo can't be in a state that
Lodestone would not allow. All names are invented.
"""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction

from core.access import Actor
from core.actions import issue_key
from core.checks import DEMO_DOMAIN
from core.legal_time import legal_now, legal_today
from core.models import Country, Membership, Organization, Role, User
from exporters import actions as exporters
from exporters.models import Exporter, Party
from licensing.actions import applications, decisions, declarations
from licensing.actions.applications import Draft, LineDraft
from licensing.models import ControlItem, Declaration, EndUse, License
from shipments import actions as shipments

PASSWORD = "demo-magnets-2026"  # published: core.checks refuses production with demo accounts


def pdf(title: str) -> bytes:
    """A small, valid PDF page with a title."""
    text = f"BT /F1 16 Tf 60 760 Td ({title.encode('ascii', 'replace').decode()}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length " + str(len(text)).encode() + b" >>\nstream\n" + text + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n".encode() + content + b"\nendobj\n"
    table = b"".join(f"{offset:010d} 00000 n \n".encode() for offset in offsets)
    start = len(body)
    body += b"xref\n0 6\n0000000000 65535 f \n" + table
    return body + f"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


@dataclass
class World:
    """What the demo file lists, as it grows."""

    accounts: list[dict[str, str]] = field(default_factory=list)
    keys: list[dict[str, Any]] = field(default_factory=list)
    customs_key: str = ""


def ensure(path: Path, *, base_url: str) -> bool:
    """The demo world exists and `path` tells a client how to use it. True when it was made just now."""
    made = not User.objects.filter(email__endswith=f"@{DEMO_DOMAIN}").exists()
    if made:
        with_world = _make()
    elif path.exists():
        told = json.loads(path.read_text(encoding="utf-8"))
        if told["base_url"] != base_url:
            _write(path, told | {"base_url": base_url})
        return False
    else:
        with_world = World(accounts=_accounts())
        _make_keys(with_world)
    _write(
        path,
        {
            "base_url": base_url,
            "accounts": with_world.accounts,
            "api_keys": with_world.keys,
            "customs_key": with_world.customs_key,
            "licenses": _licenses(),
        },
    )
    return made


def _write(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    part.replace(path)


def _accounts() -> list[dict[str, str]]:
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


def _licenses() -> list[dict[str, Any]]:
    rows = License.objects.prefetch_related("end_users__party", "consignees").select_related("exporter__organization")
    return [
        {
            "number": row.ref,
            "kind": row.kind,
            "organization": row.exporter.organization.name_en,
            "state": row.state,
            "verify_code": row.verify_code,
            "end_user": row.end_users.all()[0].party.ref,
            "consignee": row.consignees.all()[0].ref,
            "destination": row.destinations[0],
            "port": row.ports[0] if row.ports else "CNSHA",
        }
        for row in rows.order_by("pk")
    ]


def person(email: str, name: str, organization: Organization, *roles: str) -> Actor:
    """A demo person with a known password and a proved e-mail."""
    user = User.objects.create_user(f"{email}@{DEMO_DOMAIN}", PASSWORD, name=name)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    Membership.objects.create(user=user, organization=organization, roles=list(roles))
    return Actor(user, organization, roles=frozenset(roles))


@dataclass
class Ministry:
    intake: Actor
    reviewer: Actor
    decider: Actor


def _make() -> World:
    with transaction.atomic():
        ministry, customs = _offices()
        lanting = _exporter(
            "lin.wei", "Lin Wei", "Lanting Magnetics Co., Ltd.", "兰汀磁材有限公司", "91360700MA35LT1X0", "Jiangxi"
        )
        ruohe = _exporter(
            "chen.yu", "Chen Yu", "Ruohe Materials Co., Ltd.", "若禾材料有限公司", "91150200MA0RH7M24", "Inner Mongolia"
        )
        clerk = person("wu.fang", "Wu Fang", lanting.organization, Role.CLERK)
        person("guest", "Gu Ting", lanting.organization, Role.VIEWER)
        waiting = _exporter(
            "sun.li", "Sun Li", "Beilu Advanced Alloys Co., Ltd.", "北麓新材料有限公司", "91330200MA2BL5K83", "Zhejiang"
        )
    for actor in (lanting, ruohe):
        exporters.verify(_send_company(actor), by=ministry.intake)
    _send_company(waiting)
    _lanting(lanting, clerk, ministry, customs)
    _ruohe(ruohe, ministry, customs)
    world = World(accounts=_accounts())
    _make_keys(world)
    return world


def _offices() -> tuple[Ministry, Actor]:
    office = Organization.objects.create(kind="ministry", name_en="Bureau of Export Control", name_zh="出口管制局")
    border = Organization.objects.create(kind="customs", name_en="Customs, Shanghai", name_zh="上海海关")
    ministry = Ministry(
        person("song.jie", "Song Jie", office, Role.INTAKE),
        person("zhao.min", "Zhao Min", office, Role.REVIEWER),
        person("han.rui", "Han Rui", office, Role.DECIDER),
    )
    person("ma.lan", "Ma Lan", office, Role.DECIDER, Role.REVIEWER)
    person("qi.bo", "Qi Bo", office, Role.AUDITOR)
    person("deng.an", "Deng An", office, Role.ADMIN)
    person("xu.ke", "Xu Ke", office, Role.ADMIN)
    person("port", "Pan Hai", border, Role.CUSTOMS)
    service = person("gateway", "Customs gateway", border, Role.CUSTOMS)
    return ministry, Actor(service.user, border, scopes=frozenset({"customs:confirm"}))


def _exporter(email: str, name: str, name_en: str, name_zh: str, code: str, province: str) -> Actor:
    from stdnum.cn import uscc  # noqa: PLC0415

    user = User.objects.create_user(f"{email}@{DEMO_DOMAIN}", PASSWORD, name=name)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    exporter = exporters.join(user, name_en=name_en, name_zh=name_zh, uscc=code + uscc.calc_check_digit(code))
    Exporter.objects.filter(pk=exporter.pk).update(province=province)
    return Actor(user, exporter.organization, roles=frozenset({Role.SIGNATORY}))


def _send_company(actor: Actor) -> int:
    organization = Organization.objects.get(pk=actor.organization_id)
    exporters.describe(
        by=actor,
        business_license=("business-license.pdf", pdf(f"Business license of {organization.name_en}")),
        address=f"1 Example Road, {organization.exporter.province}",
        legal_representative=str(actor.user),
        main_manager=str(actor.user),
        handler=str(actor.user),
    )
    return exporters.submit(by=actor).pk


def party(actor: Actor, name: str, country: str, business: str, local: str = "") -> Party:
    return exporters.add_party(
        by=actor,
        name=name,
        name_local=local,
        country=Country.objects.get(pk=country),
        address="1 Example Street",
        site_address="Plant 1, 1 Example Street",
        business=business,
    )


def declaration(actor: Actor, end_user: Party, codes: list[str], use: str, product: str) -> Declaration:
    """A declaration signed ten days ago, and submitted."""
    row = declarations.draft(
        by=actor,
        items=list(ControlItem.objects.filter(code__in=codes)),
        end_user=end_user,
        end_use=EndUse.objects.get(pk=use),
        end_use_text=f"The goods are built into {product} at the plant named, for civil customers only.",
        product=product,
        position_in_product="Rotor of the motor or generator",
        process="incorporated",
        yearly_need="30,000 kg a year, 2,000 kg in stock, 40,000 units made",
        no_other_use=True,
        no_transfer=True,
        no_mass_destruction=True,
        no_military_use=True,
        verification_consent=True,
    )
    declarations.attach_signed(
        row.ref,
        by=actor,
        certificate=("certificate.pdf", pdf(f"End-user and end-use certificate {row.ref}")),
        signer_name="J. Brandt",
        signer_post="Head of Purchasing",
        signed_on=legal_today() - timedelta(days=10),
    )
    return declarations.submit(row.ref, by=actor)


def application(
    actor: Actor, kind: str, goods: list[tuple[str, str, int]], by_whom: list[Declaration], contract: str
) -> str:
    """A complete draft; its reference."""
    today = legal_today()
    items = {item.code: item for item in ControlItem.objects.filter(code__in=[code for code, _, _ in goods])}
    row = applications.start(
        Draft(
            kind=kind,
            lines=[
                LineDraft(items[code], words, kilograms * 1000, items[code].unit) for code, words, kilograms in goods
            ],
            end_users=by_whom,
            consignees=[row.end_user for row in by_whom],
            ports=["CNSHA"],
            contract_no=contract,
            contract_on=today - timedelta(days=30),
            planned_from=today,
            planned_until=today + timedelta(days=330),
        ),
        by=actor,
    )
    for type_, title in (("contract", f"Contract {contract}"), ("tech_desc", "Technical description")):
        applications.add_document(row.ref, type=type_, file=(f"{type_}.pdf", pdf(title)), by=actor)
    return row.ref


def under_review(actor: Actor, ref: str, ministry: Ministry, by: Actor | None = None) -> str:
    applications.submit(ref, by=actor)
    applications.accept(ref, by=ministry.intake)
    decisions.assign(ref, by=by or ministry.reviewer)
    return ref


def issued(actor: Actor, ref: str, ministry: Ministry, by_whom: list[Declaration]) -> License:
    under_review(actor, ref, ministry)
    for row in by_whom:
        row.refresh_from_db()
        if row.state == "submitted":
            declarations.verify(row.ref, by=ministry.reviewer)
    decisions.recommend(
        ref, outcome="approve", months=12, conditions=["DELIVERY_PROOF_30D", "NO_RESALE"], by=ministry.reviewer
    )
    decisions.approve(ref, by=ministry.decider)
    return decisions.issue(ref, by=ministry.decider)


def shipped(actor: Actor, license: License, reference: str, kilograms: int, ahead: int = 14) -> str:
    """A reserved shipment; its reference."""
    party_ref = license.end_users.all()[0].party.ref
    request = shipments.ShipmentRequest(
        license=license.ref,
        client_reference=reference,
        end_user=party_ref,
        consignee=party_ref,
        destination=license.destinations[0],
        port="CNSHA",
        planned_on=min(legal_today() + timedelta(days=ahead), license.usable_until),
        lines=[shipments.LineRequest(1, kilograms * 1000, "kg")],
    )
    return shipments.reserve(request, by=actor).shipment.ref


def cleared(customs: Actor, shipment: str, number: str, grams: int) -> None:
    now = legal_now()
    shipments.receive(
        shipments.Message(
            message_id=f"DEMO-{number}",
            event="cleared",
            shipment=shipment,
            declaration_no=f"53012026{number}",
            declared_at=now,
            cleared_at=now,
            final=True,
            lines=[shipments.ClearedLine(1, grams, "kg")],
            body={"demo": True},
            fingerprint="demo",
        ),
        by=customs,
    )


def _lanting(actor: Actor, clerk: Actor, ministry: Ministry, customs: Actor) -> None:
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
        actor, application(actor, "annual", [("1C905.a.4", magnets, 18_000)], [wind], "AUR-2026-11"), ministry, [wind]
    )
    for number, kilograms in (("0000000101", 6_000), ("0000000102", 5_060)):
        cleared(customs, shipped(actor, first, f"AUR-{number[-3:]}", kilograms), number, kilograms * 1000)
    shipped(actor, first, "AUR-103", 1_080)

    oxide = [("1C904.b", "Terbium oxide 99.99 %", 1_500)]
    second = issued(actor, application(actor, "annual", oxide, [drives], "DEL-2026-07"), ministry, [drives])
    cleared(customs, shipped(actor, second, "DEL-201", 1_250), "0000000201", 1_250_000)
    shipped(actor, second, "DEL-202", 110)

    single = application(actor, "per_shipment", [("1C905.a.4", magnets, 3_000)], [motors], "NOR-2026-02")
    issued(actor, single, ministry, [motors])

    asked = under_review(
        actor, application(actor, "annual", [("1C905.a.4", magnets, 4_200)], [motors], "NOR-2026-05"), ministry
    )
    decisions.ask(
        asked,
        text="You ask for 4,200 kg; the contract names 2,600 kg. Please explain the difference.",
        due_on=legal_today() + timedelta(days=14),
        by=ministry.reviewer,
    )
    second_officer = under_review(
        actor, application(actor, "annual", [("1C905.a.4", magnets, 2_000)], [wind], "AUR-2026-12"), ministry
    )
    decisions.recommend(second_officer, outcome="approve", months=12, conditions=[], by=ministry.reviewer)
    applications.submit(
        application(actor, "per_shipment", [("1C905.a.4", magnets, 900)], [drives], "DEL-2026-09"), by=actor
    )
    application(clerk, "annual", [("1C905.a.4", magnets, 9_600)], [cars], "HOS-2026-01")


def _ruohe(actor: Actor, ministry: Ministry, customs: Actor) -> None:
    ardent = party(actor, "Ardent Motoren AG", "AT", "Motor works")
    oxides = declaration(actor, ardent, ["1C905.b"], "PROCESSING", "magnet alloys")
    goods = [("1C905.b", "Dysprosium oxide 99.9 %", 20_000)]
    license = issued(actor, application(actor, "annual", goods, [oxides], "ARD-2026-01"), ministry, [oxides])
    cleared(customs, shipped(actor, license, "ARD-301", 4_000), "0000000301", 3_996_500)


def _make_keys(world: World) -> None:
    with transaction.atomic():
        for email in ("lin.wei", "chen.yu"):
            user = User.objects.get(email=f"{email}@{DEMO_DOMAIN}")
            organization = user.membership.organization
            scopes = ["licenses:read", "shipments:read", "shipments:write"]
            actor = Actor(user, organization, roles=frozenset({Role.SIGNATORY}))
            _key, text = issue_key(name="Demo client", scopes=scopes, days=365, by=actor)
            world.keys.append({"organization": organization.name_en, "key": text, "scopes": scopes})
        user = User.objects.get(email=f"port@{DEMO_DOMAIN}")
        actor = Actor(user, user.membership.organization, roles=frozenset({Role.CUSTOMS}))
        _key, world.customs_key = issue_key(name="Demo gateway", scopes=["customs:confirm"], days=365, by=actor)
