"""Who is told of what happens to cases, declarations and licenses: which, what and where; never what is in them."""

from django.conf import settings
from django.utils.translation import gettext as _

from core.deliveries import Message, mails
from core.models import HistoryLine
from exporters.notices import people
from licensing.models import Application, Declaration, License


def _url(path: str) -> str:
    return f"{settings.BASE_URL}{path}"


@mails("application", "submit", "accept", "not_accept", "ask", "approve", "refuse", "issue", "withdraw")
def case(line: HistoryLine) -> Message:
    row = Application.objects.get(pk=line.subject_id)
    subjects = {
        "submit": _("{ref}: your application was received"),
        "accept": _("{ref}: accepted, the review begins"),
        "not_accept": _("{ref}: not accepted"),
        "ask": _("{ref}: the reviewer has a question"),
        "approve": _("{ref}: approved"),
        "refuse": _("{ref}: refused"),
        "issue": _("{ref}: your license was issued"),
        "withdraw": _("{ref}: withdrawn"),
    }
    due = _("\n\nPlease answer by {day}.").format(day=line.facts["due_on"]) if line.verb == "ask" else ""
    body = _("See the case: {url}").format(url=_url(f"/applications/{row.ref}/"))
    return Message(people(row.exporter_id), subjects[line.verb].format(ref=row.ref), f"{body}{due}\n")


@mails("declaration", "verify", "reject")
def declaration(line: HistoryLine) -> Message:
    row = Declaration.objects.get(pk=line.subject_id)
    subject = _("{ref}: declaration verified") if line.verb == "verify" else _("{ref}: declaration rejected")
    body = _("See the declaration: {url}").format(url=_url(f"/declarations/{row.ref}/"))
    return Message(people(row.exporter_id), subject.format(ref=row.ref), f"{body}\n")


@mails("license", "suspend", "lift", "expire", "exhaust", "warn_of_end")
def license(line: HistoryLine) -> Message:
    row = License.objects.get(pk=line.subject_id)
    subjects = {
        "suspend": _("{ref}: suspended"),
        "lift": _("{ref}: a suspension was lifted"),
        "expire": _("{ref}: expired"),
        "exhaust": _("{ref}: used up"),
        "warn_of_end": _("{ref}: ends within {days} days"),
    }
    subject = subjects[line.verb].format(ref=row.ref, days=line.facts.get("days", ""))
    body = _("See the license: {url}").format(url=_url(f"/licenses/{row.ref}/"))
    return Message(people(row.exporter_id), subject, f"{body}\n")
