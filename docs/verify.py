#!/usr/bin/env python3
"""Is this license paper genuine? Says so without a network, by the public keys of the authority that issued it.

    python verify.py TOKEN jwks.json [FILE] [--json]

TOKEN      what the printed code holds (the whole address, or what follows its #), or a .jws credential; text or a file
jwks.json  the public keys, from /.well-known/jwks.json of the authority: fetch them anew when it says so
FILE       the certificate as PDF, or the .jws of the same paper: is it the one that was signed?
--json     what was signed as it was signed, for programs; else in words, Chinese and English

Exit status 0: genuine. 1: refused, and why. 2: called otherwise, so nothing was checked.
It says what was decided on the day of issue, never what holds today.
Python 3.9 or later and nothing else. The arithmetic is that of RFC 8032; everything is checked, nothing repaired.
"""

import base64
import hashlib
import json
import re
import sys
import time
from os.path import isfile
from pathlib import Path

ALG, TYP = "Ed25519", "lodestone+jws"
LONGEST, AHEAD_S = 1_000_000, 300  # characters of a token; seconds that a clock may be behind


class Refused(Exception):
    """Why, in plain words."""


def verify(token, jwks, now):
    """What was signed. jwks: the parsed key set; now: seconds since 1970. Raises Refused."""
    if len(token) > LONGEST or not re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+", token, re.ASCII):
        raise Refused("this is no signed token: it has to be three parts with two dots, and nothing else")
    first, second, third = token.split(".")
    head = read(first, "the head")
    if set(head) != {"alg", "kid", "typ"}:
        raise Refused("its head does not say exactly how it is signed, by which key, and what it is")
    if head["alg"] != ALG:
        raise Refused(f"it says that it is signed by {head['alg']!r}; only {ALG} counts, and no signature is no proof")
    if head["typ"] != TYP:
        raise Refused(f"it is a token for something else ({head['typ']!r})")
    key = known(jwks).get(head["kid"]) if isinstance(head["kid"], str) else None
    if key is None:
        raise Refused("its key is none of those in the key file: it was signed by somebody else, or the file is old")
    if not signed(key, f"{first}.{second}".encode(), decode(third, "the signature")):
        raise Refused("the signature does not fit: something in it was changed, or somebody else made it")
    claims = read(second, "what it says")
    at = claims.get("iat")
    if type(at) is not int or at > now + AHEAD_S:
        raise Refused("it was signed in the future: this computer's clock is wrong, or the paper is not genuine")
    return claims


def compare(claims, file, jwks, now):
    """The file is the one that was signed: a PDF by its hash, a credential by what it says. Raises Refused."""
    if not file.startswith(b"%PDF"):
        other = verify(file.decode("ascii", "replace").strip(), jwks, now)
        whole = {name: value for name, value in other.items() if name not in ("file", "iat")}
        if hashlib.sha256(canonical(whole)).hexdigest() != claims.get("facts"):
            raise Refused("the credential is genuine, and of another paper than the printed code")
    elif "file" not in claims:
        raise Refused("a printed code can't know the hash of its own paper: give the .jws credential as TOKEN")
    elif hashlib.sha256(file).hexdigest() != claims["file"]:
        raise Refused("the PDF is not the file that was signed: it was changed, or is another paper")


def known(jwks):
    """The keys that count, by name: each is named by its own thumbprint (RFC 7638)."""
    found = {}
    for key in jwks["keys"]:
        if (key.get("kty"), key.get("crv"), key.get("alg")) == ("OKP", "Ed25519", ALG):
            text = canonical({"crv": "Ed25519", "kty": "OKP", "x": key["x"]})
            name = base64.urlsafe_b64encode(hashlib.sha256(text).digest()).rstrip(b"=").decode()
            if key.get("kid") != name:
                raise Refused("the key file is damaged: a key there does not have its own name")
            found[name] = decode(key["x"], "a key")
    return found


def canonical(data):
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def read(part, name):
    """A JSON object, of which no member stands there twice."""

    def once(pairs):
        if len(dict(pairs)) != len(pairs):
            raise Refused(f"{name} says something twice")
        return dict(pairs)

    try:
        data = json.loads(decode(part, name).decode("utf-8"), object_pairs_hook=once)
    except (ValueError, RecursionError):
        raise Refused(f"{name} can't be read") from None
    if not isinstance(data, dict):
        raise Refused(f"{name} can't be read")
    return data


def decode(part, name):
    """Base64url as it is written in one way only: else a changed letter could mean the same."""
    data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) if len(part) % 4 != 1 else b""
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != part:
        raise Refused(f"{name} was changed")
    return data


# --- Ed25519 (RFC 8032, 5.1 and 6) ---------------------------------------------------------------------------
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # of -1


def add(one, two):
    a, b = (one[1] - one[0]) * (two[1] - two[0]) % P, (one[1] + one[0]) * (two[1] + two[0]) % P
    c, d = 2 * one[3] * two[3] * D % P, 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(number, point):
    found = 0, 1, 1, 0
    while number:
        if number & 1:
            found = add(found, point)
        point, number = add(point, point), number >> 1
    return found


def point_of(data):
    """The point that these 32 bytes are, None where they are none."""
    number = int.from_bytes(data, "little")
    y, sign = number & (1 << 255) - 1, number >> 255
    if len(data) != 32 or y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def signed(key, message, signature):
    if len(signature) != 64:
        return False
    public, commitment = point_of(key), point_of(signature[:32])
    number = int.from_bytes(signature[32:], "little")
    if public is None or commitment is None or number >= ORDER:
        return False
    challenge = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    one, two = times(number, BASE), add(commitment, times(challenge, public))
    return (one[0] * two[2] - two[0] * one[2]) % P == 0 == (one[1] * two[2] - two[1] * one[2]) % P


# --- what it says, to people -----------------------------------------------------------------------------------
CHINESE = {  # by a part of what is said in English
    "no signed token": "这不是签名令牌：令牌由两个点分为三段，别无其他内容",
    "a PDF is no TOKEN": "PDF 不是 TOKEN：请提供随附的 .jws 文件，或印制二维码的文本",
    "exactly how it is signed": "令牌头没有写明签名方式、密钥和类型",
    "only Ed25519 counts": "签名算法不是 Ed25519；没有签名或使用其他算法的，不能作为证明",
    "token for something else": "这是用于其他用途的令牌",
    "none of those in the key file": "签名密钥不在公钥文件中：由他人签名，或公钥文件已过时",
    "signature does not fit": "签名不符：内容被改动，或由他人伪造",
    "in the future": "签名时间在将来：本机时钟有误，或文件不真实",
    "of another paper": "凭证真实，但属于另一份文件，与印制的二维码不符",
    "hash of its own paper": "印制的二维码不含其文件的哈希值：请以 .jws 凭证作为 TOKEN",
    "not the file that was signed": "该 PDF 不是所签名的文件：已被改动，或是另一份文件",
    "key file is damaged": "公钥文件已损坏",
    "a file can't be read": "无法读取文件",
}


def plain(claims):
    """What was signed, in lines that a person reads."""
    holder, user, lines = claims.get("holder", ""), claims.get("end_user"), claims.get("lines", ())
    if isinstance(holder, dict):
        holder = f"{holder.get('name')} ({holder.get('code')})"
    yield "编号 Number", claims.get("number")
    part = "最终用户的部分 the part of one end-user" if claims.get("reader") == "end_user" else "整证 the whole license"
    yield "范围 Part", part
    yield "持证人 Holder", holder
    if isinstance(user, dict):
        yield "最终用户 End-user", f"{user.get('name')}, {user.get('country')}"
    yield "有效期（含首末日）Valid, both days included", f"{claims.get('from')} – {claims.get('until')}"
    if isinstance(lines, int):
        yield "项数 Lines", f"{lines}（内容见凭证 the credential says what they are）"
    else:
        for number, (item, amount, unit) in enumerate(lines, 1):
            amount = f"{amount} {unit}" if amount else "由持证人安排 as its holder arranges"
            yield f"第 {number} 项 Line {number}", f"{item}, {amount}"
    at = time.gmtime(claims["iat"] + 8 * 3600)
    yield "签名时间 Signed", time.strftime("%Y-%m-%d %H:%M UTC+8", at)


def refused(why):
    chinese = next((said for part, said in CHINESE.items() if part in why), "内容已被改动，或无法读取")
    print(f"REFUSED: {why}.\n不予认可：{chinese}。")
    return 1


def unchecked(why, chinese):
    print(f"NOTHING WAS CHECKED: {why}.\n未作核验：{chinese}。")
    return 2


def no_file(words):
    """The first of these that had to name a file and names none: a typing mistake is no forgery."""
    typed = len(words[0]) >= 200 or re.fullmatch(r"(\S*#)?[\w-]+\.[\w-]+\.[\w-]+", words[0])
    return next((word for word in words[bool(typed) :] if not isfile(word)), None)


def token_of(word):
    """What was given as TOKEN, or stands in the file of that name."""
    file = Path(word).read_bytes() if isfile(word) else word.encode()
    if file.startswith(b"%PDF"):
        raise Refused("a PDF is no TOKEN: give the .jws file that came with it, or the text of its printed code")
    return file.decode("utf-8", "replace").strip().rpartition("#")[2]


def main(words):
    as_json = "--json" in words
    words = [word for word in words if word != "--json"]
    if len(words) not in (2, 3):
        return print(__doc__) or 2
    if re.fullmatch(r"\w{5}-?\w{5}|\S+/v/[^#]+", words[0]) and not isfile(words[0]):
        why = "that is the code for the authority's page. TOKEN is all that the square code holds"
        return unchecked(why, "这是供在线核验页使用的验证码。TOKEN 是方形二维码的全部内容")
    if name := no_file(words):
        return unchecked(f"there is no file {name}", f"没有名为 {name} 的文件")
    try:
        token, jwks, now = token_of(words[0]), json.loads(Path(words[1]).read_text()), time.time()
        claims = verify(token, jwks, now)
        if len(words) == 3:
            compare(claims, Path(words[2]).read_bytes(), jwks, now)
    except Refused as why:
        return refused(str(why))
    except (OSError, ValueError, KeyError) as error:
        return refused(f"a file can't be read ({error})")
    if as_json:
        return print(json.dumps(claims, ensure_ascii=False, indent=1)) or 0
    if len(words) == 2:
        print("GENUINE. What was decided on the day of issue:\n真实。发证之日所作的决定：")
    else:
        print("GENUINE, and so is the file:\n真实，文件亦真实：")
    for label, said in plain(claims):
        print(f"  {label}: {said}")
    if len(words) == 2:
        print("The paper was not looked at, and a code can be copied: give its PDF, too, or compare it line by line.")
        print("未核对证件本身，而二维码可被复制：请一并提供其 PDF，或逐项核对。")
    print("Whether it is in force today is not in it: ask the address that is printed beside the code.")
    print("今日是否有效不在其中：请访问印在二维码旁的网址查询。")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
