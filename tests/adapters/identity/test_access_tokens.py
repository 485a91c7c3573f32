"""Access tokens: everything they say is pinned, and twenty forgeries are told from the real thing (SECURITY 5)."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from chalicelib.core.errors import Unauthenticated
from chalicelib.core.identity import Role
from chalicelib.features.identity.adapters.access_tokens import AUDIENCE, AccessTokens
from chalicelib.features.identity.adapters.key_set import new_key_set, read_key_set
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.session import Access, TokenExpired

NOW = datetime(2026, 3, 1, 12, 0, 0, 900_000, tzinfo=UTC)
ISSUER = "http://127.0.0.1:8000"
KEY_SET = new_key_set()
KEYS = read_key_set(KEY_SET)
TOKENS = AccessTokens(issuer=ISSUER, keys=lambda: KEYS)
BEN = Access("usr_ben", "ten_ada", "ses_1", Role.EDITOR)
SECOND = int(NOW.timestamp())
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "usr_ben",
    "jti": "1",
    "iat": SECOND,
    "nbf": SECOND,
    "exp": SECOND + 900,
    "tenant": "ten_ada",
    "session": "ses_1",
    "role": "editor",
}
HEADERS = {"typ": "at+jwt", "kid": KEYS.kid}


def signed(claims: dict[str, Any] | None = None, *, drop: str = "", **changes: Any) -> str:
    document = {name: value for name, value in {**(claims or CLAIMS), **changes}.items() if name != drop}
    return jwt.encode(document, KEYS.private_key, algorithm="EdDSA", headers=HEADERS)


def with_headers(**headers: Any) -> str:
    return jwt.encode(CLAIMS, KEYS.private_key, algorithm="EdDSA", headers=headers)


def unsigned() -> str:
    return jwt.encode(CLAIMS, "", algorithm="none", headers=HEADERS)


def signed_with_the_public_key() -> str:
    public = KEYS.public_keys[KEYS.kid].public_bytes_raw()
    return jwt.encode(CLAIMS, public, algorithm="HS256", headers=HEADERS)


def signed_with_the_public_pem() -> str:
    """By hand, because PyJWT itself refuses to."""
    pem = KEYS.public_keys[KEYS.kid].public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = f"{_part({**HEADERS, 'alg': 'HS256'})}.{_part(CLAIMS)}"
    return f"{text}.{_spelled(hmac.digest(pem, text.encode(), 'sha256'))}"


def signed_by_another() -> str:
    return jwt.encode(CLAIMS, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers=HEADERS)


def signed_by_rsa() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(CLAIMS, key, algorithm="RS256", headers=HEADERS)


def signed_by_p256() -> str:
    return jwt.encode(CLAIMS, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256", headers=HEADERS)


def with_its_own_key() -> str:
    """The attacker's key travels in the header, as RFC 7515 would have it."""
    key = Ed25519PrivateKey.generate()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": _spelled(key.public_key().public_bytes_raw())}
    return jwt.encode(CLAIMS, key, algorithm="EdDSA", headers={**HEADERS, "jwk": jwk})


def reheaded(**changes: Any) -> str:
    """A genuine signature under another header."""
    _, _, rest = signed().partition(".")
    return f"{_part({**HEADERS, 'alg': 'EdDSA', **changes})}.{rest}"


def promoted() -> str:
    """A genuine signature under other claims."""
    head, _, signature = signed().split(".")
    return f"{head}.{_part({**CLAIMS, 'role': 'owner'})}.{signature}"


def _part(document: object) -> str:
    return _spelled(json.dumps(document).encode())


def _spelled(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


FORGERIES: dict[str, Callable[[], str]] = {
    "no signature": unsigned,
    "a signature left out": lambda: signed().rpartition(".")[0] + ".",
    "HS256 with the public key as the secret": signed_with_the_public_key,
    "HS256 with the public key's PEM as the secret": signed_with_the_public_pem,
    "another Ed25519 key": signed_by_another,
    "RS256": signed_by_rsa,
    "a letter that no bytes can spell": lambda: f"{signed()}\ud800",
    "ES256": signed_by_p256,
    "a key of its own in the header": with_its_own_key,
    "alg none over a genuine signature": lambda: reheaded(alg="none"),
    "alg in lower case": lambda: reheaded(alg="eddsa"),
    "an unknown kid": lambda: with_headers(typ="at+jwt", kid="other"),
    "a kid that is a path": lambda: with_headers(typ="at+jwt", kid="../../dev/null"),
    "no kid": lambda: with_headers(typ="at+jwt"),
    "another typ": lambda: with_headers(typ="JWT", kid=KEYS.kid),
    "a header nobody asked for": lambda: with_headers(typ="at+jwt", kid=KEYS.kid, jku="https://evil.example"),
    "claims changed after signing": promoted,
    "another issuer": lambda: signed(iss="https://evil.example"),
    "another audience": lambda: signed(aud="somebody-else"),
    "a list of audiences": lambda: signed(aud=[AUDIENCE, "somebody-else"]),
    "no audience": lambda: signed(drop="aud"),
    "no issuer": lambda: signed(drop="iss"),
    "no expiry": lambda: signed(drop="exp"),
    "no nbf": lambda: signed(drop="nbf"),
    "no jti": lambda: signed(drop="jti"),
    "no tenant": lambda: signed(drop="tenant"),
    "no session": lambda: signed(drop="session"),
    "no role": lambda: signed(drop="role"),
    "a role that is none": lambda: signed(role="god"),
    "a claim nobody asked for": lambda: signed(scopes=["ops"]),
    "an expiry in the far future": lambda: signed(exp=SECOND + 86_400),
    "a start in the future": lambda: signed(nbf=SECOND + 32),
    "issued in the future": lambda: signed(iat=SECOND + 32, exp=SECOND + 900),
    "an expiry that is text": lambda: signed(exp=str(SECOND + 900)),
    "an expiry that is true": lambda: signed(exp=True),
    "an expiry that is infinite": lambda: signed(exp=float("inf")),
    "a subject that is a number": lambda: signed(sub=1),
    "claims that are a list": lambda: jwt.api_jws.encode(b"[]", KEYS.private_key, algorithm="EdDSA", headers=HEADERS),
    "claims that are no JSON": lambda: jwt.api_jws.encode(b"{", KEYS.private_key, algorithm="EdDSA", headers=HEADERS),
    "two tokens in one": lambda: f"{signed()}.{signed()}",
    "nothing": lambda: "",
    "dots": lambda: "..",
    "no base64": lambda: "ä.ö.ü",
    "a giant": lambda: "A" * 1_000_000,
    "a kid that is a list": lambda: reheaded(kid=["x"]),
    "a header nested deep": lambda: f"{_spelled(b'[' * 1_500)}.e30.AA",
    "a header of bad UTF-8": lambda: f"{_spelled(bytes([255, 254]))}.{signed().partition('.')[2]}",
    "a critical header": lambda: with_headers(typ="at+jwt", kid=KEYS.kid, crit=["exp"]),
    "a header that is a list": lambda: "W10." + signed().partition(".")[2],
}


def test_there_are_twenty_forgeries_at_least() -> None:
    assert len(FORGERIES) >= 20


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_token_is_told_from_a_real_one(forgery: str) -> None:
    with pytest.raises(InvalidToken):
        TOKENS.read(FORGERIES[forgery](), now=NOW)


def test_a_hand_made_token_that_is_right_in_everything_is_believed() -> None:
    """So that every forgery above fails for its one flaw, and not for another."""
    assert TOKENS.read(signed(), now=NOW) == BEN


def test_a_token_says_who_its_bearer_is() -> None:
    token, expires_in_seconds = TOKENS.issue(BEN, now=NOW)
    assert expires_in_seconds == 900
    assert TOKENS.read(token, now=NOW) == BEN
    assert TOKENS.issue(BEN, now=NOW)[0] != token


@pytest.mark.parametrize(("seconds", "is_good"), [(-31, False), (-30, True), (0, True), (900, True), (929, True)])
def test_a_token_lives_for_fifteen_minutes_by_the_products_clock(seconds: int, is_good: bool) -> None:
    token, _ = TOKENS.issue(BEN, now=NOW)
    now = datetime.fromtimestamp(SECOND, UTC) + timedelta(seconds=seconds)
    if is_good:
        assert TOKENS.read(token, now=now) == BEN
    else:
        with pytest.raises(InvalidToken):
            TOKENS.read(token, now=now)


def test_an_old_token_says_that_it_is_old() -> None:
    token, _ = TOKENS.issue(BEN, now=NOW)
    with pytest.raises(TokenExpired) as expired:
        TOKENS.read(token, now=NOW + timedelta(seconds=931))
    assert isinstance(expired.value, Unauthenticated)


def test_keys_rotate_without_signing_anybody_out() -> None:
    old = new_key_set()
    new = json.loads(new_key_set())["keys"][0]
    retired = {name: value for name, value in json.loads(old)["keys"][0].items() if name != "d"}
    both = json.dumps({"keys": [new, retired]})
    before = AccessTokens(issuer=ISSUER, keys=lambda: read_key_set(old))
    after = AccessTokens(issuer=ISSUER, keys=lambda: read_key_set(both))
    assert after.read(before.issue(BEN, now=NOW)[0], now=NOW) == BEN
    assert jwt.get_unverified_header(after.issue(BEN, now=NOW)[0])["kid"] == new["kid"]
    with pytest.raises(InvalidToken):
        before.read(after.issue(BEN, now=NOW)[0], now=NOW)
