"""The verbs of following: a company says which goods it wants to be told of."""

from django.utils.translation import gettext as _

from core.access import Actor
from core.command import command
from core.errors import Invalid, Problem
from core.history import require_may
from core.legal_time import legal_now
from core.sizes import ECHOED
from licensing.models import Follow
from licensing.selectors import codes_known, follows_of


@command
def follow(*, code: str, by: Actor) -> Follow:
    """The actor's company follows this code and all below it, whoever asked first. Raises Invalid for no code."""
    require_may(_may(by))
    at = legal_now()
    name = codes_known(at).get(code.strip().lower())
    if name is None:
        message = _("No list in force or announced has a code {code}, or one below it.").format(code=code[:ECHOED])
        raise Invalid([Problem("/code", "unknown-code", message)])
    facts = {"by": by.user, "at": at}
    return Follow.objects.get_or_create(exporter_id=by.organization_id, code=name, defaults=facts)[0]


@command
def unfollow(*, code: str, by: Actor) -> None:
    """It no longer does. Raises Invalid for what it does not follow by itself."""
    require_may(_may(by))
    gone, _rows = follows_of(by).filter(code=code).delete()
    if not gone:
        message = _("Your company does not follow {code}.").format(code=code[:ECHOED])
        raise Invalid([Problem("/code", "unknown-code", message)])


def _may(by: Actor) -> bool:
    return by.kind == "exporter" and by.may("follows")
