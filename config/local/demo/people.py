"""Demo people, the offices and companies that they belong to."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from stdnum.cn import uscc as credit_code

from config.local.demo.papers import pdf
from core import provinces
from core.access import Actor
from core.checks import DEMO_DOMAIN
from core.models import HistoryLine, Membership, Organization, Role, User
from exporters import actions as exporters
from exporters.models import Exporter

PASSWORD = "demo-magnets-2026"  # published: core.checks refuses production with demo accounts


def person(email: str, name: str, organization: Organization, *roles: str) -> Actor:
    """A demo person with a known password and a proved e-mail."""
    user = User.objects.create_user(f"{email}@{DEMO_DOMAIN}", PASSWORD, name=name)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    Membership.objects.create(user=user, organization=organization, roles=list(roles))
    return Actor(user, organization, roles=frozenset(roles))


def seen(ref: str | int) -> int:
    """The version that stands, right now, on the page of this reference (of an exporter, this key)."""
    which = {"subject_ref": ref} if isinstance(ref, str) else {"subject_kind": "exporter", "subject_id": ref}
    return HistoryLine.objects.filter(**which).order_by("seq").values_list("seq", flat=True).last() or 0


@dataclass
class Ministry:
    intake: Actor
    reviewer: Actor
    decider: Actor


def offices() -> tuple[Ministry, Actor]:
    office = Organization.objects.create(kind="ministry", name_en="Bureau of Export Control", name_zh="出口管制局")
    border = Organization.objects.create(kind="customs", name_en="Customs, Shanghai", name_zh="上海海关")
    ministry = Ministry(
        person("song.jie", "Song Jie", office, Role.INTAKE),
        person("zhao.min", "Zhao Min", office, Role.REVIEWER),
        person("han.rui", "Han Rui", office, Role.DECIDER),
    )
    person("ma.lan", "Ma Lan", office, Role.DECIDER, Role.REVIEWER)
    person("qi.bo", "Qi Bo", office, Role.AUDITOR)
    person("fang.li", "Fang Li", office, Role.POLICY_OFFICER)
    person("lu.wen", "Lu Wen", office, Role.POLICY_APPROVER)
    person("gu.yan", "Gu Yan", office, Role.POLICY_APPROVER)
    person("deng.an", "Deng An", office, Role.ADMIN)
    person("xu.ke", "Xu Ke", office, Role.ADMIN)
    person("port", "Pan Hai", border, Role.CUSTOMS)
    service = person("gateway", "Customs gateway", border, Role.CUSTOMS)
    return ministry, Actor(service.user, border, scopes=frozenset({"customs:confirm"}))


def exporter(email: str, name: str, name_en: str, name_zh: str, code: str, province: str) -> Actor:
    user = User.objects.create_user(f"{email}@{DEMO_DOMAIN}", PASSWORD, name=name)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    exporter = exporters.join(user, name_en=name_en, name_zh=name_zh, uscc=code + credit_code.calc_check_digit(code))
    Exporter.objects.filter(pk=exporter.pk).update(province=province)
    return Actor(user, exporter.organization, roles=frozenset({Role.SIGNATORY}))


def qualified(pk: int, ministry: "Ministry") -> None:
    """The company of this key may file for annual licenses."""
    exporters.qualify(pk, seen=seen(pk), reason="Compliance papers seen, audited this year.", by=ministry.decider)


def send_company(actor: Actor) -> int:
    organization = Organization.objects.get(pk=actor.organization_id)
    exporters.describe(
        seen=seen(actor.organization_id),
        by=actor,
        business_license=("business-license.pdf", pdf(f"Business license of {organization.name_en}")),
        address=f"1 Example Road, {provinces.name(organization.exporter.province)}",
        legal_representative=str(actor.user),
        main_manager=str(actor.user),
        handler=str(actor.user),
    )
    return exporters.submit(seen=seen(actor.organization_id), by=actor).pk
