"""What production starts: the compose file, the image's command, the proxy, and all of them together for real."""

import ast
import gzip
import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import yaml
from django.conf import settings as tested
from django.core.management import get_commands

from config.local import embedded, launcher
from config.local.embedded import folder as data_folder
from config.local.embedded import postgres, programs
from core import sizes

PROJECT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
PROGRAMS = ("migrate", "web", "worker", "beat")
SECRETS = ("SECRET_KEY", "POSTGRES_PASSWORD", "LODESTONE_OWNER_PASSWORD", "LODESTONE_APP_PASSWORD", "BROKER_PASSWORD")
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def test_the_image_has_all_that_is_read_when_it_starts():
    left_out = (PROJECT / ".dockerignore").read_text().split()
    assert "COPY . ." in (PROJECT / "Dockerfile").read_text()
    assert not {"docs", "docs/", "**/*.py", "docs/verify.py"} & {*left_out}


needs_nginx = pytest.mark.skipif(
    not NGINX and not os.environ.get("CI"), reason="nginx is not installed here; .ci/run installs it, and never skips"
)


def image_command() -> list[str]:
    """The Dockerfile's CMD."""
    text = (PROJECT / "Dockerfile").read_text().replace("\\\n", "")
    return ast.literal_eval(re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)[-1])


def command_of(service: str) -> list[str]:
    return SERVICES[service].get("command") or image_command()


# --- on paper ---------------------------------------------------------------------------------------------
def test_programs_are_one_image_with_the_commands_of_run() -> None:
    assert {SERVICES[name]["image"] for name in PROGRAMS} == {"lodestone"}
    assert {SERVICES[name]["build"] for name in PROGRAMS} == {"."}
    assert command_of("web") == ["python", *launcher.WEB, "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm"]
    assert command_of("worker") == ["python", *launcher.WORKER]
    assert command_of("beat") == ["python", *launcher.BEAT]
    assert command_of("migrate") == ["python", "manage.py", "setup"]
    assert "setup" in get_commands()


def test_secrets_come_from_outside_and_are_asked_for() -> None:
    used: dict[str, set[str]] = {}
    for name, rest in re.findall(r"\$\{(\w+)([^}]*)\}", (PROJECT / "docker-compose.yml").read_text()):
        used.setdefault(name, set()).add(rest[:2])
    assert {name: used[name] for name in SECRETS} == {name: {":?"} for name in SECRETS}
    assert {name for name, kinds in used.items() if kinds != {":?"}} == {
        "DEFAULT_FROM_EMAIL",
        "HTTP_PORT",
        "HTTPS_PORT",
    }


def test_only_the_migration_knows_the_owner() -> None:
    knowing = {name for name in SERVICES if "DATABASE_OWNER_URL" in SERVICES[name].get("environment", {})}
    assert knowing == {"migrate"}


def test_only_the_proxy_can_be_reached_from_outside() -> None:
    assert {name for name, service in SERVICES.items() if service.get("ports")} == {"proxy"}
    assert {name for name, service in SERVICES.items() if "edge" in service["networks"]} == {"proxy"}
    assert all("inside" in service["networks"] for service in SERVICES.values())
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_every_lasting_service_is_watched_and_restarted() -> None:
    lasting = {name: service for name, service in SERVICES.items() if name != "migrate"}
    assert {name for name, service in lasting.items() if "healthcheck" not in service} == set()
    assert {service["restart"] for service in lasting.values()} == {"unless-stopped"}
    assert SERVICES["web"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["proxy"]["depends_on"]["web"] == {"condition": "service_healthy"}


# --- the database's first start ---------------------------------------------------------------------------
@pytest.fixture
def no_given_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)


def test_the_database_script_makes_two_modest_roles(
    tmp_path: Path, no_given_servers: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "provision", lambda *_: None)
    with embedded.start(tmp_path / "data", durable=False, want_valkey=False) as servers:
        address = servers.database_url.rpartition("@")[2].removesuffix("/lodestone")
        passwords = data_folder.read(servers.data / "secrets.json")
        known = {
            "PATH": f"{programs.postgres_binaries()}:{os.environ['PATH']}",
            "PGHOST": "127.0.0.1",
            "PGPORT": address.partition(":")[2],
            "PGPASSWORD": passwords["postgres"],
            "LODESTONE_OWNER_PASSWORD": "it's-the-owner",
            "LODESTONE_APP_PASSWORD": "app",
        }
        subprocess.run(["bash", PROJECT / "config/postgres-init.sh"], env=known, check=True, capture_output=True)

        owner = psycopg2.connect(f"postgres://lodestone_owner:it's-the-owner@{address}/lodestone")
        app = psycopg2.connect(f"postgres://lodestone_app:app@{address}/lodestone")
        with owner.cursor() as cursor:
            cursor.execute(
                "SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname ~ '^lodestone' ORDER BY 1"
            )
            assert cursor.fetchall() == [("lodestone_app", False, False), ("lodestone_owner", False, False)]
            cursor.execute("CREATE TABLE owned (n int)")
        with app.cursor() as cursor, pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("CREATE TABLE mine (n int)")
        owner.close()
        app.close()
    embedded.reset(tmp_path / "data")


# --- the proxy --------------------------------------------------------------------------------------------
def proxy_folder(folder: Path, changes: dict[str, str] | None = None) -> Path:
    """A folder with the proxy's configuration and a certificate, as the container sees them."""
    (folder / "tls").mkdir(parents=True)
    text = (PROJECT / "config/nginx.conf").read_text()
    for old, new in (changes or {}).items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "nginx.conf").write_text(text)
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=licenses.example"]
    made += ["-keyout", folder / "tls/privkey.pem", "-out", folder / "tls/fullchain.pem"]
    subprocess.run(made, check=True, capture_output=True)
    return folder


def nginx(folder: Path, *words: str) -> list[str]:
    # Workers as ourselves: root's would become `nobody`, who cannot enter a test's folder.
    return [NGINX or "", "-p", f"{folder}/", "-c", f"{folder}/nginx.conf", "-e", "stderr", *words]


def test_the_proxy_lets_the_largest_file_through_and_the_form_around_it() -> None:
    (most,) = re.findall(r"client_max_body_size (\d+)m;", (PROJECT / "config/nginx.conf").read_text())
    assert int(most) >= max(sizes.FILE_MEGABYTES, sizes.BULK_MEGABYTES) + sizes.BODY_MEGABYTES


@needs_nginx
def test_the_proxy_accepts_its_configuration(tmp_path: Path) -> None:
    shown = subprocess.run(nginx(proxy_folder(tmp_path / "proxy"), "-t"), capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr


@contextmanager
def beginning(folder: Path, plain: int, web: str) -> Iterator[None]:
    """The proxy starts at this port, before that web server."""
    tls = embedded.free_port()
    listening = {"listen 8080;": f"listen 127.0.0.1:{plain};", "listen 8443 ssl;": f"listen 127.0.0.1:{tls} ssl;"}
    configured = proxy_folder(folder / "proxy", listening | {"http://web:8000": f"http://{web}"})
    alone = "daemon off; user root;" if os.geteuid() == 0 else "daemon off;"
    with open(folder / "log", "ab") as log:  # which nginx opens once more
        proxy = subprocess.Popen(nginx(configured, "-g", alone), stdout=log, stderr=log)
    try:
        yield
    finally:
        proxy.terminate()
        proxy.wait(10)


@needs_nginx
def test_the_proxy_writes_down_no_address_that_opens(tmp_path: Path) -> None:
    """Though the web server is away, which its own log tells with the request."""
    plain = embedded.free_port()
    with beginning(tmp_path, plain, "127.0.0.1:1"):
        for path in ("/invitations/SECRET/", "/accounts/confirm-email/SECRET/", "/accounts/password/reset/key/SECRET/"):
            assert within(10, lambda path=path: bad_gateway(plain, path))
    text = (tmp_path / "log").read_text()
    assert "/invitations/***" in text
    assert "SECRET" not in text


def bad_gateway(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers={"Referer": f"https://licenses.example{path}"})
        return connection.getresponse().status == 502
    except OSError:
        return False


@needs_nginx
def test_the_proxy_packs_pages_for_whoever_takes_them_so(tmp_path: Path) -> None:
    page = b"<p>The same words again and again.</p>" * 1_000
    (tmp_path / "index.html").write_bytes(page)
    serves = partial(SimpleHTTPRequestHandler, directory=tmp_path)
    plain, web = embedded.free_port(), HTTPServer(("127.0.0.1", 0), serves)
    threading.Thread(target=web.serve_forever, daemon=True).start()

    def asked(takes: str) -> tuple[str | None, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", plain, timeout=5)
        connection.request("GET", "/", headers={"Accept-Encoding": takes})
        answer = connection.getresponse()
        return answer.getheader("Content-Encoding"), answer.read()

    with beginning(tmp_path, plain, f"127.0.0.1:{web.server_port}"):
        assert within(10, lambda: not socket.socket().connect_ex(("127.0.0.1", plain)))
        packed, whole = asked("gzip, br"), asked("identity")
    web.shutdown()
    assert whole == (None, page)
    assert (packed[0], gzip.decompress(packed[1])) == ("gzip", page)
    assert len(packed[1]) < len(page) / 10


# --- all of it --------------------------------------------------------------------------------------------
class Production:
    """The compose file's programs under its environment, as processes of this machine."""

    host = "licenses.example"

    def __init__(self, servers: embedded.Servers, folder: Path) -> None:
        self.servers, self.folder = servers, folder
        self.port, self.plain_port, self.tls_port = (embedded.free_port() for _ in range(3))
        given = {
            "BASE_URL": f"https://{self.host}",
            "SECRET_KEY": "a-secret-of-the-tests-0123456789-abcdefghijklmnopqrstuvwxyz",
            "EMAIL_URL": "smtp://127.0.0.1:9",
        }
        outside = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        self.environment = outside | {
            "LODESTONE_DATA": str(folder / "data"),
            "STATIC_ROOT": str(folder / "static"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            **{name: self.fill(value, given) for name, value in SERVICES["web"]["environment"].items()},
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "SIGNING_KEYS": str(tested.SIGNING_KEYS),
        }

    @staticmethod
    def fill(text: str, given: dict[str, str]) -> str:
        """The text with its ${VARIABLES} put in, as compose does."""
        return re.sub(r"\$\{(\w+)(?::[?-]([^}]*))?\}", lambda found: given.get(found[1], found[2] or ""), text)

    def words(self, command: list[str]) -> list[str]:
        here = {"python": sys.executable, "0.0.0.0:8000": f"127.0.0.1:{self.port}"}
        return [here.get(word, word) for word in command]

    def finish(self, command: list[str], **more: str) -> None:
        done = subprocess.run(
            self.words(command), cwd=PROJECT, env=self.environment | more, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def begin(self, name: str, command: list[str]) -> None:
        log = embedded.open_log(self.servers.data, name)
        process = subprocess.Popen(
            self.words(command),
            cwd=PROJECT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(log)
        self.servers.guard(process, name, grace=20)

    def begin_proxy(self) -> None:
        folder = proxy_folder(
            self.folder / "proxy",
            {
                "listen 8080;": f"listen 127.0.0.1:{self.plain_port};",
                "listen 8443 ssl;": f"listen 127.0.0.1:{self.tls_port} ssl;",
                "http://web:8000": f"http://127.0.0.1:{self.port}",
                "access_log /dev/stdout kept;": "access_log off;",
            },
        )
        alone = "daemon off; user root;" if os.geteuid() == 0 else "daemon off;"
        self.begin("proxy", nginx(folder, "-g", alone))

    def ask(self, path: str, *, tls: bool = True, **headers: str) -> http.client.HTTPResponse:
        """The answer of a GET through the proxy."""
        connection: http.client.HTTPConnection
        if tls:
            trusting = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection("127.0.0.1", self.tls_port, timeout=10, context=trusting)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.plain_port, timeout=10)
        connection.request("GET", path, headers={"Host": self.host, **headers})
        answer = connection.getresponse()
        answer.read()
        return answer

    def health(self) -> int:
        try:
            return self.ask("/healthz").status
        except OSError:
            return 0

    def healthy(self, service: str) -> bool:
        """What compose's own check of this service says."""
        kind, *words = SERVICES[service]["healthcheck"]["test"]
        words = [word.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}").replace("$$", "$") for word in words]
        if kind == "CMD-SHELL":
            words = ["sh", "-c", words[0].replace("python", sys.executable)]
        tried = subprocess.run(self.words(words), cwd=PROJECT, env=self.environment, capture_output=True)
        return tried.returncode == 0

    def tail(self, name: str) -> str:
        return embedded.tail(self.servers.data, name)


@pytest.fixture
def production(tmp_path: Path, no_given_servers: None) -> Iterator[Production]:
    with embedded.start(tmp_path / "data") as servers:
        yield Production(servers, tmp_path)
    embedded.reset(tmp_path / "data")


def within(seconds: float, happens: Callable[[], Any]) -> bool:
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.full
@needs_nginx
def test_production_starts_and_answers_through_the_proxy(production: Production) -> None:
    collect = ["python", "manage.py", "collectstatic", "--noinput"]
    production.finish(collect)
    production.finish(command_of("migrate"), DATABASE_OWNER_URL=production.servers.owner_url)
    for name in ("beat", "worker", "web"):
        production.begin(name, command_of(name))
    production.begin_proxy()

    assert within(30, lambda: production.health() == 200), production.tail("web") + production.tail("proxy")
    assert within(20, lambda: production.healthy("worker")), production.tail("worker")
    assert production.healthy("web")

    # Without TLS a page is redirected to the address with it; what the client claims about TLS is not believed.
    plain = production.ask("/accounts/login/", tls=False, **{"X-Forwarded-Proto": "https"})
    assert (plain.status, plain.getheader("Location")) == (301, f"https://{production.host}/accounts/login/")
    page = production.ask("/accounts/login/")
    assert page.status == 200
    assert "max-age=31536000" in page.getheader("Strict-Transport-Security", "")
    # Somebody else's Host is nobody's business here.
    assert production.ask("/healthz", Host="elsewhere.example").status == 400
    ended = {name: process.poll() for name, process in production.servers.processes.items()}
    assert ended == dict.fromkeys(("valkey", "postgres", "beat", "worker", "web", "proxy"))


@pytest.mark.parametrize(
    ("configured", "said"),
    [
        ({}, "SECRET_KEY is not set"),
        ({"LODESTONE_MODE": "local", "INVITATIONS_A_DAY": "-1"}, "INVITATIONS_A_DAY is -1; it must be 0 or more"),
        ({"LODESTONE_MODE": "local", "RATE_ADDRESS": "-1"}, "RATE_ADDRESS is -1; it must be 0 or more"),
    ],
    ids=["bare", "invitations", "rates"],
)
def test_a_program_refuses_to_start_on_nonsense(configured: dict[str, str], said: str) -> None:
    bare = {"PATH": os.environ["PATH"]}
    tried = subprocess.run(
        [sys.executable, "manage.py", "check"], cwd=PROJECT, env=bare | configured, capture_output=True, text=True
    )
    assert tried.returncode != 0
    assert said in tried.stderr
