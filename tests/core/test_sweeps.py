"""How sweeps go on: a batch after the other, what these leave one by one, and all one by one where a batch fails."""

import pytest
from celery.exceptions import SoftTimeLimitExceeded

from core import sweeps, upgrades
from core.access import clock


@pytest.fixture
def sweep(db, monkeypatch):
    """What `batches` says, where the batches answer so; and what the verb was asked to do."""

    def run(answers, *, broken=(), due=()):
        asked, verbs, answers = [], [], iter(answers)

        def batch(*words):
            asked.append(words)
            answer = next(answers)
            if isinstance(answer, BaseException):
                raise answer
            return answer

        def verb(pk):
            verbs.append(pk)
            if pk in broken:
                raise ValueError(pk)
            return True

        monkeypatch.setattr(sweeps, "batch", batch)
        monkeypatch.setattr(sweeps, "BATCH", 3)
        done = sweeps.batches("f", ("license", "expire"), 7, by=clock(), verb=verb, due=lambda: due)
        assert asked == [("f", 3, clock().user.pk, True, 7)] * len(asked)
        return done, verbs, len(asked)

    return run


def test_batches_follow_until_one_is_not_full(sweep):
    assert sweep([(3, []), (3, []), (2, [])]) == (8, [], 3)


def test_what_a_batch_leaves_is_done_by_the_verb(sweep):
    assert sweep([(1, [8, 9]), (1, [10])]) == (5, [8, 9, 10], 2)


def test_what_the_verb_can_not_do_either_comes_up_again_with_the_next_run(sweep):
    assert sweep([(0, [7, 8, 9]), (0, [5, 6, 8])], broken=[5, 6, 8]) == (2, [7, 8, 9, 5, 6, 8], 2)


def test_where_a_batch_fails_the_verb_does_what_is_due(sweep):
    assert sweep([(3, []), ValueError()], broken=[5], due=[4, 5, 6]) == (5, [4, 5, 6], 2)


def test_a_sweep_whose_time_is_over_ends(sweep):
    with pytest.raises(SoftTimeLimitExceeded):
        sweep([SoftTimeLimitExceeded()], due=[4])


@pytest.mark.parametrize("answers", [[ValueError(8)], [(0, [8, 9])]], ids=["a batch", "the verb"])
def test_a_sweep_over_a_database_of_another_version_ends(answers, sweep, monkeypatch):
    """Its rows are for a worker of that version."""
    asked = []
    monkeypatch.setattr(upgrades, "explains", lambda error: asked.append(error.args) or True)
    with pytest.raises(ValueError, match="8"):
        sweep(answers, broken=[8], due=[4])
    assert asked == [(8,)]


def test_who_is_told_is_asked_of_what_writes_the_mails(db, monkeypatch):
    asked = []
    monkeypatch.setattr(sweeps, "batch", lambda *words: asked.append(words) or (0, []))
    sweeps.batches("f", ("shipment", "lapse"), by=clock(), verb=print, due=list)
    assert asked == [("f", 5_000, clock().user.pk, False)]
