"""How the four push services differ: where endpoints live, and in what shape each says yes and no.

Sources: Mozilla's published errno contract; the others' documentation and their answers as quoted in public threads.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus

from infra.local.push_service.exchange import Answer

LOOPBACK = frozenset({"localhost", "127.0.0.1"})
_AUTHORITY = re.compile(r"([a-z0-9.-]+)(:[0-9]{1,5})?")
_FOUR_WEEKS_SECONDS = 2_419_200
_RESERVED_DOMAINS = ("localhost", ".local", ".localhost", ".invalid", ".test", ".example")


class Fault(StrEnum):
    """Why a push service says no; each vendor has its own status and words for it."""

    METHOD = "method"
    UNKNOWN_ENDPOINT = "unknown_endpoint"
    GONE = "gone"
    ENCODING_INVALID = "encoding_invalid"
    TTL_MISSING = "ttl_missing"
    TTL_INVALID = "ttl_invalid"
    TTL_CONFLICT = "ttl_conflict"
    TOPIC_INVALID = "topic_invalid"
    URGENCY_INVALID = "urgency_invalid"
    TOO_LARGE = "too_large"
    TOKEN_MISSING = "token_missing"  # noqa: S105 -- the name of a fault
    TOKEN_INVALID = "token_invalid"  # noqa: S105 -- the name of a fault
    KEY_MISMATCH = "key_mismatch"
    THROTTLED = "throttled"
    BROKEN = "broken"
    UPSTREAM = "upstream"
    UNAVAILABLE = "unavailable"


_USUAL_STATUSES: Mapping[Fault, int] = {
    Fault.METHOD: 405,
    Fault.UNKNOWN_ENDPOINT: 404,
    Fault.GONE: 410,
    Fault.ENCODING_INVALID: 400,
    Fault.TTL_MISSING: 400,
    Fault.TTL_INVALID: 400,
    Fault.TTL_CONFLICT: 400,
    Fault.TOPIC_INVALID: 400,
    Fault.URGENCY_INVALID: 400,
    Fault.TOO_LARGE: 413,
    Fault.TOKEN_MISSING: 401,
    Fault.TOKEN_INVALID: 401,
    Fault.KEY_MISMATCH: 401,
    Fault.THROTTLED: 429,
    Fault.BROKEN: 500,
    Fault.UPSTREAM: 502,
    Fault.UNAVAILABLE: 503,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """What all share, as tables: where endpoints live, its word for each fault, and the statuses that are its own."""

    name: str
    hosts: tuple[str, ...]
    path_prefixes: tuple[str, ...]  # new endpoints get the first
    words: Mapping[Fault, str]
    statuses: Mapping[Fault, int]
    longest_ttl_seconds: int | None = None

    def serves(self, host: str) -> bool:
        return any(host == known or (known[0] == "*" and host.endswith(known[1:])) for known in self.hosts)

    def endpoint_id(self, path: str) -> str | None:
        for prefix in self.path_prefixes:
            if path.startswith(prefix) and path != prefix and "/" not in path[len(prefix) :]:
                return path[len(prefix) :]
        return None

    def refuse(self, fault: Fault, detail: str = "") -> Answer:
        return self.shape(self.status_of(fault), self.words.get(fault, ""), detail)

    def answer(self, status: int) -> Answer:
        """Its usual answer of that status, for rules that name no body."""
        usual = next((fault for fault in Fault if self.status_of(fault) == status), None)
        return self.shape(status, "", "") if usual is None else self.refuse(usual)

    def status_of(self, fault: Fault) -> int:
        return self.statuses.get(fault, _USUAL_STATUSES[fault])

    def accept(self, *, authority: str, number: int, ttl: str) -> Answer:
        location = ("location", f"https://{authority}/m/{number}")
        return Answer(HTTPStatus.CREATED, (location, *self.receipt(number, ttl)))

    def receipt(self, number: int, ttl: str) -> tuple[tuple[str, str], ...]:  # noqa: ARG002 -- others number theirs
        return (("ttl", ttl),)

    def shape(self, status: int, word: str, detail: str) -> Answer:
        return _text(status, word or _phrase(status), detail)

    def ttl_conflicts(self, ttl_seconds: int, headers: Mapping[str, str]) -> bool:  # noqa: ARG002 -- one vendor's habit
        return self.longest_ttl_seconds is not None and ttl_seconds > self.longest_ttl_seconds

    def accepts_subject(self, subject: str) -> bool:  # noqa: ARG002 -- one vendor's habit
        return True


class Mozilla(Vendor):
    def shape(self, status: int, word: str, detail: str) -> Answer:
        return self.problem(status, int(word or "999"), detail)

    def problem(self, status: int, errno: int, detail: str = "") -> Answer:
        content = {
            "code": status,
            "errno": errno,
            "error": _phrase(status),
            "message": detail or _phrase(status),
            "more_info": "https://mozilla-services.github.io/autopush-rs/errors.html",
        }
        return _json(status, content)


class Apple(Vendor):
    def shape(self, status: int, word: str, detail: str) -> Answer:  # noqa: ARG002 -- Apple explains nothing
        return _json(status, {"reason": word or _phrase(status).replace(" ", "")})

    def receipt(self, number: int, ttl: str) -> tuple[tuple[str, str], ...]:  # noqa: ARG002 -- Apple echoes no TTL
        return (("apns-id", f"{number:08X}-0000-4000-8000-000000000000"),)

    def accepts_subject(self, subject: str) -> bool:
        host = subject.rsplit("@", 1)[-1] if subject.startswith("mailto:") else subject[8:].split("/", 1)[0]
        return "." in host and not host.lower().endswith(_RESERVED_DOMAINS)


class Windows(Vendor):
    def shape(self, status: int, word: str, detail: str) -> Answer:
        fate = word or "dropped"
        headers = [("x-wns-status", fate), ("x-wns-notificationstatus", fate)]
        if detail:
            headers.append(("x-wns-error-description", " ".join(detail.encode("ascii", "replace").decode().split())))
        return Answer(status, tuple(headers))

    def receipt(self, number: int, ttl: str) -> tuple[tuple[str, str], ...]:  # noqa: ARG002 -- WNS echoes no TTL
        return (
            ("x-wns-status", "received"),
            ("x-wns-notificationstatus", "received"),
            ("x-wns-msg-id", f"{number:016X}"),
        )

    def ttl_conflicts(self, ttl_seconds: int, headers: Mapping[str, str]) -> bool:
        policy = headers.get("x-wns-cache-policy", "cache")
        return policy != ("cache" if ttl_seconds else "no-cache")


def _text(status: int, *lines: str) -> Answer:
    body = "".join(f"{line}\n" for line in lines if line).encode()
    return Answer(status, (("content-type", "text/plain; charset=utf-8"),), body)


def _json(status: int, content: Mapping[str, object]) -> Answer:
    body = json.dumps(content).encode()
    return Answer(status, (("content-type", "application/json"),), body)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


FCM = Vendor(
    name="fcm",
    hosts=("fcm.googleapis.com", "jmt17.google.com"),
    path_prefixes=("/fcm/send/", "/wp/"),
    longest_ttl_seconds=_FOUR_WEEKS_SECONDS,
    statuses={Fault.TOKEN_INVALID: 403, Fault.KEY_MISMATCH: 403},
    words={
        Fault.UNKNOWN_ENDPOINT: "a valid push subscription endpoint should be specified in the URL",
        Fault.GONE: "push subscription has unsubscribed or expired.",
        Fault.TTL_MISSING: "missing TTL header",
        Fault.TTL_INVALID: "invalid TTL header",
        Fault.TTL_CONFLICT: "TTL header must be at most 2419200",
        Fault.TOKEN_MISSING: "authorization header must be specified.",
        Fault.TOKEN_INVALID: "invalid JWT provided",
        Fault.KEY_MISMATCH: "the VAPID credentials in the authorization header do not correspond to the credentials "
        "used to create the subscriptions.",
    },
)
MOZILLA = Mozilla(
    name="mozilla",
    hosts=("*.push.services.mozilla.com", *LOOPBACK),
    path_prefixes=("/wpush/v2/", "/wpush/v1/"),
    statuses={},
    words={
        Fault.UNKNOWN_ENDPOINT: "102",
        Fault.GONE: "103",
        Fault.TOO_LARGE: "104",
        Fault.TOKEN_MISSING: "109",
        Fault.TOKEN_INVALID: "109",
        Fault.KEY_MISMATCH: "109",
        Fault.ENCODING_INVALID: "110",
        Fault.URGENCY_INVALID: "110",
        Fault.TTL_MISSING: "111",
        Fault.TTL_INVALID: "112",
        Fault.TOPIC_INVALID: "113",
        Fault.THROTTLED: "201",
        Fault.UNAVAILABLE: "201",
        Fault.UPSTREAM: "902",
    },
)
APPLE = Apple(
    name="apple",
    hosts=("*.push.apple.com",),
    path_prefixes=("/",),
    statuses={Fault.TOKEN_MISSING: 403, Fault.TOKEN_INVALID: 403, Fault.KEY_MISMATCH: 403},
    words={
        Fault.UNKNOWN_ENDPOINT: "BadPath",
        Fault.GONE: "Unregistered",
        Fault.TTL_MISSING: "BadTtl",
        Fault.TTL_INVALID: "BadTtl",
        Fault.TOPIC_INVALID: "BadWebPushTopic",
        Fault.URGENCY_INVALID: "BadUrgency",
        Fault.ENCODING_INVALID: "BadContentEncoding",
        Fault.TOO_LARGE: "PayloadTooLarge",
        Fault.TOKEN_MISSING: "BadJwtToken",
        Fault.TOKEN_INVALID: "BadJwtToken",
        Fault.KEY_MISMATCH: "VapidPkHashMismatch",
    },
)
WINDOWS = Windows(
    name="wns",
    hosts=("*.notify.windows.com",),
    path_prefixes=("/w/?token=",),
    statuses={Fault.KEY_MISMATCH: 403, Fault.THROTTLED: 406},
    words={Fault.THROTTLED: "appthrottled"},
)
VENDORS: tuple[Vendor, ...] = (FCM, MOZILLA, APPLE, WINDOWS)


@lru_cache(maxsize=1024)
def vendor_of(authority: str) -> Vendor | None:
    """Who answers for this host (a port is allowed, as in localhost:8443); None for a host that is nobody's."""
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        return None
    host = found[1]
    return next((vendor for vendor in VENDORS if vendor.serves(host)), None)
