"""What was typed survives the end of a session: it is kept for its writer, who finds it in the same form again.

Who that is says the form itself: each carries a signed name of its reader (`{% csrf_token %}` writes it), so that no
cookie is needed, and nobody else's page can plant text.
"""

import uuid
from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _

from core import problems
from core.errors import DomainError
from core.models import KeptText, User
from core.models.typed import KEPT_DAYS
from core.web import errors
from core.web.typed import Typed, cleaned, page_of

WRITER, SALT = "typed_by", "typed"
MOST = 20  # texts of one person; the oldest give way


def writer(user: Any) -> str:
    """Whose text it will be, signed, for a hidden field."""
    return signing.dumps(user.pk, salt=SALT)


def _writer_of(request: HttpRequest) -> int | None:
    try:
        pk = int(signing.loads(request.POST.get(WRITER, ""), salt=SALT, max_age=KEPT_DAYS * 86_400))
    except (signing.BadSignature, ValueError):
        return None
    other = request.user.is_authenticated and request.user.pk != pk
    return None if other or not User.objects.filter(pk=pk, is_active=True).exists() else pk


def keep(request: HttpRequest) -> str:
    """The form's text is kept for its writer; the address at which he finds it. Empty when there is no text or none."""
    match = request.resolver_match
    if request.method != "POST" or match is None or match.view_name.startswith("account_"):
        return ""
    data, pk = cleaned(request), _writer_of(request)
    if pk is None or not any(value.strip() for values in data.lists() for value in values[1]):
        return ""
    files = [upload.name for upload in request.FILES.values()]
    row = KeptText.objects.create(user_id=pk, route=match.view_name, data=data.urlencode(), files=files)
    old = KeptText.objects.filter(user_id=pk).order_by("-kept_at").values_list("pk", flat=True)[MOST:]
    KeptText.objects.filter(pk__in=list(old)).delete()
    query = request.GET.copy()
    query["kept"] = str(row.pk)
    return f"{page_of(request.path_info)[0]}?{query.urlencode()}"


def restore(request: HttpRequest) -> None:
    """The page shows the reader's own kept text (`?kept=`) in the form that it was typed into; where it has that form
    no more, to copy from."""
    try:
        row = KeptText.objects.filter(pk=uuid.UUID(request.GET["kept"]), user_id=request.user.pk).first()
    except ValueError:
        return
    route = request.resolver_match.view_name if request.resolver_match else ""
    if row is None:
        return
    own = row.route == route
    request.typed = Typed(row.route, own, QueryDict(row.data), files=row.files, kept=True)
    if own:
        request.POST, request._files = request.typed.data, MultiValueDict()  # asked for, files would be read anew


def onward(request: HttpRequest, route: str, **key: Any) -> HttpResponse:
    """To another page, and what was kept goes along."""
    query = {name: request.GET[name] for name in ("kept",) if name in request.GET}
    return redirect(reverse(route, kwargs=key, query=query or None))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Refused. Somebody who is signed out signs in and finds his text; else it is there to copy, or to find again."""
    if problems.wanted(request):
        return problems.response(request, DomainError(_("The CSRF token is missing or stale."), code="csrf-failed"))
    address = keep(request)
    if address and not request.user.is_authenticated:
        return errors.to_sign_in(address)
    context = {"kept": errors.kept(request, from_the_wire=True), "again": address}
    return render(request, "403_csrf.html", context, status=403)
