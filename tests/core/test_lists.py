"""Every list page: what it may be asked for, what it answers, and that its queries do not grow with its rows."""

from datetime import timedelta
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from django.utils.translation import override

from config.local import demo
from core import search, selectors
from core.legal_time import legal_today
from core.models import Organization, Role, User
from core.templatetags.lodestone import up_to
from core.web.lists import CountryName
from core.web.lists.keyset import Keyset
from exporters.models import Party
from licensing.actions import applications, decisions, reconsiderations
from licensing.models import Application
from shipments.actions import qualifications
from shipments.models import Shipment
from tests import make
from tests.make import seen

LISTS = {
    pattern.name: pattern.default_args["listed"]
    for pattern in get_resolver().url_patterns
    if "listed" in getattr(pattern, "default_args", {}) and not pattern.name.endswith(".csv")
}
READERS = {"desk": "reviewer", "desk.countersign": "decider", "officers": "admin"}
READERS["desk.reconsiderations"] = "reconsiderer"


def reader(name, world):
    """Somebody who may open the list."""
    if not name.startswith("desk") and name != "officers":
        return world.exporter.user
    return getattr(world.ministry, READERS.get(name, "reviewer")).user


def ask(client, name, **query):
    return client.get(reverse(name), query)


def found(client, name, **query):
    """The rows of the page, by reference, in order."""
    response = ask(client, name, **query)
    assert response.status_code == 200, response.content.decode()
    return [row.ref for row in response.context["listing"].rows]


def one_more(world):
    """One more row in every list."""
    license = world.license(kilograms=100)
    world.clear(world.shipment(license, 1_000).ref, 500_000)  # more than the license has: an incident
    Shipment.objects.update(report_due_on=legal_today() - timedelta(days=1))
    world.declaration(verified=False)
    make.answer_proposed(world)
    ref = world.under_review(world.application())
    decisions.recommend(ref, seen=make.seen(ref), outcome="approve", months=12, by=world.ministry.reviewer)
    world.under_review(world.application())
    contested = world.under_review(world.application())
    no = {"factors": ["END_USE"], "text": "No."}
    decisions.recommend(contested, seen=make.seen(contested), outcome="refuse", by=world.ministry.reviewer, **no)
    decisions.refuse(contested, seen=make.seen(contested), departure="Doubts.", by=world.ministry.decider, **no)
    reconsiderations.reconsider(contested, seen=make.seen(contested), grounds="It is known.", by=world.exporter)
    filed = world.application()
    applications.submit(filed, seen=make.seen(filed), by=world.exporter)
    demo.send_company(make.exporter(None, make.unique("Company ")))
    make.colleague(world.exporter, Role.CLERK)
    make.end_proposed(world, world.license(kilograms=1))
    demo.person(make.unique("officer"), make.unique("Officer "), world.ministry.office, Role.AUDITOR)


def test_the_lists_are_these():
    assert sorted(LISTS) == [
        "applications",
        "control-list",
        "declarations",
        "desk",
        "desk.countersign",
        "desk.declarations",
        "desk.exporters",
        "desk.incidents",
        "desk.inquiries",
        "desk.licenses",
        "desk.proposals",
        "desk.reconsiderations",
        "desk.reports",
        "inquiries",
        "licenses",
        "members",
        "officers",
        "parties",
        "shipments",
    ]


@pytest.mark.full
def test_every_list_sorts_both_ways_filters_and_gives_its_file(client, world):
    one_more(world)
    for name, listed in LISTS.items():
        client.force_login(reader(name, world))
        queries = [{}, {"q": "磁 lan"}, *({"view": view.name} for view in listed.views)]
        queries += [{"sort": sign + column} for column in listed.sorts() for sign in ("", "-")]
        for one in listed.filters:
            values = ["2026-11-25"] if one.kind == "day" else [value for value, _ in one.offered()][:20]
            queries += [{one.name: value} for value in values]
        for query in queries:
            for route in (name, f"{name}.csv"):
                assert ask(client, route, **query).status_code == 200, (route, query)


UNKNOWN = [
    {"ordering": "owner__password"},
    {"page": "2"},
    {"sort": "state__x"},
    {"sort": "--created"},
    {"q": "x" * 101},
    {"cursor": "1"},
    {"sort": ["", ""]},
]


@pytest.mark.slow
def test_what_a_list_does_not_know_is_422_in_page_and_file(client, world):
    for name in LISTS:
        client.force_login(reader(name, world))
        for query in UNKNOWN:
            statuses = [ask(client, route, **query).status_code for route in (name, f"{name}.csv")]
            assert statuses == [422, 422], (name, query)


@pytest.mark.full
def test_a_filter_that_means_nothing_is_422_and_an_empty_one_narrows_nothing(client, world):
    for name, listed in LISTS.items():
        client.force_login(reader(name, world))
        for one in [*(one.name for one in listed.filters), *(["view"] if listed.views else [])]:
            for value in ("’;--", "２０２６-11-25", "2026-13-01", "20261125", "0001-01-01", "9999-12-31"):
                assert ask(client, name, **{one: value}).status_code == 422, (name, one, value)
            assert ask(client, name, **{one: ""}).status_code == 200


def test_no_more_is_typed_into_a_search_than_is_searched_for(client, lanting, monkeypatch):
    client.force_login(lanting.user)
    monkeypatch.setattr(search, "LONGEST", 7)
    assert 'id="q" name="q" value="" maxlength="7"' in ask(client, "parties").content.decode()
    answers = [ask(client, "parties", q="x" * letters).status_code for letters in (7, 8)]
    assert answers == [200, 422]


def test_an_unknown_parameter_says_so(client, lanting):
    client.force_login(lanting.user)
    answer = unescape(ask(client, "parties", ordering="name").content.decode())
    assert "There is no such parameter." in answer


@pytest.mark.full
def test_queries_do_not_grow_with_the_rows(client, world):
    def counts():
        made = {}
        for name in LISTS:
            client.force_login(reader(name, world))
            for view in [*(view.name for view in LISTS[name].views), ""]:
                query = {"view": view} if view else {}
                for route in (name, f"{name}.csv"):
                    ask(client, route, **query)  # sessions and content types are read once
                    with CaptureQueriesContext(connection) as queries:
                        assert ask(client, route, **query).status_code == 200
                    made[route, view] = len(queries)
        return made

    one_more(world)
    one = counts()
    one_more(world)
    one_more(world)
    assert counts() == one


@pytest.mark.slow
def test_no_list_counts_or_skips_its_rows(client, world):
    one_more(world)
    for name in LISTS:
        client.force_login(reader(name, world))
        with CaptureQueriesContext(connection) as queries:
            ask(client, name)
        sql = [one["sql"].upper() for one in queries if "core_legalday" not in one["sql"]]  # so many days on
        assert [one for one in sql if "OFFSET" in one or ("COUNT(*)" in one and "LIMIT 51" not in one)] == [], name


def test_of_more_than_fifty_it_is_counted_only_that(db):
    User.objects.bulk_create([User(email=f"{number}@firm.example") for number in range(60)])
    assert selectors.counted({"all": User.objects.all(), "few": User.objects.filter(email__startswith="5")}) == {
        "all": 51,
        "few": 11,
    }


# --- search ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_search_finds_references_end_users_goods_and_companies_in_both_scripts(client, world, license):
    shipment = world.shipment(license, 1_000)
    user = license.end_users.get().party
    Party.objects.filter(pk=user.pk).update(name_local="株式会社オーロラ")
    case, declaration = license.application.ref, license.end_users.get().declaration.ref
    rows = {"applications": case, "licenses": license.ref, "shipments": shipment.ref, "parties": user.ref}
    rows |= {"declarations": declaration}
    client.force_login(world.exporter.user)
    for name, ref in rows.items():
        for q in (ref, ref.lower(), user.name.upper(), "ｵｰﾛﾗ", "株式会社"):
            assert ref in found(client, name, q=q), (name, q)
        assert found(client, name, q="nowhere") == []
    for name in ("applications", "licenses", "shipments"):
        for q in ("1c905.a.4", "ｎｄｆｅｂ n42sh" if name != "shipments" else "n42sh", "钕"):
            assert rows[name] in found(client, name, q=q), (name, q)
    client.force_login(world.ministry.reviewer.user)
    for name, ref in (("desk", case), ("desk.licenses", license.ref), ("desk.declarations", declaration)):
        view = {"desk": {"view": "decided"}, "desk.declarations": {"view": "seen"}}.get(name, {})
        for q in ("lanting", "兰汀", ref, "株式会社"):
            assert ref in found(client, name, q=q, **view), (name, q)


def test_a_search_of_another_companys_rows_finds_nothing(client, world, license):
    shipment = world.shipment(license, 1_000)
    user = license.end_users.get().party
    client.force_login(make.exporter(world.ministry, "Other Co., Ltd.").user)
    for name in ("applications", "licenses", "shipments", "parties", "declarations"):
        for q in ("", user.name, license.ref, shipment.ref, license.application.ref, "1C905"):
            assert found(client, name, q=q) == [], (name, q)


def test_a_search_says_what_nothing_matched_and_leads_back(client, lanting):
    client.force_login(lanting.user)
    page = unescape(ask(client, "parties", q="<b>x").content.decode())
    assert ("Nothing matches “<b>x”" in page, 'href="/parties/"' in page, "Nobody yet" in page) == (True, True, False)


# --- filters --------------------------------------------------------------------------------------------------


def test_a_state_a_kind_and_a_destination_narrow(client, world):
    one = world.license(kilograms=100)
    two = world.license(kind="per_shipment", kilograms=100)
    client.force_login(world.exporter.user)
    assert found(client, "licenses", kind="annual") == [one.ref]
    assert found(client, "licenses", kind="per_shipment") == [two.ref]
    assert found(client, "licenses", state="active") == [two.ref, one.ref]
    assert found(client, "licenses", state="suspended") == []
    assert found(client, "licenses", destination="DE") == [two.ref, one.ref]
    assert found(client, "licenses", destination="FR") == []
    assert found(client, "licenses", kind="annual", state="active", q="nowhere") == []
    assert found(client, "applications", state="issued", kind="annual") == [one.application.ref]


def test_days_are_legal_days_and_both_ends_are_included(client, world):
    shipment = world.shipment(world.license(kilograms=100), 1_000)
    Shipment.objects.filter(pk=shipment.pk).update(planned_on="2027-03-10")
    case = Application.objects.get()
    Application.objects.filter(pk=case.pk).update(submitted_at="2027-03-09T16:00:00Z")  # the 10th in Shanghai begins
    client.force_login(world.exporter.user)
    for name, row in (("shipments", shipment), ("applications", case)):
        for query, expected in (
            ({"since": "2027-03-10"}, [row.ref]),
            ({"since": "2027-03-11"}, []),
            ({"until": "2027-03-10"}, [row.ref]),
            ({"until": "2027-03-09"}, []),
        ):
            assert found(client, name, **query) == expected, (name, query)
    Application.objects.filter(pk=case.pk).update(submitted_at="2027-03-10T15:59:59.999999Z")
    assert found(client, "applications", until="2027-03-10") == [case.ref]
    Application.objects.filter(pk=case.pk).update(submitted_at="2027-03-10T16:00:00Z")
    assert found(client, "applications", until="2027-03-10") == []


@pytest.mark.parametrize(
    ("language", "called"), [("en", ("Per shipment", "per SHIPMENT", "Annual")), ("zh-hans", ("单项", "单项", "年度"))]
)
def test_what_a_kind_is_called_finds_what_is_of_it(language, called, client, world):
    single, annual = world.application(kind="per_shipment"), world.application()
    client.force_login(world.exporter.user)
    client.cookies["language"] = language
    assert [found(client, "applications", q=text) for text in called] == [[single], [single], [annual]]
    assert found(client, "applications", q=called[0], kind="annual") == []
    assert found(client, "applications", q="Annu") == []  # as a company's name may begin
    assert found(client, "applications", q=annual) == [annual]


def test_no_license_is_of_the_kind_of_what_changes_one(client, world):
    client.force_login(world.exporter.user)
    kinds = [[value for value, _ in one.offered()] for one in LISTS["licenses"].filters if one.name == "kind"]
    assert kinds == [["per_shipment", "annual", "special"]]
    assert ask(client, "licenses", kind="amendment").status_code == 422


# --- order and pages ------------------------------------------------------------------------------------------


def test_names_are_sorted_without_regard_to_case_both_ways(client, lanting):
    rows = [demo.party(lanting, name, "DE", "Motors").ref for name in ("beta", "Alpha", "Ｇamma")]
    client.force_login(lanting.user)
    assert found(client, "parties", sort="name") == [rows[1], rows[0], rows[2]]
    assert found(client, "parties", sort="-name") == [rows[2], rows[0], rows[1]]
    assert found(client, "parties") == found(client, "parties", sort="name")


@pytest.mark.parametrize(
    ("language", "codes"), [("en", ["CZ", "FI", "FR", "DE"]), ("zh-hans", ["DE", "FR", "FI", "CZ"])]
)
def test_countries_are_sorted_by_their_names_as_the_reader_reads_them(language, codes, client, lanting):
    refs = {code: demo.party(lanting, f"Of {code}", code, "Motors").ref for code in ("FR", "CZ", "DE", "FI")}
    client.force_login(lanting.user)
    client.cookies["language"] = language
    assert found(client, "parties", sort="country") == [refs[code] for code in codes]
    assert found(client, "parties", sort="-country") == [refs[code] for code in codes[::-1]]
    with override(language):
        pages = Keyset(Party.objects.all(), (CountryName("country"),), descending=False, salt="")
        page, read, back = pages.page("", 1), [], []
        read += [row.country_id for row in page.rows]
        while page.next:
            page = pages.page(page.next, 1)
            read += [row.country_id for row in page.rows]
        while page.previous:
            page = pages.page(page.previous, 1)
            back += [row.country_id for row in page.rows]
    assert (read, back) == (codes, codes[-2::-1])


def test_what_has_no_day_stands_last_when_days_are_sorted(client, world):
    filed, draft = world.application(), world.application()
    applications.submit(filed, seen=seen(filed), by=world.exporter)
    client.force_login(world.exporter.user)
    assert found(client, "applications", sort="filed") == [filed, draft]
    assert found(client, "applications") == [draft, filed]


def test_the_pages_of_a_list_lead_on_and_back_with_its_filters(client, lanting):
    refs = [demo.party(lanting, f"Same name {number % 2}", "DE", "Motors").ref for number in range(53)]
    demo.party(lanting, "Else", "DE", "Motors")
    client.force_login(lanting.user)
    first = ask(client, "parties", q="same", country="DE")
    listing = first.context["listing"]
    second = client.get(listing.next).context["listing"]
    assert (len(listing.rows), len(second.rows), listing.previous, second.next) == (50, 3, "", "")
    assert sorted(row.ref for row in [*listing.rows, *second.rows]) == sorted(refs)
    assert client.get(second.previous).context["listing"].rows == listing.rows
    assert client.get(second.first).context["listing"].rows == listing.rows
    assert f'rel="next" href="{listing.next}"' in unescape(first.content.decode())
    assert client.get(listing.next.replace("/parties/", "/declarations/").replace("q=same&", "")).status_code == 422


def test_a_header_says_how_it_sorts_and_turns(client, lanting):
    demo.party(lanting, "Party", "DE", "Motors")
    client.force_login(lanting.user)
    for sort, now, turned in (("name", "ascending", "-name"), ("-name", "descending", "name")):
        page = unescape(ask(client, "parties", sort=sort, country="DE").content.decode())
        assert f'aria-sort="{now}"' in page
        assert f'href="/parties/?sort={turned}&country=DE"' in page


# --- views ----------------------------------------------------------------------------------------------------


def test_the_first_of_the_preferred_views_that_has_rows_is_shown(client, world):
    client.force_login(world.ministry.reviewer.user)
    assert ask(client, "desk").context["listing"].view == "open"
    ref = world.application()
    world.under_review(ref)
    listing = ask(client, "desk").context["listing"]
    assert (listing.view, listing.counts) == (
        "mine",
        {"mine": 1, "unassigned": 0, "waiting": 0, "open": 1, "decided": 0},
    )


def test_whoever_came_first_stands_first_among_those_who_wait(client, world):
    """Whatever they are called: companies to verify and to answer about the annual channel, and declarations."""
    m, names = world.ministry, ("Zhong Co., Ltd.", "Anhui Co., Ltd.")
    sent = [demo.send_company(make.exporter(name=name)) for name in names]
    asking = [make.exporter(m, f"Asking {name}", qualified=False) for name in names]
    for company in asking:
        qualifications.ask(seen=make.annual_seen(company.organization_id), by=company)
    declared = [world.declaration(verified=False).pk for _ in range(2)]
    waiting = {
        ("desk.exporters", "waiting"): sent,
        ("desk.exporters", "annual"): [company.organization_id for company in asking],
        ("desk.declarations", "waiting"): declared,
    }
    client.force_login(m.decider.user)
    for (name, view), pks in waiting.items():
        assert [row.pk for row in ask(client, name, view=view).context["listing"].rows] == pks, (name, view)


def test_a_list_that_nobody_sorted_has_the_newest_first_and_the_countersigners_the_oldest(client, world):
    m, licenses = world.ministry, [world.license(kilograms=100) for _ in range(2)]
    shipments = [world.shipment(license, 1_000).ref for license in licenses]
    recommended = [world.under_review(world.application()) for _ in range(2)]
    for ref in recommended:
        decisions.recommend(ref, seen=seen(ref), outcome="approve", months=12, by=m.reviewer)
    declared = [world.declaration().ref for _ in range(2)]
    client.force_login(m.decider.user)
    assert found(client, "desk.countersign") == recommended
    assert found(client, "desk", view="decided") == [one.application.ref for one in reversed(licenses)]
    client.force_login(world.exporter.user)
    assert found(client, "shipments") == shipments[::-1]
    assert found(client, "declarations")[:2] == declared[::-1]


def test_a_count_stops_at_50_and_says_so(db):
    Organization.objects.bulk_create([Organization(kind="exporter", name_en=f"C{number}") for number in range(53)])
    rows = Organization.objects.order_by("name_en")
    few = {str(n): rows.filter(pk__in=rows[:n].values("pk")) for n in (0, 1, 50, 51, 53)}
    assert [up_to(number) for number in selectors.counted(few).values()] == ["0", "1", "50", "50+", "50+"]


def test_a_view_that_a_list_does_not_have_is_named(world, client):
    client.force_login(world.ministry.reviewer.user)
    assert client.get("/desk/", {"view": "open"}).status_code == 200
    answer = client.get("/desk/", {"view": "nothing"})
    assert answer.status_code == 422
    assert "This list can&#x27;t be filtered by that." in answer.content.decode()
