"""What a key may do: each app registers its scopes, with the kind of organization whose keys may carry them."""

from collections import ChainMap
from collections.abc import Iterable

from django.utils.functional import Promise

from core.languages import in_language

_scopes: dict[str, dict[str, "str | Promise"]] = {}


def add(kind: str, scope: str, words: "str | Promise") -> None:
    """Keys of this kind of organization may carry the scope; words say what it opens."""
    _scopes.setdefault(kind, {})[scope] = words


def reads(scope: str) -> bool:
    """It changes nothing."""
    return scope.endswith(":read")


def any_of(scopes: Iterable[str]) -> str:
    """Of which a key needs one, each marked."""
    return in_language(" or ", "或").join(f"`{scope}`" for scope in sorted(scopes))


def scopes_of(kind: str) -> dict[str, "str | Promise"]:
    """Scope and words, in the order of the apps."""
    return _scopes.get(kind, {})


def every_scope() -> dict[str, "str | Promise"]:
    """Those of all kinds, by name."""
    return dict(sorted(ChainMap(*_scopes.values()).items()))
