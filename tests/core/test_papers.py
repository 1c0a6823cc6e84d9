"""Papers: each step that leaves one leaves it once, whatever is killed; kept as made, and read by whom it is for.

What they say is asked in tests/licensing/papers.
"""

from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction

from core import actions, deliveries, papers, typesetting
from core.errors import NotFound
from core.models import Delivery, Document, HistoryLine, Paper
from core.papers import being_made, made_anew, make_due, papers_of
from core.selectors import documents_for
from licensing.actions import licenses
from licensing.selectors.papers import papers as of_rows
from tests import make
from tests.make import seen


@pytest.fixture
def issued(world):
    """A license of which the certificate is not made yet, and all else is."""
    make_due()
    return world.license(kilograms=1_000)


def waiting():
    return Delivery.objects.filter(consumer="paper", delivered_at=None, line__subject_kind="license")


def certificates_of(license):
    return papers_of(license).filter(kind="certificate")


def certificates():
    return list(Paper.objects.filter(kind="certificate").order_by("pk"))


def test_a_step_leaves_its_paper_once(issued):
    before = len(certificates())
    assert (waiting().count(), being_made(issued)) == (1, True)
    assert make_due() >= 1
    [paper] = certificates_of(issued)
    line = HistoryLine.objects.get(subject_kind="license", subject_id=issued.pk, verb="issue")
    assert (paper.line, paper.kind, paper.number) == (line, "certificate", 1)
    assert (make_due(), waiting().count(), being_made(issued)) == (0, 0, False)
    assert len(certificates()) == before + 1


def test_whoever_relays_mail_leaves_papers_to_their_own_sweep(issued, settings):
    settings.EMAIL_BACKEND = "core.mailbox.Backend"
    deliveries.relay()
    assert waiting().get().tries == 0


def test_it_is_kept_with_its_hash_and_by_what_it_was_made(issued):
    make_due()
    [paper] = certificates_of(issued)
    file = Document.objects.get(pk=paper.document_id)
    kept = bytes(file.content)
    assert kept.startswith(b"%PDF-")
    assert (file.sha256, file.size) == (papers.sha256(kept).hexdigest(), len(kept))
    assert (file.name, file.media_type) == (f"{issued.ref}-1-certificate.pdf", "application/pdf")
    assert (file.organization_id, file.uploaded_by.nature) == (issued.exporter_id, "clock")
    now = typesetting.versions(papers._kinds["certificate"].template)
    assert (paper.typst, paper.fonts, paper.template) == (now.typst, now.fonts, now.template)


def test_it_is_made_anew_to_the_same_bytes_whatever_was_changed_since(issued, world, clock):
    clock.shift(days=2)  # made late, it is dated with its step all the same
    make_due()
    [paper] = certificates_of(issued)
    clock.shift(days=40)
    make.renamed(world.exporter, world.ministry)
    assert made_anew(paper) == bytes(Document.objects.get(pk=paper.document_id).content)


@pytest.mark.parametrize("what", ["typst", "fonts", "template"])
def test_after_an_upgrade_the_kept_file_stands(what, issued, monkeypatch, client, world):
    make_due()
    [paper] = certificates_of(issued)
    now = papers.versions(papers._kinds["certificate"].template)
    monkeypatch.setattr(papers, "versions", lambda template: replace(now, **{what: "another"}))
    assert made_anew(paper) is None
    client.force_login(world.exporter.user)
    content = client.get(f"/documents/{paper.document_id}/").content
    assert papers.sha256(content).hexdigest() == paper.document.sha256


def test_what_a_killed_run_had_taken_comes_up_again(issued, clock):
    """Killed between the step's commit and the file."""
    while deliveries._lease("paper"):
        pass
    assert make_due() == 0
    clock.shift(seconds=deliveries.LEASE_SECONDS - 5)
    assert make_due() == 0
    clock.shift(seconds=deliveries.LEASE_SECONDS + 1)
    assert make_due() >= 1
    assert len(certificates_of(issued)) == 1


@pytest.mark.parametrize("where", ["Paper", "delivered"])
def test_a_run_that_dies_at_the_file_leaves_nothing_half(where, issued, monkeypatch, clock):
    files = Document.objects.count()

    class Killed(BaseException):
        pass

    def die(*_, **__):
        raise Killed

    with monkeypatch.context() as broken:
        broken.setattr(papers.Paper.objects, "create", die) if where == "Paper" else broken.setattr(papers, where, die)
        with pytest.raises(Killed), transaction.atomic():
            make_due()
    assert (Document.objects.count(), len(certificates_of(issued)), waiting().count()) == (files, 0, 1)
    clock.shift(seconds=deliveries.LEASE_SECONDS + 1)
    assert make_due() >= 1
    assert len(certificates_of(issued)) == 1


def test_a_step_that_fails_at_its_paper_keeps_no_file(issued, monkeypatch):
    """As when PostgreSQL is gone between the two."""
    files = Document.objects.count()

    def refuse(*_, **__):
        raise LookupError("gone")

    monkeypatch.setattr(papers, "delivered", refuse)
    make_due()
    assert (Document.objects.count(), len(certificates_of(issued)), waiting().count()) == (files, 0, 1)


def test_a_step_whose_part_is_there_already_leaves_the_others(world):
    license = world.license(users=2)
    make_due()
    line = HistoryLine.objects.get(subject_kind="license", subject_id=license.pk, verb="issue")
    delivery = Delivery.objects.get(consumer="paper", line=line)
    real = papers._kinds["extract"]
    one, other = papers._contents(real, real.read(line))
    twice = [one, replace(other, part=-1)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(papers._kinds, "extract", replace(real, write=lambda _line: twice))
        assert papers._make(delivery) == 1
    assert set(papers_of(license).values_list("part", flat=True)) == {0, -1, one.part, other.part}


def test_two_runs_that_hold_the_same_step_make_one_paper(issued):
    """The second took it when the first one's lease ended, and the first went on."""
    delivery = waiting().get()
    assert (papers._make(delivery), papers._make(delivery)) == (2, 0)  # and its extract
    assert len(certificates_of(issued)) == 1


def test_postgresql_keeps_one_paper_of_a_kind_a_step(issued):
    make_due()
    paper = Paper.objects.get(pk=certificates_of(issued)[0].pk)
    other = Document.objects.exclude(pk=paper.document_id).first()
    paper.pk, paper.document = None, other
    with pytest.raises(IntegrityError, match="paper_once_a_step"), transaction.atomic():
        paper.save(force_insert=True)


def test_one_that_cannot_be_made_holds_up_no_other_and_is_tried_again(issued, world, monkeypatch, clock):
    real = papers._kinds["certificate"]

    def broken(read):
        if read.license == issued:
            raise LookupError("the row is gone")
        return real.write(read)

    monkeypatch.setitem(papers._kinds, "certificate", replace(real, write=broken))
    other = world.license(kilograms=500)
    make_due()
    assert (len(certificates_of(issued)), len(certificates_of(other))) == (0, 1)
    assert waiting().get().error == "the row is gone"
    monkeypatch.setitem(papers._kinds, "certificate", real)
    assert make_due() == 0
    clock.shift(minutes=2)
    assert make_due() == 2
    assert len(certificates_of(issued)) == 1


@pytest.fixture
def failed(issued, monkeypatch):
    def broken(*_):
        raise LookupError("the row is gone")

    real = papers._kinds["certificate"]
    monkeypatch.setitem(papers._kinds, "certificate", replace(real, write=broken))
    make_due()
    monkeypatch.setitem(papers._kinds, "certificate", real)
    return waiting().get()


def test_an_administrator_sees_what_could_not_be_made_and_has_it_made_now(failed, client, world, issued):
    client.force_login(world.ministry.admin.user)
    text = client.get("/mail/").content.decode()
    assert "A paper that could not be made" in text and "the row is gone" in text
    assert f"/mail/{failed.pk}/end/" not in text
    client.post(f"/mail/{failed.pk}/send_again/")
    assert make_due() == 2
    assert len(certificates_of(issued)) == 1
    assert "could not be made" not in client.get("/mail/").content.decode()


def test_a_paper_is_owed_so_nobody_ends_it(failed, client, world):
    with pytest.raises(NotFound):
        actions.end_delivery(failed.pk, reason="No need", by=world.ministry.admin)
    client.force_login(world.ministry.admin.user)
    assert client.get(f"/mail/{failed.pk}/end/").status_code == 404
    assert waiting().get().ended_at is None


def test_what_is_only_about_to_be_made_is_nobody_s_to_look_at(issued, client, world):
    client.force_login(world.ministry.admin.user)
    assert "could not be made" not in client.get("/mail/").content.decode()


def test_how_much_waits_is_said_beside_the_mail(issued, client, clock):
    clock.shift(minutes=10)
    said = client.get("/readyz").json()["papers"]
    assert said["waiting"] >= 1 and said["oldest_s"] >= 600
    make_due()
    assert client.get("/readyz").json()["papers"] == {"waiting": 0, "oldest_s": 0}


def test_the_number_of_a_paper_is_its_place_among_the_row_s_whenever_it_is_made(world, license):
    """A later one that is made first does not take the number of an earlier one."""
    make_due()
    licenses.suspend(license.ref, seen=seen(license.ref), reason="First.", by=world.ministry.decider)
    first = HistoryLine.objects.filter(subject_kind="license", subject_id=license.pk).latest("seq")
    assert papers._first_number(first) == 3


@pytest.mark.slow
def test_who_opens_a_paper_and_who_learns_nothing_of_it(issued, client, world):
    make_due()
    [paper] = certificates_of(issued)
    address = f"/documents/{paper.document_id}/"

    def asked(actor):
        client.force_login(actor.user)
        return client.get(address).status_code

    mine = [world.exporter, make.colleague(world.exporter, "clerk"), make.colleague(world.exporter, "viewer")]
    officers = [getattr(world.ministry, role) for role in ("intake", "reviewer", "decider", "auditor")]
    assert {asked(actor) for actor in (*mine, *officers)} == {200}
    stranger = make.exporter(world.ministry, "Another Co., Ltd.")
    assert asked(stranger) == 404
    elsewhere = make.demo.person("elsewhere", "Elsewhere", world.ministry.office, "intake")
    elsewhere.user.membership.province = "11"
    elsewhere.user.membership.save()
    assert asked(elsewhere) == 404
    assert {asked(actor) for actor in (world.ministry.admin, world.ministry.policy_officer)} == {404}
    assert asked(world.customs) == 200
    assert not documents_for(world.customs).exclude(pk=paper.document_id).exists()
    assert not of_rows(world.exporter).exists()  # his as a file of his own
    client.logout()
    assert client.get(address).status_code == 302


def test_it_is_served_under_its_own_name_and_what_people_handed_in_is_not(issued, client, world):
    make_due()
    [paper] = certificates_of(issued)
    client.force_login(world.exporter.user)
    answer = client.get(f"/documents/{paper.document_id}/")
    assert answer["Content-Disposition"] == f'attachment; filename="{issued.ref}-1-certificate.pdf"'
    assert answer["Content-Security-Policy"].startswith("sandbox")
    handed_in = issued.end_users.get().declaration.certificate
    answer = client.get(f"/documents/{handed_in.pk}/")
    assert answer["Content-Disposition"] == f'attachment; filename="document-{handed_in.pk}.pdf"'


def test_its_page_lists_it_with_day_size_and_hash(issued, client, world):
    client.force_login(world.exporter.user)
    assert "A paper is being made" in client.get(f"/licenses/{issued.ref}/").content.decode()
    make_due()
    [paper] = certificates_of(issued)
    for actor, address in (
        (world.exporter, f"/licenses/{issued.ref}/"),
        (world.ministry.decider, f"/desk/licenses/{issued.ref}/"),
    ):
        client.force_login(actor.user)
        text = client.get(address).content.decode()
        assert "Certificate of the license" in text and "A paper is being made" not in text
        assert f"{paper.document.sha256[:16]}…" in text and f"/documents/{paper.document_id}/" in text
        assert f"{issued.ref}/1" in text


def test_a_run_ends_in_time(issued, settings):
    settings.RUN_SECONDS = 0
    assert make_due() == 0


def test_the_file_and_the_row_are_never_changed(issued):
    make_due()
    [paper] = certificates_of(issued)
    for table, change, pk in (
        ("core_paper", "data = '{}'", paper.pk),
        ("core_document", "content = ''", paper.document_id),
    ):
        with pytest.raises(Exception, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"UPDATE {table} SET {change} WHERE id = %s", [pk])
