"""Plays the main job against a running Lodestone: the pages' forms, then REST, step by step in words and figures."""

import json
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar
from urllib.request import Request

from django.conf import settings

from config.local.demo import pdf
from config.local.visitor import Client, Page, Surprise, Visitor
from core.legal_time import LEGAL_ZONE
from licensing.models import ApplicationDocument

MAGNETS = "NdFeB sintered magnets N42SH, Dy 3.2 %"
PLAYERS = {
    "signatory": "lin.wei",
    "intake": "song.jie",
    "reviewer": "zhao.min",
    "decider": "han.rui",
    "both": "ma.lan",
    "reconsiderer": "bai.ru",
}


T = TypeVar("T")


class Stopped(Exception):
    """The tour could not be played to its end, and why."""


def play(path: Path, *, port: int | None, say: Callable[[str], Any]) -> None:
    """The whole tour has been played at the copy that demo.json describes, each step told to `say`."""
    try:
        demo = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Stopped(f"{path} is not there: start Lodestone with ./run first.") from error
    try:
        Tour(demo, f"http://127.0.0.1:{port}" if port else demo["base_url"], say).play()
    except (Surprise, OSError) as error:
        raise Stopped(f"The tour stopped: {error}") from error


def _again(send: Callable[[], T], status: Callable[[T], int]) -> T:
    """The answer, sent again where Lodestone said that nothing was done and that it may be: another was at it."""
    for _ in range(9):
        if status(answer := send()) != 503:
            return answer
        time.sleep(1)
    return send()


class _Person(Visitor):
    def _open(self, request: Request) -> Page:
        return _again(lambda: super(_Person, self)._open(request), lambda page: page.status)


class _Program(Client):
    def send(self, method: str, path: str, content: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        return _again(lambda: super(_Program, self).send(method, path, content, **headers), lambda answer: answer[0])


class Tour:
    """The story; every figure that it prints is asked of Lodestone, and checked."""

    def __init__(self, demo: dict[str, Any], base: str, say: Callable[[str], Any]) -> None:
        self.base, self.say = base, say
        self.step = 0
        self.run = uuid.uuid4().hex[:6]
        self.today = datetime.now(UTC).astimezone(LEGAL_ZONE).date()
        accounts = {account["email"].split("@")[0]: account for account in demo["accounts"]}
        self.people = {}
        for role, name in PLAYERS.items():
            visitor = _Person(base)
            visitor.sign_in(accounts[name]["email"], accounts[name]["password"])
            self.people[role] = visitor
        organization = accounts[PLAYERS["signatory"]]["organization"]
        keys = {entry["organization"]: entry["key"] for entry in demo["api_keys"]}
        self.client = _Program(base, keys[organization])
        self.stranger = _Program(base, next(key for name, key in keys.items() if name != organization))
        self.border = _Program(base, demo["customs_key"])

    def play(self) -> None:
        self.say(f"Lodestone at {self.base}\n")
        party, declaration = self._declaration()
        annual = self._license("annual", "60000.000", declaration, ask=True)
        self._annual(annual, party)
        single = self._license("per_shipment", "3000.000", declaration)
        self._single(single, party)
        self._offline(self._contested(self._filed("per_shipment", "500.000", declaration)))
        self.say("\nThe ledger adds up. The tour is over; it can be played again.")

    def tell(self, words: str) -> None:
        self.step += 1
        self.say(f"{self.step:2d}. {words}")

    # --- pages --------------------------------------------------------------------------------------------

    def _done(self, page: Page, *, at: str = "") -> Page:
        if page.status != 200 or (at and at not in page.url):
            told = page.text.partition("There is a problem")[2] or page.text
            raise Surprise(f"{page.url} answered {page.status}: {told[:400]}")
        return page

    def _declaration(self) -> tuple[str, str]:
        exporter, reviewer = self.people["signatory"], self.people["reviewer"]
        form = exporter.get("/parties/new/")
        page = exporter.send(
            form,
            name=f"Tour Motoren {self.run} GmbH",
            country="DE",
            address="1 Beispielweg, Musterstadt",
            site_address="Plant 1, Musterstadt",
            nature="commercial",
            business="Traction motors",
        )
        party = self._done(page, at="/parties/PTY-").url.rstrip("/").split("/")[-1]
        self.tell(f"The exporter adds an end-user abroad: {party}.")
        form = exporter.get("/declarations/new/")
        page = exporter.send(
            form,
            end_user=_choices(form, "end_user", party)[0],
            items=_choices(form, "items", "1C905.a.4"),
            end_use="CIV_AUTO",
            end_use_text="Rotor magnets for traction motors of passenger cars, built and used in Musterstadt.",
            product="Traction motor",
            position_in_product="Rotor",
            process="incorporated",
            yearly_need="60,000 kg a year, 2,000 kg in stock, 50,000 motors",
            no_other_use="on",
            no_transfer="on",
            no_mass_destruction="on",
            no_military_use="on",
            verification_consent="on",
        )
        ref = self._done(page, at="/declarations/EUD-").url.rstrip("/").split("/")[-1]
        page = exporter.send(
            page,
            f"/declarations/{ref}/attach_signed/",
            files={"certificate": ("certificate.pdf", pdf("End-user and end-use certificate"))},
            signer_name="J. Brandt",
            signer_post="Head of Purchasing",
            signed_on=(self.today - timedelta(days=3)).isoformat(),
        )
        page = self._done(exporter.send(self._done(page), f"/declarations/{ref}/submit/"))
        self.tell(f"The end-user's signed certificate is attached and submitted: {ref}.")
        desk = f"/desk/declarations/{ref}/"
        page = self._done(reviewer.send(reviewer.get(desk), f"{desk}verify/", quantity_fit="on"))
        self.tell("A reviewing officer verifies it.")
        return party, ref

    def _filed(self, kind: str, kilograms: str, declaration: str) -> str:
        """A case that an officer has taken."""
        exporter = self.people["signatory"]
        form = exporter.get(f"/applications/new/?kind={kind}")
        users = _choices(form, "end_users", declaration)
        name = f"Tour Motoren {self.run} GmbH"
        page = exporter.send(
            form,
            kind=kind,
            contract_no=f"TOUR-{self.run}",
            contract_on=(self.today - timedelta(days=20)).isoformat(),
            payment_terms="30 % in advance",
            currency="CNY",
            planned_from=self.today.isoformat(),
            planned_until=(self.today + timedelta(days=300)).isoformat(),
            end_users=users,
            consignees=_choices(form, "consignees", name),
            ports="CNSHA",
            purpose="sale",
            red_flag="none",
            trade_mode="ordinary",
            transport_mode="sea",
            **{
                "lines-0-code": "1C905.a.4",
                "lines-0-description": MAGNETS,
                "lines-0-composition": "Dy 3.2",
                "lines-0-composition_basis": "declared",
                "lines-0-specification": "N42SH",
                "lines-0-maker": "Lanting Magnetics",
                "lines-0-quantity": kilograms,
                "lines-0-unit_price": "58.25",
                "lines-0-hs_code": "8505111000",
            },
        )
        ref = self._done(page, at="/applications/AP-").url.rstrip("/").split("/")[-1]
        for type_ in map(str, ApplicationDocument.NEEDED):
            page = exporter.send(
                page, f"/applications/{ref}/documents/", files={"file": (f"{type_}.pdf", pdf(type_))}, type=type_
            )
            self._done(page)
        self._done(exporter.send(exporter.get(f"/applications/{ref}/submit/")))
        self.tell(f"The signatory files {ref}: {kind.replace('_', ' ')}, {kilograms} kg of {MAGNETS}.")
        self._case(ref, "intake", "accept")
        self._case(ref, "both", "assign")
        return ref

    def _license(self, kind: str, kilograms: str, declaration: str, *, ask: bool = False) -> str:
        ref, exporter = self._filed(kind, kilograms, declaration), self.people["signatory"]
        if ask:
            due = (self.today + timedelta(days=14)).isoformat()
            self._case(ref, "both", "ask", text="Why more than last year?", about="quantity", due_on=due)
            page = exporter.get(f"/applications/{ref}/")
            words = "A second plant opens in March."
            self._done(exporter.send(page, f"/applications/{ref}/answer/", text=words, final="1"))
            self.tell("Intake accepts it; a reviewer takes it and asks; the exporter answers.")
        else:
            self.tell("Intake accepts it; a reviewer takes it.")
        self._two_people(ref)
        license = self._issued(ref)
        self.tell(f"A second officer approves, and the license is issued: {license}.")
        return license

    def _issued(self, ref: str) -> str:
        self._case(ref, "decider", "issue")
        page = self.people["signatory"].get(f"/applications/{ref}/")
        return next(word for word in page.text.replace("(", " ").split() if word.startswith("EL-")).strip(".,")

    def _contested(self, ref: str) -> str:
        """A refusal that the exporter contests, and an officer of neither step changes."""
        no = {"factors": ["END_USE"], "text": "Nobody knows who takes the motors."}
        self._case(ref, "both", "screen", hit="none", list_version="Control and watch lists of today")
        self._case(ref, "both", "recommend", outcome="refuse", **no)
        self._case(ref, "decider", "refuse", departure="The end-user is new.", **no)
        exporter = self.people["signatory"]
        page = self._done(exporter.get(f"/applications/{ref}/"))
        self.tell(f"Two officers refuse {ref}: its page says why, and until when to contest it.")
        paper = {"files": ("order.pdf", pdf("Frame order of the car maker"))}
        grounds = "Who takes the motors stands in the frame order, which is attached."
        self._done(exporter.send(page, f"/applications/{ref}/reconsider/", files=paper, grounds=grounds))
        self._case(ref, "reconsiderer", "admit")
        self._case(ref, "reconsiderer", "change", text="The frame order names who takes them.")
        self.tell("The signatory contests it; an officer who had no part in it grants what was asked.")
        license = self._issued(ref)
        self.tell(f"A deciding officer issues it: {license}.")
        return license

    def _offline(self, license: str) -> None:
        """Its certificate is genuine to whoever has the public keys, and no net; with one byte changed it is not."""
        exporter, page = self.people["signatory"], f"/licenses/{license}/"
        until = time.monotonic() + 120
        while not (found := re.search(r'"(/documents/\d+/)credential/"', exporter.get(page).html)):
            if time.monotonic() > until:
                raise Surprise(f"{license} has no certificate after two minutes: does the worker run?")
            time.sleep(1)
        with TemporaryDirectory() as folder:
            token, keys, paper = (Path(folder) / name for name in ("license.jws", "jwks.json", "license.pdf"))
            token.write_bytes(exporter.file(found[1] + "credential/"))
            keys.write_bytes(exporter.file("/.well-known/jwks.json"))
            paper.write_bytes(exporter.file(found[1]))
            genuine = _checked(token, keys, paper)
            paper.write_bytes(paper.read_bytes() + b" ")
            changed = _checked(token, keys, paper)
        self._expect((genuine.returncode, changed.returncode), (0, 1), genuine.stdout + changed.stdout)
        self.tell("docs/verify.py finds its certificate genuine, without the net; with one byte more it is refused:")
        self.say(f"    {(changed.stdout + changed.stderr).strip()}")

    def _two_people(self, ref: str) -> None:
        both = self.people["both"]
        self._case(ref, "both", "screen", hit="none", list_version="Control and watch lists of today")
        self._case(ref, "both", "recommend", outcome="approve")
        page = both.get(f"/desk/cases/{ref}/")
        refused = both.send(page, f"/desk/cases/{ref}/return/", reason="Mine") if _has(page, ref, "return") else None
        if refused is not None and refused.status != 403:
            raise Surprise(f"one officer took both steps: {refused.status}")
        theirs = dict(self.people["decider"].get(f"/desk/cases/{ref}/").form(f"/desk/cases/{ref}/approve/").fields)
        own = dict(page.read.forms[0].fields) | {"seen": theirs["seen"]}
        raw = Page(page.url, 200, _bare_form(f"/desk/cases/{ref}/approve/", own))
        answer = both.send(raw, f"/desk/cases/{ref}/approve/")
        if answer.status != 403:
            raise Surprise(f"one officer took both steps: {answer.status}")
        self.tell("An officer recommends. The same officer tries to decide too: refused, 403.")
        self._case(ref, "decider", "approve")

    def _case(self, ref: str, role: str, verb: str, **answers: Any) -> Page:
        officer = self.people[role]
        page = officer.get(f"/desk/cases/{ref}/")
        return self._done(officer.send(page, f"/desk/cases/{ref}/{verb}/", **answers), at=f"/desk/cases/{ref}/")

    # --- REST ---------------------------------------------------------------------------------------------

    def _reserve(self, license: str, party: str, quantity: str) -> tuple[int, Any]:
        key = uuid.uuid4().hex
        body = {
            "license": license,
            "client_reference": f"TOUR-{key[:10]}",
            "end_user": party,
            "consignee": party,
            "destination": "DE",
            "port": "CNSHA",
            "planned_on": self.today.isoformat(),
            "lines": [{"license_line": 1, "hs_code": "8505111000", "quantity": quantity, "unit": "kg"}],
        }
        first = self.client.call("POST", "/shipments/", body, Idempotency_Key=key)
        again = self.client.call("POST", "/shipments/", body, Idempotency_Key=key)
        if again != first:
            raise Surprise(f"the same key got another answer: {first}, then {again}")
        return first

    def _clear(self, shipment: str, quantity: str) -> Any:
        number = str(uuid.uuid4().int)[:18]
        now = datetime.now(UTC).isoformat(timespec="seconds")
        status, answer = self.border.call(
            "POST",
            "/customs/messages/",
            {
                "message_id": f"TOUR-{number}",
                "event": "cleared",
                "shipment": shipment,
                "declaration_no": number,
                "declared_at": now,
                "cleared_at": now,
                "final": True,
                "lines": [{"license_line": 1, "quantity": quantity, "unit": "kg"}],
            },
        )
        self._expect(status, 200, answer)
        return answer

    def _expect(self, found: Any, wanted: Any, about: Any) -> None:
        if found != wanted:
            raise Surprise(f"expected {wanted}, found {found}: {about}")

    def _line(self, license: str) -> dict[str, Any]:
        status, body = self.client.call("GET", f"/licenses/{license}/")
        self._expect(status, 200, body)
        return dict(body["lines"][0]) | {"state": body["state"]}

    def _reserved(self, license: str, party: str, quantity: str, available: str) -> str:
        status, answer = self._reserve(license, party, quantity)
        self._expect(status, 201, answer)
        self._expect(answer["lines"][0]["available_after"], available, answer)
        self.tell(f"A client reserves {quantity} kg: {answer['reference']}, available {available} kg.")
        return str(answer["reference"])

    def _annual(self, license: str, party: str) -> None:
        status, _ = self.stranger.call("GET", f"/licenses/{license}/")
        self._expect(status, 404, "another exporter")
        self.tell("Another exporter asks for this license: 404, as for one that is not there.")
        first = self._reserved(license, party, "12000.000", "48000.000")
        self._clear(first, "11984.500")
        self._expect(self._line(license)["available"], "48015.500", license)
        self.tell("Customs clears 11984.500 kg of it; the rest is released: available 48015.500 kg.")
        second = self._reserved(license, party, "30000.000", "18015.500")
        self._clear(second, "30000.000")
        self.tell("Customs clears 30000.000 kg.")
        self._reserved(license, party, "18015.500", "0.000")
        status, answer = self._reserve(license, party, "0.001")
        self._expect(
            (status, answer["code"], answer["errors"][0]["remaining"]), (409, "line-exhausted", "0.000"), answer
        )
        self.tell(f"0.001 kg more is refused: {answer['detail']}")
        self._adds_up(license, {"drawn": 41_984_500, "reserved": 18_015_500, "authorized": 60_000_000})

    def _single(self, license: str, party: str) -> None:
        shipment = self._reserved(license, party, "3000.000", "0.000")
        self._clear(shipment, "2996.400")
        line = self._line(license)
        self._expect((line["state"], line["lapsed"]), ("exhausted", "3.600"), line)
        self.tell("Its one clearance of 2996.400 kg uses the per-shipment license up; 3.600 kg lapse.")
        self._adds_up(license, {"drawn": 2_996_400, "lapsed": 3_600, "authorized": 3_000_000})

    def _adds_up(self, license: str, wanted: dict[str, int]) -> None:
        """The balances, rebuilt from the movements alone, are the ones that the license shows."""
        _, page = self.client.call("GET", f"/licenses/{license}/movements/?page_size=200")
        sums = {"authorized": 0, "reserved": 0, "drawn": 0, "lapsed": 0}
        for movement in page["results"]:
            grams = _grams(movement["quantity"])
            held = movement["from_reservation"]
            match movement["kind"]:
                case "authorize":
                    sums["authorized"] += grams
                case "reserve":
                    sums["reserved"] += grams
                case "release":
                    sums["reserved"] -= grams
                case "draw":
                    sums["drawn"] += grams
                    sums["reserved"] -= grams if held else 0
                case "lapse":
                    sums["lapsed"] += grams
        line = self._line(license)
        self._expect({name: _grams(line[name]) for name in sums}, sums, license)
        self._expect({name: value for name, value in sums.items() if value}, wanted, license)
        told = ", ".join(f"{name} {line[name]}" for name in sums)
        self.tell(f"{len(page['results'])} movements of {license} rebuild its balance: {told} kg.")


def _checked(*files: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(settings.BASE_DIR / "docs/verify.py"), *map(str, files)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def _grams(text: str) -> int:
    return int(text.replace(".", ""))


def _bare_form(action: str, fields: dict[str, str]) -> str:
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    return f'<form action="{action}">{inputs}</form>'


def _has(page: Page, ref: str, verb: str) -> bool:
    return any(form.action.endswith(f"/desk/cases/{ref}/{verb}/") for form in page.read.forms)


def _choices(page: Page, name: str, words: str) -> list[str]:
    """Values of the checkboxes of this name whose label has the words."""
    found = re.findall(
        rf'<label[^>]*>\s*<input[^>]*name="{name}"[^>]*value="([^"]*)"[^>]*>(.*?)</label>', page.html, re.DOTALL
    )
    found += [
        (value, text)
        for text, value in ((text, value) for (field, text), value in page.read.options.items() if field == name)
    ]
    return [value for value, label in found if words in label]
