"""Real kill -9 of every part of a copy under load: back in ten seconds, nothing lost that was acknowledged.

Each part more often, with the figures:  LODESTONE_KILLS=10 ./run test tests/config/test_kills.py -s
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.local import embedded
from tests.config.kills import Killed, Load, within

PROJECT = Path(__file__).resolve().parents[2]
KILLS = int(os.environ.get("LODESTONE_KILLS", "1"))
MOST = 30 if "PYTEST_XDIST_WORKER" in os.environ else 10  # seconds; beside other tests a part has a third of a core
PARTS = ("web", "worker", "beat", "valkey", "postgres")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    yield tmp_path / "data"
    embedded.reset(tmp_path / "data")


@pytest.mark.full
def test_every_part_is_back_in_ten_seconds_and_nothing_acknowledged_is_lost(
    data: Path, tmp_path: Path, strewn: Callable[[], set[str]]
) -> None:
    command = [sys.executable, "manage.py", "up", "--port", str(embedded.free_port()), "--data", str(data)]
    unlimited = {"RATE_READS": "0", "RATE_WRITES": "0", "INVITATIONS_A_DAY": "0"}
    terminal = tmp_path / "terminal"
    with terminal.open("w") as out:
        ours = subprocess.Popen(command, cwd=PROJECT, env=os.environ | unlimited, stdout=out, stderr=out)
    try:
        assert within(120, lambda: "Ctrl-C stops it" in terminal.read_text()), terminal.read_text()
        took: dict[str, list[float]] = {name: [] for name in PARTS}
        with Load(data) as load:
            copy = Killed(data, load)
            assert within(60, lambda: load.reserved and load.invited and copy.delivered(load.invited[:1]))
            for _ in range(KILLS):
                for name in PARTS:
                    took[name].append(copy.kill(name))
                    time.sleep(2)
        kept = dict(copy.query("SELECT client_reference, count(*) FROM shipments_shipment GROUP BY 1"))
        again = load.repeat(20)
        # What a killed worker had leased goes out when its lease is over.
        all_mailed = within(200, lambda: copy.delivered(load.invited))
        mails = copy.mails()
    finally:
        ours.terminate()
        ours.wait()
    acknowledged = {body["client_reference"] for body, _ in load.reserved.values()}
    lost = acknowledged - set(kept)
    for name, seconds in took.items():
        tell(f"{name:9} back after {' '.join(f'{second:.1f}' for second in seconds)} s")
    tell(f"{len(acknowledged)} reservations and {len(load.invited)} invitations acknowledged, {len(lost)} lost")
    tell(f"{len(mails)} mails to {len(set(mails))} addresses")

    assert ours.returncode == 0, terminal.read_text()
    assert load.refused == []
    assert strewn() == set()
    assert lost == set()
    assert {kept[reference] for reference in acknowledged} == {1}
    assert set(again) == {True}
    assert all_mailed
    said = terminal.read_text()
    for name in PARTS:
        # the pause is longer when the part had just ended for another's sake
        assert len(re.findall(rf"{name} ended by itself \(signal 9\); it starts again in [\d.]+ s\.", said)) >= KILLS
        assert said.count(f"{name} runs again.") >= KILLS, said
    assert max(max(seconds) for seconds in took.values()) <= MOST, took


def tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
