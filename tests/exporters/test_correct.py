"""A typing error at sign-up is mended by a signatory, as long as nobody verified it."""

from html import unescape

import pytest
from stdnum.cn import uscc as credit_code

from core.errors import DomainError, Forbidden
from core.history import lines_of
from core.models import Organization
from exporters import actions
from exporters.models import Exporter
from tests import make
from tests.core.test_conflicts import Tab

RIGHT = "91360700MA35LT1X0"
RIGHT += credit_code.calc_check_digit(RIGHT)


@pytest.fixture
def company(ministry, client):
    actor = make.exporter(None, "Typo Co., Ltd.")
    client.force_login(actor.user)
    return Exporter.objects.get(pk=actor.organization_id), actor


def stands(exporter):
    organization = Organization.objects.get(pk=exporter.pk)
    return organization.name_en, organization.name_zh, Exporter.objects.get(pk=exporter.pk).uscc


def test_a_signatory_mends_names_and_code_and_history_says_from_what_to_what(company, client):
    exporter, actor = company
    old = stands(exporter)
    tab = Tab(client, "/company/")
    assert tab.save(name_en="Right Co., Ltd.", name_zh="正确有限公司", uscc=RIGHT.lower()) == 302
    new = ("Right Co., Ltd.", "正确有限公司", RIGHT)
    assert stands(exporter) == new
    assert lines_of(exporter).last().facts == {"before": " · ".join(old), "after": " · ".join(new)}
    assert f"{' · '.join(old)} → {' · '.join(new)}" in unescape(client.get("/company/").content.decode())


def test_what_is_saved_untouched_is_not_called_mended(company, client):
    exporter, actor = company
    for typed in (exporter.uscc, exporter.uscc.lower()):
        assert Tab(client, "/company/").save(handler="Li Na", uscc=typed) == 302
        assert (lines_of(exporter).last().verb, lines_of(exporter).last().facts) == ("describe", {})


def test_a_clerk_mends_neither_names_nor_code(company, client):
    exporter, actor = company
    clerk, before = make.colleague(actor, "clerk"), stands(exporter)
    for facts in ({"name_en": "Other Co., Ltd."}, {"uscc": RIGHT}):
        with pytest.raises(Forbidden):
            actions.describe(seen=make.seen(exporter.pk), by=clerk, **facts)
    assert stands(exporter) == before
    client.force_login(clerk.user)
    tab = Tab(client, "/company/")
    assert 'name="uscc"' not in tab.html
    assert tab.save(handler="Li Na") == 302


def test_a_code_that_is_wrong_or_held_is_refused_as_at_sign_up(world):
    actor = make.exporter(None, "Typo Co., Ltd.")
    exporter = Exporter.objects.get(pk=actor.organization_id)
    before, held = stands(exporter), Exporter.objects.get(pk=world.exporter.organization_id).uscc
    for code, word in ((RIGHT[:-1] + "!", "invalid-credit-code"), (held, "already-registered")):
        with pytest.raises(DomainError) as refusal:
            actions.describe(seen=make.seen(exporter.pk), by=actor, uscc=code)
        assert (refusal.value.errors[0].code, stands(exporter)) == (word, before)


def test_an_officer_names_them_among_what_is_to_be_mended(ministry, client):
    actor = make.exporter(None, "Typo Co., Ltd.")
    pk = make.demo.send_company(actor)
    actions.send_back(pk, seen=make.seen(pk), reason="Look", mend=["uscc", "name_zh"], by=ministry.intake)
    client.force_login(actor.user)
    page = unescape(client.get("/company/").content.decode())
    assert 'href="#id_name_zh">Company name in Chinese<' in page
    assert 'href="#id_uscc">Unified social credit code<' in page
    client.force_login(make.colleague(actor, "clerk").user)
    page = unescape(client.get("/company/").content.decode())
    assert "Company name in Chinese" in page and 'href="#id_uscc"' not in page
