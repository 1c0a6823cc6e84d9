"""How a worker works a simulation out: beside its verbs, for it takes longer than one transaction may."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from core import upgrades
from core.access import Actor
from core.legal_time import legal_now
from licensing.actions.simulations import LEASE, Stage, keep, take
from licensing.models import Draft, Simulation
from licensing.selectors import editions_at
from licensing.selectors.what_if import Stopped, what_if


def work(pk: int, *, by: Actor) -> bool:
    """Takes it, works it out over one snapshot of the book, and keeps what came; whether it is done now."""
    row = take(pk, by=by)
    if row is None:
        return False
    texts = Draft.objects.filter(pk=row.draft_id, digest=row.digest).values_list("text", flat=True)
    if (text := texts.first()) is None:  # changed meanwhile: nobody wants to know of the text that was
        Simulation.objects.filter(pk=pk, stage=Stage.RUNNING).update(stage=Stage.STOPPED)
        return False
    book_at = legal_now()
    newest = editions_at(book_at).newest
    with ThreadPoolExecutor(1) as another:  # a connection of its own: what is told is seen before the snapshot ends
        try:
            tell, wanted = _told_by(another, pk)
            result = what_if(text, row.starts_at, at=book_at, progress=tell, stop=lambda: not wanted())
        except Stopped:
            return False
        except Exception as error:  # it would go wrong again: whoever asked sees that it ended, and the log why
            if not upgrades.explains(error):  # else it is another worker's, after the lease
                Simulation.objects.filter(pk=pk, stage=Stage.RUNNING).update(stage=Stage.STOPPED)
            raise
        finally:
            another.submit(lambda: connection.close()).result()
    return keep(pk, result=result, book_at=book_at, newest=newest, by=by)


def _told_by(another: ThreadPoolExecutor, pk: int) -> tuple[Callable[[int, int], None], Callable[[], bool]]:
    """How far it is, told to those who look; and whether it is still wanted."""
    rows = Simulation.objects.filter(pk=pk, stage=Stage.RUNNING)

    def tell(done: int, total: int) -> None:
        another.submit(lambda: rows.update(done=done, total=total, taken_until=legal_now() + LEASE)).result()

    return tell, lambda: another.submit(rows.exists).result()
