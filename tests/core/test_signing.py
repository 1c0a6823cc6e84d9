"""Tokens: what is signed is checked by one file that knows nothing of us, and refused where anything is changed.

The verifier is docs/verify.py (tests/verifier.py); it does its own arithmetic, and cryptography ours.
"""

import hashlib
import hmac
import json
import random
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command

from core import checks, signing
from tests.verifier import PYTHON, claims_of, refusal, verify

AT = datetime(2026, 11, 2, 9, tzinfo=UTC)
NOW = AT.timestamp()
CLAIMS = {"number": "EL-7QF4K2M1R", "lines": [["1C905.a.4", "60,000", "kg"]], "holder": "赣州兰汀"}
TOKEN_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."


@pytest.fixture
def folder(settings, tmp_path):
    """Empty."""
    settings.SIGNING_KEYS = str(tmp_path / "keys")
    return tmp_path / "keys"


@pytest.fixture
def token():
    return signing.sign(CLAIMS, AT)


def forged(head, claims=CLAIMS, sign=None):
    text = f"{signing._part(head)}.{signing._part({'iat': int(NOW), **claims})}"
    return f"{text}.{signing.encoded(sign(text.encode()) if sign else b'')}"


def head_of(token):
    return json.loads(signing.decoded(token.split(".")[0]))


def by_our_key(text):
    return by(signing.all_keys()[-1])(text)


def by(key):
    return Ed25519PrivateKey.from_private_bytes(signing.decoded(key.d)).sign


# --- what is signed ---------------------------------------------------------------------------------------
def test_what_was_signed_is_what_the_verifier_reads(token):
    assert claims_of(token, NOW) == {**CLAIMS, "iat": int(NOW)}
    assert head_of(token) == {"alg": "Ed25519", "kid": signing.all_keys()[-1].kid, "typ": "lodestone+jws"}
    assert signing.sign(CLAIMS, AT) == token


@pytest.mark.slow
def test_2_000_altered_tokens_are_refused(token):
    """One letter for another, one more, one less, two that change places, a bit of what is encoded."""
    draw, refused = random.Random(8), []
    while len(refused) < 2_000:
        at = draw.randrange(len(token))
        other = [
            token[:at] + draw.choice(TOKEN_LETTERS) + token[at + 1 :],
            token[:at] + draw.choice(TOKEN_LETTERS) + token[at:],
            token[:at] + token[at + 1 :],
            token[:at] + token[at : at + 2][::-1] + token[at + 2 :],
            flipped(token, draw),
        ][len(refused) % 5]
        if other != token:
            refused.append(refusal(other, NOW))
    assert refused.count(None) == 0
    assert len(set(refused)) >= 5


def flipped(token, draw):
    parts = token.split(".")
    part = draw.randrange(3)
    data = bytearray(signing.decoded(parts[part]))
    data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
    parts[part] = signing.encoded(bytes(data))
    return ".".join(parts)


def test_each_letter_that_would_decode_to_the_same_is_refused(token):
    """The last letter of 64 bytes has four bits that no byte uses."""
    last = TOKEN_LETTERS.index(token[-1])
    twins = [TOKEN_LETTERS[last ^ bits] for bits in range(1, 16)]
    assert {signing.decoded(token[-86:-1] + twin) for twin in twins} == {signing.decoded(token[-86:])}
    assert {refusal(token[:-1] + twin, NOW) for twin in twins} == {"the signature was changed"}


# --- attacks (RFC 8725) -----------------------------------------------------------------------------------
@pytest.mark.parametrize("alg", ["none", "None", "HS256", "EdDSA", "ES256", "ed25519", "", None, 1, ["Ed25519"]])
def test_another_alg_is_refused_whatever_is_signed(alg, token):
    """HS256 with the public key as its secret is the oldest of these."""
    x = signing.decoded(signing.all_keys()[-1].x)
    head = {**head_of(token), "alg": alg}
    for sign in (None, by_our_key, lambda text: hmac.digest(x, text, "sha256")):
        assert "only Ed25519 counts" in refusal(forged(head, sign=sign), NOW) or sign is None
    assert refusal(forged(head).rstrip("."), NOW) is not None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"typ": "JWT"}, "for something else"),
        ({"kid": "A" * 43}, "none of those in the key file"),
        ({"kid": ["x"]}, "none of those in the key file"),
        ({"jwk": {}}, "exactly how it is signed"),
        ({"crit": ["b64"], "b64": False}, "exactly how it is signed"),
    ],
)
def test_a_head_that_says_anything_else_is_refused(change, why, token):
    assert why in refusal(forged({**head_of(token), **change}, sign=by_our_key), NOW)
    assert refusal(forged(head_of(token), sign=by_our_key), NOW) is None


def test_a_key_of_somebody_else_is_refused_under_our_name_and_under_his(token):
    other = Ed25519PrivateKey.from_private_bytes(b"7" * 32)
    his = signing.thumbprint(signing.encoded(other.public_key().public_bytes_raw()))
    assert "signature does not fit" in refusal(forged(head_of(token), sign=other.sign), NOW)
    assert "none of those" in refusal(forged({**head_of(token), "kid": his}, sign=other.sign), NOW)


def test_a_key_file_in_which_a_key_has_another_s_name_is_refused(token):
    [key] = signing.jwks()["keys"]
    other = signing.encoded(Ed25519PrivateKey.from_private_bytes(b"7" * 32).public_key().public_bytes_raw())
    assert "damaged" in refusal(token, NOW, {"keys": [{**key, "x": other}]})
    for change in ({"alg": "EdDSA"}, {"crv": "X25519"}, {"kty": "oct"}):
        assert "none of those" in refusal(token, NOW, {"keys": [{**key, **change}]})


def test_of_two_keys_that_count_each_signs_under_its_own_name_alone(folder):
    first, second = signing.make(AT), signing.rotate(AT.replace(day=3))
    heads = [{"alg": "Ed25519", "kid": key.kid, "typ": "lodestone+jws"} for key in (first, second)]
    for key, own, other in ((first, *heads), (second, *heads[::-1])):
        assert refusal(forged(own, sign=by(key)), NOW) is None
        assert "signature does not fit" in refusal(forged(other, sign=by(key)), NOW)
    one, two = signing.jwks()["keys"]
    swapped = {"keys": [{**one, "kid": two["kid"]}, {**two, "kid": one["kid"]}]}
    assert "damaged" in refusal(forged(heads[0], sign=by(first)), NOW, swapped)


@pytest.mark.parametrize("iat", [int(NOW) + 301, "1", None, 1.5, True])
def test_what_comes_from_the_future_or_from_no_time_is_refused(iat, token):
    assert "in the future" in refusal(forged(head_of(token), {"iat": iat}, by_our_key), NOW)


def test_a_clock_that_is_five_minutes_behind_is_no_matter(token):
    assert (refusal(token, NOW - 300), refusal(token, NOW - 301) is None) == (None, False)


def test_a_signature_has_one_form(token):
    """S and S + L prove the same where nobody looks (RFC 8032, 5.1.7)."""
    text, _, signature = token.rpartition(".")
    data = signing.decoded(signature)
    larger = int.from_bytes(data[32:], "little") + verify.ORDER
    assert refusal(f"{text}.{signing.encoded(data[:32] + larger.to_bytes(32, 'little'))}", NOW) is not None


def test_a_member_that_stands_there_twice_is_refused(token):
    head = json.dumps(head_of(token))[:-1] + ', "alg": "none"}'
    text = f"{signing.encoded(head.encode())}.{token.split('.')[1]}"
    assert "twice" in refusal(f"{text}.{signing.encoded(by_our_key(text.encode()))}", NOW)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_its_arithmetic_is_that_of_rfc_8032(number):
    """Tests 1 to 3 of 7.1."""
    key, message, signature = (bytes.fromhex(one) for one in VECTORS[number - 1])
    assert verify.signed(key, message, signature)
    assert not verify.signed(key, message + b"\0", signature)


VECTORS = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24"
        "655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aee"
        "b00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28d"
        "c027beceea1ec40a",
    ),
]


# --- as its reader runs it --------------------------------------------------------------------------------
def run(*words):
    done = subprocess.run([*PYTHON, *map(str, words)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.fixture
def files(tmp_path):
    """The public keys, a paper, its credential, and what its printed code holds."""
    (tmp_path / "jwks.json").write_text(json.dumps(signing.jwks()))
    (tmp_path / "paper.pdf").write_bytes(b"%PDF-1.7 a paper")
    hashed = hashlib.sha256(b"%PDF-1.7 a paper").hexdigest()
    (tmp_path / "paper.jws").write_text(signing.sign({**CLAIMS, "file": hashed}, AT) + "\n")
    facts = hashlib.sha256(signing.canonical(CLAIMS)).hexdigest()
    printed = signing.sign({"number": CLAIMS["number"], "facts": facts}, AT)
    (tmp_path / "code.txt").write_text(f"https://licenses.example/v/EL-7QF4K2M1R/ABC/#{printed}")
    return tmp_path


def test_it_needs_nothing_but_python_and_says_what_was_decided(files):
    assert len(verify.__doc__) and len(Path(PYTHON[-1]).read_text().splitlines()) < 270
    status, said = run(files / "paper.jws", files / "jwks.json", files / "paper.pdf")
    assert status == 0 and said.startswith("GENUINE, and so is the file") and "赣州兰汀" in said
    assert "was not looked at" not in said
    status, said = run((files / "code.txt").read_text(), files / "jwks.json")
    assert status == 0 and "in force today is not in it" in said and "The paper was not looked at" in said
    assert run(files / "code.txt", files / "jwks.json", files / "paper.jws")[0] == 0
    assert run(files / "code.txt")[0] == 2


@pytest.mark.parametrize("typed", ["ER6QP-ZJZTR", "er6qpzjztr", "https://licenses.example/v/EL-7QF4K2M1R/ER6QPZJZTR/"])
def test_what_is_typed_into_the_page_is_no_paper_that_was_refused(files, typed):
    status, said = run(typed, files / "jwks.json")
    assert status == 2 and said.startswith("NOTHING WAS CHECKED: that is the code for") and "REFUSED" not in said
    assert "未作核验" in said


@pytest.mark.parametrize("name", ["licence_01", "v/paper.jws"])
def test_a_file_is_read_whatever_it_is_called(files, name):
    (files / "v").mkdir()
    (files / name).write_bytes((files / "paper.jws").read_bytes())
    assert run(files / name, files / "jwks.json")[0] == 0


@pytest.mark.parametrize(
    "missing", [["paper.jsw", "jwks.json"], ["paper.jws", "jkws.json"], ["paper.jws", "jwks.json", "p.pdf"]]
)
def test_a_mistyped_name_is_no_forgery(files, missing):
    names = [files / name for name in missing]
    status, said = run(*names)
    assert status == 2 and said.startswith(f"NOTHING WAS CHECKED: there is no file {files}") and "没有名为" in said


def test_it_says_in_both_languages_what_was_decided_or_why_not_and_to_programs_what_was_signed(files):
    keys = files / "jwks.json"
    _status, said = run(files / "paper.jws", keys)
    assert f"编号 Number: {CLAIMS['number']}" in said and "{" not in said
    assert "真实" in said and "今日是否有效不在其中" in said
    status, said = run("--json", files / "paper.jws", keys)
    assert (status, json.loads(said)["number"]) == (0, CLAIMS["number"])
    (files / "other.pdf").write_bytes(b"%PDF-1.7 a papeR")
    assert run(files / "paper.jws", keys, files / "other.pdf") == (
        1,
        "REFUSED: the PDF is not the file that was signed: it was changed, or is another paper.\n"
        "不予认可：该 PDF 不是所签名的文件：已被改动，或是另一份文件。\n",
    )


def test_each_refusal_has_its_words_in_chinese():
    text = Path(PYTHON[-1]).read_text().replace("{ALG}", verify.ALG)
    assert [part for part in verify.CHINESE if text.count(part) < 2] == []


def test_an_extract_names_its_end_user_and_no_quantity_that_is_not_set_aside():
    claims = {**CLAIMS, "iat": 0, "reader": "end_user", "end_user": {"name": "Bayern", "country": "DE"}}
    claims["lines"] = [["1C905.a.4", "", "kg"], ["1C903.a.2", "1,200", "kg"]]
    said = dict(verify.plain(claims))
    assert said["最终用户 End-user"] == "Bayern, DE"
    assert said["第 1 项 Line 1"] == "1C905.a.4, 由持证人安排 as its holder arranges"
    assert said["第 2 项 Line 2"] == "1C903.a.2, 1,200 kg"
    assert said["签名时间 Signed"] == "1970-01-01 08:00 UTC+8"
    assert dict(verify.plain({**claims, "lines": 30}))["项数 Lines"].startswith("30")


def test_another_file_than_the_one_that_was_signed_is_refused(files):
    (files / "other.pdf").write_bytes(b"%PDF-1.7 a papeR")
    status, said = run(files / "paper.jws", files / "jwks.json", files / "other.pdf")
    assert (status, "not the file that was signed" in said) == (1, True)
    status, said = run(files / "code.txt", files / "jwks.json", files / "paper.pdf")
    assert (status, "give the .jws credential" in said) == (1, True)
    (files / "other.jws").write_text(signing.sign({**CLAIMS, "number": "EL-1"}, AT))
    status, said = run(files / "code.txt", files / "jwks.json", files / "other.jws")
    assert (status, "of another paper" in said) == (1, True)
    status, said = run(files / "paper.jws", files / "nothing.json")
    assert (status, said.startswith("NOTHING WAS CHECKED: there is no file")) == (2, True)
    (files / "broken.json").write_text("{")
    status, said = run(files / "paper.jws", files / "broken.json")
    assert (status, said.startswith("REFUSED: a file can't be read")) == (1, True)


# --- keys -------------------------------------------------------------------------------------------------
def test_a_key_signs_until_another_does_and_its_papers_are_good_until_it_is_retired(folder):
    call_command("signing_key", "make")
    [first] = signing.all_keys()
    old = signing.sign(CLAIMS, AT)
    call_command("signing_key", "rotate")
    new = signing.sign(CLAIMS, AT)
    assert [key.state for key in signing.all_keys()] == ["retiring", "active"]
    assert head_of(old)["kid"] == first.kid != head_of(new)["kid"]
    assert (refusal(old, NOW), refusal(new, NOW)) == (None, None)
    call_command("signing_key", "retire", first.kid)
    assert "none of those" in refusal(old, NOW)
    assert refusal(new, NOW) is None


def test_no_key_is_called_like_an_option_of_the_command(folder, monkeypatch):
    def named(private):
        return signing.thumbprint(signing._public(private))

    private = [signing.Ed25519PrivateKey.from_private_bytes(bytes(31) + bytes([n])) for n in range(256)]
    like = next(one for one in private if named(one).startswith("-"))
    other = next(one for one in private if not named(one).startswith("-"))
    drawn = iter([like, other])
    monkeypatch.setattr(signing.Ed25519PrivateKey, "generate", lambda: next(drawn))
    assert signing.make(AT).kid == named(other)


def test_only_the_key_that_signs_has_a_private_part(folder):
    signing.make(AT)
    signing.rotate(AT.replace(day=3))
    assert [bool(key.d) for key in signing.all_keys()] == [False, True]
    published = json.dumps(signing.jwks())
    assert signing.all_keys()[1].d not in published and '"d"' not in published


def test_what_is_not_so_is_refused_and_changes_nothing(folder):
    for words in (["rotate"], ["retire", "x"]):
        with pytest.raises(CommandError):
            call_command("signing_key", *words)
    with pytest.raises(signing.NoKey):
        signing.sign(CLAIMS, AT)
    call_command("signing_key", "make")
    [key] = signing.all_keys()
    for words in (["make"], ["retire", key.kid]):  # the active one
        with pytest.raises(CommandError):
            call_command("signing_key", *words)
    assert signing.all_keys() == [key]


def test_the_keys_are_for_their_owner_alone(folder):
    signing.make(AT)
    [file] = folder.iterdir()
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(folder.stat().st_mode)) == (0o600, 0o700)
    assert checks.signing_key() == []
    file.chmod(0o640)
    assert ["0600" in one.msg for one in checks.signing_key()] == [True]


def test_production_does_not_start_without_a_key_that_signs(folder, settings):
    assert [one.id for one in checks.signing_key()] == ["core.E009"]
    signing.make(AT)
    assert checks.signing_key() == []
    settings.SIGNING_KEYS = ""
    assert "SIGNING_KEYS is not set" in checks.signing_key()[0].msg


def test_whoever_asks_gets_the_public_keys_and_may_keep_them_for_some_minutes(client, db):
    answer = client.get("/.well-known/jwks.json")
    assert answer.json() == signing.jwks()
    assert answer.headers["Content-Type"] == "application/jwk-set+json"
    assert answer.headers["Cache-Control"] == "public, max-age=300"


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"%PDF-1.7\n\x80\xe2", "a PDF is no TOKEN: give the .jws file"), (b"\x80\xe2", "this is no signed token")],
)
def test_a_file_that_is_no_token_is_refused_in_plain_words(content, why, tmp_path):
    (tmp_path / "keys.json").write_text(json.dumps({"keys": []}))
    (tmp_path / "license").write_bytes(content)
    command = [*PYTHON, str(tmp_path / "license"), str(tmp_path / "keys.json")]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert told.returncode == 1 and why in told.stdout and "codec" not in told.stdout
    assert subprocess.run(command[:-1], capture_output=True, check=False).returncode == 2
