"""The page behind a paper's code: what holds now, for anybody, as far as that code goes, and not a byte further."""

import os
import re
import statistics
import time
from datetime import timedelta
from hashlib import sha256
from html import unescape
from pathlib import Path

import pytest
from django.conf import settings as configured

from core.access import clock as by_clock
from core.legal_time import legal_now, legal_today
from core.references import draw_code
from licensing.actions import amendments, decisions, licenses, verdicts
from licensing.models import Application, License, LicenseEndUser, Suspension
from licensing.selectors import verified
from tests import make
from tests.book import forbid
from tests.make import seen

KG = 1000
GUESSES = int(os.environ.get("GUESSES", "300"))
CSS = Path(configured.BASE_DIR) / "static" / "css" / "verify.css"


@pytest.fixture
def issued(world):
    """For two end-users, 40 t and 20 t of its 60 t."""
    return world.license(users=2, allotted=(40_000 * KG, 20_000 * KG))


def closed(issued, user, world, at=None):
    """By a hit, from then on, or from the day of the license on."""
    by = {"opened_by": world.ministry.decider.user, "opened_at": at or issued.issued_at}
    Suspension.objects.create(license=issued, end_user=user, cause="screening", reason="x", **by)


def users_of(license):
    return list(license.end_users.order_by("pk"))


def address(license, code=None):
    return f"/v/{license.ref}/{code or license.verify_code}/"


def raw(client, path):
    return client.get(path).content.decode()


def text(client, path):
    return " ".join(re.sub(r"<[^>]+>", " ", unescape(raw(client, path).split("<body>")[1])).split())


def rest(client, license, code=None):
    return client.get(f"/api/v1/verify/{license.ref}/", {"code": code or license.verify_code})


def since(client, user):
    """The day since which his part is suspended, or nothing."""
    said = re.search(r"Suspended since ([^.]*)\.", text(client, address(user.license, user.verify_code)))
    return said[1] if said else ""


# --- what it says -----------------------------------------------------------------------------------------
def test_it_says_in_both_languages_what_holds_now(issued, client):
    said = text(client, address(issued))
    for one in ("有效 In force", issued.ref, "1C905.a.4", "60,000 千克", "60,000 kg", "德国", "Germany", "UTC+8"):
        assert one in said, one
    for one in ("Lanting Magnetics Co., Ltd.", "兰汀磁材", "Whom to ask: Bureau of Export Control", "出口管制局"):
        assert one in said, one
    last = issued.usable_until
    assert f"{last:%-d %b %Y}" in said and f"{last.year}年{last.month}月{last.day}日" in said


def test_what_is_left_is_what_is_left_now(issued, client, world):
    world.clear(world.shipment(issued, 1_000 * KG).ref, 1_000 * KG)
    assert "59,000 kg" in text(client, address(issued))
    assert rest(client, issued).json()["lines"][0]["left"] == "59000.000"
    first, second = users_of(issued)
    assert rest(client, issued, first.verify_code).json()["lines"][0]["left"] == "39000.000"
    assert rest(client, issued, second.verify_code).json()["lines"][0]["left"] == "20000.000"


def test_a_suspension_shows_at_once_and_so_does_its_end(issued, client, world):
    licenses.suspend(issued.ref, seen=seen(issued.ref), reason="A hidden reason", by=world.ministry.decider)
    said = text(client, address(issued))
    assert (
        "已暂停 Suspended" in said
        and "Nothing new may be declared on it until the suspension is lifted; what was" in said
        and "A hidden reason" not in said
    )
    for code in (None, users_of(issued)[0].verify_code):
        assert rest(client, issued, code).json()["state"] == "suspended"
    cause = Suspension.objects.get()
    licenses.lift(
        issued.ref, seen=seen(issued.ref), suspension=cause.pk, reason="Settled", by=world.ministry.other_decider
    )
    assert "In force" in text(client, address(issued))


def test_a_suspension_says_since_when_whatever_else_began_or_ended_since(issued, client, world, clock):
    m, began = world.ministry, legal_today()
    licenses.suspend(issued.ref, seen=seen(issued.ref), reason="First", by=m.decider)
    clock.shift(days=2)
    licenses.suspend(issued.ref, seen=seen(issued.ref), reason="Second", by=m.decider)
    first, second = Suspension.objects.order_by("pk")
    for code in (None, users_of(issued)[0].verify_code):
        said = text(client, address(issued, code))
        assert f"Suspended since {began:%-d %b %Y}." in said
        assert f"{began.year}年{began.month}月{began.day}日" in said
    settled = {"reason": "Settled", "by": m.other_decider}
    licenses.lift(issued.ref, seen=seen(issued.ref), suspension=first.pk, **settled)
    assert f"Suspended since {began:%-d %b %Y}." in text(client, address(issued))
    licenses.lift(issued.ref, seen=seen(issued.ref), suspension=second.pk, **settled)
    assert "Suspended since" not in text(client, address(issued))
    again = legal_today()
    licenses.suspend(issued.ref, seen=seen(issued.ref), reason="Third", by=m.decider)
    assert f"Suspended since {again:%-d %b %Y}." in text(client, address(issued))


def test_a_part_says_since_when_it_is_suspended_by_itself(issued, client, world, clock):
    own, other = users_of(issued)
    closed(issued, own, world)
    began = legal_today()
    clock.shift(days=2)
    licenses.suspend(issued.ref, seen=seen(issued.ref), reason="All", by=world.ministry.decider)
    assert f"Suspended since {began:%-d %b %Y}." in text(client, address(issued, own.verify_code))
    for code in (None, other.verify_code):
        assert f"Suspended since {legal_today():%-d %b %Y}." in text(client, address(issued, code))


def test_a_part_says_since_when_it_is_closed_without_a_break(issued, client, world, clock):
    """The license was stopped, and before that ended a hit closed one of its end-users."""
    m, (own, other), began = world.ministry, users_of(issued), legal_today()

    def stops():
        licenses.suspend(issued.ref, seen=seen(issued.ref), reason="All", by=m.decider)
        return {"suspension": Suspension.objects.latest("pk").pk, "reason": "Settled", "by": m.other_decider}

    ends = stops()
    clock.shift(days=2)
    closed(issued, own, world, legal_now())
    clock.shift(days=4)
    licenses.lift(issued.ref, seen=seen(issued.ref), **ends)
    assert (since(client, own), since(client, other)) == (f"{began:%-d %b %Y}", "")
    clock.shift(days=6)
    stops()
    assert (since(client, own), since(client, other)) == (f"{began:%-d %b %Y}", f"{legal_today():%-d %b %Y}")


def test_a_part_that_was_open_in_between_is_suspended_since_it_was_closed_again(issued, client, world, clock):
    own, _ = users_of(issued)
    closed(issued, own, world)
    clock.shift(days=2)
    Suspension.objects.update(ended_by=world.ministry.other_decider.user, ended_at=legal_now(), end_reason="x")
    clock.shift(days=4)
    closed(issued, own, world, legal_now())
    assert since(client, own) == f"{legal_today():%-d %b %Y}"


def test_a_license_that_was_ended_says_by_what_on_which_day_and_whom_to_ask(issued, client, world, clock):
    make.ended(world, issued)
    day = legal_today()
    clock.shift(days=3)
    said = text(client, address(issued))
    assert f"Ended by the ministry on {day:%-d %b %Y}" in said and IN_TIME in said
    assert f"{day.year}年{day.month}月{day.day}日" in said and "Whom to ask: Bureau of Export Control" in said
    assert "被主管部门终止" in said and re.findall("撤销|撤回|吊销|注销|Revoked", said) == []
    answer = rest(client, issued).json()
    assert (answer["state"], answer["ended"], answer["ended_on"]) == ("ended", "revoked", day.isoformat())
    assert answer["lines"][0]["left"] == "0.000"


def test_the_other_ends_have_words_of_their_own(world, client, clock):
    handed, over, used = (world.license(kilograms=100) for _ in range(3))
    licenses.surrender(handed.ref, seen=seen(handed.ref), by=world.exporter)
    world.clear(world.shipment(used, 100 * KG).ref, 100 * KG)
    assert "Handed back by its holder" in text(client, address(handed))
    assert "Used up on" in text(client, address(used))
    clock.shift(days=(over.usable_until - legal_today()).days + 1)
    assert f"Its last day was {over.usable_until:%-d %b %Y}" in text(client, address(over))
    assert [IN_TIME in text(client, address(one)) for one in (handed, used, over)] == [False, False, True]
    assert rest(client, over).json()["ended"] == "over"  # though no sweep has said so


GOES_ON, STOPPED = "Only what was reserved on it before may be exported", "Nothing may be exported on it"
HELD = "What was reserved on it before may not be exported until the suspension is lifted"
IN_TIME = "Only what was declared to customs in time is cleared as usual."


def changed(world, license):
    """What took its place."""
    ref = make.asking(amendments.amend(license.ref, seen=seen(license.ref), by=world.exporter)).ref
    make.demo.under_review(world.exporter, ref, world.ministry)
    shares = {(1, user.pk): 20_000 * KG for user in Application.objects.get(ref=ref).end_users.all()}
    facts = {"outcome": "approve", "months": 12, "allotments": shares}
    decisions.recommend(ref, seen=seen(ref), **facts, by=world.ministry.reviewer)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    return decisions.issue(ref, seen=seen(ref), by=world.ministry.decider)


def goes_on(client, license, code=None):
    """What REST says, and the page in the same sense."""
    answer, said = rest(client, license, code).json(), text(client, address(license, code))
    assert (answer["state"], answer["ended"], answer["lines"][0]["left"]) == ("ended", "replaced", "0.000")
    told = answer["goes_on"], answer["suspended"]
    assert (GOES_ON in said, HELD in said, STOPPED in said) == (*told, not any(told))
    assert (IN_TIME in said) != answer["goes_on"]
    return answer["goes_on"]


@pytest.mark.parametrize("end", ["suspend", "revoke"])
def test_what_was_reserved_on_a_replaced_one_goes_on_until_its_successor_is_closed(issued, client, world, end):
    new = changed(world, changed(world, issued))
    codes = [None, *(user.verify_code for user in users_of(issued))]
    assert [goes_on(client, issued, code) for code in codes] == [True] * 3
    if end == "revoke":
        make.ended(world, new)
    else:
        licenses.suspend(new.ref, seen=seen(new.ref), reason="A hidden reason", by=world.ministry.decider)
    assert [goes_on(client, issued, code) for code in codes] == [False] * 3
    assert {rest(client, issued, code).json()["suspended"] for code in codes} == {end == "suspend"}
    assert not rest(client, new).json()["goes_on"]


def test_what_closes_an_end_user_of_the_successor_closes_him_alone(issued, client, world):
    first, second = users_of(issued)
    facts = {"cause": "screening", "reason": "x", "opened_by": world.ministry.decider.user}
    new = changed(world, issued)
    users = {user.party_id: user for user in new.end_users.all()}
    stop = {"license": new, **facts, "opened_at": new.issued_at}
    Suspension.objects.create(end_user=users[first.party_id], **stop)
    codes = (None, first.verify_code, second.verify_code)
    assert [goes_on(client, issued, code) for code in codes] == [True, False, True]
    assert rest(client, issued).json()["closed"] == [first.party.name]
    assert rest(client, issued, second.verify_code).json()["closed"] == []
    Suspension.objects.create(end_user=users[second.party_id], **stop)
    assert [goes_on(client, issued, code) for code in codes] == [False] * 3
    Suspension.objects.update(ended_at=new.issued_at, ended_by=world.ministry.decider.user, end_reason="x")
    assert [goes_on(client, issued, code) for code in codes] == [True] * 3


def test_nothing_of_a_replaced_one_goes_on_after_its_own_last_day(issued, client, world, clock):
    changed(world, issued)
    days = (issued.usable_until - legal_today()).days
    clock.shift(days=days)
    assert goes_on(client, issued)
    clock.shift(days=days + 1)
    assert not goes_on(client, issued)


def test_before_its_first_day_it_is_not_in_force(world, client):
    early = world.license(kilograms=100)
    License.objects.filter(pk=early.pk).update(usable_from=legal_today() + timedelta(days=3))
    assert "Not in force yet" in text(client, address(early))
    assert rest(client, early).json()["state"] == "not_yet"


def test_whole_and_parts_say_the_same_before_and_after_the_turn_that_closes_all(issued, client, world, clock):
    make.edition(forbid(country=["DE"]), "BAN")
    began = f"Suspended since {legal_today():%-d %b %Y}."
    codes = (None, *(user.verify_code for user in users_of(issued)))

    def told():
        assert all(began in text(client, address(issued, code)) for code in codes)
        return [
            (one["state"], one["suspended"], one["closed"]) for one in (rest(client, issued, c).json() for c in codes)
        ]

    assert told() == [("suspended", True, [])] * 3
    clock.shift(days=3)
    assert told() == [("suspended", True, [])] * 3
    verdicts.turn(issued.pk, by=by_clock())
    assert told() == [("suspended", True, [])] * 3


def test_rules_that_ended_closed_it_since_their_own_day_and_not_the_worker_s(issued, client, world, clock):
    make.edition(forbid(country=["DE"]), "BAN")
    began = f"Suspended since {legal_today():%-d %b %Y}."
    clock.shift(days=3)
    verdicts.turn(issued.pk, by=by_clock())
    licenses.suspend(issued.ref, seen=seen(issued.ref), reason="A hidden reason", by=world.ministry.decider)
    clock.shift(days=4)
    make.edition(forbid(country=["FR"]), "NO-BAN")
    verdicts.turn(issued.pk, by=by_clock())
    assert not issued.suspensions.filter(cause="policy", ended_at=None).exists()
    clock.shift(days=6)
    for code in (None, *(user.verify_code for user in users_of(issued))):
        assert began in text(client, address(issued, code))


def test_the_whole_is_suspended_since_its_last_end_user_is(issued, client, world, clock):
    own, other = users_of(issued)
    closed(issued, own, world)
    clock.shift(days=2)
    closed(issued, other, world, legal_now())
    assert f"Suspended since {legal_today():%-d %b %Y}." in text(client, address(issued))
    assert rest(client, issued).json()["state"] == "suspended"


# --- each reader his part ---------------------------------------------------------------------------------
def test_an_end_user_reads_his_part_and_the_whole_says_who_is_closed(issued, client, world):
    first, second = users_of(issued)
    closed(issued, first, world)
    states = [rest(client, issued, code).json()["state"] for code in (None, first.verify_code, second.verify_code)]
    assert states == ["in_force", "suspended", "in_force"]
    assert rest(client, issued).json()["closed"] == [first.party.name]
    assert f"The end-user {first.party.name} is suspended." in text(client, address(issued))


def test_40_attempts_by_one_part_to_learn_anything_of_another(issued, client, world):
    """Whatever of it is typed, in whatever form, over pages and REST: his own part, or not found."""
    own, other = users_of(issued)
    world.clear(world.shipment(issued, 7_777 * KG, end_user=other.party.ref).ref, 7_777 * KG)
    elsewhere = world.license(kilograms=55)
    code = own.verify_code
    codes = [code, code.lower(), f"{code[:5]}-{code[5:]}", f" {code} ", code[::-1], code[:-1], code + code[0]]
    codes += [str(other.pk), str(own.pk), other.declaration.ref, own.declaration.ref, "", "*" * 10, issued.ref, "%00"]
    codes += [f"{code}'--", f"{code} OR 1=1", code + "%", "_" * 10, other.verify_code[:-1] + "*"]
    secrets = [other.party.name, other.party.name_local, other.declaration.ref, other.verify_code, issued.verify_code]
    secrets += ["20,000", "20000.000", "12,223", "12223.000", "7,777", "60,000", "60000.000", "52,223"]
    told = []
    for number in (issued.ref, elsewhere.ref):
        for one in codes:
            page = client.get(f"/v/{number}/{one}/") if one else client.get(f"/v/{number}/%20/")
            answer = client.get(f"/api/v1/verify/{number}/", {"code": one})
            told.append(page.content.decode() + answer.content.decode())
            opens = number == issued.ref and one.upper().replace("-", "").strip() == code
            assert (page.status_code == 200) == opens, one
    assert len(told) == 40
    assert [secret for secret in secrets if secret and any(secret in one for one in told)] == []


def test_what_is_shared_with_others_says_no_quantity_to_a_part(world, client):
    """Else what is left of it would tell what the others took."""
    license = world.license(kilograms=60, users=2)
    own, _other = users_of(license)
    line = rest(client, license, own.verify_code).json()["lines"][0]
    assert (line["authorized"], line["left"]) == (None, None)
    said = text(client, address(license, own.verify_code))
    assert "as the holder arranges" in said and "60 kg" not in said
    sole = world.license(kilograms=61)
    assert rest(client, sole, users_of(sole)[0].verify_code).json()["lines"][0]["left"] == "61.000"


def test_a_part_has_only_the_lines_that_its_declaration_covers(world):
    license = world.apart()
    row = verified.with_terms(License.objects.all()).get(pk=license.pk)
    told = [[one.line.number for one in verified.shares(row, user)] for user in (*users_of(license), None)]
    assert told == [[1], [2], [1, 2]]


def test_each_code_is_its_own_and_an_empty_one_opens_nothing(issued, client):
    codes = [issued.verify_code, *(user.verify_code for user in users_of(issued))]
    assert len({*codes}) == 3 and all(re.fullmatch("[0-9A-HJKMNP-TV-Z]{10}", code) for code in codes)
    LicenseEndUser.objects.update(verify_code="")
    assert client.get(f"/api/v1/verify/{issued.ref}/", {"code": ""}).status_code == 404
    assert client.get(f"/api/v1/verify/{issued.ref}/", {"code": "-"}).status_code == 404


# --- guesses ----------------------------------------------------------------------------------------------
def test_a_wrong_code_and_an_unknown_number_are_the_same_to_the_byte(issued, client, monkeypatch):
    wrong, unknown = "A" * 10, make.unknown()
    asked = [f"/v/{number}/{wrong}/" for number in (issued.ref, unknown, "nonsense", "EL-0")]
    at = verified_at(monkeypatch)
    pages = {(answer.status_code, answer.content) for answer in map(client.get, asked)}
    assert len(pages) == 1 and at
    assert b'href="/v/"' in client.get(asked[0]).content and b'href="/v/"' not in client.get(address(issued)).content
    answers = [client.get(f"/api/v1/verify/{number}/", {"code": wrong}) for number in (issued.ref, unknown)]
    one, two = (answer.json() | {"instance": ""} for answer in answers)
    assert one == two and one["status"] == 404


def verified_at(monkeypatch):
    """One instant for all pages, as what is told is told with its second."""
    from core.legal_time import legal_now
    from licensing.web import verify

    at = legal_now()
    monkeypatch.setattr(verify, "legal_now", lambda: at)
    return at


def test_they_cost_the_same_queries(issued, django_assert_num_queries):
    for number in (issued.ref, make.unknown(), "nonsense"):
        with django_assert_num_queries(1):
            assert verified.opened(number, "A" * 10) is None


def test_every_code_is_compared_in_constant_time(issued, monkeypatch):
    compared = []
    monkeypatch.setattr(verified.hmac, "compare_digest", lambda one, two: compared.append(two) or False)
    assert verified.opened(issued.ref, issued.verify_code) is None
    assert len(compared) == 4
    compared.clear()
    assert verified.opened(make.unknown(), "x") is None
    assert len(compared) == 2


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["/v/{}/{}/", "/api/v1/verify/{}/?code={}"], ids=["page", "rest"])
def test_many_of_them_learn_nothing_and_take_the_same_time(asked, issued, client, monkeypatch):
    """Medians within 5 ms: in turns, so that whatever else the machine does falls on both."""
    verified_at(monkeypatch)
    took, pages = {issued.ref: [], make.unknown(): []}, set()
    for _ in range(GUESSES // 2):
        for number, times in took.items():
            path = asked.format(number, draw_code())
            begun = time.perf_counter()
            answer = client.get(path)
            times.append(time.perf_counter() - begun)
            pages.add((answer.status_code, one_of_many(answer)))
    one, two = map(statistics.median, took.values())
    assert [status for status, _page in pages] == [404] and abs(one - two) < 0.005


def one_of_many(answer):
    """What it says, but for the number that an answer of REST has of its own."""
    return str(answer.json() | {"instance": ""}) if "json" in answer.headers["Content-Type"] else answer.content


def test_ten_a_minute_from_one_address_whoever_asks(issued, client, settings, tmp_path, world):
    settings.RATE_FILE, settings.RATE_VERIFY = str(tmp_path / "rates"), 10
    statuses = [client.get(address(issued, "A" * 10)).status_code for _ in range(15)]
    key = make.key(world.exporter, "licenses:read")
    statuses += [
        client.get(f"/api/v1/verify/{issued.ref}/?code=x", HTTP_AUTHORIZATION=f"Bearer {key}").status_code
        for _ in range(6)
    ]
    assert statuses == [404] * 20 + [429]  # twice a minute's at once, as everywhere
    answer = client.get(address(issued))
    assert answer.status_code == 429 and 1 <= int(answer.headers["Retry-After"]) <= 6  # as long as all this took
    assert client.get(address(issued), REMOTE_ADDR="10.1.1.1").status_code == 200


# --- where it is asked --------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", ["/v/", "/verify/"])
@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("{ref}", "{code}"),
        (" {lower} ", "{halves}"),
        ("https://licenses.example/v/{ref}/{code}/#abc.def.ghi", ""),
        ("HTTPS://LICENSES.EXAMPLE/V/{ref}/{code}", ""),
    ],
)
def test_number_and_code_are_typed_or_the_address_is_pasted_and_lead_to_the_page(path, number, code, issued, client):
    verify_code = issued.verify_code
    forms = {"ref": issued.ref, "lower": issued.ref.lower(), "code": verify_code}
    forms["halves"] = f"{verify_code[:5]}-{verify_code[5:]}"
    answer = client.get(path, {"number": number.format(**forms), "code": code.format(**forms)})
    assert answer.status_code == 302 and answer.headers["Cache-Control"] == "no-store"
    assert "有效 In force" in text(client, answer.url)


@pytest.mark.parametrize("typed", [("", ""), ("EL-1", ""), ("…", "x")])
def test_both_are_needed(typed, client, db):
    answer = client.get("/v/", dict(zip(("number", "code"), typed, strict=True)))
    assert (answer.status_code, "Both are needed" in answer.content.decode()) == (422, True)


def test_the_form_says_nothing_of_what_exists_and_is_light(issued, client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answers = [client.get("/v/", {"number": ref, "code": "WRONG"}) for ref in (issued.ref, make.unknown())]
    assert [answer.status_code for answer in answers] == [302, 302]
    page = client.get("/v/").content
    assert b"<script" not in page and len(page) + len(CSS.read_bytes()) < 15_000


def test_as_much_can_be_typed_as_the_form_takes(client, monkeypatch):
    from licensing.web import verify

    for name, most in {"number": 17, "code": 9}.items():
        monkeypatch.setattr(verify.AskForm.base_fields[name], "max_length", most)
    page = client.get("/v/").content.decode()
    assert re.findall(r'name="(\w+)"[^>]*maxlength="(\d+)"', page) == [("number", "17"), ("code", "9")]


def test_a_number_alone_is_asked_for_its_code_whether_or_not_it_exists(issued, client, django_assert_num_queries):
    refs = [issued.ref, make.unknown()]
    with django_assert_num_queries(0):
        answers = [client.get(f"/v/{ref}/") for ref in refs]
    pages = [answer.content.decode() for answer in answers]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert pages[0].replace(*refs) == pages[1]
    assert f'value="{issued.ref}"' in pages[0] and 'name="code"' in pages[0] and "<script" not in pages[0]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert len(answers[0].content) + len(CSS.read_bytes()) < 15_000


def test_the_program_that_checks_offline_is_there_for_anybody_byte_for_byte(client, db):
    answer = client.get("/verify.py")
    assert answer.content == (Path(configured.BASE_DIR) / "docs" / "verify.py").read_bytes()
    assert answer.headers["Content-Type"] == "text/x-python; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="verify.py"'
    assert answer.headers["Cache-Control"] == "public, no-cache"  # the hash on a page is of what is served now
    again = client.get("/verify.py", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    page = raw(client, "/verify/")
    assert 'href="/verify.py"' in page and f"<code>{sha256(answer.content).hexdigest()}</code>" in page
    assert "python3 verify.py license.jws jwks.json license.pdf</code>" in page


# --- its weight -------------------------------------------------------------------------------------------
def test_it_is_light_loads_one_small_stylesheet_and_is_kept_nowhere(issued, client):
    answer = client.get(address(issued))
    page = answer.content.decode()
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == ["data:,", "/static/css/verify.css"]
    assert "<script" not in page and "style=" not in page and "@import" not in CSS.read_text()
    assert len(answer.content) + len(CSS.read_bytes()) < 15_000
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert not answer.cookies


def test_it_says_the_same_whatever_language_its_reader_has(issued, client, monkeypatch):
    verified_at(monkeypatch)
    english = raw(client, address(issued))
    assert client.get(address(issued), HTTP_ACCEPT_LANGUAGE="zh-hans").content.decode() == english
