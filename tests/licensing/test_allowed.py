"""What the rules allow a license at most, and attach to it, binds whoever recommends, approves and issues."""

import re
from datetime import timedelta
from html import unescape

import pytest

from core.errors import DomainError, Invalid
from core.legal_time import legal_today, months_after
from licensing.actions import decisions
from licensing.models import Application
from tests import make
from tests.make import seen
from tests.ticks import tick


def limit(**params):
    """From now on R040, which opens the annual way, says this of the licenses that it opens."""
    make.edition(lambda rules, document: rules["R040"]["effect"]["params"].update(params), code=f"L{make.unique('')}")


@pytest.fixture
def case(world):
    return world.under_review(world.application())


def recommend(world, case, **said):
    return decisions.recommend(
        case, seen=seen(case), outcome="approve", by=world.ministry.reviewer, acknowledged=tick(case), **said
    )


def approve(world, case):
    return decisions.approve(case, seen=seen(case), acknowledged=tick(case), by=world.ministry.decider)


def test_a_license_is_valid_for_the_months_that_the_rules_allow_and_no_more(world, case):
    limit(max_validity_months=6)
    with pytest.raises(Invalid) as refused:
        recommend(world, case, months=7)
    assert [(p.pointer, p.message) for p in refused.value.errors] == [("/months", "Between 1 and 6 months.")]
    recommend(world, case, text="As the rules have it.")
    approve(world, case)
    license = decisions.issue(case, seen=seen(case), by=world.ministry.decider)
    assert license.usable_until == months_after(legal_today(), 6)


def too_long(world, case, months):
    with pytest.raises(Invalid) as refused:
        recommend(world, case, months=months)
    (problem,) = refused.value.errors
    assert problem.pointer == "/months"
    return problem.message


def test_rules_may_allow_an_annual_license_more_than_a_year(world, case):
    limit(max_validity_months=36)
    assert too_long(world, case, 37) == "Between 1 and 36 months."
    recommend(world, case)
    approve(world, case)
    license = decisions.issue(case, seen=seen(case), by=world.ministry.decider)
    assert license.usable_until == months_after(legal_today(), 36)


def test_they_never_allow_a_per_shipment_license_more_than_the_laws_year(world):
    limit(max_validity_months=24)
    case = world.under_review(world.application(kind="per_shipment"))
    assert too_long(world, case, 13) == "Between 1 and 12 months."


def test_a_year_is_the_most_where_they_name_no_months(world, case):
    make.edition(lambda rules, document: rules["R040"]["effect"]["params"].pop("max_validity_months"))
    assert too_long(world, case, 13) == "Between 1 and 12 months."


def test_a_day_that_opens_it_without_naming_months_leaves_a_year(world, case, clock):
    """From the third day on R040 names 24 of them, and so on a day of the plan alone."""

    def apart(rules, document):
        later = (legal_today() + timedelta(days=2)).isoformat()
        rules["R040"]["effect"]["params"].pop("max_validity_months")
        effect = {"params": {"max_validity_months": 24}}
        document["rules"].append({**rules["R040"], "id": "R049", "effect": effect, "effective_from": later})

    make.edition(apart)
    assert too_long(world, case, 13) == "Between 1 and 12 months."


def test_months_that_the_rules_no_longer_name_are_a_year_again(world, case):
    limit(max_validity_months=24)
    recommend(world, case)
    make.edition(lambda rules, document: rules["R040"]["effect"]["params"].pop("max_validity_months"))
    with pytest.raises(DomainError, match="Months recommended: 24. The rules allow 12 now."):
        approve(world, case)


def test_a_license_has_the_clearances_that_the_rules_allow_and_no_more(world, case):
    limit(max_clearances=12)
    with pytest.raises(Invalid) as refused:
        recommend(world, case, max_clearances=13)
    said = [(p.pointer, p.message) for p in refused.value.errors]
    assert said == [("/max_clearances", "The rules allow 12 clearances at most.")]
    recommend(world, case)
    assert Application.objects.get(ref=case).recommendation.max_clearances == 12


def test_what_the_rules_attach_is_a_condition_of_the_license(world, case):
    limit(conditions=["NO_RESALE"])
    recommend(world, case, conditions=["PORT_ONLY"])
    approve(world, case)
    license = decisions.issue(case, seen=seen(case), by=world.ministry.decider)
    assert sorted(license.conditions.values_list("code", flat=True)) == ["NO_RESALE", "PORT_ONLY"]


STRICTER = [
    ({"max_validity_months": 6}, "Months recommended: 12. The rules allow 6 now."),
    ({"max_clearances": 12}, "Clearances recommended: no limit. The rules allow 12 now."),
    ({"conditions": ["NO_RESALE"]}, "The rules attach a condition now: No resale."),
]


def offers(client, ref, verb):
    """Whether the officer's page has a button for it, and what stands there in its place."""
    page = client.get(f"/desk/cases/{ref}/").content.decode()
    form = page.split(f'action="/desk/cases/{ref}/{verb}/"')[1].split("</form>")[0]
    return 'aria-disabled="true"' not in form, " ".join(unescape(form).split())


@pytest.mark.parametrize("verb", ["approve", "issue"])
def test_the_page_offers_no_step_that_the_rules_refuse_and_says_why(world, case, client, verb):
    client.force_login(world.ministry.decider.user)
    recommend(world, case)
    if verb == "issue":
        approve(world, case)
    assert offers(client, case, verb)[0]
    limit(max_validity_months=6)
    open_to_him, said = offers(client, case, verb)
    assert not open_to_him and "Months recommended: 12. The rules allow 6 now." in said
    assert "I have seen" not in said and "once nothing stands against it any more." in said


@pytest.mark.parametrize(("params", "said"), STRICTER, ids=["months", "clearances", "conditions"])
def test_rules_that_became_stricter_since_stop_the_approval(world, case, params, said):
    recommend(world, case)
    limit(**params)
    with pytest.raises(DomainError) as refused:
        approve(world, case)
    assert refused.value.code == "limits-exceeded"
    assert said in str(refused.value)
    decisions.send_back(case, seen=seen(case), reason="The rules changed.", by=world.ministry.decider)
    recommend(world, case, text="As the rules have it.")
    assert approve(world, case).state == "approved"


def test_they_stop_the_issue_too(world, case):
    recommend(world, case)
    approve(world, case)
    limit(max_validity_months=6)
    with pytest.raises(DomainError) as refused:
        decisions.issue(case, seen=seen(case), acknowledged=tick(case), by=world.ministry.decider)
    assert refused.value.code == "limits-exceeded"


def test_only_what_is_kept_counts(world):
    """The strictest rule is of an end-user that is left out."""
    signed = [world.declaration(), world.declaration(country="JP")]
    case = world.under_review(world.application(by_whom=signed))

    def apart(rules, document):
        document["rules"].append(
            {**rules["R040"], "id": "R049", "match": {**rules["R040"]["match"], "destination.country": ["JP"]}}
        )
        document["rules"][-1]["effect"] = {**rules["R040"]["effect"], "params": {"max_validity_months": 3}}

    make.edition(apart)
    users = list(Application.objects.get(ref=case).end_users.order_by("pk").values_list("pk", flat=True))
    with pytest.raises(Invalid):
        recommend(world, case, months=12)
    recommend(world, case, months=12, end_users=users[:1], text="One of them.")


def test_the_page_says_it_and_begins_with_it(world, case, client):
    limit(max_validity_months=6, max_clearances=12, conditions=["NO_RESALE"])
    client.force_login(world.ministry.reviewer.user)
    page = unescape(client.get(f"/desk/cases/{case}/").content.decode())
    assert "The rules allow 6 months at most." in " ".join(page.split())
    assert "The rules allow 12 clearances at most." in " ".join(page.split())
    assert "They attach by themselves: No resale." in " ".join(page.split())
    months = re.search('<input[^>]* name="months"[^>]*>', page)[0]
    assert 'value="6"' in months and 'max="6"' in months


def test_its_form_sends_more_than_the_usual_months_and_tells_the_most(world, case, client):
    limit(max_validity_months=24)
    client.force_login(world.ministry.reviewer.user)
    (user,) = Application.objects.get(ref=case).end_users.all()
    typed = {"seen": seen(case), "outcome": "approve", "quantity_1": "60000", "end_users": [user.pk], "months": "25"}
    typed["acknowledged"] = tick(case)
    refused = client.post(f"/desk/cases/{case}/recommend/", typed)
    assert refused.status_code == 422 and "Between 1 and 24 months." in unescape(refused.content.decode())
    client.post(f"/desk/cases/{case}/recommend/", typed | {"months": "24"})
    assert Application.objects.get(ref=case).recommendation.months == 24
