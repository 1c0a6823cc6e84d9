"""A real Chromium on a real gunicorn. In CI it never skips."""

import os
import shutil

import pytest

from tests.kept import Kept

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no Chromium: .ci/run must install it")
        pytest.skip("NO BROWSER TEST RAN: no Chromium on PATH (apt-get install chromium)")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's sync API runs an event loop
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


def made():
    from config.local import demo
    from licensing.loading import load

    load()
    return demo.make()


DEMO = Kept(made)


@pytest.fixture
def demo_world(settings, server):
    """The demo world, served by the application's role. Passwords are hashed as the server will check them."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    world = DEMO()
    return server, {account["email"].split("@")[0]: account for account in world.accounts}, world


@pytest.fixture
def sign_in(chromium, demo_world):
    """sign_in(name) is a page of that person's, already signed in by the form."""
    server, accounts, _ = demo_world
    contexts = []

    def start(name, *, width=1280, script=True):
        context = chromium.new_context(
            base_url=server.url, viewport={"width": width, "height": 900}, java_script_enabled=script
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.goto("/accounts/login/")
        page.locator("[name=login]:visible").fill(accounts[name]["email"])
        page.locator("[name=password]:visible").fill(accounts[name]["password"])
        page.locator("[name=password]:visible").press("Enter")
        page.wait_for_url(lambda url: "/accounts/login/" not in url)
        return page

    yield start
    for context in contexts:
        context.close()
