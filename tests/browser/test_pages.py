"""Every page that exists: no axe violation at 1280 and 390 px, no sideways scroll at 320 px in both languages, a quiet
console.

The pages are the GET rows of the access table, each with a row of its noun that a person who may open it sees. So a
new address is opened here without being written down.
"""

import inspect
import os
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from urllib.parse import urlsplit

import axe_playwright_python
import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.urls import reverse

from core import access
from core.actions import add_member
from core.invitations import one_time_link, token
from core.models import Mail, User
from licensing.actions import declarations
from licensing.models import Declaration, License
from tests import pages, story
from tests.pages import CHECKED, NOUNS, READS

pytestmark = [pytest.mark.browser, pytest.mark.full, pytest.mark.django_db(transaction=True)]

LANGUAGES = ["en", "zh-hans"]
NO_PAGES = pages.NO_PAGES | {"account_reauthenticate", "account_set_password"}  # which lead on here
# the first who may opens a page; these look different to each
PEOPLE = ["lin.wei", "signatory", "zhao.min", "han.rui", "song.jie", "deng.an", "bai.ru", "fang.li", "lu.wen", "port"]
TO_EACH = {"keys", "desk.case"}

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
CHECK = """async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
  const found = await axe.run({resultTypes: ["violations"], runOnly: {type: "tag", values: tags}});
  return found.violations.map((one) => `${one.id} (${one.help}) at ${one.nodes[0].target}`);
}"""
WALKED = """() => {
  const name = (e) => e.type === "radio" ? `radio ${e.form?.getAttribute("action")} ${e.name}` :
    `${e.tagName} ${e.name || e.id || e.getAttribute("href") || e.textContent.trim().slice(0, 40)}`;
  const reached = (e) => e.checkVisibility({visibilityProperty: true}) && !e.disabled && e.tabIndex >= 0;
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  window.left = new Set(all.filter(reached).map(name));
  window.unseen = new Set();
  document.addEventListener("focusin", (event) => {
    window.left.delete(name(event.target));
    if (getComputedStyle(event.target).outlineStyle === "none") window.unseen.add(name(event.target));
  });
  return all.length;
}"""
LEFT = "[...window.left].map((one) => `is not reached: ${one}`)"
UNSEEN = "[...window.unseen].map((one) => `has no visible focus: ${one}`)"
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


FULL = bool(os.environ.get("FULL"))


def widths_of(language):
    """Both languages at both widths with FULL; else each at one of them, and both at 320 px."""
    return (1280, 390) if FULL else {"en": (1280,), "zh-hans": (390,)}[language]


def share(things, language):
    """All with FULL; else every second one, the rest being the other language's."""
    return things if FULL else things[LANGUAGES.index(language) :: 2]


def problems_of(page, widths):
    """What axe finds on the page that is open, and whether it must be scrolled sideways at 320 px."""
    where = urlsplit(page.url).path
    found = []
    page.evaluate(AXE)
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{where} at {width}: {problem}" for problem in page.evaluate(CHECK)]
    page.set_viewport_size({"width": 320, "height": 900})
    if (wide := page.evaluate(WIDE)) > 0:
        found.append(f"{where} scrolls sideways by {wide} px at 320")
    return found


def seen_by(actor, noun):
    """state -> what the address takes: one row of a noun in each state, of those that this actor sees."""
    if not noun:
        return {"": {}}
    visible = access.visible.get(noun, lambda actor, pk: True)
    takes = list(inspect.signature(visible).parameters)[1]
    model = next(model for model in apps.get_models() if model._meta.model_name == NOUNS.get(noun, noun))
    found = {}
    for row in model.objects.order_by("pk"):
        kwargs = {takes: getattr(row, takes)}
        if getattr(row, "state", "") not in found and visible(actor, **kwargs):
            found[getattr(row, "state", "")] = kwargs
    return found


def addresses(people):
    """who -> lists of paths of which one must open, for every GET row.

    A row's own page is opened in each state; beside it, not every state can be edited or cancelled.
    """
    found = {who: [] for who in people}
    for (name, method), row in sorted(access.table().items()):
        if method != "GET" or name in NO_PAGES or name.startswith("api.") and name != "api.docs":
            continue
        if name.endswith(".csv"):
            continue
        if name.startswith(("account_", "invitation")) and "anonymous" in row.roles:
            continue  # nobody is signed in there
        own = name in (row.noun, f"desk.{row.noun}", f"customs.{row.noun}", "desk.case")
        met = set()
        for who, actor in people.items():
            if not row.admits(actor) or met and not own and name not in TO_EACH:
                continue
            rows = seen_by(actor, row.noun or READS.get(name, ""))
            paths = [
                reverse(name, kwargs=rows[state] | pages.ALSO.get(name, {}))
                for state in rows
                if name in TO_EACH or state not in met
            ]
            met |= rows.keys()
            found[who] += [[path] for path in paths] if own else [paths]
        assert met, f"nobody here may open {name}, or sees no {row.noun}"
    return found


@pytest.fixture
def everybody(demo_world, world):
    """name -> actor, and rows in every state: the demo world's, and those of a second company with a story."""
    story.told(replace(world, grade={"Dy": "0.032"}))  # whose quota the demo has opened
    Mail.objects.create(sender="a@b.example", recipients="c@d.example", subject="s", body="b")
    actors = {name: access.actor_for_user(User.objects.get(email__startswith=f"{name}@")) for name in PEOPLE[2:]}
    lin_wei = access.actor_for_user(User.objects.get(email__startswith="lin.wei@"))
    signed = Declaration.objects.filter(exporter_id=lin_wei.organization_id).first()
    facts = {name: getattr(signed, name) for name in declarations.FIELDS}
    declarations.draft(by=lin_wei, items=[item.control_item for item in signed.items.all()], **facts)
    return {"lin.wei": lin_wei, "signatory": world.exporter, **actors}


@pytest.fixture
def browse(chromium, demo_world):
    """browse(user, language) is a page, signed in without the form, which other tests fill in; browse.said is what
    its console said."""
    server, _, _ = demo_world
    contexts = []

    def start(user, language):
        context = chromium.new_context(base_url=server.url)
        contexts.append(context)
        cookies = {"language": language}
        if user:
            client = Client()
            client.force_login(user)
            cookies[settings.SESSION_COOKIE_NAME] = client.session.session_key
        context.add_cookies([{"name": name, "value": value, "url": server.url} for name, value in cookies.items()])
        page = context.new_page()
        page.on("console", lambda said: start.said.append(f"{page.url}: {said.text}") if said.type == "error" else None)
        page.on("pageerror", lambda error: start.said.append(f"{page.url}: {error}"))
        return page

    start.said = []
    yield start
    for context in contexts:
        context.close()


def opens(page, path, width=1280):
    """Whether this page answers by itself, and does not lead on to another."""
    page.set_viewport_size({"width": width, "height": 900})
    return page.goto(path).status == 200 and urlsplit(page.url).path == urlsplit(path).path


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_passes_axe_and_fits(language, browse, everybody):
    errors = []
    found = addresses(everybody)
    license = License.objects.filter(exporter_id=everybody["lin.wei"].organization_id).first()
    found["lin.wei"].append([f"{reverse('shipment.new')}?license={license.ref}"])
    for who, groups in found.items():
        page = browse(everybody[who].user, language)
        for paths in share(groups, language):
            if any(opens(page, path) for path in paths):
                errors += problems_of(page, widths_of(language))
            else:
                errors.append(f"{who} opens none of {paths}")
        page.goto("/accounts/logout/")
        errors += problems_of(page, widths_of(language))
    assert not errors + browse.said, "\n".join(errors + browse.said)


def test_every_page_is_walked_by_the_tab_key(browse, everybody):
    """All that can be clicked or typed into is come to, and is seen to have the focus; nothing keeps it. Pages take
    turns in languages and widths."""
    wrong, turns = [], cycle([("en", 1280), ("zh-hans", 390), ("en", 390), ("zh-hans", 1280)])
    for who, groups in addresses(everybody).items():
        pages = {language: browse(everybody[who].user, language) for language in LANGUAGES}
        for paths, (language, width) in zip(groups, turns, strict=False):
            page = pages[language]
            path = next(path for path in paths if opens(page, path, width))
            wrong += [f"{path} in {language} at {width}: {one}" for one in walked(page)]
    assert wrong == []


def test_twin_what_keeps_the_focus_or_hides_it_is_found(browse, everybody):
    page = browse(everybody["lin.wei"].user, "en")
    page.goto("/applications/")
    field = page.locator("main input[name=q]")
    field.evaluate("(e) => { e.style.outline = 'none'; e.addEventListener('keydown', (key) => key.preventDefault()) }")
    wrong = walked(page)
    assert "has no visible focus: INPUT q" in wrong
    assert any("is not reached" in one for one in wrong)


def walked(page):
    """What the tab key does not come to on the page that is open, and what does not show that it has the focus."""
    for _ in range(4 * page.evaluate(WALKED) // 20 + 1):  # a day has four stops
        for _ in range(20):
            page.keyboard.press("Tab")
        if not (left := page.evaluate(LEFT)):
            break
    return left + page.evaluate(UNSEEN)


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_before_sign_in_pass_axe_and_fit(language, browse, demo_world):
    newcomer = User.objects.create(email="new@firm.example", name="New")
    unproved = EmailAddress.objects.create(user=newcomer, email=newcomer.email)
    company, invited = access.actor_for_user(User.objects.get(email__startswith="lin.wei@")), "invited@firm.example"
    add_member(email=invited, name="Li Na", roles=["clerk"], by=company)
    invitation = reverse("invitation.link", args=[token(company.organization_id, invited)])
    keys = {
        "account_reset_password_from_key": one_time_link(User.objects.get(name="Gu Ting")),
        "invitation": invitation,
        "invitation.link": invitation,
        "account_confirm_email": reverse("account_confirm_email", args=[EmailConfirmationHMAC(unproved).key]),
    }
    page = browse(None, language)
    paths = [f"{reverse('check')}?{question}" for question in CHECKED]
    for (name, method), row in sorted(access.table().items()):
        if method != "GET" or name in NO_PAGES | {"account_logout"} or "anonymous" not in row.roles:
            continue
        if name.endswith(".csv"):
            continue
        if name.startswith("api.") and name != "api.docs":
            continue
        for kwargs in seen_by(access.NOBODY, row.noun or READS.get(name, "")).values():
            also = pages.ALSO.get(name, {})
            paths.append(urlsplit(keys[name]).path if name in keys else reverse(name, kwargs=kwargs | also))
    errors = []
    for path in share(paths, language):
        assert page.goto(path).status == 200, path
        errors += problems_of(page, widths_of(language))
    assert not errors + browse.said, "\n".join(errors + browse.said)
    page.goto("/nothing-here/")
    assert not problems_of(page, widths_of(language))


def test_the_navigation_is_one_line_at_1280(browse, demo_world):
    """For each demo account, in both languages."""
    _, accounts, _ = demo_world
    tall = []
    for language in LANGUAGES:
        for name, account in accounts.items():
            page = browse(User.objects.get(email=account["email"]), language)
            assert opens(page, "/account/")
            one, whole = (page.locator(f"header .nav{part}").first.bounding_box()["height"] for part in (" a", ""))
            if whole >= 2 * one:
                tall.append((name, language, one, whole))
    assert tall == []


def test_the_embedded_explorer_opens_with_a_quiet_console(browse):
    page = browse(None, "en")
    page.goto(reverse("api.explorer"))
    page.locator(".opblock-summary").first.click()
    page.locator(".opblock-body").first.wait_for()
    assert browse.said == []
