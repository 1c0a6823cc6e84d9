"""Steps of a case, each by the verb that a person would use."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from config.local.demo.papers import pdf
from config.local.demo.people import Ministry, seen
from core.access import Actor
from core.legal_time import legal_now, legal_today
from core.models import Country
from exporters import actions as exporters
from exporters.models import Party
from licensing.actions import applications, decisions, declarations, receipts, screenings
from licensing.actions.drafts import Draft, LineDraft
from licensing.models import ApplicationDocument, ApplicationEndUser, ControlItem, Declaration, EndUse, License
from shipments import actions as shipments


def party(actor: Actor, name: str, country: str, business: str, local: str = "", nature: str = "commercial") -> Party:
    return exporters.add_party(
        by=actor,
        name=name,
        name_local=local,
        country=Country.objects.get(pk=country),
        address="1 Example Street",
        site_address="Plant 1, 1 Example Street",
        business=business,
        nature=nature,
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
        seen=seen(row.ref),
        by=actor,
        certificate=("certificate.pdf", pdf(f"End-user and end-use certificate {row.ref}")),
        signer_name="J. Brandt",
        signer_post="Head of Purchasing",
        signed_on=legal_today() - timedelta(days=10),
    )
    return declarations.submit(row.ref, seen=seen(row.ref), by=actor)


PRICE = Decimal("412.50")
MADE = {"specification": "N42SH", "maker": "Lanting Magnetics Co., Ltd."}
USUAL = {"trade_mode": "ordinary", "transport_mode": "sea", "currency": "CNY"}


def application(
    actor: Actor,
    kind: str,
    goods: list[tuple[str, str, int]],
    by_whom: list[Declaration],
    contract: str,
    composition: dict[str, str] | None = None,
    **said: Any,
) -> str:
    """A complete draft; its reference. composition: of each of its goods. said: what it says otherwise."""
    today = legal_today()
    items = {item.code: item for item in ControlItem.objects.filter(code__in=[code for code, _, _ in goods])}
    row = applications.start(
        Draft(
            kind=kind,
            lines=[_line(items[code], words, kilograms, composition) for code, words, kilograms in goods],
            end_users=by_whom,
            ports=["CNSHA"],
            contract_no=contract,
            contract_on=today - timedelta(days=30),
            planned_from=today,
            **{"consignees": [row.end_user for row in by_whom], "planned_until": today + timedelta(days=330)}
            | {"purpose": "sale", "red_flag": "none"}
            | USUAL
            | said,
        ),
        by=actor,
    )
    needed_papers(actor, row.ref, f"Contract {contract}")
    return row.ref


def _line(item: ControlItem, words: str, kilograms: int, composition: dict[str, str] | None) -> LineDraft:
    contents = composition or usual(item)
    basis = "declared" if contents else ""
    said: dict[str, Any] = {"unit_price": PRICE, "composition": contents, "composition_basis": basis, **MADE}
    if not item.composed:
        said["specification"] = "REO powder"
    return LineDraft(item, words, kilograms * 1000, item.unit, **said)


def needed_papers(actor: Actor, ref: str, contract: str) -> None:
    """Each paper that every application needs."""
    for type_ in ApplicationDocument.NEEDED:
        paper(actor, ref, type_, contract if type_ == "contract" else str(type_.label))


def usual(item: ControlItem) -> dict[str, str]:
    """What its goods contain, where the form asks it."""
    return {item.element: "0.032"} if item.composed else {}


def paper(actor: Actor, ref: str, type_: str, title: str = "A paper") -> None:
    applications.add_document(ref, type=type_, file=(f"{type_}.pdf", pdf(title)), by=actor)


def under_review(actor: Actor, ref: str, ministry: Ministry, by: Actor | None = None) -> str:
    """Filed, accepted, taken by an officer, who screened its end-users and found nothing."""
    applications.submit(ref, seen=seen(ref), by=actor)
    receipts.accept(ref, by=ministry.intake)
    decisions.assign(ref, seen=seen(ref), by=by or ministry.reviewer)
    screened(ref, by or ministry.reviewer)
    return ref


def screened(ref: str, by: Actor, hit: str = "none", reason: str = "") -> None:
    """Whoever has the case has recorded this result for each of its end-users."""
    users = ApplicationEndUser.objects.filter(application__ref=ref).values_list("pk", flat=True)
    screenings.screen(
        ref,
        end_users=list(users),
        hit=hit,
        list_version="Demo lists of 2 November 2026",
        screened_on=legal_today(),
        reason=reason,
        by=by,
    )


def issued(actor: Actor, ref: str, ministry: Ministry, by_whom: list[Declaration], **recommended: Any) -> License:
    under_review(actor, ref, ministry)
    for row in by_whom:
        row.refresh_from_db()
        if row.state == "submitted":
            declarations.verify(row.ref, seen=seen(row.ref), quantity_fit=True, by=ministry.reviewer)
    decisions.recommend(
        ref,
        seen=seen(ref),
        outcome="approve",
        conditions=["DELIVERY_PROOF_30D", "NO_RESALE"],
        by=ministry.reviewer,
        **{"months": 12} | recommended,
    )
    decisions.approve(ref, seen=seen(ref), by=ministry.decider)
    return decisions.issue(ref, seen=seen(ref), by=ministry.decider)


def shipped(actor: Actor, license: License, reference: str, kilograms: int, ahead: int = 14) -> str:
    """A reserved shipment; its reference."""
    user = license.end_users.all()[0]
    party_ref = user.party.ref
    request = shipments.ShipmentRequest(
        license=license.ref,
        client_reference=reference,
        end_user=party_ref,
        consignee=party_ref,
        destination=user.destination,
        port="CNSHA",
        planned_on=min(legal_today() + timedelta(days=ahead), license.usable_until),
        lines=[shipments.LineRequest(1, kilograms * 1000, "kg")],
    )
    return shipments.reserve(request, by=actor).ref


def delivered(actor: Actor, shipment: str) -> None:
    """Its holder reported that it has left and that it was delivered, with a proof."""
    today = legal_today()
    shipments.depart(shipment, departed_on=today, by=actor)
    proof = ("received.pdf", pdf("Received in good order"))
    shipments.deliver(shipment, delivered_on=today, proof=proof, by=actor)


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
