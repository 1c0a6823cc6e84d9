"""What a paper proves: its code is read from the printed page, its credential knows its file, and each reader has his
part and not a byte of another's."""

import json
import re
import subprocess
import sys
from hashlib import sha256
from urllib.parse import quote

import pypdfium2
import pytest
import zxingcpp

from core import papers, signing
from core.models import Document, Paper
from licensing.actions import amendments, decisions
from licensing.models import Application
from licensing.papers import proof
from tests import make, pdf
from tests.make import seen
from tests.verifier import claims_of, refusal, verify

KG = 1000


@pytest.fixture
def issued(world):
    """For two end-users, 40 t and 20 t of its 60 t."""
    return world.license(users=2, allotted=(40_000 * KG, 20_000 * KG))


def made(license):
    """Its certificate, and the extract of each of its end-users in their order."""
    papers.make_due()
    of_issue = papers.papers_of(license).filter(kind__in=("certificate", "extract"))
    found = Paper.objects.filter(pk__in=of_issue.values("pk")).select_related("document")
    assert [one.kind for one in found.order_by("part")] == ["certificate", *["extract"] * license.end_users.count()]
    return list(found.order_by("part"))


def content_of(paper):
    return bytes(Document.objects.get(pk=paper.document_id).content)


def words(paper):
    return re.sub(r"\s", "", pdf.text_of(content_of(paper)))


def found_in(content, scale=1.0):
    """Its only QR code at 300 dpi, by libraries that are none of ours. scale: of a page that is printed smaller."""
    page = pypdfium2.PdfDocument(content)[0]
    image = page.render(scale=300 / 72 * scale, grayscale=True).to_pil()
    [code] = zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)
    return code


def read_from(content, scale=1.0):
    return found_in(content, scale).text


# --- the printed code -------------------------------------------------------------------------------------
def test_the_code_is_read_from_the_page_at_300_dpi_and_checked_offline(issued, settings):
    codes = [issued.verify_code, *issued.end_users.order_by("pk").values_list("verify_code", flat=True)]
    for paper, code in zip(made(issued), codes, strict=True):
        where, token = read_from(content_of(paper)).split("#")
        assert where == f"{settings.BASE_URL}/v/{issued.ref}/{code}/"
        claims = claims_of(token)
        assert claims["number"] == issued.ref and claims["iat"] == int(issued.issued_at.timestamp())
        assert refusal(token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]) is not None


def test_it_is_wider_than_25_mm_and_read_at_25_too(issued):
    content = content_of(made(issued)[0])
    at = found_in(content).position
    assert 25 < (at.top_right.x - at.top_left.x) / 300 * 25.4 < 30
    assert read_from(content, scale=25 / 30) == read_from(content)


def test_what_a_license_can_have_most_of_still_fits_a_code_that_is_read(issued):
    """Lines of which only the number stands there, names that are cut; the hash is of all."""
    whole = {
        "number": issued.ref,
        "reader": "end_user",
        "holder": {"code": "9" * 18, "name": "赣" * 400},
        "lines": [[f"1C905.a.{number}", "1,000,000.001", "kg"] for number in range(200)],
        "from": "2026-11-30",
        "until": "2027-11-29",
        "end_user": {"name": "名" * 400, "country": "DE"},
    }
    text = proof.printed(whole, proof.address(issued, "A" * 10), issued.issued_at)
    assert len(text) <= proof.LONGEST
    claims = claims_of(text.split("#")[1])
    assert (claims["lines"], claims["end_user"]["name"]) == (200, "名" * 40)
    assert claims["facts"] == sha256(signing.canonical(whole)).hexdigest()
    few = proof.printed({**whole, "lines": whole["lines"][:2]}, "x", issued.issued_at)
    assert claims_of(few.split("#")[1])["lines"] == whole["lines"][:2]


# --- the credential ---------------------------------------------------------------------------------------
def test_the_credential_knows_the_file_and_the_printed_code_the_credential(issued, client, world):
    jwks, now = signing.jwks(), issued.issued_at.timestamp()
    client.force_login(world.exporter.user)
    for paper in made(issued):
        answer = client.get(f"/documents/{paper.document_id}/credential/")
        assert answer.headers["Content-Type"] == "application/jose"
        assert answer.headers["Content-Disposition"].endswith(f'{paper.document.name.removesuffix(".pdf")}.jws"')
        content, token = content_of(paper), answer.content.decode().strip()
        claims = claims_of(token)
        verify.compare(claims, content, jwks, now)
        with pytest.raises(verify.Refused):
            verify.compare(claims, content + b" ", jwks, now)
        printed = claims_of(read_from(content).split("#")[1])
        verify.compare(printed, token.encode(), jwks, now)
        assert f"/documents/{paper.document_id}/credential/" in client.get(f"/licenses/{issued.ref}/").content.decode()


def test_the_page_of_a_license_says_how_the_program_is_called_on_its_files_as_they_are_named(
    issued, client, world, tmp_path
):
    whole, *_extracts = made(issued)
    client.force_login(world.exporter.user)
    page = client.get(f"/licenses/{issued.ref}/").content.decode()
    [command] = re.findall(r"<code[^>]*>python3 (verify\.py [^<]+)</code>", page)
    address = f"/documents/{whole.document_id}/"
    for path in ("/verify.py", address, f"{address}credential/"):
        answer = client.get(path)
        name = re.search(r'filename="([^"]+)"', answer.headers["Content-Disposition"])[1]
        (tmp_path / name).write_bytes(answer.content)
    (tmp_path / "jwks.json").write_bytes(client.get("/.well-known/jwks.json").content)
    done = subprocess.run([sys.executable, *command.split()], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout[:7]) == (0, "GENUINE"), done


def test_a_code_does_not_go_with_the_credential_of_another_part(issued):
    whole, first, _second = made(issued)
    printed = claims_of(read_from(content_of(whole)).split("#")[1])
    with pytest.raises(verify.Refused, match="of another paper"):
        verify.compare(printed, first.credential.encode(), signing.jwks(), issued.issued_at.timestamp())


def test_a_paper_without_a_credential_has_none_to_download(issued, client, world):
    made(issued)
    receipt = Paper.objects.filter(credential="").first()
    client.force_login(world.exporter.user)
    assert client.get(f"/documents/{receipt.document_id}/").status_code == 200
    assert client.get(f"/documents/{receipt.document_id}/credential/").status_code == 404


def test_who_reads_no_paper_reads_no_credential(issued, client, customs, world):
    [paper, extract, *_] = made(issued)
    for stranger, one in ((customs, extract), (make.exporter(world.ministry), paper)):
        client.force_login(stranger.user)
        assert client.get(f"/documents/{one.document_id}/credential/").status_code == 404


# --- each reader his part ---------------------------------------------------------------------------------
@pytest.mark.slow
def test_each_end_user_has_a_page_of_his_own_with_his_part(issued):
    users = issued.end_users.order_by("pk")
    for paper, user, tonnes in zip(made(issued)[1:], users, ("40,000", "20,000"), strict=True):
        content = content_of(paper)
        assert pdf.flaws_of(content) == []
        assert len(pdf.pages_of(content)) == 1
        text = words(paper)
        code = f"{user.verify_code[:5]}-{user.verify_code[5:]}"
        for one in (user.party.name, user.declaration.ref, f"{tonnes}千克", "德国", "Germany", issued.ref, code):
            assert one.replace(" ", "") in text, one
        assert "Whatwasdecidedcanbecheckedwithoutanetwork" in text and "无网络时可离线核验签名" in text
        facts = claims_of(paper.credential)
        assert facts["lines"] == [["1C905.a.4", tonnes, "kg"]] and facts["reader"] == "end_user"
        assert facts["end_user"] == {"name": user.party.name, "country": "DE"}


def test_it_names_the_ports_that_its_condition_speaks_of(world):
    ref, m = world.under_review(world.application()), world.ministry
    facts = {"outcome": "approve", "months": 12, "conditions": ["PORT_ONLY"]}
    decisions.recommend(ref, seen=seen(ref), **facts, by=m.reviewer)
    decisions.approve(ref, seen=seen(ref), by=m.decider)
    license = decisions.issue(ref, seen=seen(ref), by=m.decider)
    extract = made(license)[1]
    assert license.ports == ["CNSHA"] and "Throughthenamedportsonly" in words(extract)
    assert "CustomsportsCNSHA" in words(extract)
    assert len(pdf.pages_of(content_of(extract))) == 1


@pytest.mark.slow
def test_pages_list_whose_each_is_by_name_and_by_the_number_that_is_printed(issued, world, client):
    made(issued)
    for reader, page in ((world.exporter, "/licenses/"), (world.ministry.decider, "/desk/licenses/")):
        client.force_login(reader.user)
        client.cookies["language"] = "en"
        shown = client.get(f"{page}{issued.ref}/").content.decode()
        for user in issued.end_users.all():
            assert f'Extract for an end-user: <span translate="no">{user.party.name}</span></a>' in shown
            assert f'translate="no">{issued.ref}/2-{user.verify_code[:5]}<' in shown


@pytest.mark.slow
def test_nothing_of_another_is_in_it_not_even_that_he_is(issued, world):
    """In its words, its data, its printed code and its credential; and it is numbered as if there were one."""
    _whole, own, other = made(issued)
    user = issued.end_users.get(pk=other.part)
    secrets = [user.party.name, user.party.name_local, user.declaration.ref, user.verify_code, user.verify_code[:5]]
    secrets += ["20,000", "60,000", issued.verify_code, f"{issued.application.ref}"]
    token = read_from(content_of(own)).split("#")[1]
    told = pdf.text_of(content_of(own)) + own.data + own.document.name
    told += json.dumps([claims_of(token), claims_of(own.credential)])
    assert [one for one in secrets if one and one in told] == []
    numbers = {re.sub("-.{5}$", "", json.loads(one.data)["number"]) for one in (own, other)}
    alone = world.license(kilograms=100)
    assert numbers == {f"{issued.ref}/2"}
    assert json.loads(made(alone)[1].data)["number"].startswith(f"{alone.ref}/2-")


@pytest.mark.slow
def test_40_attempts_by_one_extract_and_its_token_to_learn_anything_of_another(issued, client):
    """Each thing that stands in them, as a code and as a number, over pages and REST: his own part, or nothing."""
    whole, own, other = made(issued)
    mine, user = (issued.end_users.get(pk=one.part) for one in (own, other))
    printed = read_from(content_of(own))
    token, said = printed.split("#")[1], json.loads(own.data)["number"]
    facts = [claims_of(token)["facts"], claims_of(own.credential)["file"]]
    held = [printed, token, *token.split("."), *facts, said, said[-5:], mine.verify_code, mine.declaration.ref]
    held += [mine.party.ref]
    held = [quote(one, safe="") for one in held]
    asked = [f"/v/{issued.ref}/{one}/" for one in held] + [f"/verify/?number={one}&code={one}" for one in held]
    asked += [f"/api/v1/verify/{issued.ref}/?code={one}" for one in held]
    asked += [f"/documents/{one.document_id}/{way}" for one in (whole, other) for way in ("", "credential/")]
    told = [client.get(path, follow=True).content.decode() for path in asked]
    assert len(told) >= 40 and any(mine.party.name in one for one in told)
    secrets = [user.party.name, user.declaration.ref, user.verify_code, issued.verify_code]
    secrets += [one for amount in ("20,000", "60,000") for one in (amount, f"{amount.replace(',', '')}.000")]
    assert [secret for secret in secrets if any(secret in one for one in told)] == []


@pytest.mark.slow
def test_where_a_line_is_shared_the_extract_says_no_quantity(world):
    _whole, first, _second = made(world.license(kilograms=60, users=2))
    assert "Astheholderarranges" in words(first) and "60kg" not in words(first)
    assert claims_of(first.credential)["lines"] == [["1C905.a.4", "", "kg"]]


def test_it_says_what_was_authorized_whatever_came_back_since(issued):
    issued.lines.model.objects.filter(license=issued).update(credited=5)
    assert claims_of(made(issued)[0].credential)["lines"] == [["1C905.a.4", "60,000", "kg"]]


@pytest.mark.slow
def test_it_says_what_was_authorized_whatever_passed_to_its_successor_since(issued, world):
    """Table, credential and printed code alike, of the whole and of each part."""
    world.shipment(issued, 1_000 * KG)
    ref = make.asking(amendments.amend(issued.ref, seen=seen(issued.ref), by=world.exporter)).ref
    make.demo.under_review(world.exporter, ref, world.ministry)
    users = Application.objects.get(ref=ref).end_users.order_by("pk")
    shares = {(1, user.pk): tonnes * 1_000 * KG for user, tonnes in zip(users, (40, 20), strict=True)}
    facts = {"outcome": "approve", "months": 12, "allotments": shares}
    decisions.recommend(ref, seen=seen(ref), **facts, by=world.ministry.reviewer)
    decisions.approve(ref, seen=seen(ref), by=world.ministry.decider)
    decisions.issue(ref, seen=seen(ref), by=world.ministry.decider)
    for paper, tonnes in zip(made(issued), ("60,000", "40,000", "20,000"), strict=True):
        assert claims_of(paper.credential)["lines"] == [["1C905.a.4", tonnes, "kg"]]
        assert claims_of(read_from(content_of(paper)).split("#")[1])["lines"] == [["1C905.a.4", tonnes, "kg"]]
        assert f"{tonnes}千克" in words(paper)
    data = json.loads(made(issued)[0].data)
    assert [one["shares"][0]["quantity"] for one in data["end_users"]] == ["40,000", "20,000"]


def test_extracts_are_made_anew_to_the_same_bytes_and_once(issued):
    for paper in made(issued):
        assert papers.made_anew(paper) == content_of(paper)
    before = Paper.objects.count()
    papers.make_due()
    assert Paper.objects.count() == before


def test_an_end_user_from_before_has_no_extract(issued):
    issued.end_users.filter(pk=issued.end_users.first().pk).update(verify_code="")
    papers.make_due()
    assert sorted(one.kind for one in papers.papers_of(issued)) == ["certificate", "extract"]
