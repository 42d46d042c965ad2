"""Tokens with one thing wrong in how they are made: names and texts, for access tokens and assertions alike.

Each case is (name, token). Everything here is wrong before or in the signature, so that whoever
made it holds no key of the issuer, or would not have been given one.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives import hashes
from harness.trust import ALGORITHMS, HASHES, Key, b64, token, written

Case = tuple[str, str]
# Orders of the groups (FIPS 186-5; RFC 8032).
N256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
N384 = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973
L25519 = 2**252 + 27742317777372353535851937790883648493


@dataclass
class Good:
    """What a good token is made of."""

    keys: dict[str, Key]
    typ: str
    claims: dict
    # `iss` of somebody else, whose keys are known too.
    stranger: str

    def header(self, algorithm: str = "ES256", **changes) -> dict:
        head = {"alg": algorithm, "typ": self.typ, "kid": self.keys[algorithm].kid} | changes
        return {name: value for name, value in head.items() if value is not ...}

    def signed(self, header=None, payload=None, algorithm: str = "ES256") -> str:
        head = self.header(algorithm) if header is None else header
        return token(self.keys[algorithm], head, self.claims if payload is None else payload)

    def unsigned(self, header=None) -> str:
        return f"{written(self.header() if header is None else header)}.{written(self.claims)}"


class Elsewhere:
    """Signs by a key and a way that no issuer has."""

    def __init__(self, sign):
        self.signature = sign


def all_forgeries(good: Good) -> Iterator[Case]:
    for part in (algorithms, shared_secrets, confusions, key_ids, brought_keys, critical, types, signatures,
                 other_curves, spellings, objects, doubles, issuers):
        yield from ((f"{part.__name__}: {name}", text) for name, text in part(good))


def algorithms(good: Good) -> Iterator[Case]:
    odd = ["none", "None", "NONE", "nOnE", "", " none", "none\u0000", None, 0, True, ["ES256"], {"alg": "ES256"}, "ES256 ", " ES256",
           "es256", "ES256\u0000", "\u0415S256", "ES256K", "ES512", "PS256", "PS384", "RS512", "RS1", "Ed25519", "dir", "A128KW",
           "RSA-OAEP", "HS256", "ES256,none"]
    for name in odd:
        yield f"{name!r} and a signature", good.signed(good.header(alg=name))
        yield f"{name!r} and none", good.unsigned(good.header(alg=name)) + "."
    yield "missing", good.signed(good.header(alg=...))
    yield "good and no signature", good.unsigned() + "."
    yield "good and no part for it", good.unsigned()


def shared_secrets(good: Good) -> Iterator[Case]:
    """The public key taken for a shared secret."""
    for kind in ("ES256", "RS256", "EdDSA"):
        key = good.keys[kind]
        pem = key.public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        der = key.public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        secrets = {"PEM": pem, "PEM without its end": pem.rstrip(), "DER": der, "JWK": json.dumps(key.jwk()).encode(),
                   "kid": key.kid.encode(), "nothing": b""}
        for name, secret in secrets.items():
            def keyed(signed, secret=secret):
                return hmac.new(secret, signed, hashlib.sha256).digest()
            yield f"HS256, {kind} as {name}", token(Elsewhere(keyed), good.header(kind, alg="HS256"), good.claims)
        yield f"{kind} by a hash", token(Elsewhere(keyed), good.header(kind), good.claims)


def confusions(good: Good) -> Iterator[Case]:
    for one in ALGORITHMS:
        for other in ALGORITHMS:
            if one != other:
                yield f"{other}'s key told to be {one}", good.signed(good.header(other, alg=one), algorithm=other)
                yield f"{other} under {one}'s kid", good.signed(good.header(one), algorithm=other)


def key_ids(good: Good) -> Iterator[Case]:
    kid = good.keys["ES256"].kid
    odd = ["", "unknown", "../../issuer/private.jwk", "..%2f..%2fissuer", "/dev/null", "file:///dev/null", "C:\\NUL",
           "' OR '1'='1", "1; DROP TABLE keys", "$(id)", "`id`", "https://evil.example/jwks#1", kid + "\u0000", kid.upper(), f" {kid}",
           f"{kid} ", kid[:-1], kid + "/..", f"{kid}#", "k" * 4000, None, 0, True, [kid], {"kid": kid}, "\u202e" + kid]
    for name in odd:
        yield repr(name)[:40], good.signed(good.header(kid=name))
    yield "missing", good.signed(good.header(kid=...))


def brought_keys(good: Good) -> Iterator[Case]:
    """The attacker's own key, offered in the header."""
    own = Key("ES256", "attacker")
    members = {
        "jwk": own.jwk(), "jku": "https://evil.example/jwks.json", "x5u": "https://evil.example/chain.pem",
        "x5c": [b64(own.public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))],
        "x5t": b64(b"x" * 20), "x5t#S256": b64(b"x" * 32),
    }
    for kid in (own.kid, good.keys["ES256"].kid):
        for name, value in members.items():
            yield f"{name}, kid {kid}", token(own, good.header(kid=kid, **{name: value}), good.claims)
        yield f"none, kid {kid}", token(own, good.header(kid=kid), good.claims)
        yield f"jku of this machine, kid {kid}", token(own, good.header(kid=kid, jku="http://127.0.0.1:1/jwks"), good.claims)
    yield "private key as jwk", token(own, good.header(kid=own.kid, jwk=own.private_jwk()), good.claims)


def critical(good: Good) -> Iterator[Case]:
    for crit in (["exp"], ["b64"], ["unknown"], [], None, "exp", True, {}):
        yield repr(crit), good.signed(good.header(crit=crit))
    yield "b64 off", good.signed(good.header(crit=["b64"], b64=False))


def types(good: Good) -> Iterator[Case]:
    for typ in ("logout+jwt", "secevent+jwt", "dpop+jwt", "JOSE", "JOSE+JSON", "", "jwt ", "at+jwt\u0000", "application/", None, 7, ["JWT"],
                "application/application/jwt"):
        yield repr(typ), good.signed(good.header(typ=typ))


def signatures(good: Good) -> Iterator[Case]:
    for name in ALGORITHMS:
        base = good.signed(algorithm=name)
        head, _, last = base.rpartition(".")
        raw = good.keys[name].signature(head.encode())
        flips = {"first bit": 0, "middle bit": len(raw) // 2, "last bit": len(raw) - 1}
        for what, at in flips.items():
            yield f"{name}, {what} turned", f"{head}.{b64(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1:])}"
        wrong = {"shorter": raw[:-1], "longer": raw + b"\0", "a zero before": b"\0" + raw, "half": raw[:len(raw) // 2], "zeros": bytes(len(raw)),
                 "ones": b"\xff" * len(raw), "one byte": b"\1", "twice": raw + raw, "reversed": raw[::-1]}
        for what, text in wrong.items():
            yield f"{name}, {what}", f"{head}.{b64(text)}"
        other = good.signed(payload=good.claims | {"sub": "another"}, algorithm=name).rpartition(".")[2]
        yield f"{name}, of another token", f"{head}.{other}"
    for name, order, length in (("ES256", N256, 32), ("ES384", N384, 48)):
        head = good.signed(algorithm=name).rpartition(".")[0]
        raw = good.keys[name].signature(head.encode())
        r, s = int.from_bytes(raw[:length], "big"), int.from_bytes(raw[length:], "big")
        top = 2 ** (8 * length) - 1
        pairs = {"r zero": (0, s), "s zero": (r, 0), "both zero": (0, 0), "r the order": (order, s), "s the order": (r, order), "both one": (1, 1),
                 "r over the order": (top, s), "s over the order": (r, top), "swapped": (s, r), "r less the order": ((r + 1) % order, s)}
        for what, (left, right) in pairs.items():
            yield f"{name}, {what}", f"{head}.{b64(left.to_bytes(length, 'big') + right.to_bytes(length, 'big'))}"
        yield f"{name}, DER", f"{head}.{b64(encode_dss_signature(r, s))}"
    head = good.signed(algorithm="EdDSA").rpartition(".")[0]
    raw = good.keys["EdDSA"].signature(head.encode())
    raised = int.from_bytes(raw[32:], "little") + L25519
    yield "EdDSA, S raised by the order", f"{head}.{b64(raw[:32] + raised.to_bytes(32, 'little'))}"
    yield "EdDSA, R of small order", f"{head}.{b64(bytes([1]) + bytes(31) + raw[32:])}"


def other_curves(good: Good) -> Iterator[Case]:
    for name, curve, digest, length in (("P-521", ec.SECP521R1(), hashes.SHA512(), 66), ("secp256k1", ec.SECP256K1(), hashes.SHA256(), 32),
                                        ("P-224", ec.SECP224R1(), hashes.SHA256(), 28)):
        private = ec.generate_private_key(curve)

        def sign(signed, private=private, digest=digest, length=length):
            r, s = decode_dss_signature(private.sign(signed, ec.ECDSA(digest)))
            return r.to_bytes(length, "big") + s.to_bytes(length, "big")
        for alg in ("ES256", "ES512", "ES256K"):
            yield f"{name} as {alg}", token(Elsewhere(sign), good.header(alg=alg), good.claims)
    weak = rsa.generate_private_key(65537, 1024)
    for alg in ("RS256", "RS384"):
        def sign_weak(signed, alg=alg):
            return weak.sign(signed, padding.PKCS1v15(), HASHES[alg])
        yield f"RSA of 1024 bits, {alg}", token(Elsewhere(sign_weak), good.header(alg), good.claims)

        def sign_pss(signed, alg=alg):
            scheme = padding.PSS(padding.MGF1(HASHES[alg]), padding.PSS.DIGEST_LENGTH)
            return good.keys[alg].private.sign(signed, scheme, HASHES[alg])
        yield f"PSS told to be {alg}", token(Elsewhere(sign_pss), good.header(alg), good.claims)

        def sign_longer(signed, alg=alg):
            return good.keys[alg].private.sign(signed, padding.PKCS1v15(), hashes.SHA512())
        yield f"SHA-512 told to be {alg}", token(Elsewhere(sign_longer), good.header(alg), good.claims)


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def stray(part: str) -> str:
    """The same bytes with a bit set that belongs to none; unless there is no such bit."""
    return part[:-1] + ALPHABET[ALPHABET.index(part[-1]) | 1]


def spellings(good: Good) -> Iterator[Case]:
    base = good.signed()
    parts = base.split(".")
    for at, what in enumerate(("header", "payload", "signature")):
        def with_part(text, at=at):
            return ".".join([*parts[:at], text, *parts[at + 1:]])
        yield f"{what} padded", with_part(parts[at] + "=")
        yield f"{what} padded twice", with_part(parts[at] + "==")
        yield f"{what} with a space", with_part(parts[at][:4] + " " + parts[at][4:])
        yield f"{what} percent-encoded", with_part(f"%{ord(parts[at][0]):02X}" + parts[at][1:])
        yield f"{what} of another alphabet", with_part("+/" + parts[at])
        yield f"{what} without its last letter", with_part(parts[at][:-1])
        yield f"{what} empty", with_part("")
        yield f"{what} encoded twice", with_part(b64(parts[at]))
        yield f"{what} with a tab", with_part(parts[at] + "\t" + parts[at])
        if len(parts[at]) % 4 and stray(parts[at]) != parts[at]:
            yield f"{what} with a stray bit", with_part(stray(parts[at]))
    yield "one part", parts[0]
    yield "two parts", ".".join(parts[:2])
    yield "four parts", base + "." + parts[2]
    yield "an empty part more", base + "."
    yield "a part before", "." + base
    yield "five parts, as if encrypted", ".".join([parts[0], "", "", parts[1], parts[2]])
    yield "only dots", ".."
    yield "reversed", ".".join(reversed(parts))
    yield "as JSON", json.dumps({"protected": parts[0], "payload": parts[1], "signature": parts[2]}).replace(" ", "")
    yield "in quotation marks", f'"{base}"'
    yield "in angle brackets", f"<{base}>"
    yield "twice", base + base
    yield "two with a comma", f"{base},{base}"
    yield "oversized by a letter more", base + "A" * (8193 - len(base))
    yield "oversized", good.signed(payload=good.claims | {"pad": "x" * 9000})
    yield "oversized header", good.signed(good.header(pad="x" * 9000))
    yield "nonsense", "nonsense"
    yield "an address", "https://evil.example/token"


def objects(good: Good) -> Iterator[Case]:
    """Parts that are no JSON object, or no JSON; signed as they are."""
    head, claims = json.dumps(good.header()), json.dumps(good.claims)
    deep = "[" * 500 + "]" * 500
    for what in ("[]", "null", "7", '"text"', "true", "", "{", "}", "{}{}", "{'alg':'ES256'}", "NaN"):
        yield f"header {what!r}", good.signed(what)
        yield f"payload {what!r}", good.signed(payload=what)
    for name, change in {
        "a byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
        "UTF-16": lambda text: text.encode("utf-16"),
        "what follows": lambda text: text + "x",
        "a comma too many": lambda text: text[:-1] + ",}",
        "a comment": lambda text: "/**/" + text,
        "a zero byte": lambda text: text + "\u0000",
        "what is not UTF-8": lambda text: text.encode()[:-1] + b',"x":"\xff"}',
        "half a surrogate": lambda text: text[:-1] + ',"x":"\\ud800"}',
        "a raw control character": lambda text: text[:-1] + ',"x":"\u0001"}',
        "an unknown escape": lambda text: text[:-1] + ',"x":"\\q"}',
        "a leading zero": lambda text: text[:-1] + ',"x":01}',
        "a number without end": lambda text: text[:-1] + ',"x":1e999}',
        "too many levels": lambda text: text[:-1] + f',"x":{deep}}}',
    }.items():
        yield f"header with {name}", good.signed(change(head))
        yield f"payload with {name}", good.signed(payload=change(claims))


def doubles(good: Good) -> Iterator[Case]:
    """A member named twice, the second time as it should be, or the first."""
    head, claims = json.dumps(good.header()), json.dumps(good.claims)
    for name, value in (("alg", '"none"'), ("kid", '"other"'), ("typ", '"JOSE"'), ("\\u0061lg", '"none"')):
        yield f"header {name} before", good.signed(f'{{"{name}":{value},{head[1:]}')
        yield f"header {name} after", good.signed(f'{head[:-1]},"{name}":{value}}}')
    for name, value in (("iss", '"x"'), ("sub", '"x"'), ("aud", '"x"'), ("exp", "1"), ("jti", '"x"'), ("\\u0065xp", "1")):
        yield f"payload {name} before", good.signed(payload=f'{{"{name}":{value},{claims[1:]}')
        yield f"payload {name} after", good.signed(payload=f'{claims[:-1]},"{name}":{value}}}')
    yield "payload, deep inside", good.signed(payload=f'{claims[:-1]},"x":[{{"a":1,"a":2}}]}}')


def issuers(good: Good) -> Iterator[Case]:
    own = good.claims["iss"]
    odd = [None, "", "https://evil.example", own + "/", own.upper(), f" {own}", own + "\u0000", own[:-1], own + ".evil.example", [own], {"iss": own},
           7, True, own.replace("o", "\u043e", 1), good.stranger]
    for name in odd:
        yield repr(name)[:60], good.signed(payload=good.claims | {"iss": name})
    missing = {name: value for name, value in good.claims.items() if name != "iss"}
    yield "missing", good.signed(payload=missing)
