"""Demo people, the offices and companies that they belong to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from allauth.account.models import EmailAddress
from django.db import connection, connections
from stdnum.cn import uscc as credit_code

from config.local.demo.papers import pdf
from core import provinces
from core.access import Actor
from core.checks import DEMO_DOMAIN
from core.history import version
from core.legal_time import legal_today
from core.models import HistoryLine, Membership, Organization, Role, User
from exporters import actions as exporters
from exporters.models import Exporter, Qualification
from shipments.actions import qualifications

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


def annual_seen(pk: int) -> int:
    """The version of the company's annual channel that stands right now on its page."""
    return version(Qualification(pk=pk))


@dataclass
class Ministry:
    intake: Actor
    reviewer: Actor
    decider: Actor
    policy_officer: Actor
    policy_approver: Actor


def offices() -> tuple[Ministry, Actor]:
    office = Organization.objects.create(kind="ministry", name_en="Bureau of Export Control", name_zh="出口管制局")
    border = Organization.objects.create(kind="customs", name_en="Customs, Shanghai", name_zh="上海海关")
    ministry = Ministry(
        person("song.jie", "Song Jie", office, Role.INTAKE),
        person("zhao.min", "Zhao Min", office, Role.REVIEWER),
        person("han.rui", "Han Rui", office, Role.DECIDER),
        person("fang.li", "Fang Li", office, Role.POLICY_OFFICER),
        person("lu.wen", "Lu Wen", office, Role.POLICY_APPROVER),
    )
    person("ma.lan", "Ma Lan", office, Role.DECIDER, Role.REVIEWER)
    person("bai.ru", "Bai Ru", office, Role.RECONSIDERER)
    person("qi.bo", "Qi Bo", office, Role.AUDITOR)
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


@contextmanager
def earlier(days: int) -> Iterator[None]:
    """It is so many days ago, for this session alone; then it is now again. The database's owner sets the clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_functiondef(oid), prosrc, pg_backend_pid(), pg_has_role(proowner, 'USAGE')"
            " FROM pg_proc WHERE proname = 'legal_now'"
        )
        before, source, session, owns = cursor.fetchone()
    owner = connection if owns else connections["owner"]  # as `setup` named it
    with owner.cursor() as cursor:
        cursor.execute(
            "CREATE OR REPLACE FUNCTION legal_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS"
            f" $$ SELECT ({source}) - CASE pg_backend_pid() WHEN {session}"
            f" THEN interval '{days} days' ELSE interval '0' END $$"
        )
        try:
            yield
        finally:
            if not owner.needs_rollback:
                cursor.execute(before)
    if not owns:
        owner.close()


def qualified(actor: Actor, ministry: "Ministry") -> None:
    """The company, verified long enough ago, may file for annual licenses.

    It meets the published test by its papers: an audit of last month, and twelve clearances from before this system.
    """
    pk, today = actor.organization.pk, legal_today()
    paper = ("compliance-program.pdf", pdf("Internal compliance program, with the report of its audit"))
    qualifications.file_audit(file=paper, audited_on=today - timedelta(days=30), by=actor)
    days = {"first_day": today - timedelta(days=500), "last_day": today - timedelta(days=220)}
    proof = ("clearances.pdf", pdf("Twelve clearances under single licenses on paper"))
    which = qualifications.file_record(file=proof, number=12, **days, by=actor).pk
    reason = "Compared with the declarations at customs."
    qualifications.accept_record(pk, seen=annual_seen(pk), which=which, reason=reason, by=ministry.decider)
    qualifications.ask(seen=annual_seen(pk), by=actor)
    qualifications.grant(pk, seen=annual_seen(pk), papers_seen=True, by=ministry.decider)


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
        handler_phone="+86 138 0013 8000",
    )
    return exporters.submit(seen=seen(actor.organization_id), by=actor).pk
