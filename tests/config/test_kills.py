"""Real kill -9 of every part of a copy under load, and of processes within them: back in ten seconds, and everything is
as each client was told, one by one, in bulks and in jobs.

More often, with the figures; of these kinds alone:
    LODESTONE_KILLS=25 LODESTONE_KILLED="web worker,postgres,backend,job" ./run test tests/config/test_kills.py -s
"""

import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from config.local import embedded
from tests.config.kills import KEPT, PROJECT, Killed, within
from tests.config.load import Load

KILLS = int(os.environ.get("LODESTONE_KILLS", "1"))
MOST = 30 if "PYTEST_XDIST_WORKER" in os.environ else 10  # seconds; beside other tests a part has a third of a core
PARTS = ("web", "worker", "beat", "valkey", "postgres")
KILLED = os.environ.get("LODESTONE_KILLED", ",".join((*PARTS, "web worker", "backend", "job"))).split(",")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path / "data"
    embedded.reset(tmp_path / "data")


@pytest.mark.full
def test_all_is_back_in_ten_seconds_and_as_everybody_was_told(
    data: Path, tmp_path: Path, strewn: Callable[[], set[str]]
) -> None:
    command = [sys.executable, "manage.py", "up", "--port", str(embedded.free_port()), "--data", str(data)]
    unlimited = {"RATE_READS": "0", "RATE_WRITES": "0", "INVITATIONS_A_DAY": "0"}
    terminal = tmp_path / "terminal"
    with terminal.open("w") as out:
        ours = subprocess.Popen(command, cwd=PROJECT, env=os.environ | unlimited, stdout=out, stderr=out)
    try:
        assert within(120, lambda: "Ctrl-C stops it" in terminal.read_text()), terminal.read_text()
        took: dict[str, list[float]] = {name: [] for name in KILLED}
        answered: list[int] = []
        with Load(data) as load:
            copy = Killed(data, load)
            assert within(60, lambda: load.invited and copy.delivered(load.invited[:1]))
            for _ in range(KILLS):
                for name in random.sample(KILLED, len(KILLED)):
                    assert copy.goes_on(), (name, load.answered(), load.troubles)
                    answered.append(sum(load.answered().values()))
                    took[name].append(copy.kill(name))
            assert copy.goes_on()
        again = load.repeated(20)
        # What a killed worker had leased goes out when its lease is over.
        all_mailed = within(200, lambda: copy.delivered(load.invited))
        mails = copy.mails()
        kept = {reference: (moved, lines) for reference, moved, lines in copy.query(KEPT)}
        [(jobs, left)] = copy.query("SELECT count(DISTINCT bulk_id), count(*) - count(status) FROM shipments_bulkrow")
        drift = copy.books()
    finally:
        ours.terminate()
        ours.wait()
    told = {reference: grams for said in load.stated.values() for reference, grams in said.items() if grams}
    wanted = {reference: (f"reserve {grams}", 1) for reference, grams in told.items()}
    lost, unasked = wanted.keys() - kept.keys(), kept.keys() - wanted.keys()
    otherwise = {one: kept[one] for one in wanted.keys() & kept.keys() if kept[one] != wanted[one]}
    for name, seconds in took.items():
        tell(f"{name:10} killed {len(seconds)} times, back after {' '.join(f'{second:.1f}' for second in seconds)} s")
    for kind, said in load.stated.items():
        tell(
            f"{kind:10} {len(load.sent[kind])} requests, {len(said)} shipments: {sum(map(bool, said.values()))} booked"
        )
    between = min((later - earlier for earlier, later in pairwise(answered)), default=0)
    dropped = (data / "logs" / "worker.log").read_text().count("WorkerLostError(")
    tell(f"at least {between} answered between two kills; {dropped} tasks lost their process and were begun again")
    tell(f"{len(lost)} lost, {len(otherwise)} not once or not as told, {len(unasked)} that nobody was told of")
    tell(f"{len(again)} requests repeated; why some were sent again before there was an answer: {dict(load.troubles)}")
    tell(f"{len(load.invited)} invitations, {len(mails)} mails to {len(set(mails))} addresses")

    assert ours.returncode == 0, terminal.read_text()
    assert load.wrong == []
    assert strewn() == set()
    assert (lost, otherwise, unasked) == (set(), {}, set())
    assert (jobs, left) == (len(load.sent["job"]), 0)
    assert set(again) == {True}
    assert drift == "[]"
    assert all_mailed
    said = terminal.read_text()
    for name in set(KILLED) & set(PARTS):
        # the pause is longer when the part had just ended for another's sake
        assert len(re.findall(rf"{name} ended by itself \(signal 9\); it starts again in [\d.]+ s\.", said)) >= KILLS
        assert said.count(f"{name} runs again.") >= KILLS, said
    assert max(max(seconds) for seconds in took.values()) <= MOST, took


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
