"""Mail: each reader's own, once, for ever tried; one broken address or writer holds up no other."""

import csv
import re
from datetime import date
from pathlib import Path
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPServerDisconnected

import pytest
from django.conf import settings
from django.utils import translation

from core import deliveries
from core.actions import add_member
from core.deliveries import relay
from core.legal_time import legal_now
from core.models import Delivery, HistoryLine, User
from licensing.actions import editions
from licensing.models import PolicyEdition, WindowWarning
from tests import make, story
from tests.post import refusal, waiting

CHINESE = re.compile("[\u4e00-\u9fff]")
HOLDERS = ["signatory", "clerk"]
# Whose holder is told of a company, and not of a case.
COMPANIES = ("exporter", "qualification")
# Who joins or leaves a team, of whom no history is a page's.
TOLD = {"organization.add_member": ["new@firm.example"], "organization.confirm_roles": ["o@m.example"]}
# What the story does not play: tests of declarations, of turns, of screening and of moved days do.
ELSEWHERE = (
    "application.accept_move",
    "application.contest_move",
    "application.declared_anew",
    "application.undeclared",
    "license.narrow",
    "license.widen",
)
with (Path(__file__).parent.parent / "told.csv").open(encoding="utf-8") as table:
    for row in csv.DictReader(table):
        if row["mail"] and (verb := f"{row['noun']}.{row['verb']}") not in ELSEWHERE:
            holders = ["newcomer"] if row["noun"] in COMPANIES else HOLDERS
            TOLD[verb] = holders if row["mail"] == "holder" else row["mail"].split()


def test_each_reader_gets_the_mail_once(told, post):
    assert relay() == 3
    assert sorted(to for to, _ in post.took) == sorted(told)
    assert len({mail for _, mail in post.took}) == 3
    assert relay() == 0 and waiting("to") == []


def test_one_address_that_fails_has_the_mail_sent_to_no_other_again(told, post, clock):
    post.answers[told[1]] = refusal(told[1], 451)
    assert relay() == 2
    clock.shift(hours=1)
    assert relay() == 0
    assert sorted(to for to, _ in post.took) == sorted([told[0], told[2]])
    assert waiting("to", "tries", "refused") == [(told[1], 2, False)]
    del post.answers[told[1]]
    clock.shift(hours=2)
    assert relay() == 1
    assert post.took[-1][0] == told[1]


def test_a_server_that_is_down_for_a_day_delays_and_loses_nothing(told, post, clock):
    """One address always fails. In the end everything else went out, each once, at most an hour after the server."""
    post.down, post.answers[told[2]] = True, refusal(told[2], 550)
    for half_hours in range(48):
        clock.shift(minutes=30 * half_hours)
        while relay() or _tried_another():
            pass
    assert post.took == []
    post.down = False
    clock.shift(hours=25, seconds=1)
    relay()
    assert sorted(to for to, _ in post.took) == sorted(told[:2])
    for hour in range(26, 40):
        clock.shift(hours=hour, seconds=2)
        relay()
    assert len(post.took) == 2
    [(to, refused, error, tries)] = waiting("to", "refused", "error", "tries")
    assert (to, refused) == (told[2], True)
    assert error == "550 not here"
    assert tries > 24


def _tried_another(before=[0]):  # noqa: B006 (remembers between calls)
    total = sum(tries for (tries,) in waiting("tries"))
    before[0], changed = total, total != before[0]
    return changed


def test_while_the_server_is_down_a_run_waits_for_it_once(told, post):
    post.down = True
    relay()
    assert sorted(tries for (tries,) in waiting("tries")) == [0, 0, 1]


@pytest.mark.parametrize("error", [SMTPServerDisconnected("bye"), TimeoutError("slow")])
def test_a_server_that_breaks_off_is_down_too(error, told, post):
    post.answers = dict.fromkeys(told, error)
    relay()
    assert sorted(tries for (tries,) in waiting("tries")) == [0, 0, 1]


@pytest.mark.parametrize(
    ("error", "refused"),
    [
        (refusal("x", 550), True),
        (refusal("x", 451), False),
        (SMTPRecipientsRefused({"x": (550, b""), "y": (451, b"")}), False),
        (SMTPDataError(554, b"spam"), True),
        (SMTPDataError(452, b"full"), False),
        (UnicodeEncodeError("ascii", "ü", 0, 1, "no"), False),
    ],
)
def test_a_permanent_refusal_is_a_class_of_its_own(error, refused, told, post):
    post.answers[told[0]] = error
    assert relay() == 2
    assert waiting("to", "refused") == [(told[0], refused)]


@pytest.mark.slow
def test_pauses_grow_to_an_hour(told, post, clock):
    post.answers[told[0]] = refusal(told[0], 451)
    relay()
    pauses, now = [], 0
    for _ in range(9):
        [(due_at,)] = waiting("due_at")
        before = now
        while deliveries.relay() == 0 and waiting("due_at") == [(due_at,)]:
            now += 10
            clock.shift(seconds=now)
        pauses.append(now - before)
    assert pauses == [pytest.approx(wanted, abs=10) for wanted in (30, 60, 120, 240, 480, 960, 1920, 3600, 3600)]


def test_a_permanent_refusal_is_tried_again_after_an_hour(told, post, clock):
    post.answers[told[0]] = refusal(told[0], 550)
    relay()
    clock.shift(minutes=59)
    relay()
    assert waiting("tries") == [(1,)]
    clock.shift(minutes=61)
    relay()
    assert waiting("tries") == [(2,)]


def test_a_broken_writer_holds_up_no_other(told, post, monkeypatch, clock, world):
    def broken(line):
        raise LookupError("the row is gone")

    real = deliveries._writers["application", "submit"]
    monkeypatch.setitem(deliveries._writers, ("application", "submit"), broken)
    world.declaration()
    assert relay() == 3
    [(to, error)] = waiting("to", "error")
    assert (to, error) == ("", "the row is gone")
    monkeypatch.setitem(deliveries._writers, ("application", "submit"), real)
    assert relay() == 0
    clock.shift(minutes=2)
    assert relay() == 3
    assert waiting("to") == []


def test_whoever_left_meanwhile_is_told_nothing(told, post, world, clock):
    post.down = True
    relay()
    from core.models import Membership

    Membership.objects.filter(user__email=told[1]).update(ended_at="2020-01-01T00:00:00Z")
    post.down = False
    clock.shift(minutes=2)
    assert relay() == 2
    assert sorted(to for to, _ in post.took) == sorted([told[0], told[2]])
    assert waiting("to") == []


def test_what_a_killed_run_had_taken_comes_up_again(told, post, clock):
    relay(limit=1)  # the writer's
    deliveries._lease()  # and then killed
    assert relay() == 2
    clock.shift(seconds=deliveries.LEASE_SECONDS - 5)
    assert relay() == 0
    clock.shift(seconds=deliveries.LEASE_SECONDS + 1)
    assert relay() == 1
    assert sorted(to for to, _ in post.took) == sorted(told)


def test_what_goes_out_twice_has_one_message_id(told, post, clock):
    relay()
    again = Delivery.objects.filter(to=told[0]).latest("pk")
    Delivery.objects.filter(pk=again.pk).update(delivered_at=None)  # as after a kill between sending and writing
    clock.shift(seconds=deliveries.LEASE_SECONDS + 1)
    assert relay() == 1
    assert len(post.took) == 4 and post.took[-1] in post.took[:3]


def test_a_run_ends_in_time(told, post, monkeypatch):
    monkeypatch.setattr(settings, "RUN_SECONDS", 0)
    assert relay() == 0
    assert waiting("to", "tries") == [("", 0)]


def test_two_runs_that_address_at_once_make_one_delivery_a_reader(told, post):
    """The second run took it when the first one's lease ended, and the first went on."""
    delivery = deliveries._lease()
    message = deliveries._writers["application", "submit"](delivery.line)
    deliveries._address(delivery, message)
    deliveries._address(delivery, message)
    assert relay() == 3
    assert sorted(to for to, _ in post.took) == sorted(told)


@pytest.mark.slow
def test_everybody_who_prepares_or_signs_is_told_of_each_step_and_viewers_are_not(world, clock):
    names = {world.exporter.user.email: "signatory"}
    names[make.colleague(world.exporter, "clerk").user.email] = "clerk"
    names[world.ministry.intake.user.email] = "intake"
    names[world.ministry.reviewer.user.email] = "reviewer"
    names[world.ministry.decider.user.email] = "decider"
    names[world.ministry.reconsiderer.user.email] = "reconsiderer"
    names[world.ministry.policy_officer.user.email] = "policy_officer"
    make.colleague(world.exporter, "viewer")
    begun = Delivery.objects.order_by("pk").last().pk
    story.told(world, clock)
    told = {}
    for delivery in Delivery.objects.filter(pk__gt=begun, consumer="mail").select_related("line").order_by("pk"):
        line = delivery.line
        message = deliveries._writers[line.subject_kind, line.verb](line)
        if message is None:  # an invitation that was withdrawn before it went out
            continue
        # (whether somebody invited hears of cases before he joins is not asked here)
        to = [names.get(email, email) for email in message.to if email in names or line.subject_kind == "organization"]
        if line.subject_kind in COMPANIES and not {"decider", "intake"} & set(to):
            to = ["newcomer"] if message.to else []
        if (line.subject_kind, line.verb) == ("license", "revoke"):  # of a company of its own, as a penalty ends more
            to = HOLDERS if message.to else []
        told[f"{line.subject_kind}.{line.verb}"] = to
        assert message.subject
        assert message.body
    assert told == TOLD


def test_a_line_that_nobody_is_told_of_has_no_delivery(world):
    before = Delivery.objects.count()
    world.declaration(verified=False)
    assert Delivery.objects.count() == before


def test_each_reader_is_written_to_in_his_language(told, post, client, world):
    """As chosen last; whoever never chose is written to in English."""
    for reader, language in zip(told[1:], ("", "en"), strict=True):
        User.objects.filter(email=reader).update(language=language)
    client.force_login(world.exporter.user)
    client.post("/language/", {"language": "zh-hans", "next": "/"})
    relay()
    subjects = dict(post.subjects)
    assert [bool(CHINESE.search(subjects[to])) for to in told] == [True, False, False]


def test_a_language_that_nobody_reads_is_not_kept(client, world):
    client.force_login(world.exporter.user)
    before = User.objects.get(pk=world.exporter.user.pk).language
    client.post("/language/", {"language": "xx", "next": "/"})
    assert User.objects.get(pk=world.exporter.user.pk).language == before


def warning(organization):
    last, edition = date(2031, 5, 4), PolicyEdition.objects.get()
    facts = {"window": "A57-2025 - 2025-11-07", "instrument": "A57-2025", "last_day": last, "stage": 90}
    return WindowWarning.objects.create(organization=organization, edition=edition, at=edition.starts_at, **facts)


def test_a_mail_names_what_happened_with_a_link_and_tells_no_content(world):
    """Reasons, quantities and findings stay behind the sign-in. In both languages."""
    license = world.license(kilograms=7_654)
    subjects = {
        "application": license.application,
        "license": license,
        "shipment": world.shipment(license, 1_000),
        "declaration": world.declaration(),
        "inquiry": make.inquiry(world),
        "exporter": world.exporter.organization,
        "qualification": world.exporter.organization,
        "organization": world.exporter.organization,
        "draft": editions.draft(title="Between us", by=world.ministry.policy_officer),
        "windowwarning": warning(world.exporter.organization),
    }
    facts = {
        "due": "2031-05-04",
        "due_on": "2031-05-04",
        "until": "2031-05-04",
        "last_day": "2031-05-04",
        "days": 30,
        "day": 40,
        "signatures": 1,
        "cause": "site_visit",
        "step": "admit",
        "deadline": "2031-05-04",
        "starts_on": "2031-05-04",
        "first": True,
        "line": 1,
        "account": "allotment",
        "percent": 80,
        "instrument": "A57-2025",
        "license": "EL-NEW",
        "end_users": "PTY-1",
        "email": world.exporter.user.email,
    }
    invited = {"email": "invited@firm.example", "name": "Li Na"}
    add_member(**invited, roles=["clerk"], by=world.exporter)
    for kind, verb in sorted(deliveries._writers):
        row = subjects[kind]
        line = HistoryLine(
            subject_kind=kind,
            subject_id=row.pk,
            subject_ref=getattr(row, "ref", ""),
            seq=9,
            verb=verb,
            reason="Between us",
            facts=facts | invited if verb == "add_member" else facts,
            actor=world.exporter.user,
            at=legal_now(),
        )
        english = deliveries._writers[kind, verb](line)
        with translation.override("zh-hans"):
            chinese = deliveries._writers[kind, verb](line)
        for message in (english, chinese):
            assert f"{settings.BASE_URL}/" in message.body
            assert "Between us" not in message.subject + message.body
            assert "7654" not in message.body.replace(",", "")
            assert kind in (*COMPANIES, "organization", "windowwarning") or row.ref in message.subject
        if verb == "ask":
            assert ("answer by 4 May 2031" in english.subject, "2031年5月4日" in chinese.subject) == (True, True)
        assert not CHINESE.search(english.subject)
        assert CHINESE.search(chinese.subject) and CHINESE.search(chinese.body), (kind, verb)
