"""The one transaction around a verb: retried, refused, remembered."""

import importlib
import pkgutil
from inspect import Parameter, signature

import pytest
from django.db import OperationalError, transaction

from core import idempotency
from core.command import DEADLOCK, LOCK_NOT_AVAILABLE, TRIES, command
from core.errors import DomainError, Invalid, Problem
from core.idempotency import Answer, Claim, InProgress
from core.models import Idempotency, Organization


class Failure(Exception):
    def __init__(self, pgcode):
        self.pgcode = pgcode


def failing(pgcode):
    error = OperationalError("no")
    error.__cause__ = Failure(pgcode)
    return error


def tried(pgcode, times):
    """How often a verb ran that fails so many times, and what came of it."""
    runs = []

    @command
    def verb():
        runs.append(1)
        if len(runs) <= times:
            raise failing(pgcode)
        return "done"

    try:
        return len(runs), verb(), len(runs)
    except (DomainError, OperationalError) as error:
        return len(runs), error


def test_a_deadlock_is_tried_again(db):
    assert tried(DEADLOCK, 1)[1:] == ("done", 2)


def test_a_deadlock_is_tried_four_times(db):
    assert tried(DEADLOCK, 3)[1:] == ("done", 4)
    runs, error = tried(DEADLOCK, 4)
    assert (runs, type(error), TRIES) == (4, OperationalError, 4)


def test_a_lock_that_is_not_to_be_had_is_busy_and_not_tried_again(db):
    runs, error = tried(LOCK_NOT_AVAILABLE, 1)
    assert (runs, error.code, error.status, error.headers) == (1, "busy", 503, {"Retry-After": "1"})


def claim(world, key="k"):
    def render(outcome):
        return Answer(200, "text/plain", str(outcome))

    def refuse(refusal):
        return Answer(refusal.status, "text/plain", refusal.code)

    return Claim(world.exporter.organization_id, key, "f", render=render, refuse=refuse)


@command
def rename(name, refusal=None):
    Organization.objects.filter(kind="customs").update(name_en=name)
    if refusal:
        raise refusal
    return name


def name():
    return Organization.objects.get(kind="customs").name_en


def test_a_key_has_one_effect(world):
    first = rename.claimed(claim(world), "A")
    again = rename.claimed(claim(world), "B")
    assert (first.body, again.body, again.replayed, name()) == ("A", "A", True, "A")


def test_a_refusal_of_409_is_remembered_and_its_effect_undone(world):
    before = name()
    first = rename.claimed(claim(world), "A", DomainError("no", code="wrong-state"))
    again = rename.claimed(claim(world), "B")
    assert (first.status, again.status, again.body, name()) == (409, 409, "wrong-state", before)


def test_what_can_be_mended_leaves_no_answer_behind(world):
    with pytest.raises(Invalid):
        rename.claimed(claim(world), "A", Invalid([Problem("/x", "required", "")]))
    assert Idempotency.objects.count() == 0
    assert rename.claimed(claim(world), "B").body == "B"


def test_a_key_whose_first_request_still_runs_is_in_progress(world, monkeypatch):
    def waits(_claim):
        raise InProgress()

    monkeypatch.setattr(idempotency, "take", waits)
    with pytest.raises(DomainError) as refused:
        rename.claimed(claim(world), "A")
    assert (refused.value.code, refused.value.status) == ("in-progress", 409)
    assert name() == "Customs, Shanghai"


@pytest.mark.django_db(transaction=True)
def test_a_command_is_the_outermost_transaction():
    """Inside another one its answer would be given before anything has committed."""
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"):
        tried("", 0)


def test_no_verb_that_asks_why_begins_without_a_word(db):
    asked = []
    for app in ("core", "exporters", "licensing", "shipments"):
        package = importlib.import_module(f"{app}.actions")
        names = [one.name for one in pkgutil.iter_modules(package.__path__, f"{app}.actions.")]
        for module in (package, *map(importlib.import_module, names)):
            for verb in vars(module).values():
                reason = signature(verb).parameters.get("reason") if hasattr(verb, "claimed") else None
                if reason and reason.default is Parameter.empty:
                    nothing = dict.fromkeys(signature(verb).parameters)
                    with pytest.raises(Invalid) as refused:
                        verb(**nothing | {"reason": " "})
                    asked += [(one.pointer, one.code) for one in refused.value.errors]
    assert len(asked) > 30
    assert set(asked) == {("/reason", "required")}


def test_a_verb_that_asks_why_goes_on_with_a_word_and_one_that_need_not_without(db):
    @command
    def asking(*, reason):
        return reason

    @command
    def either(*, reason=""):
        return reason

    assert (asking(reason="Because."), either(), either(reason=" ")) == ("Because.", "", " ")


def test_a_command_keeps_its_verbs_name_and_words():
    @command
    def verb():
        """Says what is true afterwards."""

    assert (verb.__name__, verb.__doc__) == ("verb", "Says what is true afterwards.")
