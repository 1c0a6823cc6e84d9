"""Refusals. Each has a stable code, an HTTP status and a sentence for a person; the edges turn it into an answer."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where (a JSON pointer), its stable code, and what would mend it."""

    pointer: str
    code: str
    message: str
    extra: dict[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        return {"pointer": self.pointer, "code": self.code, "message": self.message, **self.extra}


class DomainError(Exception):
    """A refusal. Nothing was changed by whatever raised it."""

    status = 409
    code = "refused"

    def __init__(
        self,
        detail: str = "",
        *,
        code: str = "",
        status: int = 0,
        errors: list[Problem] | None = None,
        headers: dict[str, str] | None = None,
        **extra: object,
    ) -> None:
        self.code = code or self.code
        self.status = status or self.status
        self.errors = errors or []
        self.detail = detail or (self.errors[0].message if self.errors else "")
        self.headers = headers or {}
        self.extra = extra
        super().__init__(self.detail)


class Unreadable(DomainError):
    """The request could not be read at all."""

    status, code = 400, "unreadable"


class NotSignedIn(DomainError):
    status, code = 401, "authentication-required"


class Forbidden(DomainError):
    """You may see it, and may not do this to it."""

    status, code = 403, "forbidden"


class FourEyes(DomainError):
    """The other step of this round was taken by the same person."""

    status, code = 403, "four-eyes"


class NotFound(DomainError):
    """Absent, or not yours: the answer is the same."""

    status, code = 404, "not-found"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail or _("There is nothing here that you can see."))


class WrongState(DomainError):
    status, code = 409, "wrong-state"


class Invalid(DomainError):
    """Readable, and wrong: `errors` names every field."""

    status, code = 422, "invalid"

    def __init__(self, errors: list[Problem], detail: str = "", *, code: str = "") -> None:
        super().__init__(detail, code=code or (errors[0].code if errors else self.code), errors=errors)
