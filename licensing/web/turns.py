"""What a turn of the rules changed for an open case, in words: for its holder, until an officer looks at it again."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from core.selectors import country_names
from licensing.models import ApplicationEndUser, ApplicationLine
from licensing.policy.trace import changes
from licensing.policy.vocabulary import CODE
from licensing.selectors import Turned
from licensing.words import rules as words


@dataclass(frozen=True)
class Turn:
    """Of a line for an end-user, from the first of the days on that were looked at."""

    turned: Turned

    @property
    def line(self) -> ApplicationLine:
        return self.turned.now.line

    @property
    def user(self) -> ApplicationEndUser:
        return self.turned.now.user

    @property
    def before(self) -> str:
        return words.told(self.turned.before)

    @property
    def after(self) -> str:
        return words.told(self.turned.after)

    @property
    def because(self) -> str:
        """The rules of now that say so; those of then that are gone say nothing any more."""
        return words.in_full(self.turned.now.rules.edition, self.turned.rules)

    @cached_property
    def changes(self) -> list[dict[str, str]]:
        """What would change it, but for the item: another item is another case."""
        now = self.turned.now
        found = changes(now.rules, self.turned.facts, on=now.day, audience=now.audience)
        countries = country_names()
        return [words.change(one, now.rules.edition, countries) for one in found if one.fact != CODE]


def in_words(found: Iterable[Turned]) -> list[Turn]:
    """Each line and end-user once, as long as the same is said of its days."""
    said: dict[tuple[object, ...], Turn] = {}
    for one in found:
        turn = Turn(one)
        said.setdefault((turn.line.pk, turn.user.pk, turn.before, turn.after), turn)
    return list(said.values())
