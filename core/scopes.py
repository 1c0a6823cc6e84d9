"""What a key may do: each app registers its scopes, with the kind of organization whose keys may carry them."""

from collections import ChainMap

from django.utils.functional import Promise

_scopes: dict[str, dict[str, "str | Promise"]] = {}


def add(kind: str, scope: str, words: "str | Promise") -> None:
    """Keys of this kind of organization may carry the scope; words say what it opens."""
    _scopes.setdefault(kind, {})[scope] = words


def reads(scope: str) -> bool:
    """It changes nothing."""
    return scope.endswith(":read")


def scopes_of(kind: str) -> dict[str, "str | Promise"]:
    """Scope and words, in the order of the apps."""
    return _scopes.get(kind, {})


def every_scope() -> dict[str, "str | Promise"]:
    """Those of all kinds, by name."""
    return dict(sorted(ChainMap(*_scopes.values()).items()))
