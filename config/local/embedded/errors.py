"""What the launcher has to say when it cannot go on."""

from pathlib import Path


class LauncherError(Exception):
    """What is wrong and what to do about it, in words for whoever typed the command."""


class PortTaken(Exception):
    """Between choosing a port and the server's bind somebody else took it."""


def foreign(path: Path) -> LauncherError:
    return LauncherError(f"{path} belongs to another user: run as that user, or give another --data folder.")
