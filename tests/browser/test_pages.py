"""Every page that exists: no axe violation at 1280 and 390 px in both languages, no sideways scroll at 320 px."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse

from core import access
from core.invitations import one_time_link
from core.models import Delivery, Mail, Membership, User
from exporters.models import Exporter
from licensing.models import Application, Declaration, License
from shipments.models import Incident, Shipment

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# files, redirects, JSON, and the embedded third-party explorer
NOT_PAGES = {
    "document",
    "healthz",
    "readyz",
    "api.schema",
    "api.explorer",
    "api.control-items",
    "account_reauthenticate",
}
NEED_A_LINK = {"account_confirm_email", "account_reset_password_from_key", "account_logout"}


def addresses(people, exporter_pk):
    """name -> path for every GET page, and who opens it."""
    pages = {}
    mine = Application.objects.filter(exporter_id=exporter_pk)
    objects = {
        "application": [{"ref": ref} for ref in mine.values_list("ref", flat=True)],
        "declaration": [{"ref": Declaration.objects.filter(exporter_id=exporter_pk).first().ref}],
        "license": [{"ref": row.ref} for row in License.objects.filter(exporter_id=exporter_pk)],
        "shipment": [{"ref": row.ref} for row in Shipment.objects.filter(exporter_id=exporter_pk)[:2]],
        "party": [{"ref": Exporter.objects.get(pk=exporter_pk).parties.first().ref}],
        "member": [{"pk": Membership.objects.filter(organization_id=exporter_pk).first().pk}],
        "key": [{"pk": Exporter.objects.get(pk=exporter_pk).organization.keys.first().pk}],
        "exporter": [{"pk": Exporter.objects.get(state="pending").pk}],
        "incident": [{"ref": Incident.objects.get().ref}],
        "officer": [{"pk": Membership.objects.filter(organization__kind="ministry").first().pk}],
        "delivery": [{"pk": Delivery.objects.filter(delivered_at=None).first().pk}],
    }
    for (name, method), row in access.table().items():
        if name.endswith(".csv"):  # files
            continue
        if method != "GET" or name in NOT_PAGES | NEED_A_LINK or name.startswith("api.") and name != "api.docs":
            continue
        who = next(person for person, role in people.items() if role in row.roles)
        kwargs = [{"pk": Mail.objects.create(sender="a", recipients="b", subject="s", body="x").pk}]
        kwargs = kwargs if name == "mailbox.read" else objects.get(row.noun, [{}])
        if name in ("application.edit", "application.submit", "application.withdraw"):
            kwargs = [{"ref": mine.get(state="draft").ref}]
        if name == "desk.case":  # below, for each officer
            continue
        for one in kwargs:
            pages.setdefault(who, []).append(reverse(name, kwargs=one or None))
    for person in ("song.jie", "zhao.min", "han.rui"):  # a case looks different to each
        for ref in mine.exclude(state="draft").values_list("ref", flat=True):
            pages.setdefault(person, []).append(reverse("desk.case", kwargs={"ref": ref}))
    pages["lin.wei"].append(reverse("shipment.new") + "?license=" + objects["license"][0]["ref"])
    return pages


PEOPLE = {
    "lin.wei": "signatory",
    "zhao.min": "reviewer",
    "han.rui": "decider",
    "song.jie": "intake",
    "deng.an": "admin",
    "port": "customs",
}


def problems_of(page, path, *, width):
    found = []
    results = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    for violation in results.response["violations"]:
        where = violation["nodes"][0]["target"]
        found.append(f"{path} at {width}: {violation['id']} ({violation['help']}) at {where}")
    return found


def test_every_page_passes_axe_and_fits(sign_in, demo_world):
    exporter = Exporter.objects.get(organization__name_en__startswith="Lanting")
    errors = []
    seen = 0
    for person, paths in addresses(PEOPLE, exporter.pk).items():
        page = sign_in(person)
        page.on(
            "console", lambda message, found=errors: found.append(message.text) if message.type == "error" else None
        )
        for path in paths:
            page.set_viewport_size({"width": 1280, "height": 900})
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 200, (path, answer.status)
            seen += 1
            errors += problems_of(page, path, width=1280)
            page.set_viewport_size({"width": 390, "height": 844})
            errors += problems_of(page, path, width=390)
            page.set_viewport_size({"width": 320, "height": 800})
            wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            if wide > 0:
                errors.append(f"{path} scrolls sideways by {wide} px at 320")
        page.goto("/accounts/logout/")
        errors += problems_of(page, "/accounts/logout/", width=1280)
    assert errors == []
    assert seen > 60


def test_pages_before_sign_in_and_error_pages_pass_axe(chromium, demo_world):
    server, _, _ = demo_world
    context = chromium.new_context(base_url=server.url)
    page = context.new_page()
    errors = []
    link = one_time_link(User.objects.get(name="Gu Ting")).split(settings.BASE_URL, 1)[1]
    for language in ("en", "zh-hans"):
        context.add_cookies([{"name": "language", "value": language, "url": server.url}])
        for path in (
            "/accounts/login/",
            "/accounts/signup/",
            "/accounts/password/reset/",
            "/control-list/",
            "/api/v1/docs/",
            "/nothing-here/",
            link,
        ):
            for width in (1280, 390):
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(path)
                errors += problems_of(page, f"{path} ({language})", width=width)
    context.close()
    assert errors == []


def test_the_navigation_is_one_line_at_1280(chromium, demo_world):
    """For each demo account, in both languages; signed in without the form, which other tests fill in."""
    server, accounts, _ = demo_world
    tall = []
    for name, account in accounts.items():
        client = Client()
        client.force_login(User.objects.get(email=account["email"]))
        context = chromium.new_context(base_url=server.url, viewport={"width": 1280, "height": 900})
        page = context.new_page()
        for language in ("en", "zh-hans"):
            cookies = {settings.SESSION_COOKIE_NAME: client.session.session_key, "language": language}
            context.add_cookies([{"name": key, "value": value, "url": server.url} for key, value in cookies.items()])
            page.goto("/account/")
            one, whole = (page.locator(f"header .nav{part}").first.bounding_box()["height"] for part in (" a", ""))
            if whole >= 2 * one:
                tall.append((name, language, one, whole))
        context.close()
    assert tall == []
