"""Load on a running copy: programs that reserve and people who invite. It knows what was said to them."""

import http.client
import json
import random
import threading
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from config.local.visitor import Client, Surprise, Visitor
from core import problems
from core.legal_time import LEGAL_ZONE

ROWS, JOB_ROWS = 20, 1_100  # of a bulk that is answered at once, and of one that becomes a job, in two chunks
JSON = "application/json"
TOO_MUCH = "1000000.000"
AGAIN = {"in-progress", "busy", "unavailable"}  # of the key nothing is said yet
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Sent:
    """A request under its key, and what was answered."""

    path: str
    content: bytes
    media: str
    key: str
    status: int
    answer: bytes


class Load:
    """Each client sends a request until it is answered, then the next one; at the end none waits for an answer."""

    def __init__(self, data: Path) -> None:
        demo = json.loads((data / "demo.json").read_text())
        self.base, key = demo["base_url"], demo["api_keys"][0]
        company = key["organization"]
        self.license = next(row for row in demo["licenses"] if row["organization"] == company)
        self.account = next(row for row in demo["accounts"] if row["organization"] == company)
        self.client, self.visitor = Client(self.base, key["key"]), Visitor(self.base)
        # What was said of each shipment, by its client reference: the grams that are booked, 0 where it was refused.
        self.stated: dict[str, dict[str, int]] = {kind: {} for kind in ("single", "atomic", "partial", "job")}
        self.sent: dict[str, list[Sent]] = defaultdict(list)
        self.invited: list[str] = []
        self.wrong: list[Any] = []  # what nobody should have been answered
        self.troubles: Counter[str] = Counter()  # why something was sent again
        self._over = threading.Event()
        works = [(self.reserve, 0.05), (self.reserve, 0.05), (self.atomic, 0.3), (self.partial, 0.3), (self.job, 2.0)]
        self._threads = [
            threading.Thread(target=self._go_on, args=work, daemon=True) for work in (*works, (self.invite, 0.3))
        ]

    def __enter__(self) -> "Load":
        self.visitor.sign_in(self.account["email"], self.account["password"])
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _go_on(self, work: Callable[[], None], pause: float) -> None:
        while not self._over.wait(pause):
            work()

    def answered(self) -> dict[str, int]:
        """Of how many shipments something was said, by kind of request."""
        return {kind: len(said) for kind, said in self.stated.items()}

    def reserve(self) -> None:
        asked = self._shipment(refused=random.random() < 0.05)
        sent = self._post("/shipments/", problems.dumps(asked))
        self._note("single", asked, sent.status, json.loads(sent.answer))
        self.sent["single"].append(sent)

    def atomic(self) -> None:
        """All or none: half of them have a row that is refused at first, and are mended under the same keys."""
        rows, key = self._rows(ROWS, refused=0), uuid.uuid4().hex
        if random.random() < 0.5:
            at, [bad] = random.randrange(ROWS), self._rows(1, refused=1)
            wrong = [*rows[:at], rows[at] | {"lines": bad["lines"]}, *rows[at + 1 :]]
            said = json.loads(self._post("/shipments/bulk/?mode=atomic", problems.dumps(wrong), key=key).answer)
            codes = [one["body"].get("code") for one in said["outcomes"]]
            self._expect(codes == ["line-exhausted" if n == at else "not-booked" for n in range(ROWS)], said)
        self._bulk("atomic", rows, key)

    def partial(self) -> None:
        self._bulk("partial", self._rows(ROWS, refused=2), uuid.uuid4().hex)

    def job(self) -> None:
        """Sent as lines, and followed until it has ended."""
        rows = self._rows(JOB_ROWS, refused=JOB_ROWS // 2)
        text = "\n".join(map(problems.dumps, rows))
        sent = self._post("/shipments/bulk/?mode=partial", text, media="application/x-ndjson")
        self._expect(sent.status == 202, sent)
        self.sent["job"].append(sent)
        follow, until = f"/shipments/bulk/{json.loads(sent.answer)['reference']}/?page_size=200", time.monotonic() + 300
        while (page := self._get(follow))["state"] in ("queued", "running") and time.monotonic() < until:
            time.sleep(0.3)
        self._expect(page["state"] == "done", page)
        outcomes = page["results"]
        while page["next"]:
            page = self._get(page["next"].removeprefix(f"{self.base}/api/v1"))
            outcomes += page["results"]
        self._note_all("job", rows, outcomes)

    def invite(self) -> None:
        email = f"{uuid.uuid4().hex}@invited.example"
        try:
            page = self.visitor.send(self.visitor.get("/members/add/"), name="Invited", email=email, roles=["viewer"])
        except (OSError, http.client.HTTPException, Surprise):
            return
        if page.status == 200 and page.url.endswith("/members/"):
            self.invited.append(email)

    def repeated(self, times: int) -> list[bool]:
        """Of so many requests of each kind, and rows sent alone: whether the answer is the first one, byte for byte."""
        some = [sent for kind in self.sent.values() for sent in kind[:: max(1, len(kind) // times)]]
        return [
            self._ask("POST", one.path, one.content, one.media, one.key) == (one.status, one.answer) for one in some
        ]

    def _shipment(self, *, refused: bool) -> dict[str, Any]:
        quantity = TOO_MUCH if refused else f"0.{random.randint(1, 30):03}"
        return {
            "license": self.license["number"],
            "client_reference": f"KILL-{uuid.uuid4().hex[:20]}",
            "end_user": self.license["end_user"],
            "consignee": self.license["consignee"],
            "destination": self.license["destination"],
            "port": self.license["port"],
            "planned_on": datetime.now(UTC).astimezone(LEGAL_ZONE).date().isoformat(),
            "lines": [{"license_line": 1, "quantity": quantity, "unit": "kg"}],
        }

    def _rows(self, total: int, *, refused: int) -> list[dict[str, Any]]:
        """So many with keys of their own, so many of them to be refused."""
        bad = set(random.sample(range(total), refused))
        return [{"idempotency_key": uuid.uuid4().hex, **self._shipment(refused=n in bad)} for n in range(total)]

    def _bulk(self, mode: str, rows: Sequence[dict[str, Any]], key: str) -> None:
        sent = self._post(f"/shipments/bulk/?mode={mode}", problems.dumps(rows), key=key)
        self._note_all(mode, rows, json.loads(sent.answer)["outcomes"])
        self.sent[mode].append(sent)

    def _note_all(self, kind: str, rows: Sequence[dict[str, Any]], outcomes: Sequence[dict[str, Any]]) -> None:
        self._expect([one["row"] for one in outcomes] == [*range(1, len(rows) + 1)], outcomes)
        for asked, said in zip(rows, outcomes, strict=True):
            self._note(kind, asked, said["status"], said["body"])
        asked, said = random.choice([*zip(rows, outcomes, strict=True)])
        alone = {name: value for name, value in asked.items() if name != "idempotency_key"}
        content, answer = problems.dumps(alone).encode(), problems.dumps(said["body"]).encode()
        self.sent["row"].append(Sent("/shipments/", content, JSON, asked["idempotency_key"], said["status"], answer))

    def _note(self, kind: str, asked: dict[str, Any], status: int, body: dict[str, Any]) -> None:
        quantity = asked["lines"][0]["quantity"]
        wanted = (409, "line-exhausted") if quantity == TOO_MUCH else (201, None)
        self._expect((status, (body or {}).get("code")) == wanted, (kind, asked, status, body))
        self.stated[kind][asked["client_reference"]] = int(Decimal(quantity) * 1000) if status == 201 else 0

    def _expect(self, true: bool, what: Any) -> None:
        if not true:
            self.wrong.append(what)

    def _post(self, path: str, text: str, *, media: str = JSON, key: str = "") -> Sent:
        content, key = text.encode(), key or uuid.uuid4().hex
        return Sent(path, content, media, key, *self._ask("POST", path, content, media, key))

    def _get(self, path: str) -> dict[str, Any]:
        status, answer = self._ask("GET", path)
        self._expect(status == 200, (path, status, answer))
        return json.loads(answer)

    def _ask(
        self, method: str, path: str, content: bytes | None = None, media: str = JSON, key: str = ""
    ) -> tuple[int, bytes]:
        """The answer, however often it has to be asked for."""
        until = time.monotonic() + PATIENCE_S
        headers = {"Content_Type": media} | ({"Idempotency_Key": key} if key else {})
        while True:
            try:
                status, answer = self.client.send(method, path, content, **headers)
            except (OSError, http.client.HTTPException) as error:
                trouble = type(getattr(error, "reason", error)).__name__
            else:
                trouble = json.loads(answer)["code"] if status in (409, 503) else ""
                if trouble not in AGAIN:
                    return status, answer
            self.troubles[trouble] += 1
            assert time.monotonic() < until, (path, trouble)
            time.sleep(0.1)
