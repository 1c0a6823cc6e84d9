"""Drafts of the rules: who writes and who signs, what is refused, and what is in force from when on."""

import copy
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from core.errors import DomainError, Forbidden, FourEyes, Invalid, NotFound, WrongState
from core.history import lines_of
from core.legal_time import day_start, legal_day, legal_now, legal_today
from core.quantities import UNITS
from core.templatetags import lodestone
from licensing import selectors
from licensing.actions import editions, needs
from licensing.actions.lists import SAME
from licensing.loading import first_document
from licensing.models import ControlItem, Draft, EndUse, Instrument, PolicyEdition, Signature
from licensing.models.editions import SIGNERS
from licensing.policy import shape
from licensing.policy.editions import canonical, digest_of
from tests import make
from tests.again import again
from tests.make import seen

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
R033 = next(row for row in first_document()["rules"] if row["id"] == "R033")
BAN = R033 | {
    "id": "R050",
    "match": {"item.control_code_prefix": ["1C905"], "destination.country": ["JP"]},
    "applies_to": ["new", "pending", "existing"],
}
BAN.pop("effective_to", None)
R045 = next(row for row in first_document()["rules"] if row["id"] == "R045")


def rules(row):
    return {rule["id"]: rule for rule in json.loads(row.text)["rules"]}


@pytest.fixture
def ministry(reference):
    return make.ministry()


@pytest.fixture
def draft(ministry):
    return begun(ministry.policy_officer)


@again
def begun(officer):
    return editions.draft(title="Ban", by=officer)


@pytest.fixture
def ban(draft, ministry):
    """A draft that bans an item to a country from tomorrow on."""
    return described(changed(draft, ministry), ministry)


@again
def changed(row, ministry, part="rules", key="", new=BAN, by=None):
    facts = {"part": part, "key": key, "row": copy.deepcopy(new), "by": by or ministry.policy_officer}
    return editions.change(row.ref, seen=seen(row.ref), **facts)


@again
def described(row, ministry, days=1, **said):
    words = {
        "title_en": "Ban",
        "title_zh": "禁令",
        "statement_en": "Banned.",
        "statement_zh": "禁止。",
        "starts_on": legal_today() + days * DAY,
    }
    return editions.describe(row.ref, seen=seen(row.ref), by=ministry.policy_officer, **words | said)


@again
def approved(row, ministry, by=None):
    """Once somebody has seen what it does."""
    make.simulated(row.ref, ministry.policy_approver)
    return signed_off(row, ministry, by)


@again
def signed_off(row, ministry, by=None):
    return editions.approve(row.ref, seen=seen(row.ref), by=by or ministry.policy_approver)


@again
def hastened(row, by):
    return editions.hasten(row.ref, seen=seen(row.ref), reason="Tonight", by=by)


def repealed(row, by):
    return editions.repeal(row.ref, seen=seen(row.ref), reason="A slip", by=by)


def with_both_roles(actor):
    return replace(actor, roles=frozenset({"policy_officer", "policy_approver"}))


def refused(kind, code, call, *args, **facts):
    """It is refused for that, and neither a draft nor an edition nor a signature is otherwise than before."""
    before = standing()
    with pytest.raises(kind) as refusal:
        call(*args, **facts)
    assert refusal.value.code == code
    assert standing() == before
    return refusal.value


def standing():
    return [list(model.objects.order_by("pk").values()) for model in (Draft, PolicyEdition, Signature)]


# --- written ----------------------------------------------------------------------------------------------


def test_a_draft_begins_with_the_text_in_force_and_knows_its_author(draft, ministry):
    first = PolicyEdition.objects.get()
    assert (draft.text, draft.digest, draft.base, draft.state) == (first.text, first.digest, first, "draft")
    signature = draft.signatures.get()
    assert (signature.part, signature.actor, signature.digest) == ("author", ministry.policy_officer.user, first.digest)
    assert lines_of(draft).get().facts == {"base": first.code}


def test_a_draft_of_an_earlier_edition_has_its_text(ministry):
    first = PolicyEdition.objects.get()
    make.edition(lambda by_id, document: document.update(windows=[]))
    assert editions.draft(title="Undo", base=first.code, by=ministry.policy_officer).text == first.text
    assert editions.draft(title="More", by=ministry.policy_officer).text != first.text
    with pytest.raises(NotFound):
        editions.draft(title="Undo", base="LIST-1", by=ministry.policy_officer)


@pytest.mark.parametrize("role", ["policy_approver", "decider", "auditor", "admin"])
def test_only_policy_officers_begin_and_change(draft, ministry, role):
    by = getattr(ministry, role)
    refused(Forbidden, "forbidden", editions.draft, title="Ban", by=by)
    kind = NotFound if role == "admin" else Forbidden
    code = "not-found" if role == "admin" else "forbidden"
    refused(kind, code, changed, draft, ministry, by=by)


def test_a_row_is_added_put_in_place_and_dropped(draft, ministry):
    before = rules(draft)
    changed(draft, ministry)
    draft.refresh_from_db()
    assert rules(draft) == before | {"R050": BAN}
    changed(draft, ministry, key="R050", new=BAN | {"enabled": False})
    draft.refresh_from_db()
    assert rules(draft)["R050"]["enabled"] is False
    changed(draft, ministry, key="R050", new=None)
    draft.refresh_from_db()
    assert rules(draft) == before and draft.digest == draft.base.digest
    told = [(line.facts["row"], line.facts["does"]) for line in lines_of(draft).filter(verb="change")]
    assert told == [("R050", "add"), ("R050", "put"), ("R050", "drop")]


@pytest.mark.parametrize(("part", "key", "row"), [
    ("groups", "", {"name": "EU", "en": "European Union", "zh": "欧盟", "countries": ["DE", "FR"]}),
    ("end_uses", "CIV_AUTO", {"name": "CIV_AUTO", "en": "Cars", "zh": "汽车"}),
    ("windows", "A61-2025 - 2025-11-10", None),
])  # fmt: skip
def test_rows_of_other_parts_go_by_their_own_keys(draft, ministry, part, key, row):
    before = json.loads(draft.text)
    keys = selectors.compiled(draft.text).edition.document[part]
    if key and part == "windows":
        key = next(f"{one['instrument']} {one['clause'] or '-'} {one['suspended_from']}" for one in keys)
    changed(draft, ministry, part=part, key=key, new=row)
    draft.refresh_from_db()
    after = json.loads(draft.text)
    assert {name for name in after if after[name] != before[name]} == {part}


def test_a_row_that_is_not_there_is_not_found(draft, ministry):
    refused(NotFound, "not-found", changed, draft, ministry, key="R999")
    refused(NotFound, "not-found", changed, draft, ministry, part="bread")


@pytest.mark.parametrize(("change", "pointer"), [
    ({"id": "R033"}, "/rules/{n}/id"),
    ({"match": {"item.control_code_prefix": ["1C999"]}}, "/rules/{n}/match/item.control_code_prefix/0"),
    ({"match": {}}, "/rules/{n}/match"),
    ({"effective_from": "2027-01-02", "effective_to": "2027-01-01"}, "/rules/{n}/effective_to"),
    ({"match": {"destination.country": ["JP", "UK"]}}, "/rules/{n}/match/destination.country/1"),
    ({"bread": 1}, "/rules/{n}"),
    ({"id": "R\n1"}, "/rules/{n}/id"),
    ({"id": ".."}, "/rules/{n}/id"),
])  # fmt: skip
def test_what_can_t_be_meant_is_refused_at_its_place(draft, ministry, change, pointer):
    refusal = refused(Invalid, "rules-unreadable", changed, draft, ministry, new=BAN | change)
    assert [one.pointer for one in refusal.errors] == [pointer.format(n=len(rules(draft)))]
    assert all(one.message for one in refusal.errors)


@pytest.mark.parametrize("key", ["", "CIV_WIND"])
def test_a_name_that_another_row_has_is_refused(draft, ministry, key):
    row = {"name": "CIV_AUTO", "en": "Cars", "zh": "汽车"}
    refusal = refused(Invalid, "rules-unreadable", changed, draft, ministry, part="end_uses", key=key, new=row)
    assert [one.extra["flaw"] for one in refusal.errors] == ["id-twice"]


def test_an_old_page_changes_nothing(draft, ministry):
    old = seen(draft.ref)
    changed(draft, ministry)
    facts = {"part": "rules", "key": "R050", "row": None, "by": ministry.policy_officer}
    assert refused(DomainError, "stale", editions.change, draft.ref, seen=old, **facts).status == 412


def test_a_file_takes_the_place_of_all_rules(draft, ministry):
    document = first_document() | {"windows": []}
    content = json.dumps(document, indent=1).encode()
    editions.load(draft.ref, seen=seen(draft.ref), file=("rules.json", content), by=ministry.policy_officer)
    draft.refresh_from_db()
    assert draft.text == canonical(document) and draft.digest == digest_of(draft.text)
    assert lines_of(draft).last().facts == {"file": "rules.json"}


TWICE = {"rules": [*first_document()["rules"], first_document()["rules"][0]]}


UNREADABLE = {
    "no UTF-8": b"\xff",
    "no JSON": b"bread",
    "too deep": b"[" * 100_000,
    "no document": b"{}",
    "a huge number": b"9" * 5_000,
    "half a character": b'{"a": "\\ud800"}',
    "a rule twice": json.dumps(first_document() | TWICE).encode(),
    "too large": b" " * 5_000_001,
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_can_t_be_read_loads_nothing(draft, ministry, content):
    call = {"seen": seen(draft.ref), "file": ("rules.json", content), "by": ministry.policy_officer}
    refusal = refused(Invalid, "rules-unreadable", editions.load, draft.ref, **call)
    assert {one.pointer for one in refusal.errors} == {"/file"}


@pytest.mark.parametrize("of", [" ", "中"])
def test_a_file_that_is_too_large_is_told_so_with_the_limit(draft, ministry, of):
    """A form reads its first 10 MB and a byte, which may be a part of a character."""
    content = (of.encode() * (11 << 20))[: (10 << 20) + 1]
    call = {"seen": seen(draft.ref), "file": ("rules.json", content), "by": ministry.policy_officer}
    [problem] = refused(Invalid, "file-too-large", editions.load, draft.ref, **call).errors
    assert (problem.pointer, "10 MB" in problem.message) == ("/file", True)
    long = call | {"file": ("rules.json", UNREADABLE["too large"])}
    [problem] = refused(Invalid, "rules-unreadable", editions.load, draft.ref, **long).errors
    assert "5,000,000 characters" in problem.message


def test_every_country_that_a_file_names_is_one(draft, ministry):
    document, nowhere = copy.deepcopy(first_document()), {"destination.country": ["GB", "UK"]}
    document["rules"][0]["match"]["item.origin"] = ["UK"]
    document["groups"]["ISLES"] = {"en": "Isles", "zh": "群岛", "countries": ["IE", "UK"]}
    document["invariants"][0]["when"][1] = nowhere
    hold = {"id": "H1", "match": nowhere, "from": "2027-01-01", "until": None, "owner": "Us"}
    document["holds"] = [hold | {"reason_en": "Studied.", "reason_zh": "研究中。"}]
    call = {"seen": seen(draft.ref), "file": ("r.json", json.dumps(document).encode()), "by": ministry.policy_officer}
    refusal = refused(Invalid, "rules-unreadable", editions.load, draft.ref, **call)
    assert [one.message.split()[0] for one in refusal.errors] == [
        "/rules/0/match/item.origin/0",
        "/holds/0/match/destination.country/1",
        "/invariants/0/when/1/destination.country/1",
        "/groups/ISLES/countries/1",
    ]
    assert all("“UK”" in one.message for one in refusal.errors)


def test_no_text_of_a_file_reads_otherwise_than_it_is_stored(draft, ministry):
    document = copy.deepcopy(first_document())
    document["rules"][0] |= {"rationale_en": "Safe \u202eevil", "clause": "1\u2066"}
    document["invariants"][0]["sentence_zh"] = "\u200b"
    document["instruments"][9]["clauses"]["1.1\u200f"] = "2025-12-01"
    document["rules"][1]["rationale_en"] = "Two\nlines"
    call = {"seen": seen(draft.ref), "file": ("r.json", json.dumps(document).encode()), "by": ministry.policy_officer}
    refusal = refused(Invalid, "rules-unreadable", editions.load, draft.ref, **call)
    assert {(one.message.split()[0], one.extra["flaw"]) for one in refusal.errors} == {
        ("/rules/0/rationale_en", "forbidden-character"),
        ("/rules/0/clause", "forbidden-character"),
        ("/instruments/9/clauses/1.1", "forbidden-character"),
        ("/invariants/0/sentence_zh", "blank"),
    }
    document = first_document() | {"rules": [R033 | {"id": "R\u202e1", "instrument": "A\u202e"}]}
    call["file"] = ("r.json", json.dumps(document).encode())
    refusal = refused(Invalid, "rules-unreadable", editions.load, draft.ref, **call)
    assert not any("\u202e" in one.message for one in refusal.errors)


# --- approved ---------------------------------------------------------------------------------------------


def test_what_is_approved_starts_at_midnight_by_itself(ban, ministry, clock):
    approved(ban, ministry)
    edition = PolicyEdition.objects.latest("pk")
    assert (edition.text, edition.draft, edition.starts_at) == (ban.text, ban, day_start(legal_today() + DAY))
    assert edition.code == f"{legal_today() + DAY}-{ban.digest[:6]}"
    clock.set(edition.starts_at - timedelta(seconds=1))
    assert selectors.edition_now().code != edition.code
    clock.set(edition.starts_at)
    assert selectors.edition_now().code == edition.code
    line = lines_of(ban).last()
    assert (line.verb, line.edition, line.to_state) == ("approve", edition.code, "approved")


def row_of(row, part, name):
    return next(one for one in json.loads(row.text)[part] if name in one.values())


def test_what_a_new_edition_lists_can_be_chosen_and_what_was_listed_stays(draft, ministry):
    first, codes = row_of(draft, "codes", "1C905.a.4"), ControlItem.objects.count()
    instrument = row_of(draft, "instruments", "A57-2025") | {"id": "A9-2027"}
    changed(draft, ministry, part="instruments", new=instrument)
    ribbon = first | {"code": "1C905.a.9", "instrument": "A9-2027", "description_en": "Ribbons"}
    changed(draft, ministry, part="codes", new=ribbon)
    changed(draft, ministry, part="codes", key="1C905.a.4", new=first | {"description_en": "Otherwise"})
    changed(draft, ministry, part="end_uses", new={"name": "CIV_TOYS", "en": "Toys", "zh": "玩具"})
    approved(described(draft, ministry), ministry)
    listed = ControlItem.objects.get(code="1C905.a.9")
    assert {name: getattr(listed, name) for name in SAME} == {name: ribbon[name] for name in SAME}
    assert (listed.list_name, listed.instrument_id) == (first["list"], "A9-2027")
    assert ControlItem.objects.count() == codes + 1
    assert ControlItem.objects.get(code="1C905.a.4").description_en == first["description_en"]
    assert [str(EndUse.objects.latest("position")), EndUse.objects.count()] == ["Toys", 22]


@pytest.mark.parametrize(
    ("model", "row", "names"),
    [
        (ControlItem, shape.CODE, {"list": "list_name"}),
        (Instrument, shape.INSTRUMENT, {}),
        (EndUse, shape.DOCUMENT["properties"]["end_uses"]["additionalProperties"], {"en": "name_en", "zh": "name_zh"}),
        (EndUse, {"properties": {"code": shape.DOCUMENT["properties"]["end_uses"]["propertyNames"]}}, {}),
    ],
)
def test_what_a_document_may_hold_has_room_on_the_lists(model, row, names):
    fields = {field.name: field.max_length for field in model._meta.concrete_fields if field.max_length}
    for name, allowed in row["properties"].items():
        if (room := fields.get(names.get(name, name))) and "enum" not in allowed:
            assert allowed["maxLength"] <= room, name
    assert list(UNITS) == list(shape.UNITS) == list(lodestone._WORDS)


def test_nobody_approves_what_he_wrote(ban, ministry):
    both = with_both_roles(ministry.policy_officer)
    make.simulated(ban.ref, both)
    refused(FourEyes, "four-eyes", signed_off, ban, ministry, by=both)
    refused(DomainError, "stale", editions.approve, ban.ref, seen=0, by=both)  # state and what was seen come before
    refused(WrongState, "wrong-state", repealed, ban, both)
    facts = {"draft": ban, "actor": both.user, "digest": ban.digest, "at": legal_now()}
    with pytest.raises(IntegrityError, match="signature_nobody_gives_both"), transaction.atomic():
        Signature.objects.create(part="approver", **facts)


@pytest.mark.slow
def test_nobody_writes_on_what_he_signed(ban, ministry):
    signer = ministry.policy_approver
    hastened(ban, signer)
    both = with_both_roles(signer)
    refused(FourEyes, "four-eyes", changed, ban, ministry, key="R050", new=None, by=both)


def test_an_edition_has_the_titles_of_its_draft_in_both_languages(ban, ministry):
    approved(ban, ministry)
    row = PolicyEdition.objects.latest("pk")
    for language, title in (("en", "Ban"), ("zh-hans", "禁令")):
        with override(language):
            assert row.title == row.draft.title == title


def test_whoever_describes_it_is_an_author(draft, ministry):
    both = with_both_roles(ministry.policy_approver)
    words = {
        "title_en": "Ban",
        "title_zh": "禁令",
        "statement_en": "",
        "statement_zh": "",
        "starts_on": legal_today() + DAY,
    }
    editions.describe(draft.ref, seen=seen(draft.ref), by=both, **words)
    changed(draft, ministry)
    make.simulated(draft.ref, both)
    refused(FourEyes, "four-eyes", signed_off, draft, ministry, by=both)


def test_whoever_approves_waits_for_the_other(ban, ministry):
    """And reads the clock, and which starts are taken, after that; PostgreSQL's own guard stands behind."""
    make.simulated(ban.ref, ministry.policy_approver)
    with CaptureQueriesContext(connection) as queries:
        signed_off(ban, ministry)
    said = [query["sql"] for query in queries]
    waited = next(at for at, sql in enumerate(said) if "pg_advisory_xact_lock" in sql)
    assert waited < min(at for at, sql in enumerate(said) if "legal_now()" in sql)
    assert waited < min(at for at, sql in enumerate(said) if 'FROM "licensing_policyedition"' in sql)


def test_what_was_approved_is_never_changed(ban, ministry):
    approved(ban, ministry)
    refused(WrongState, "wrong-state", changed, ban, ministry, key="R050", new=None)
    refused(WrongState, "wrong-state", described, ban, ministry)
    refused(WrongState, "wrong-state", signed_off, ban, ministry)


def test_it_needs_a_day(draft, ministry):
    changed(draft, ministry)
    refusal = refused(Invalid, "required", signed_off, draft, ministry)
    assert [one.pointer for one in refusal.errors] == ["/starts_on"]


@pytest.mark.parametrize("days", [-1, 0, 3_654])
def test_it_starts_on_a_coming_day(draft, ministry, days):
    refusal = refused(Invalid, "date-out-of-range", described, draft, ministry, days=days)
    assert [one.pointer for one in refusal.errors] == ["/starts_on"]


def test_a_day_that_has_come_meanwhile_is_refused(ban, ministry, clock):
    clock.set(day_start(legal_today() + DAY))
    refused(Invalid, "date-out-of-range", signed_off, ban, ministry)


def test_an_approval_that_could_stand_only_after_its_start_is_refused(ban, ministry, clock):
    """For a second of that day other rules would have been in force."""
    make.simulated(ban.ref, ministry.policy_approver)
    known(selectors.edition_now().digest, ban.text, ban.starts_on)
    clock.set(day_start(ban.starts_on) - timedelta(seconds=4))
    refused(Invalid, "date-out-of-range", signed_off, ban, ministry)


@pytest.mark.parametrize("days", [1, 3_653])
def test_the_first_and_the_last_day_that_can_be_chosen(draft, ministry, days):
    assert described(draft, ministry, days=days).starts_on == legal_today() + days * DAY


def other(ministry, days=1):
    row = editions.draft(title="Other", by=ministry.policy_officer)
    return described(changed(row, ministry, new=BAN | {"id": "R051"}), ministry, days=days)


def test_a_start_is_given_once(ban, ministry):
    second = other(ministry)
    approved(ban, ministry)
    refused(Invalid, "start-taken", signed_off, second, ministry)
    described(second, ministry, days=2)
    approved(second, ministry)
    assert PolicyEdition.objects.count() == 3


def test_a_text_that_changes_nothing_is_not_approved(draft, ministry):
    described(draft, ministry)
    refused(DomainError, "changes-nothing", signed_off, draft, ministry)


def test_a_broken_promise_is_not_approved(draft, ministry):
    rule = copy.deepcopy(rules(draft)["R045"])
    rule["effect"].pop("remove")
    described(changed(draft, ministry, key="R045", new=rule), ministry)
    refusal = refused(DomainError, "invariant-broken", signed_off, draft, ministry)
    assert "everywhere: I2. The" in str(refusal.detail)


@pytest.mark.full
def test_a_promise_is_changed_by_whoever_says_why_and_never_dropped_with_what_breaks_it(draft, ministry):
    rule = copy.deepcopy(rules(draft)["R045"])
    rule["effect"].pop("remove")
    changed(draft, ministry, key="R045", new=rule)
    promise = next(one for one in json.loads(draft.text)["invariants"] if one["id"] == "I2")
    described(changed(draft, ministry, part="invariants", key="I2", new=None), ministry)
    refused(DomainError, "invariant-broken", signed_off, draft, ministry)
    other = promise | {"then": {"never": ["exempt"]}}
    described(changed(draft, ministry, part="invariants", new=other), ministry)
    refused(DomainError, "invariant-broken", signed_off, draft, ministry)
    changed(draft, ministry, part="invariants", key="I2", new=other | {"basis": "Order 7: they may register."})
    assert approved(described(draft, ministry), ministry)


@pytest.mark.full
def test_a_promise_is_struck_only_with_its_own_reason_and_by_itself(draft, ministry):
    promise = next(one for one in json.loads(draft.text)["invariants"] if one["id"] == "I2")
    described(changed(draft, ministry, part="invariants", key="I2", new=None), ministry)
    refusal = refused(DomainError, "invariant-unexplained", signed_off, draft, ministry)
    assert "say why: I2. Put" in str(refusal.detail)
    changed(draft, ministry, part="invariants", new=promise | {"struck": "Order 7: they may register."})
    rule = copy.deepcopy(rules(draft)["R045"])
    rule["effect"].pop("remove")
    described(changed(draft, ministry, key="R045", new=rule), ministry)
    refused(DomainError, "invariant-broken", signed_off, draft, ministry)
    changed(draft, ministry, key="R045", new=rules(draft)["R045"] | {"effect": R045["effect"]})
    refused(DomainError, "loosens", hastened, described(draft, ministry), ministry.policy_approver)
    assert approved(draft, ministry)


def test_what_was_struck_may_be_dropped_and_broken_afterwards(draft, ministry):
    def struck(by_id, document):
        next(one for one in document["invariants"] if one["id"] == "I2")["struck"] = "Order 7: they may register."

    make.edition(struck)
    row = editions.draft(title="Register", by=ministry.policy_officer)
    rule = copy.deepcopy(R045)
    rule["effect"]["remove"] = ["annual"]
    changed(row, ministry, part="invariants", key="I2", new=None)
    assert approved(described(changed(row, ministry, key="R045", new=rule), ministry), ministry)


@pytest.mark.full
@pytest.mark.parametrize("basis", ["Product default  (R045)", "Order 7"])
def test_a_promise_of_fewer_cases_needs_another_basis_and_is_no_emergency(ministry, basis):
    def short(by_id, document):
        next(one for one in document["invariants"] if one["id"] == "I2")["basis"] = "Product default (R045)"

    make.edition(short)
    draft = editions.draft(title="Fewer", by=ministry.policy_officer)
    promise = next(one for one in json.loads(draft.text)["invariants"] if one["id"] == "I2")
    fewer = promise | {"basis": basis, "when": [promise["when"][0] | {"destination.country": ["JP"]}]}
    described(changed(draft, ministry, part="invariants", key="I2", new=fewer), ministry)
    if basis == "Order 7":
        refused(DomainError, "loosens", hastened, draft, ministry.policy_approver)
        assert approved(draft, ministry)
    else:
        refused(DomainError, "invariant-unexplained", signed_off, draft, ministry)


# --- in an emergency --------------------------------------------------------------------------------------


def test_two_signatures_put_it_in_force_some_seconds_later(ban, ministry, clock):
    hastened(ban, ministry.policy_approver)
    ban.refresh_from_db()
    assert ban.state == "draft" and PolicyEdition.objects.count() == 1
    refused(FourEyes, "four-eyes", hastened, ban, ministry.policy_approver)
    at = legal_now()
    hastened(ban, ministry.other_approver)
    edition = PolicyEdition.objects.latest("pk")
    assert at + needs.HASTE <= edition.starts_at <= legal_now() + needs.HASTE
    assert selectors.edition_now().code != edition.code
    clock.set(edition.starts_at)
    assert selectors.edition_now().code == edition.code
    ban.refresh_from_db()
    assert ban.state == "approved"


def test_a_signature_is_of_one_text(ban, ministry):
    hastened(ban, ministry.policy_approver)
    described(changed(ban, ministry, key="R050", new=BAN | {"rationale_en": "Otherwise."}), ministry)
    hastened(ban, ministry.other_approver)
    ban.refresh_from_db()
    assert ban.state == "draft" and PolicyEdition.objects.count() == 1
    hastened(ban, ministry.policy_approver)
    assert PolicyEdition.objects.count() == 2


def test_an_emergency_loosens_nowhere(draft, ministry):
    changed(draft, ministry, key="R044", new=rules(draft)["R044"] | {"enabled": False})
    refused(DomainError, "loosens", hastened, draft, ministry.policy_approver)


def test_an_emergency_asks_no_less_of_the_annual_channel(draft, ministry):
    row = next(row for row in json.loads(draft.text)["thresholds"] if row["id"] == "clearances")
    changed(draft, ministry, part="thresholds", key="clearances", new=row | {"number": 11})
    refused(DomainError, "loosens", hastened, draft, ministry.policy_approver)


def holders_lose(by_id):
    for rule in by_id.values():
        rule["applies_to"] = [one for one in rule["applies_to"] if one != "existing"]


def longer_grace(by_id):
    by_id["R033"]["transition"] = {"until": "2036-01-01"}


@pytest.mark.parametrize("change", [holders_lose, longer_grace])
def test_an_emergency_loosens_nothing_for_those_who_hold_a_license(draft, ministry, change):
    document = json.loads(draft.text)
    change({rule["id"]: rule for rule in document["rules"]})
    content = json.dumps(document).encode()
    editions.load(draft.ref, seen=seen(draft.ref), file=("r.json", content), by=ministry.policy_officer)
    refused(DomainError, "loosens", hastened, draft, ministry.policy_approver)


def test_an_emergency_lifts_no_ban_on_those_who_hold_a_license(draft, ministry):
    lifting = rules(draft)["R045"] | {"id": "R050", "match": {"destination.country": ["JP"]}}
    lifting |= {"applies_to": ["existing"], "overrides_disposition_of": ["R033"]}
    changed(draft, ministry, key="", new=lifting)
    refused(DomainError, "loosens", hastened, draft, ministry.policy_approver)


@pytest.mark.full
def test_an_emergency_that_hits_others_too_is_for_those_who_hold_a_license_what_it_was(ministry):
    ban = BAN | {"id": "R052", "applies_to": ["existing"], "match": {"destination.country": ["JP", "KR"]}}
    make.edition(lambda by_id, document: document["rules"].append(copy.deepcopy(ban)))
    row, wider = editions.draft(title="Wider", by=ministry.policy_officer), ban | {"applies_to": ["new", "existing"]}
    changed(row, ministry, key="R052", new=wider | {"match": {"destination.country": ["JP"]}})
    refused(DomainError, "loosens", hastened, row, ministry.policy_approver)
    changed(row, ministry, key="R052", new=wider)
    assert hastened(described(row, ministry), ministry.policy_approver)


def test_an_emergency_moves_no_code_to_the_exporters_overseas(draft, ministry):
    code = next(row for row in json.loads(draft.text)["codes"] if row["code"] == "1C902.a.1")
    changed(draft, ministry, part="codes", key="1C902.a.1", new=code | {"official": False})
    refused(DomainError, "loosens", hastened, draft, ministry.policy_approver)


@pytest.mark.slow
@pytest.mark.parametrize(("change", "loosens"), [
    ({"unit": "g"}, True),
    ({"hs_codes": []}, True),
    ({"hs_codes": ["99999999"]}, True),
    ({"hs_codes": "more"}, False),
])  # fmt: skip
def test_an_emergency_takes_no_goods_from_a_code_and_counts_them_as_before(draft, ministry, change, loosens):
    code = next(row for row in json.loads(draft.text)["codes"] if len(row["hs_codes"]) > 0)
    if change.get("hs_codes") == "more":
        change = {"hs_codes": [*code["hs_codes"], "28469098"]}
    changed(draft, ministry, part="codes", key=code["code"], new=code | change)
    described(changed(draft, ministry), ministry)
    if loosens:
        refused(DomainError, "loosens", hastened, draft, ministry.policy_approver)
    else:
        assert hastened(draft, ministry.policy_approver)


def known(follows, text, since):
    """What takes seconds is worked out."""
    selectors.compared(follows, text, since=since)
    selectors.invariants_of(text, since=since)
    selectors.promises_of(follows, text, since=since)


def test_just_before_midnight_it_is_compared_with_what_starts_then(ban, ministry, clock):
    """What bans more from midnight on is not undone by what was signed seconds before."""
    at = day_start(legal_today() + DAY)
    stricter = BAN | {"id": "R051", "match": {"item.control_code_prefix": ["1C906"]}}
    now, then = selectors.edition_now().digest, make.edition(lambda _, rules: rules["rules"].append(stricter), "S", at)
    for follows, since in ((now, legal_today()), (then.digest, legal_day(at))):
        known(follows, ban.text, since)  # or midnight is over before it is
    clock.set(at - timedelta(seconds=2))
    refused(DomainError, "loosens", hastened, ban, ministry.policy_approver)


def test_a_signature_of_an_emergency_counts_for_a_day(ban, ministry, clock):
    hastened(ban, ministry.policy_approver)
    clock.shift(hours=25)
    hastened(ban, ministry.other_approver)
    ban.refresh_from_db()
    assert ban.state == "draft"
    hastened(ban, ministry.policy_approver)
    ban.refresh_from_db()
    assert ban.state == "approved"


@pytest.fixture(params=["sampled", "twos"])
def not_compared_whole(request, monkeypatch):
    selectors.compared.cache_clear()
    if request.param == "sampled":
        drawn = {"largest": 1, "drawn": 50, "seed": 1}
        monkeypatch.setattr("licensing.policy.whole.Whole.__init__.__kwdefaults__", drawn)
    else:
        monkeypatch.setattr("licensing.policy.classes.MOST_SETS", 1)
    yield
    selectors.compared.cache_clear()


@pytest.mark.usefixtures("not_compared_whole")
def test_what_can_t_be_compared_whole_is_no_emergency(ban, ministry):
    stricter = rules(ban)["R044"]
    stricter["effect"]["disposition"] = "prohibited"
    changed(ban, ministry, key="R044", new=stricter)
    described(ban, ministry)
    refused(DomainError, "too-many-to-compare", hastened, ban, ministry.policy_approver)


@pytest.mark.usefixtures("not_compared_whole")
def test_what_only_adds_bans_need_not_be_compared_whole(ban, ministry):
    assert hastened(ban, ministry.policy_approver)


@pytest.mark.full
def test_with_rules_for_many_countries_one_more_is_banned_at_once(ministry):
    """More sets of them are told apart than are compared."""

    def of(number, country):
        match = {"item.control_code_prefix": ["1C905"], "destination.country": [country]}
        return BAN | {"id": f"R06{number}", "match": match, "applies_to": ["new"]}

    five = [of(*each) for each in enumerate(("KR", "FR", "DE", "GB", "NL"))]
    follows = make.edition(lambda _, document: document["rules"].extend(copy.deepcopy(five)))
    draft = editions.draft(title="One more", by=ministry.policy_officer)
    sixth = of(5, "IN") | {"applies_to": BAN["applies_to"]}
    draft = described(changed(draft, ministry, new=sixth), ministry)
    assert selectors.compared(follows.digest, draft.text, since=legal_today()).together
    assert hastened(draft, ministry.policy_approver)


@pytest.mark.parametrize("said", [{"title_en": "Otherwise"}, {"title_zh": "其他"}, {"statement_en": "Otherwise."}])
def test_what_people_are_told_does_not_change_between_two_signatures(ban, ministry, said):
    """Whoever changes it takes the signature off; both sign what is said now."""
    hastened(ban, ministry.policy_approver)
    described(ban, ministry, **said)
    hastened(ban, ministry.other_approver)
    ban.refresh_from_db()
    assert ban.state == "draft" and PolicyEdition.objects.count() == 1
    hastened(ban, ministry.policy_approver)
    assert PolicyEdition.objects.count() == 2


def graced(days, **changes):
    """The ban, with a grace that ends so many days from today on."""
    return BAN | {"transition": {"until": str(legal_today() + days * DAY)}} | changes


def test_a_grace_that_is_over_when_its_edition_starts_is_refused_with_its_row(draft, ministry):
    """Where the day is known already, at the row; else by the approval, which starts on that day."""
    row, m = described(changed(draft, ministry, new=graced(2)), ministry, days=3), ministry
    [problem] = refused(Invalid, "rules-unreadable", signed_off, row, m).errors
    assert problem.pointer == "/rules/32/transition/until" and problem.extra["flaw"] == "grace-before-its-edition"
    assert problem.message.startswith(f"R050: The edition starts on {row.starts_on}; a grace that is over then")
    [problem] = refused(Invalid, "rules-unreadable", changed, row, m, key="R050", new=graced(1)).errors
    assert problem.pointer == "/rules/32/transition/until"
    changed(row, m, key="R032", new=rules(row)["R032"] | {"rationale_en": "Another row is changed all the same."})
    changed(row, m, key="R050", new=graced(3))
    assert approved(described(row, m, days=3), m).state == "approved"


@pytest.mark.slow
def test_an_emergency_gives_no_grace_that_is_over(draft, ministry):
    row = changed(draft, ministry, new=graced(-1))
    row = described(row, ministry, starts_on=None)
    refused(Invalid, "rules-unreadable", hastened, row, ministry.policy_approver)
    row = described(changed(row, ministry, key="R050", new=graced(0)), ministry, starts_on=None)
    assert hastened(row, ministry.policy_approver)


def test_a_grace_of_before_and_one_of_a_rule_that_is_not_enabled_may_be_over(draft, ministry, clock):
    first = described(changed(draft, ministry, new=graced(2)), ministry)
    approved(first, ministry)
    clock.shift(days=5)
    later = editions.draft(title="Later", by=ministry.policy_officer)
    later = described(changed(later, ministry, key="R050", new=graced(-3, rationale_en="In other words.")), ministry)
    later = changed(later, ministry, new=graced(-1, id="R051", enabled=False))
    assert approved(described(later, ministry), ministry).state == "approved"
    again = editions.draft(title="On", by=ministry.policy_officer)
    again = changed(again, ministry, new=graced(-1, id="R052"))
    refused(Invalid, "rules-unreadable", signed_off, described(again, ministry, days=2), ministry)


def test_a_rule_that_is_enabled_gives_its_grace_anew(draft, ministry, clock):
    """While it lay disabled it spared nobody, so a grace that is over by then never did."""
    over = graced(-1)
    approved(described(changed(draft, ministry, new=over | {"enabled": False}), ministry), ministry)
    clock.shift(days=2)
    row = changed(editions.draft(title="On", by=ministry.policy_officer), ministry, key="R050", new=over)
    [problem] = refused(Invalid, "rules-unreadable", signed_off, described(row, ministry), ministry).errors
    assert problem.pointer == "/rules/32/transition/until" and problem.extra["flaw"] == "grace-before-its-edition"


def unsigned(row, by):
    return editions.unsign(row.ref, seen=seen(row.ref), by=by)


def test_a_signature_is_taken_back_before_the_second_and_may_be_given_again(ban, ministry):
    first, second = ministry.policy_approver, ministry.other_approver
    hastened(ban, first)
    refused(WrongState, "wrong-state", unsigned, ban, second)
    unsigned(ban, first)
    refused(WrongState, "wrong-state", unsigned, ban, first)
    hastened(ban, second)
    ban.refresh_from_db()
    assert ban.state == "draft" and PolicyEdition.objects.count() == 1
    refused(FourEyes, "four-eyes", changed, ban, ministry, key="R050", new=None, by=with_both_roles(first))
    hastened(ban, first)
    ban.refresh_from_db()
    assert ban.state == "approved"
    refused(WrongState, "wrong-state", unsigned, ban, first)


@pytest.mark.parametrize("verb", [signed_off, hastened])
def test_a_statement_of_an_earlier_text_is_looked_at_again(ban, ministry, verb):
    changed(ban, ministry, key="R050", new=BAN | {"rationale_en": "Otherwise."})
    make.simulated(ban.ref, ministry.policy_approver)
    refused(DomainError, "statement-older", verb, ban, by=ministry.policy_approver, **more(verb, ministry))
    described(ban, ministry)
    assert verb(ban, by=ministry.policy_approver, **more(verb, ministry))


@pytest.mark.parametrize("verb", [signed_off, hastened])
def test_what_the_public_is_not_told_in_both_languages_is_not_put_in_force(ban, ministry, verb):
    described(ban, ministry, statement_zh=" ")
    make.simulated(ban.ref, ministry.policy_approver)
    refusal = refused(Invalid, "required", verb, ban, by=ministry.policy_approver, **more(verb, ministry))
    assert [one.pointer for one in refusal.errors] == ["/statement_zh"]


@pytest.mark.parametrize("verb", [signed_off, hastened])
def test_a_title_that_was_said_in_one_language_alone_is_not_put_in_force(ban, ministry, verb):
    for title, unsaid in (("Ban", "zh"), ("禁令", "en")):
        described(ban, ministry, title_en=title, title_zh=title)
        make.simulated(ban.ref, ministry.policy_approver)
        refusal = refused(Invalid, "required", verb, ban, by=ministry.policy_approver, **more(verb, ministry))
        assert [one.pointer for one in refusal.errors] == [f"/title_{unsaid}"]
        assert refusal.errors[0].message == needs.same_title(f"title_{unsaid}")
    described(ban, ministry, title_en="Ban", title_zh="禁令")
    make.simulated(ban.ref, ministry.policy_approver)
    verb(ban, by=ministry.policy_approver, **more(verb, ministry))


def more(verb, ministry):
    return {"ministry": ministry} if verb is signed_off else {}


# --- worked out beforehand --------------------------------------------------------------------------------


def watched(monkeypatch, module, name, meanwhile=lambda: None):
    """How many transactions, beyond the test's own, are open whenever this is worked out; `meanwhile` happens then."""
    real, found, own = getattr(module, name), [], len(connection.savepoint_ids)

    def run(*args, **facts):
        found.append(len(connection.savepoint_ids) - own)
        meanwhile()
        return real(*args, **facts)

    monkeypatch.setattr(module, name, run)
    for one in (selectors.compared, selectors.invariants_of, selectors.promises_of):
        one.cache_clear()
    return found


def test_no_transaction_is_open_while_a_draft_is_compared(ban, ministry, monkeypatch):
    make.simulated(ban.ref, ministry.policy_approver)
    compared, held = (watched(monkeypatch, selectors.drafts, name) for name in ("compare", "held"))
    hastened(ban, ministry.policy_approver)
    assert compared == [0] and held == [0, 0]
    held.clear()
    signed_off(ban, ministry, ministry.other_approver)
    assert held == [0, 0]


def test_what_starts_meanwhile_is_what_it_is_compared_with(ban, ministry, monkeypatch):
    """Stricter rules are put in force while the draft is compared with those before: it is compared once more."""
    stricter = BAN | {"id": "R051", "match": {"item.control_code_prefix": ["1C906"]}}
    came = []

    def comes():
        if not came:
            came.append(make.edition(lambda by_id, document: document["rules"].append(stricter)))

    watched(monkeypatch, selectors.drafts, "compare", comes)
    with pytest.raises(DomainError) as refusal:
        hastened(ban, ministry.policy_approver)
    assert refusal.value.code == "loosens" and came


# --- taken back -------------------------------------------------------------------------------------------


def test_what_is_repealed_never_starts(ban, ministry, clock):
    approved(ban, ministry)
    repealed(ban, ministry.other_approver)
    first, edition, instead = PolicyEdition.objects.order_by("pk")
    assert (instead.text, instead.starts_at, instead.repeals) == (first.text, edition.starts_at, edition)
    clock.set(edition.starts_at)
    assert selectors.edition_now().digest == first.digest
    assert selectors.editions_at(legal_now()).of(legal_day(legal_now()))[1] == first.digest
    ban.refresh_from_db()
    assert ban.state == "repealed"


def test_a_text_that_starts_on_its_day_after_all_has_a_name_of_its_own(ban, ministry, clock):
    approved(ban, ministry)
    repealed(ban, ministry.other_approver)
    edition, instead = PolicyEdition.objects.order_by("pk")[1:]
    clock.set(edition.starts_at)
    again = described(changed(editions.draft(title="Ban", by=ministry.policy_officer), ministry), ministry)
    hastened(again, ministry.policy_approver)
    hastened(again, ministry.other_approver)
    latest = PolicyEdition.objects.latest("pk")
    assert (latest.digest, latest.code) == (edition.digest, f"{edition.code}-2") and instead.code != edition.code


def test_whoever_approved_may_repeal_and_whoever_wrote_may_not(ban, ministry):
    approved(ban, ministry)
    refused(FourEyes, "four-eyes", repealed, ban, with_both_roles(ministry.policy_officer))
    repealed(ban, ministry.policy_approver)


def test_a_repeal_undoes_no_other_edition_that_came_since(ban, ministry, clock):
    described(ban, ministry, days=9)
    approved(ban, ministry)
    second = other(ministry, days=5)
    repealed(ban, ministry.other_approver)
    approved(second, ministry)
    for days, judges in ((4, ban.base), (5, second.editions.get()), (9, second.editions.get())):
        clock.shift(days=days)
        assert selectors.edition_now().code == judges.code
        assert selectors.editions_at(legal_now()).of(legal_today())[0] == judges.code


def test_of_two_that_were_repealed_neither_comes_back(ban, ministry, clock):
    second = other(ministry, days=5)
    described(ban, ministry, days=3)
    approved(ban, ministry)
    approved(second, ministry)
    repealed(second, ministry.other_approver)
    repealed(ban, ministry.other_approver)
    for days in (1, 3, 5, 6):
        clock.shift(days=days)
        assert selectors.edition_now().code == ban.base.code


def test_the_day_of_what_was_repealed_is_free_again(ban, ministry):
    second = other(ministry)
    approved(ban, ministry)
    repealed(ban, ministry.policy_approver)
    approved(second, ministry)
    assert selectors.edition_on(second.starts_on).code == second.editions.get().code


def test_what_has_started_is_not_repealed(ban, ministry, clock):
    approved(ban, ministry)
    starts_at = PolicyEdition.objects.latest("pk").starts_at
    clock.set(starts_at)
    refused(DomainError, "started", repealed, ban, ministry.other_approver)


def test_an_emergency_is_never_repealed(ban, ministry):
    """It starts within seconds of the second signature."""
    hastened(ban, ministry.policy_approver)
    hastened(ban, ministry.other_approver)
    refused(DomainError, "started", repealed, ban, ministry.policy_approver)


@pytest.mark.slow
@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.django_db(transaction=True)
def test_a_repeal_that_waits_until_it_has_started_is_refused(world, clock, waits):
    """Whether it has started is asked after the wait, of the database's clock."""
    m = world.ministry
    row = approved(described(changed(editions.draft(title="Ban", by=m.policy_officer), m), m), m)
    clock.set(PolicyEdition.objects.latest("pk").starts_at - needs.HASTE - timedelta(seconds=1))
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        editions._alone()
        call = pool.submit(closing_its_own, lambda: repealed(row, m.other_approver))
        if waits:
            time.sleep(1.5)
        else:
            transaction.set_rollback(True)
    assert call.result() == ("started" if waits else "repealed")


def closing_its_own(call):
    try:
        return call().state
    except DomainError as refusal:
        return refusal.code
    finally:
        connection.close()


# --- PostgreSQL -------------------------------------------------------------------------------------------


def put(draft, at, **facts):
    return PolicyEdition.objects.create(
        code="X",
        title_en="X",
        title_zh="X",
        text=draft.text,
        digest=draft.digest,
        engine=1,
        starts_at=at,
        draft=draft,
        **facts,
    )


def sign(draft, *parts):
    for part in parts:
        actor = make.demo.person(make.unique("signer"), "Signer", make.Organization.objects.first()).user
        Signature.objects.create(draft=draft, part=part, actor=actor, digest=draft.digest, at=legal_now())


@pytest.mark.parametrize(("parts", "midnight", "stands"), [
    ([], True, False), (["approver"], True, True), (["author"], True, False),
    (["approver"], False, False), (["approver", "approver"], False, True),
])  # fmt: skip
def test_postgresql_counts_the_signatures(ban, parts, midnight, stands):
    sign(ban, *parts)
    at = day_start(legal_today() + DAY) + timedelta(seconds=not midnight)
    if stands:
        assert put(ban, at)
        return
    with pytest.raises(IntegrityError, match="an edition needs an author"), transaction.atomic():
        put(ban, at)


def test_postgresql_counts_a_person_once_however_often_he_signed(ban, ministry):
    for _ in range(2):
        facts = {"draft": ban, "part": "approver", "digest": ban.digest, "at": legal_now()}
        Signature.objects.create(actor=ministry.policy_approver.user, **facts)
    with pytest.raises(IntegrityError, match="an edition needs an author"), transaction.atomic():
        put(ban, day_start(legal_today() + DAY) + timedelta(seconds=1))


def test_postgresql_counts_no_signature_of_before_a_change_nor_one_that_was_taken_back(ban, ministry):
    at = day_start(legal_today() + DAY)
    hastened(ban, ministry.policy_approver)
    for undone in (lambda: described(ban, ministry), lambda: unsigned(ban, ministry.policy_approver)):
        undone()
        with pytest.raises(IntegrityError, match="an edition needs an author"), transaction.atomic():
            put(ban, at)
        hastened(ban, ministry.policy_approver)
    assert put(ban, at)


def test_postgresql_counts_no_signature_under_another_text(ban, ministry):
    facts = {"part": "approver", "digest": other(ministry, days=2).digest, "at": legal_now()}
    Signature.objects.create(draft=ban, actor=ministry.policy_approver.user, **facts)
    with pytest.raises(IntegrityError, match="an edition needs an author"), transaction.atomic():
        put(ban, day_start(legal_today() + DAY))


def test_postgresql_adds_no_edition_before_another(ban, ministry):
    hastened(ban, ministry.policy_approver)
    with pytest.raises(IntegrityError, match="another edition was added meanwhile"), transaction.atomic():
        put(ban, day_start(legal_today() + DAY), pk=0)


def test_postgresql_wants_as_many_signatures_as_pages_say(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'guard_signed'")
        assert f"approved < {SIGNERS} - midnight::int" in cursor.fetchone()[0]


def test_postgresql_wants_a_draft_that_somebody_wrote(ban):
    facts = {"text": ban.text, "digest": ban.digest, "base": ban.base, "created_at": legal_now()}
    found = Draft.objects.create(ref=make.unknown(Draft.PREFIX), title_en="X", title_zh="X", **facts)
    sign(found, "approver", "approver")
    with pytest.raises(IntegrityError, match="an edition needs an author"), transaction.atomic():
        put(found, day_start(legal_today() + DAY))


def test_postgresql_takes_back_only_what_is_to_come_and_once(ban, ministry, clock):
    approved(ban, ministry)
    edition = PolicyEdition.objects.latest("pk")
    wrong = {
        "another start": {"at": edition.starts_at + DAY},
        "another edition": {"repeals": PolicyEdition.objects.first()},
    }
    for case in wrong.values():
        with pytest.raises(IntegrityError, match="only the edition of a coming start"), transaction.atomic():
            put(ban, **{"at": edition.starts_at, "repeals": edition} | case)
    with pytest.raises(IntegrityError, match="another edition has this start"), transaction.atomic():
        put(ban, edition.starts_at)
    repealed(ban, ministry.other_approver)
    for one in (edition, PolicyEdition.objects.latest("pk")):
        with pytest.raises(IntegrityError, match="only the edition of a coming start"), transaction.atomic():
            put(ban, edition.starts_at, repeals=one)
    second = other(ministry, days=2)
    approved(second, ministry)
    started = PolicyEdition.objects.latest("pk")
    clock.set(started.starts_at)
    with pytest.raises(IntegrityError, match="only the edition of a coming start"), transaction.atomic():
        put(second, started.starts_at, repeals=started)
