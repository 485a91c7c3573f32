"""A site: whose browsers subscribe, from which origins, under which VAPID key. Pure rules, asked by the service."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import AddressValueError, IPv4Address
from urllib.parse import SplitResult, urlsplit

from chalicelib.core import ids
from chalicelib.core.errors import Forbidden, Invalid

LONGEST_NAME = 100
LONGEST_URL = 2_048
LONGEST_SUBJECT = 256
MOST_ORIGINS = 20
FEWEST_SUNSET_DAYS = 30
MOST_SUNSET_DAYS = 400

_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1"})
_DEFAULT_PORTS = {"https": 443, "http": 80}
_LONGEST_HOST = 253
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_SITE_KEY = re.compile(r"pk_[0-9a-f]{32}")
_MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}")
_URL_CHARACTERS = re.compile(r"[!-~]+")  # ASCII, no blanks: what a browser would put into an address bar
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PRIVATE_NAMES = ("localhost", "local", "internal", "invalid", "test", "example")


class OriginNotAllowed(Forbidden):
    """A site key works only on the pages it was made for, and this request came from another place.

    When: The Origin header is missing, or is not exactly one of the site's origins: another sub-domain, scheme or port
    is another origin.

    Do: Add the origin to the site's `origins`, spelled as the browser sends it.
    """

    code = "origin_not_allowed"
    title = "This origin is not one of the site's."


@dataclass(frozen=True)
class Site:
    """`key_id` names the VAPID key that browsers subscribe under now; `subject` is whom push services write to.
    `identity_secret` is sealed, as it was read. Subscriptions end that gave no sign of life for `sunset_after_days`.
    """

    id: str
    tenant_id: str
    name: str
    url: str
    origins: tuple[str, ...]
    site_key: str
    subject: str
    key_id: str
    vapid_public_key: str
    created_at: datetime
    rev: int = 1
    sunset_after_days: int | None = None
    identity_secret: bytes = field(default=b"", repr=False, compare=False)


@dataclass(frozen=True)
class Snippets:
    """What a site's owner puts on its pages and into its worker file. The SDK may lie elsewhere than the API."""

    api_url: str
    sdk_url: str

    def tag(self, site_key: str) -> str:
        api = "" if self.sdk_url == self.api_url else f' data-api="{self.api_url}"'
        return f'<script defer src="{self.sdk_url}/sdk/v1/pushsaas.js" data-site="{site_key}"{api}></script>'

    @property
    def worker(self) -> str:
        return f'importScripts("{self.sdk_url}/sdk/v1/worker.js");'


@dataclass(frozen=True)
class SigningKey:
    """A site's VAPID key, opened: for the sender's memory, never for a row, an answer or a log."""

    key_id: str
    private_scalar: bytes
    public: bytes
    subject: str

    def __repr__(self) -> str:
        return f"SigningKey({self.key_id})"


@dataclass(frozen=True)
class SealedKey:
    """The same at rest: what only KMS can open, and only for this tenant, site and key."""

    key_id: str
    public: bytes
    sealed: bytes


def is_site_id(text: str) -> bool:
    return ids.is_id(text, "site")


def is_site_key(text: str) -> bool:
    return _SITE_KEY.fullmatch(text) is not None


def check_name(text: str) -> str:
    name = text.strip()
    if not 0 < len(name) <= LONGEST_NAME or _CONTROL.search(name):
        raise Invalid(f"A name has 1 to {LONGEST_NAME} characters, none of them for control.", pointer="/name")
    return name


def check_url(text: str, *, allows_http: bool) -> str:
    _split(text, allows_http=allows_http, pointer="/url")
    return text


def origin_of(url: str, *, allows_http: bool) -> str:
    return _origin(_split(url, allows_http=allows_http, pointer="/url"))


def check_origins(texts: Sequence[str], *, allows_http: bool) -> tuple[str, ...]:
    """As browsers spell them: lower case, no default port, no path."""
    if not 0 < len(texts) <= MOST_ORIGINS:
        raise Invalid(f"A site has 1 to {MOST_ORIGINS} origins.", pointer="/origins")
    found = [_check_origin(text, f"/origins/{n}", allows_http=allows_http) for n, text in enumerate(texts)]
    return tuple(dict.fromkeys(found))


def admits(site: Site, origin: str, *, allows_http: bool) -> bool:
    """Exactly as listed. The scheme is asked again: a list may be older than the rule."""
    return origin in site.origins and (allows_http or origin.startswith("https://"))


def check_subject(text: str) -> str:
    """What push services accept as a VAPID `sub`: Apple answers 403 to anything that is not a real address."""
    domain = _subject_domain(text) if len(text) <= LONGEST_SUBJECT else None
    if domain is None or not _is_public_name(domain):
        raise Invalid(
            "A subject is a mailto: or https: address at a public domain; Apple refuses any other.", pointer="/subject"
        )
    return text


def check_sunset(days: int) -> int:
    if not FEWEST_SUNSET_DAYS <= days <= MOST_SUNSET_DAYS:
        raise Invalid(
            f"A site waits {FEWEST_SUNSET_DAYS} to {MOST_SUNSET_DAYS} days for a sign of life.",
            pointer="/sunset_after_days",
        )
    return days


def _check_origin(text: str, pointer: str, *, allows_http: bool) -> str:
    parts = _split(text, allows_http=allows_http, pointer=pointer)
    if parts.path not in {"", "/"} or "?" in text or "#" in text:
        raise Invalid("An origin is scheme, host and perhaps port, without a path.", pointer=pointer)
    return _origin(parts)


def _split(text: str, *, allows_http: bool, pointer: str) -> SplitResult:
    if len(text) > LONGEST_URL or not _URL_CHARACTERS.fullmatch(text) or "\\" in text:
        raise Invalid("This is not a URL in ASCII; write an international name in its xn-- form.", pointer=pointer)
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise Invalid("This is not a URL.", pointer=pointer) from None
    if "@" in parts.netloc or parts.netloc.endswith(":") or port == 0 or not _is_host(host):
        raise Invalid("A URL here has a plain host name, and no user or password.", pointer=pointer)
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOCAL_HOSTS and allows_http):
        raise Invalid(f"Only https works here{', or http on localhost' if allows_http else ''}.", pointer=pointer)
    return parts


def _origin(parts: SplitResult) -> str:
    port = f":{parts.port}" if parts.port and parts.port != _DEFAULT_PORTS[parts.scheme] else ""
    return f"{parts.scheme}://{parts.hostname}{port}"


def _is_host(host: str) -> bool:
    """A DNS name, or an IPv4 address in the one spelling that browsers keep."""
    labels = host.split(".")
    if len(host) > _LONGEST_HOST or not all(map(_LABEL.fullmatch, labels)):
        return False
    return not labels[-1][0].isdigit() or _is_ipv4(host)


def _is_ipv4(host: str) -> bool:
    try:
        return str(IPv4Address(host)) == host
    except AddressValueError:
        return False


def _is_public_name(domain: str) -> bool:
    return (
        "." in domain and _is_host(domain) and not _is_ipv4(domain) and domain.rpartition(".")[2] not in _PRIVATE_NAMES
    )


def _subject_domain(text: str) -> str | None:
    if text.startswith("mailto:"):
        mailbox, _, domain = text.removeprefix("mailto:").rpartition("@")
        return domain.lower() if _MAILBOX.fullmatch(mailbox) else None
    if text.startswith("https://") and _URL_CHARACTERS.fullmatch(text):
        return text.removeprefix("https://").partition("/")[0].lower()
    return None
