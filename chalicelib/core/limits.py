"""How much is too much: the one table of limits, and the buckets and attempts that are counted by it.

The HTTP door counts requests by it, identity counts passwords and letters; docs/limits.md shows and argues it.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.core.clock import in_seconds

MINUTE, QUARTER, HOUR, DAY = 60, 900, 3600, 86_400
_WORDS = {MINUTE: "a minute", QUARTER: "15 minutes", HOUR: "an hour", DAY: "a day"}
_IPV6_HOME_BITS = 64  # what one household gets: whoever has an address has all of these


class RouteClass(StrEnum):
    """What a request counts as."""

    READ = "read"
    WRITE = "write"
    SEND = "send"
    EXPORT = "export"
    CHECK = "check"
    SUBSCRIBE = "subscribe"
    REPORT = "report"
    SIGN_IN = "sign_in"
    RENEW = "renew"
    REGISTER = "register"
    OPERATE = "operate"

    @property
    def is_refused_uncounted(self) -> bool:
        """When nobody can be asked how many there were, what costs money or guards a door is refused. Others pass."""
        return self in {RouteClass.SEND, RouteClass.SIGN_IN, RouteClass.REGISTER}


@dataclass(frozen=True)
class Rule:
    """At most `most` a window from one of `whose`; of those, at most `each` from any one user or key."""

    name: str
    what: str
    whose: str
    most: int
    window_seconds: int
    each: int | None = None

    @property
    def window(self) -> str:
        return _WORDS[self.window_seconds]

    def scaled(self, factor: int) -> Rule:
        return replace(self, most=self.most * factor, each=None if self.each is None else self.each * factor)


@dataclass(frozen=True)
class Plan:
    """What a tenant may ask for."""

    reads: Rule
    writes: Rule
    sends: Rule
    exports: Rule
    checks: Rule
    subscribes: Rule


FREE = Plan(
    reads=Rule("read", "requests that read", "a tenant", 3_000, MINUTE, each=1_500),
    writes=Rule("write", "requests that change something", "a tenant", 1_200, MINUTE, each=600),
    sends=Rule("send", "requests that send or schedule", "a tenant", 300, MINUTE, each=150),
    exports=Rule("export", "exports", "a tenant", 12, HOUR),
    checks=Rule("check", "looks at sites", "a tenant", 120, HOUR, each=60),
    subscribes=Rule("subscribe_site", "requests of browsers that change a subscription", "a site", 6_000, MINUTE),
)
PLANS: Mapping[str, Plan] = {"free": FREE}

OPERATES = Rule("operate", "requests of the operator", "an operator's key", 1_200, MINUTE)
SUBSCRIBES = Rule("subscribe", "requests of browsers that change a subscription", "an address, at one site", 600, HOUR)
REPORTS = Rule("report", "reports of what became of notifications", "an address, at one site", 1_200, MINUTE)
SIGNS_IN = Rule("sign_in", "logins, and letters' links and requests for them", "an address", 300, MINUTE)
RENEWS = Rule("renew", "refreshes of tokens", "an address", 600, MINUTE)
REGISTERS = Rule("register", "registrations", "an address", 60, HOUR)

# Of passwords, only the wrong ones stay counted; and these windows slide.
GUESSES_AT_ACCOUNT = Rule("guess_account", "wrong passwords", "an account", 5, QUARTER)
GUESSES_FROM_ADDRESS = Rule("guess_address", "wrong passwords", "an address", 5, QUARTER)
GUESSES_ON_DEVICE = Rule("guess_device", "wrong passwords", "a known device", 5, QUARTER)
LETTERS_OF_REGISTRATION = Rule("letter_registration", "letters about a registration", "a mailbox", 3, HOUR)
LETTERS_OF_RECOVERY = Rule("letter_recovery", "letters with a link to a new password", "a mailbox", 3, HOUR)
LETTERS_OF_CHANGE = Rule("letter_change", "letters to confirm an address", "a mailbox", 3, HOUR)
LETTERS_OF_SUSPICION = Rule("letter_suspicion", "letters about suspicion, of one kind", "a tenant", 1, DAY)

SLIDING = (
    GUESSES_AT_ACCOUNT,
    GUESSES_FROM_ADDRESS,
    GUESSES_ON_DEVICE,
    LETTERS_OF_REGISTRATION,
    LETTERS_OF_RECOVERY,
    LETTERS_OF_CHANGE,
    LETTERS_OF_SUSPICION,
)
RULES = (OPERATES, SUBSCRIBES, REPORTS, SIGNS_IN, RENEWS, REGISTERS, *SLIDING)


def rules_of(plan: Plan) -> list[Rule]:
    return [getattr(plan, field.name) for field in fields(plan)]


@dataclass(frozen=True)
class Bucket:
    """A rule, for one of those that it is about; `part` is the user or key whose requests count towards `each`."""

    rule: Rule
    whose: str
    part: str = ""

    @property
    def gauges(self) -> Mapping[str, int]:
        """The counters of a window, each with how far it may go."""
        own = {f"used:{self.part}": self.rule.each} if self.part and self.rule.each is not None else {}
        return {"used": self.rule.most, **own}

    def window_end(self, now: datetime) -> int:
        """In seconds of the epoch. Windows stand still, so nothing is ever set back to zero: a new one is a new row."""
        return (in_seconds(now) // self.rule.window_seconds + 1) * self.rule.window_seconds


@dataclass(frozen=True)
class Room:
    """What is left of a bucket, where it is least, after a request was let in or refused."""

    limit: int
    remaining: int
    resets_in_seconds: int
    is_admitted: bool = True


@dataclass(frozen=True)
class Attempt:
    """One that was admitted, so that it can be taken back. `slot` and `mark` say which in its row it is."""

    place: str
    slot: str
    mark: str


def network_of(address: str) -> str:
    """Who stands behind an address, as far as it tells: an IPv4 address, or the home network of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((int(found) >> _IPV6_HOME_BITS << _IPV6_HOME_BITS, _IPV6_HOME_BITS)))
