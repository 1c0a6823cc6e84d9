"""Refusals. Each has a stable code and a sentence for a person; its status stands with the code in `codes`."""

import re
from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from core import codes


def one_stop(text: str) -> str:
    """The sentences, without the second period where a name at the end of one brings its own: `S.p.A.`"""
    return re.sub(r"(?<=\w)\.\.(?=\s|$)", ".", text)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where (a JSON pointer), its stable code, and what would mend it."""

    pointer: str
    code: str
    message: str
    extra: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        codes.find(self.code)

    def as_dict(self) -> dict[str, object]:
        return {"pointer": self.pointer, "code": self.code, "message": self.message, **self.extra}


class DomainError(Exception):
    """A refusal. Nothing was changed by whatever raised it.

    Its status is that of its code, unless the class has one of its own. Raises LookupError for a code, or a status of
    a code, that is not defined.
    """

    status = 0
    code = ""

    def __init__(
        self,
        detail: str = "",
        *,
        code: str = "",
        errors: list[Problem] | None = None,
        headers: dict[str, str] | None = None,
        **extra: object,
    ) -> None:
        self.code = code or self.code
        defined = codes.find(self.code)
        self.status = self.status or defined.status
        if self.status not in (defined.status, *defined.also):
            raise LookupError(f"the code {self.code!r} does not come with status {self.status}")
        self.errors = errors or []
        self.detail = one_stop(str(detail or (self.errors[0].message if self.errors else "")))
        self.headers = headers or {}
        self.extra = extra
        super().__init__(self.detail)


class Unreadable(DomainError):
    """The request could not be read at all."""

    status, code = 400, "unreadable"


class NotSignedIn(DomainError):
    """Nobody is known by what was sent: a header says how it is, and that a key was wrong."""

    code = "authentication-required"

    def __init__(self, detail: str = "", *, code: str = "") -> None:
        wrong = ', error="invalid_token"' if code == "invalid-key" else ""
        super().__init__(detail, code=code, headers={"WWW-Authenticate": f'Bearer realm="lodestone"{wrong}'})


class Forbidden(DomainError):
    """You may see it, and may not do this to it."""

    code = "forbidden"


class FourEyes(DomainError):
    """The other step of this round was taken by the same person."""

    code = "four-eyes"


class NotFound(DomainError):
    """Absent, or not yours: the answer is the same."""

    code = "not-found"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or _("There is nothing here that you can see."))


class WrongState(DomainError):
    code = "wrong-state"


class Invalid(DomainError):
    """Readable, and wrong: `errors` names every field."""

    status, code = 422, "invalid"

    def __init__(self, errors: list[Problem], detail: str = "", *, code: str = "") -> None:
        super().__init__(detail, code=code or (errors[0].code if errors else self.code), errors=errors)
