"""Pages of the ground: my account, the team's people, keys, officers, the mailbox of local mode, health."""

from contextlib import suppress

from django.conf import settings
from django.contrib import messages
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views import i18n
from django.views.decorators.cache import cache_control

from core import actions, invitations, selectors, signing, upgrades
from core.deliveries import MAIL, PAPER
from core.errors import Invalid, NotFound, Problem, one_stop
from core.files import end_of
from core.models import Document, Mail, Organization, Paper, RoleGrant
from core.navigation import entries
from core.problems import RETRY_S
from core.web.forms import (
    JoinForm,
    KeyForm,
    MemberForm,
    OfficeForm,
    OfficerForm,
    OfficerRolesForm,
    RolesForm,
)
from core.web.refused import complete, form_page, refusals_in, sent

INVITED = "invitation"  # in the session


def account(request: HttpRequest) -> HttpResponse:
    context = {
        "membership": getattr(request.user, "membership", None),
        "places": entries(request, request.actor, "account"),
    }
    return render(request, "core/account.html", context)


def set_language(request: HttpRequest) -> HttpResponse:
    """Pages, by a cookie, and mails, by the person, are in this language from now on."""
    response = i18n.set_language(request)
    language = request.POST.get(i18n.LANGUAGE_QUERY_PARAMETER)
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        actions.choose_language(language=language, by=request.actor)
    return response


def member_add(request: HttpRequest) -> HttpResponse:
    form = MemberForm(sent(request))
    if complete(request, form):
        with refusals_in(form):
            actions.add_member(**form.cleaned_data, by=request.actor)
            messages.success(request, _("{name} was invited by mail.").format(name=form.cleaned_data["name"]))
            return redirect("members")
    return form_page(request, "core/member_form.html", form)


def invitation_withdraw(request: HttpRequest) -> HttpResponse:
    email = request.POST.get("email", "")
    if not email:
        raise Invalid([Problem("/email", "required", _("Say which invitation."))])
    actions.withdraw_invitation(email=email, by=request.actor)
    messages.success(request, _("The invitation is withdrawn."))
    return redirect("members")


@cache_control(no_store=True)
def invitation_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the mail leads on to an address without its token: logs and histories keep addresses."""
    request.session.pop(INVITED, None)
    with suppress(NotFound):
        invitations.opened(token)
        request.session[INVITED] = token
    response = redirect("invitation")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def invitation(request: HttpRequest) -> HttpResponse:
    """Whoever was invited, and came by the link, chooses a password, and is in the team."""
    organization_id, email = invitations.opened(request.session.get(INVITED, ""))
    invited = selectors.invitation(organization_id, email)
    organization = Organization.objects.get(pk=organization_id)
    form = JoinForm(sent(request), email=email, initial={"name": invited.name})
    if complete(request, form):
        answers = {"name": form.cleaned_data["name"], "password": form.cleaned_data["password1"]}
        actions.accept_invitation(organization_id, email, **answers)
        del request.session[INVITED]
        messages.success(request, one_stop(_("You are in the team of {team}. Sign in.").format(team=organization)))
        return redirect("account_login")
    return form_page(request, "core/invitation.html", form, organization=organization, invited=invited)


def member_change(request: HttpRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(selectors.members_of(request.actor), pk=pk)
    form = RolesForm(sent(request), kind=member.organization.kind, initial={"roles": member.roles})
    if complete(request, form):
        with refusals_in(form):
            actions.change_member(pk, roles=form.cleaned_data["roles"], by=request.actor)
            messages.success(request, _("The roles of {name} were changed.").format(name=member.user))
            return redirect("members")
    return form_page(request, "core/member_form.html", form, member=member)


def keys(request: HttpRequest) -> HttpResponse:
    """The organization's keys; a POST makes one and shows its text this once."""
    owners = list(selectors.key_owners(request.actor))
    form = KeyForm(sent(request), kind=request.actor.kind, offices=owners)
    created = None
    if complete(request, form):
        with refusals_in(form):
            created = actions.create_key(**form.cleaned_data, by=request.actor)
    return form_page(request, "core/key_list.html", form, keys=selectors.keys_of(request.actor), created=created)


def key_revoke(request: HttpRequest, pk: int) -> HttpResponse:
    key = get_object_or_404(selectors.keys_of(request.actor), pk=pk)
    if request.method == "POST":
        actions.revoke_key(pk, by=request.actor)
        messages.success(request, _("The key {name} opens nothing any more.").format(name=key.name))
        return redirect("keys")
    return render(request, "core/key_revoke.html", {"key": key})


def office_add(request: HttpRequest) -> HttpResponse:
    """A customs office: opened by one administrator; its officers take two."""
    form = OfficeForm(sent(request))
    if complete(request, form):
        with refusals_in(form):
            office = actions.open_office(**form.cleaned_data, by=request.actor)
            messages.success(request, _("{office} is here. Propose its first officer next.").format(office=office))
            return redirect("officer.add")
    return form_page(request, "core/office_form.html", form)


def officer_add(request: HttpRequest) -> HttpResponse:
    form = OfficerForm(sent(request), offices=list(selectors.offices(request.actor)))
    if complete(request, form):
        with refusals_in(form):
            actions.propose_officer(**form.cleaned_data, by=request.actor)
            return _proposed(request)
    return form_page(request, "core/officer_form.html", form, who_confirms=RoleGrant.WHO_CONFIRMS)


def officer_change(request: HttpRequest, pk: int) -> HttpResponse:
    officer = get_object_or_404(selectors.officers(request.actor), pk=pk)
    now = {"roles": officer.roles, "province": officer.province}
    form = OfficerRolesForm(sent(request), kind=officer.organization.kind, initial=now)
    if complete(request, form):
        with refusals_in(form):
            actions.propose_roles(pk, **form.cleaned_data, by=request.actor)
            return _proposed(request)
    return form_page(request, "core/officer_form.html", form, officer=officer, who_confirms=RoleGrant.WHO_CONFIRMS)


def _proposed(request: HttpRequest) -> HttpResponse:
    messages.success(request, f"{_('Proposed.')} {RoleGrant.WHO_CONFIRMS}")
    return redirect("officers")


def grant_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    member = actions.confirm_grant(pk, by=request.actor)
    messages.success(request, _("{name} now has these roles.").format(name=member.user))
    return redirect("officers")


def document(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as it was handed in, or made: an attachment, never shown inside a page. Only ours has a name of ours."""
    file = get_object_or_404(selectors.documents_for(request.actor), pk=pk)
    content = Document.objects.values_list("content", flat=True).get(pk=file.pk)
    ours = Paper.objects.filter(document=file.pk).exists()
    name = file.name if ours else f"document-{file.pk}{end_of(file.media_type)}"
    response = HttpResponse(bytes(content), content_type=file.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def credential(request: HttpRequest, pk: int) -> HttpResponse:
    """The signed token that goes with a paper, for whoever reads the paper."""
    file = get_object_or_404(selectors.documents_for(request.actor), pk=pk)
    paper = get_object_or_404(Paper.objects.exclude(credential=""), document=file.pk)
    response = HttpResponse(f"{paper.credential}\n", content_type="application/jose")
    name = file.name.removesuffix(end_of(file.media_type))
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.jws"'
    return response


def mailbox(request: HttpRequest) -> HttpResponse:
    """Every mail of local mode, newest first. There is no such page in production."""
    _local_only()
    return render(request, "core/mailbox_list.html", {"mails": Mail.objects.all()[:200]})


def mailbox_read(request: HttpRequest, pk: int) -> HttpResponse:
    _local_only()
    return render(request, "core/mailbox_read.html", {"mail": get_object_or_404(Mail, pk=pk)})


def _local_only() -> None:
    if not settings.LOCAL:
        raise NotFound()


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@cache_control(public=True, max_age=300)
def jwks(request: HttpRequest) -> HttpResponse:
    """The keys that check what Lodestone signed, for whoever checks it elsewhere."""
    response = JsonResponse(signing.jwks())
    response.headers["Content-Type"] = "application/jwk-set+json"
    return response


def readyz(request: HttpRequest) -> HttpResponse:
    """Database, migrations and broker: 200 when the first two hold; a lost broker only delays what workers do.

    Migrations of another version hold as long as this process has met nothing that they took from it.
    Of mail and papers that wait only how much and how long: this page is open to all.
    """
    state = {"database": "ok", "migrations": "ok", "broker": "ok"}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if upgrades.pending():
            state["migrations"] = "pending"
        elif upgrades.met():
            state["migrations"] = "ahead"
        else:
            waiting = {"mail": selectors.waits(MAIL), "papers": selectors.waits(PAPER)}
    except Error as error:
        if upgrades.explains(error):
            state["migrations"] = "ahead"
        else:
            state["database"] = state["migrations"] = "unavailable"
    state["broker"] = "ok" if _broker_answers() else "unavailable"
    ready = state["database"] == state["migrations"] == "ok"
    if ready:
        return JsonResponse({"status": "ok", **state, **waiting})
    return JsonResponse({"status": "unavailable", **state}, status=503, headers={"Retry-After": RETRY_S})


def _broker_answers() -> bool:
    import redis  # noqa: PLC0415 (only this page talks to the broker from the web)

    if not settings.REDIS_URL:
        return False
    try:
        client = redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1)
        return bool(client.ping())
    except redis.RedisError:
        return False
