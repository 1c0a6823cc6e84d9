"""Whom a license names may be entered otherwise later: the license says so, to its holder and to officers."""

from html import unescape

from django.utils.translation import override

from config.local import demo
from core.history import lines_of
from core.legal_time import legal_now
from core.models import Country, Role
from exporters import actions
from licensing.models import License
from licensing.papers.certificate import issued
from licensing.papers.extract import extracts
from licensing.selectors import verified

SINCE = "A party changed since this license was issued"


def change(world, party, **facts):
    party.refresh_from_db()
    return actions.change_party(party.ref, version=party.version, by=world.exporter, **{"name": party.name} | facts)


def page(client, who, path):
    client.force_login(who.user)
    return " ".join(unescape(client.get(path).content.decode()).split())


def listed(client, who):
    return License.objects.get().ref in page(client, who, "/desk/licenses/?parties=True")


def test_an_end_user_that_is_military_now_is_shown_with_what_it_was(world, license, client):
    user = license.end_users.get().party
    paths = {world.exporter: f"/licenses/{license.ref}/", world.ministry.reviewer: f"/desk/licenses/{license.ref}/"}
    assert all(SINCE not in page(client, who, path) for who, path in paths.items())
    assert not listed(client, world.ministry.reviewer)
    change(world, user, nature="military")
    for who, path in paths.items():
        shown = page(client, who, path)
        assert SINCE in shown
        assert "Commercial</del>" in shown and "Military</ins>" in shown
    assert listed(client, world.ministry.reviewer)


def test_what_stood_at_the_issue_is_told_whatever_came_in_between(world, license, client):
    user, name = license.end_users.get().party, license.end_users.get().party.name
    change(world, user, name="Second Name")
    change(world, user, name="Third Name")
    shown = page(client, world.exporter, f"/licenses/{license.ref}/")
    assert f"{name}</del>" in shown and "Third Name</ins>" in shown and "Second Name</ins>" not in shown


def test_a_license_says_where_it_sends_its_end_user_wherever_he_has_moved(world, license, client):
    """On its page, at the counter, to anybody who has its code, and in what its extract proves."""
    user = license.end_users.get()
    change(world, user.party, country=Country.objects.get(pk="FR"))
    name = user.party.name
    assert f"{name}</a>, Germany" in page(client, world.exporter, f"/licenses/{license.ref}/")
    assert f"{name}, Germany" in page(client, world.ministry.reviewer, f"/desk/licenses/{license.ref}/")
    port = demo.person("port", "Pan Hai", world.customs.organization, Role.CUSTOMS)
    assert f"{name}, Germany" in page(client, port, f"/customs/licenses/{license.ref}/")
    opened = verified.opened(license.ref, user.verify_code)
    assert [one.pk for one in verified.standing(opened, legal_now()).countries] == ["DE"]
    [extract] = extracts(issued(lines_of(license).get(verb="issue")))
    assert extract.claims["end_user"]["country"] == "DE"


def test_a_consignee_counts_and_nobody_else_does(world, client):
    signed, consignee, other = world.declaration(), world.declaration().end_user, world.declaration().end_user
    ref = world.application(by_whom=[signed], consignees=[consignee])
    license = demo.issued(world.exporter, ref, world.ministry, [signed])
    change(world, other, nature="military")
    assert not listed(client, world.ministry.reviewer)
    change(world, consignee, address="Elsewhere 1")
    assert listed(client, world.ministry.reviewer)
    assert "Elsewhere 1</ins>" in page(client, world.exporter, f"/licenses/{license.ref}/")


def test_what_changed_before_the_issue_was_judged_with_it(world, client):
    signed = world.declaration()
    ref = world.application(by_whom=[signed])
    change(world, signed.end_user, business="What it did earlier")
    license = demo.issued(world.exporter, ref, world.ministry, [signed])
    assert SINCE not in page(client, world.exporter, f"/licenses/{license.ref}/")
    assert not listed(client, world.ministry.reviewer)


def test_what_says_again_what_it_said_is_not_told(world, license, client):
    user, name = license.end_users.get().party, license.end_users.get().party.name
    change(world, user, name="Second Name", nature="military")
    change(world, user, name=name)
    shown = page(client, world.exporter, f"/licenses/{license.ref}/")
    assert "Military</ins>" in shown and f"{name}</del>" not in shown
    change(world, user, nature="commercial")
    assert SINCE not in page(client, world.exporter, f"/licenses/{license.ref}/")


def test_a_country_is_named_in_the_readers_language_whoever_entered_it(world, license, client):
    user = license.end_users.get().party
    for entered, country in (("en", "FR"), ("zh-hans", "JP")):
        with override(entered):
            change(world, user, country=Country.objects.get(code=country))
    path = f"/desk/licenses/{license.ref}/"
    shown = page(client, world.ministry.reviewer, path)
    assert "Germany</del>" in shown and "Japan</ins>" in shown
    client.cookies["language"] = "zh-hans"
    shown = page(client, world.ministry.reviewer, path)
    assert "德国</del>" in shown and "日本</ins>" in shown
