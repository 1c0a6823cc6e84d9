"""The PostgreSQL cluster of a data folder: where it lies, how it is made, who may open it."""

import hashlib
import os
import pwd
import secrets
import shutil
from pathlib import Path

from config.local.embedded.errors import LauncherError, foreign
from config.local.embedded.folder import read, write
from config.local.embedded.programs import (
    as_root,
    identity,
    leading_int,
    make_private_area,
    open_to_all,
    private_area,
    server_user,
)
from config.local.embedded.starting import run

DATABASE, OWNER, APP, SUPERUSER = "lodestone", "lodestone_owner", "lodestone_app", "postgres"


def cluster_of(data: Path) -> Path:
    """Where this folder's cluster lies or will lie: data/postgres, or a private place that it links to.

    Root's servers run as `nobody`, who cannot pass through a folder closed to others (a checkout in a home).
    We do not open such folders; the cluster then lives in an open area, in a folder only `nobody` enters.
    """
    here = data / "postgres"
    if here.is_symlink():
        if here.readlink() != (private := private_cluster(data)):
            raise LauncherError(
                f"{here} was made for another folder than {data}: move it back, or start afresh with --reset."
            )
        return private
    return here if here.exists() or not as_root() or open_to_all(data) else private_cluster(data)


def private_cluster(data: Path) -> Path:
    return private_area() / f"data-{key(str(data))}" / "postgres"


def key(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def half_of(cluster: Path) -> Path:
    return cluster.with_name("postgres.half")


def passwords_of(data: Path, cluster: Path) -> dict:
    """The passwords of this folder's servers, made once."""
    path = data / "secrets.json"
    if known := read(path):
        return known
    if cluster.exists():
        raise LauncherError(f"{path} is missing, so its cluster cannot be opened: start with --reset.")
    made = {name: secrets.token_hex(24) for name in (SUPERUSER, OWNER, APP, "valkey")}
    write(path, made)
    return made


def major(binaries: Path) -> int:
    shown = run([binaries / "initdb", "--version"])
    return leading_int(shown.stdout.partition(") ")[2])  # initdb (PostgreSQL) 18.6


def ensure(data: Path, cluster: Path, binaries: Path, passwords: dict, *, durable: bool) -> None:
    """A cluster of these binaries' version lies at `cluster`, owned by the server user."""
    if cluster.exists():
        check(cluster, binaries)
        return
    user = server_user()
    if cluster == private_cluster(data):
        enter_private_area(data, cluster, user)
    half = half_of(cluster)
    if half.exists():
        shutil.rmtree(half)  # an initdb that was interrupted
    half.mkdir(mode=0o700)
    password_file = half.with_name("postgres.password")
    password_file.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(passwords[SUPERUSER])
        if as_root():
            os.chown(half, user.pw_uid, user.pw_gid)
            os.chown(password_file, user.pw_uid, user.pw_gid)
        initdb(binaries, half, password_file, durable=durable)
    finally:
        password_file.unlink(missing_ok=True)
    half.rename(cluster)


def enter_private_area(data: Path, cluster: Path, user: pwd.struct_passwd) -> None:
    """The folder round a private cluster is there for its server user alone; data/postgres links to it."""
    make_private_area()
    cluster.parent.mkdir(mode=0o700, exist_ok=True)
    os.chown(cluster.parent, user.pw_uid, user.pw_gid)
    link = data / "postgres"
    if not link.is_symlink():
        link.symlink_to(cluster)


def discard_abandoned(data: Path) -> None:
    """No private cluster is left of an earlier folder at this path: its passwords went with that folder."""
    private = private_cluster(data)
    if as_root() and private.exists() and not (data / "postgres").is_symlink():
        shutil.rmtree(private.parent)


def initdb(binaries: Path, folder: Path, password_file: Path, *, durable: bool) -> None:
    locale = ["--locale=C.UTF-8", "--encoding=UTF8"]
    if major(binaries) >= 17:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command = [
        *(binaries / "initdb", "-D", folder, "-U", SUPERUSER, *locale, "--data-checksums", "--no-sync"),
        *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256", f"--pwfile={password_file}"),
    ]
    made = run(command, **identity())
    if made.returncode == 0 and durable:
        made = run([binaries / "initdb", "-D", folder, "--sync-only"], **identity())
    if made.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        said = (made.stderr or made.stdout).strip()
        raise LauncherError(f"PostgreSQL could not make its cluster: set DATABASE_URL instead. It said:\n{said}")


def check(cluster: Path, binaries: Path) -> None:
    """This cluster can be opened by these binaries and this user."""
    try:
        made_by = leading_int((cluster / "PG_VERSION").read_text())
    except OSError:
        made_by = 0
    if made_by != major(binaries):
        raise LauncherError(
            f"{cluster} was made by PostgreSQL {made_by or '(unknown)'} and this is {major(binaries)}: "
            "give another --data folder, or start afresh with --reset."
        )
    if cluster.stat().st_uid != server_user().pw_uid:
        raise foreign(cluster)
