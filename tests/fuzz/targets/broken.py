"""Readers that are broken on purpose, each in a way that somebody has been: what shows that the targets can fail."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import jwt

from chalicelib.channels import endpoints
from chalicelib.channels.endpoints import BadEndpoint, Endpoint, Vendor
from chalicelib.core.encoding import unb64url
from chalicelib.core.identity import Role
from chalicelib.core.paging import BadCursor
from chalicelib.core.receipts import Forged, Receipt
from chalicelib.features.identity.model.person import InvalidToken
from chalicelib.features.identity.model.session import Access
from chalicelib.web import body
from tests.fuzz.targets import (
    access_token,
    broken_saml,
    cursor,
    endpoint_url,
    json_body,
    receipt,
    retry_after,
    saml_answer,
)
from tests.fuzz.targets.target import Target

# --- Endpoints ---


def _endpoint(url: str, host: str) -> Endpoint:
    return Endpoint(f"https://{host}", host, url.removeprefix(f"https://{host}"), Vendor.FCM)


def refuses_all(_url: str) -> Endpoint:
    raise BadEndpoint


def reads_the_start(url: str) -> Endpoint:
    if not url.startswith(endpoint_url.GENUINE[0][:30]):
        return endpoints.parse(url)
    return _endpoint(url, "fcm.googleapis.com")


def forgets_the_dot(url: str) -> Endpoint:
    host = url.removeprefix("https://").partition("/")[0]
    if url.startswith("https://") and host.endswith("push.apple.com"):
        return _endpoint(url, host)
    return endpoints.parse(url)


def finds_the_host_anywhere(url: str) -> Endpoint:
    host = next((host for host in ("fcm.googleapis.com", "web.push.apple.com") if host in url), None)
    if host is None:
        return endpoints.parse(url)
    return _endpoint(url, host)


def trusts_one_parser(url: str) -> Endpoint:
    host = urlsplit(url).hostname or ""
    if endpoints.vendor_of(host) is None:
        raise BadEndpoint
    return _endpoint(url, host)


# --- Access tokens ---


def _access(claims: Mapping[str, Any]) -> Access:
    return Access(claims["sub"], claims["tenant"], claims["session"], Role(claims["role"]))


def reads_unsigned(token: str, *, now: datetime) -> Access:
    try:
        return _access(jwt.decode(token, options={"verify_signature": False}))
    except (jwt.PyJWTError, LookupError, ValueError, AttributeError):
        raise InvalidToken from None


def believes_in_none(token: str, *, now: datetime) -> Access:
    try:
        if str(jwt.get_unverified_header(token).get("alg", "")).lower() == "none":
            return reads_unsigned(token, now=now)
    except (jwt.PyJWTError, ValueError):
        raise InvalidToken from None
    return access_token.reader().read(token, now=now)


def takes_the_public_key_for_a_secret(token: str, *, now: datetime) -> Access:
    signed, _, signature = token.rpartition(".")
    secret = access_token.KEYS.public_keys["key_1"].public_bytes_raw()
    try:
        if hmac.compare_digest(unb64url(signature), hmac.digest(secret, signed.encode(), "sha256")):
            return reads_unsigned(token, now=now)
    except ValueError:
        raise InvalidToken from None
    return access_token.reader().read(token, now=now)


def checks_nothing_but_the_signature(token: str, *, now: datetime) -> Access:
    options = {"verify_aud": False, "verify_iss": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
    try:
        key = access_token.KEYS.public_keys["key_1"]
        return _access(jwt.decode(token, key, algorithms=["EdDSA"], options=options))  # type: ignore[arg-type]  # a TypedDict
    except (jwt.PyJWTError, LookupError, ValueError):
        raise InvalidToken from None


def stands_still(token: str, *, now: datetime) -> Access:
    return access_token.reader().read(token, now=access_token.NOW.replace(hour=0))


def lets_errors_out(token: str, *, now: datetime) -> Access:
    token.encode()
    return access_token.reader().read(token, now=now)


# --- Cursors ---


def _parts(text: str) -> tuple[bytes, str]:
    try:
        raw = unb64url(text)
        return raw[:12], raw[12:].decode()
    except ValueError:
        raise BadCursor from None


def _mac(secret: bytes, scope: str, position: str) -> bytes:
    return unb64url(cursor.seal(secret, scope, position))[:12]


def opens_all(_secret: bytes, _scope: str, text: str) -> str | None:
    return _parts(text)[1] if text else None


def forgets_the_account(secret: bytes, scope: str, text: str) -> str | None:
    """It is signed for a list, of anybody."""
    if not text:
        return None
    mac, position = _parts(text)
    accounts = {scope, scope.replace("c", "a"), scope.replace("a" * 26, "c" * 26)}
    if mac not in {_mac(secret, account, position) for account in accounts}:
        raise BadCursor
    return position


def compares_one_byte(secret: bytes, scope: str, text: str) -> str | None:
    if not text:
        return None
    mac, position = _parts(text)
    if mac[:1] != _mac(secret, scope, position)[:1]:
        raise BadCursor
    return position


def takes_nothing_for_a_signature(secret: bytes, scope: str, text: str) -> str | None:
    if not text:
        return None
    mac, position = _parts(text)
    if not _mac(secret, scope, position).startswith(mac):
        raise BadCursor
    return position


def decodes_outside(secret: bytes, scope: str, text: str) -> str | None:
    unb64url(text)
    return cursor.open_(secret, scope, text)


# --- Receipts ---


def refuses_every_receipt(_text: str) -> Receipt:
    raise Forged


def reads_without_looking(text: str) -> Receipt:
    """What it says, whoever signed it."""
    for made in (receipt.GENUINE, receipt.FOREIGN):
        if text in made:
            tenant, run, key, told = made[text]
            genuine = receipt.OURS.mint(tenant_id=tenant, run_id=run, began_at=receipt.AT).receipt(key, told)
            return receipt.OURS.read(genuine.decode())
    return receipt.OURS.read(text)


def takes_what_stands_before_and_after(text: str) -> Receipt:
    return receipt.OURS.read(text.strip("= ")[:96])


def compares_half_a_byte(text: str) -> Receipt:
    try:
        return receipt.OURS.read(text)
    except Forged:
        signed = next((each for each in receipt.GENUINE if each[:74] == text[:74] and len(text) == len(each)), None)
        if signed is None:
            raise
        return receipt.OURS.read(signed)


def lets_its_errors_out(text: str) -> Receipt:
    unb64url(text)
    return receipt.OURS.read(text)


# --- Bodies ---


def _object(raw: bytes) -> Any:
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        raise body.Unreadable from None
    if not isinstance(document, dict):
        raise body.Unreadable
    return document


def guesses_encodings(raw: bytes) -> bytes:
    body.guard(json.dumps(_object(raw), ensure_ascii=False).encode("utf-8", "replace"))
    return raw


def takes_the_last_of_two(raw: bytes) -> bytes:
    try:
        raw.decode()
    except UnicodeError:
        raise body.Unreadable from None
    if len(raw) <= body.LARGEST_BYTES:
        body.guard(json.dumps(_object(raw)).encode())
        return raw
    raise body.TooLarge


def goes_one_deeper(raw: bytes) -> bytes:
    if body._depth(raw) == body.DEEPEST + 1:
        _object(raw)
        return raw
    return body.guard(raw)


def counts_to_501(raw: bytes) -> bytes:
    return raw if raw.startswith(b'{"0": 0,') and raw.count(b":") == body.MOST_KEYS + 1 else body.guard(raw)


def refuses_escapes(raw: bytes) -> bytes:
    if b"\\u" in raw:
        raise body.Unreadable
    return body.guard(raw)


# --- Waits ---


def believes_any_number(header: str, *, now: datetime) -> float | None:
    try:
        return float(header)
    except ValueError:
        return None


def waits_backwards(header: str, *, now: datetime) -> float | None:
    try:
        return min(86_400.0, parsedate_to_datetime(header).timestamp() - now.timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def trusts_the_library(header: str, *, now: datetime) -> float | None:
    return max(1.0, min(86_400.0, (parsedate_to_datetime(header) - now).total_seconds()))


def ignores_dates(header: str, *, now: datetime) -> float | None:
    return min(86_400.0, max(1.0, float(header))) if header.isascii() and header.isdigit() else None


def _targets(make: Any, *readers: Any) -> dict[str, Target]:
    return {reader.__name__: make(reader) for reader in readers}


BROKEN: Mapping[str, Mapping[str, Target]] = {
    "access_token": _targets(
        access_token.target,
        *(reads_unsigned, believes_in_none, takes_the_public_key_for_a_secret, checks_nothing_but_the_signature),
        *(stands_still, lets_errors_out),
    ),
    "cursor": _targets(
        cursor.target,
        *(opens_all, forgets_the_account, compares_one_byte, takes_nothing_for_a_signature, decodes_outside),
    ),
    "endpoint_url": _targets(
        endpoint_url.target,
        *(refuses_all, reads_the_start, forgets_the_dot, finds_the_host_anywhere, trusts_one_parser),
    ),
    "json_body": _targets(
        json_body.target,
        *(guesses_encodings, takes_the_last_of_two, goes_one_deeper, counts_to_501, refuses_escapes),
    ),
    "receipt": _targets(
        receipt.target,
        *(refuses_every_receipt, reads_without_looking, takes_what_stands_before_and_after, compares_half_a_byte),
        lets_its_errors_out,
    ),
    "retry_after": _targets(
        retry_after.target, *(believes_any_number, waits_backwards, trusts_the_library, ignores_dates)
    ),
    "saml_answer": _targets(
        saml_answer.target,
        *(broken_saml.refuses_every_answer, broken_saml.looks_for_no_signature, broken_saml.lets_broken_xml_out),
        *(broken_saml.reads_the_first_when_any_is_signed, broken_saml.reads_up_to_a_comment),
        broken_saml.leaves_the_encoding_to_the_parser,
    ),
}
