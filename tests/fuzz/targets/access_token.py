"""The access token: whatever is done to one without our key, it is refused or is still the same; and our own key is not
enough for one that says what none of ours says.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import strategies as st

from chalicelib.core.encoding import b64url
from chalicelib.core.identity import Role
from chalicelib.features.identity.adapters.access_tokens import AUDIENCE, AccessTokens
from chalicelib.features.identity.adapters.key_set import KeySet
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.session import Access, TokenExpired
from tests.fuzz.targets.spoiling import spoiled
from tests.fuzz.targets.target import Target

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
ISSUER = "https://push.example.com"
KEYS = KeySet("key_1", _own := Ed25519PrivateKey.from_private_bytes(bytes(range(32))), {"key_1": _own.public_key()})
_PUBLIC = _own.public_key()
_ANOTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
_HEADER = {"alg": "EdDSA", "typ": "at+jwt", "kid": "key_1"}
_LONGEST_LIFE_SECONDS, _LEEWAY_SECONDS = 900, 30


def reader(keys: KeySet = KEYS, issuer: str = ISSUER) -> AccessTokens:
    return AccessTokens(issuer=issuer, keys=lambda: keys)


_ACCESSES = (
    Access("usr_1", "ten_1", "ses_1", Role.AGENT, NOW - timedelta(hours=1)),
    Access("usr_2", "ten_2", "ses_2", Role.OWNER, NOW, owes_second_factor=True),
)
GENUINE = {reader().issue(access, now=NOW)[0]: access for access in _ACCESSES}


class Brought(NamedTuple):
    """`claims` are told of what our own key has signed: then they are what counts."""

    text: str
    header: dict[str, Any] | None = None
    claims: dict[str, Any] | None = None


# --- What signs a forgery ---

_pem = _PUBLIC.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
_jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64url(_PUBLIC.public_bytes_raw())}
_SECRETS = (b"", _pem, _pem.strip(), _PUBLIC.public_bytes_raw(), json.dumps(_jwk).encode(), b"key_1")
_genuine_signatures = st.sampled_from([base64.urlsafe_b64decode(text.split(".")[2] + "==") for text in GENUINE])


@st.composite
def _signature(draw: st.DrawFn, signed: bytes) -> bytes:
    by_hash = [hmac.digest(secret, signed, hashlib.sha256) for secret in _SECRETS]
    own = draw(_genuine_signatures)
    return draw(
        st.sampled_from(
            [b"", bytes(64), own, own[:63], own + b"\0", own[32:] + own[:32], _ANOTHER.sign(signed), *by_hash]
        )
        | st.binary(max_size=66)
    )


# --- What a forgery says ---

_words = st.sampled_from(["", "none", "None", "nOnE", "HS256", "EdDSA", "eddsa", "RS256", "ES256", "at+jwt", "JWT"])
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | _words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
_headers = st.dictionaries(
    st.sampled_from(["alg", "typ", "kid", "jwk", "jku", "x5c", "crit", "b64", "zip", "cty"]),
    _words | st.sampled_from(["key_1", "key_2", "../key_1", "key_1\0"]) | st.just(_jwk) | _json,
    max_size=3,
)
_none: st.SearchStrategy[dict[str, Any]] = st.just({})
_instants = st.integers(-2_000, 2_000).map(lambda seconds: int(NOW.timestamp()) + seconds)
_NAMES = ("iss", "aud", "sub", "jti", "iat", "nbf", "exp", "tenant", "session", "role", "owes_second_factor", "admin")
_claims = st.dictionaries(
    st.sampled_from(_NAMES),
    _instants | st.sampled_from([*Role, "operator", AUDIENCE, [AUDIENCE], "ten_2", f"{ISSUER}/", "pushsaas2"]) | _json,
    max_size=3,
)


def _own_claims(text: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(text.split(".")[1] + "==")))


def _spelled(part: dict[str, Any], left_out: frozenset[str], layout: Any = None) -> str:
    return b64url(json.dumps({key: part[key] for key in part if key not in left_out}, **(layout or {})).encode())


@st.composite
def _forged(draw: st.DrawFn) -> Brought:
    """Other words under any signature but ours, with members said twice as often as not."""
    header = {**_HEADER, **draw(_headers)}
    claims = {**_own_claims(draw(st.sampled_from(list(GENUINE)))), **draw(_claims)}
    left_out = draw(st.frozensets(st.sampled_from([*_HEADER, *_NAMES]), max_size=1))
    layout = draw(st.sampled_from([{}, {"indent": 1}, {"separators": (",", ":")}]))
    said = f"{_spelled(header, left_out, layout)}.{_spelled(claims, left_out, layout)}"
    return Brought(f"{said}.{b64url(draw(_signature(said.encode())))}")


@st.composite
def _misspoken(draw: st.DrawFn) -> Brought:
    """Signed by our own key, as nothing but a mistake of ours could be."""
    header = {**_HEADER, **draw(_none | _headers)}
    claims = {**_own_claims(draw(st.sampled_from(list(GENUINE)))), **draw(_claims)}
    left_out = draw(st.frozensets(st.sampled_from(_NAMES), max_size=1))
    said = f"{_spelled(header, frozenset())}.{_spelled(claims, left_out)}"
    text = f"{said}.{b64url(_own.sign(said.encode()))}"
    return Brought(text, header, {key: claims[key] for key in claims if key not in left_out})


@st.composite
def _twice_said(draw: st.DrawFn) -> Brought:
    """A header whose members repeat: readers differ in which of them counts."""
    pairs = [*_HEADER.items(), *draw(st.lists(st.tuples(st.sampled_from([*_HEADER]), _words), max_size=3))]
    header = (
        "{" + ",".join(f"{json.dumps(key)}:{json.dumps(value)}" for key, value in draw(st.permutations(pairs))) + "}"
    )
    _, claims, signature = draw(st.sampled_from(list(GENUINE))).split(".")
    return Brought(f"{b64url(header.encode())}.{claims}.{draw(st.sampled_from([signature, '']))}")


@st.composite
def _rearranged(draw: st.DrawFn) -> Brought:
    """Segments of two genuine ones, in any number and order; some of them no JSON one can read."""
    segments = [segment for text in GENUINE for segment in text.split(".")]
    odd = [b64url(raw) for raw in (b"{}", b"null", b"[" * 1_400, b'{"a":' * 280, b'{"alg":NaN}', b"\xff")]
    return Brought(".".join(draw(st.lists(st.sampled_from([*segments, *odd, ""]), max_size=6))))


_PIECES = (*".=-_+/ \n\r\t\0éA%", "..", "==", "\ud800", "Bearer ", "e30", "bnVsbA", "%2e", "A" * 2_000)


_read = reader().read


def target(read: Callable[..., Access] = _read) -> Target:
    def holds(brought: Brought) -> None:
        try:
            access = read(brought.text, now=NOW)
        except (InvalidToken, TokenExpired):
            assert brought.text not in GENUINE, "a genuine one was refused"
            return
        if brought.header is not None and brought.claims is not None:
            _says_what_ours_say(brought.header, brought.claims, access)
            return
        signed = brought.text.rpartition(".")[0]
        same = next((text for text in GENUINE if text.rpartition(".")[0] == signed), None)
        assert same is not None, "what it says was never signed"
        assert access == GENUINE[same], "it was read as another"

    texts = spoiled(list(GENUINE), _PIECES) | st.text(max_size=200)
    return Target("access_token", texts.map(Brought) | _forged() | _misspoken() | _twice_said() | _rearranged(), holds)


def _says_what_ours_say(header: dict[str, Any], claims: dict[str, Any], access: Access) -> None:
    assert header == _HEADER
    assert set(claims) <= {*_own_claims(next(iter(GENUINE))), "owes_second_factor"}
    assert (claims["iss"], claims["aud"]) == (ISSUER, AUDIENCE)
    begins, ends, now = max(claims["iat"], claims["nbf"]), claims["exp"], NOW.timestamp()
    assert begins - _LEEWAY_SECONDS <= now < ends + _LEEWAY_SECONDS
    assert ends - claims["iat"] <= _LONGEST_LIFE_SECONDS
    assert all(type(claims[name]) is int for name in ("iat", "nbf", "exp"))
    said = (access.user_id, access.tenant_id, access.session_id, access.role)
    assert said == (claims["sub"], claims["tenant"], claims["session"], claims["role"])
    assert access.owes_second_factor is claims.get("owes_second_factor", False)
