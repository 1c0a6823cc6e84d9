"""Which queries verbs of a case make, with three lines and two end-users, and the page of a license: by their names."""

import re

import pytest
from django.urls import reverse

from licensing.actions import applications, decisions, receipts
from tests.core.test_queries import asked
from tests.make import demo, seen, unique

OF_A_CASE = ["licensing_application", "core_historyline"]  # locked, and as it was seen
PARTS = ["licensing_applicationline", "licensing_applicationenduser"]
KNOWN = ["licensing_screening", "exporters_qualification"]
WRITTEN = ["update licensing_application", "core_historyline", "insert core_delivery"]  # with its line of history

SUBMIT = [
    "exporters_exporter",
    *OF_A_CASE,
    "licensing_declaration",
    "legal_now",
    "licensing_policyedition",
    *PARTS,
    *KNOWN,
    "licensing_application_consignees",
    "licensing_applicationline",  # what they contain
    "licensing_applicationdocument",
    "core_historyline",  # whose identity proof it is
    "exporters_accountchange",  # and since when it asked for others
    "licensing_applicationdocument",
    "licensing_declarationitem",
    "insert licensing_finding",
    *WRITTEN,
]
LOOKED_AT = [*PARTS, "licensing_decisionstep", "licensing_declaration", "legal_now", "licensing_policyedition"]
LOOKED_AGAIN = ["licensing_finding", *KNOWN, "licensing_declarationitem"]
APPROVE = [
    *OF_A_CASE,
    "exporters_exporter",  # is it barred
    "core_historyline",  # who ever took it
    "licensing_application",  # who changed its refusal
    *LOOKED_AT,
    *LOOKED_AGAIN,
    "insert licensing_finding",
    "insert licensing_decisionstep",
    *WRITTEN,
]
ACTIVATED = ["update licensing_declaration", "core_historyline", "insert core_historyline"]
ISSUE = [
    "exporters_exporter",
    *OF_A_CASE,
    "licensing_decisionstep",
    "licensing_decisionstep",
    *LOOKED_AT,
    *LOOKED_AGAIN,
    "licensing_finding",  # what its approval excepted
    "insert licensing_finding",
    "insert licensing_license",
    "insert licensing_license_consignees",
    "insert licensing_licenseenduser",
    *ACTIVATED,
    *ACTIVATED,
    "insert licensing_licensecondition",
    "ledger_open",
    "insert licensing_verdict",
    "core_historyline",
    "insert core_delivery",  # its certificate
    *WRITTEN,
]


def names(queries):
    """Of each what is done to which table, or the function that is called."""
    found = []
    for sql in queries:
        text = sql.replace('"', "")
        while text != (outer := re.sub(r"\([^()]*\)", "", text)):
            text = outer
        if not text.startswith(("SAVEPOINT", "RELEASE")):
            does, table = re.search(r"\b(INSERT INTO|UPDATE|FROM|SELECT(?= \w+$)) (\w+)", text).groups()
            found.append(f"{does.split()[0].lower()} {table}".removeprefix("from ").removeprefix("select "))
    return found


@pytest.fixture
def case(world):
    """Three lines, two end-users, whose declarations are verified."""
    signed = [world.declaration() for _ in range(2)]
    goods = [("1C905.a.4", f"NdFeB magnets, lot {number}", 60) for number in range(3)]
    return demo.application(world.exporter, "annual", goods, signed, unique("K-"), world.grade)


def test_what_a_case_asks_until_its_license_is_issued(world, case):
    m = world.ministry
    made = {}

    def done(verb, by, **said):
        version = seen(case)
        made[verb.__name__] = names(asked(lambda: verb(case, seen=version, by=by, **said)))

    world.under_review(world.application())  # rules are read and compiled once
    done(applications.submit, world.exporter)
    receipts.accept(case, by=m.intake)
    decisions.assign(case, seen=seen(case), by=m.reviewer)
    demo.screened(case, m.reviewer)
    done(decisions.recommend, m.reviewer, outcome="approve", months=12, conditions=["DELIVERY_PROOF_30D", "NO_RESALE"])
    done(decisions.approve, m.decider)
    done(decisions.issue, m.decider)
    assert (made["submit"], made["approve"], made["issue"]) == (SUBMIT, APPROVE, ISSUE)


LICENSE = [
    "django_session",
    "core_user",
    "licensing_license",
    "licensing_licenseline",
    "licensing_licenseenduser",
    "licensing_suspension",
    "licensing_ceiling",
    "exporters_party",
    "licensing_licensecondition",
    *PARTS,
    "licensing_decisionstep",
    "legal_now",
    "shipments_shipment",
    "licensing_application",
    "core_proposal",
    "core_historyline",
    "licensing_movement",
    "licensing_policyedition",
    "licensing_verdict",
    "shipments_shipment",
    "shipments_shipmentline",
    "shipments_shipment",
    "core_historyline",
    "licensing_windowwarning",
    "core_historyline",
    "licensing_application",
    "core_legalday",
    "core_country",
    "licensing_verdict",
    "licensing_movement",
    "core_paper",
    "core_delivery",
    "licensing_visit",
    "core_historyline",
    "core_membership",
    "core_apikey",
    "shipments_shipmentline",
]


@pytest.mark.slow
def test_the_page_of_a_license_asks_the_same_after_one_movement_and_after_many(client, world, license):
    client.force_login(world.exporter.user)
    path = reverse("license", kwargs={"ref": license.ref})

    def shown():
        client.get(path)
        return names(asked(lambda: client.get(path)))

    world.shipment(license, 1_000)
    assert shown() == LICENSE
    for _ in range(25):
        world.clear(world.shipment(license, 1_000).ref, 900)
    assert shown() == LICENSE
