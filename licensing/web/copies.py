"""A draft that begins with what an earlier license, or case, says."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from licensing.actions import copies
from licensing.models import Application


def license_copy(request: HttpRequest, ref: str) -> HttpResponse:
    return _begun(request, ref, copies.copy_license(ref, by=request.actor))


def application_copy(request: HttpRequest, ref: str) -> HttpResponse:
    return _begun(request, ref, copies.copy_case(ref, by=request.actor))


def _begun(request: HttpRequest, ref: str, row: Application) -> HttpResponse:
    message = _("Begun with what {ref} says. Change what is to be otherwise; nothing is sent yet.")
    messages.success(request, message.format(ref=ref))
    return redirect("application", ref=row.ref)
