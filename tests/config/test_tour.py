"""What the tour does where Lodestone is busy."""

import pytest

from config.local import tour


@pytest.mark.parametrize(
    ("said", "status", "slept"),
    [([503, 503, 201], 201, 2), ([409, 201], 409, 0), ([429, 201], 429, 0), ([503] * 10 + [201], 503, 9)],
)
def test_what_is_busy_is_asked_again_and_nothing_else(said, status, slept, monkeypatch):
    naps, left = [], list(said)
    monkeypatch.setattr(tour.time, "sleep", naps.append)
    assert tour._again(lambda: left.pop(0), int) == status
    assert (len(naps), len(said) - len(left)) == (slept, slept + 1)
