"""What looks odd, and what follows from it: the one table of rules. docs/suspicion.md shows and argues it.

Identity adds the signals up and keeps the blocks; the HTTP door tells it what it sees, and asks whom it has blocked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.core.errors import Forbidden

MINUTE, HOUR, DAY = 60, 3600, 86_400
_ID_DIGITS = 26


class Blocked(Forbidden):
    """What came from you looked like an attack, and for a while nothing more is taken from there. It ends by itself.

    When: A rule of the suspicion table was met: a key used from many addresses, ids tried one after the other, many
    accounts' passwords guessed from one address, or things made far too fast.

    Do: Wait until `until`. An owner or admin sees why at `GET /v1/security/blocks`, and lifts the block there if all is
    well; it is over everywhere within half a minute.

    Members:
    - block: the block's id
    - rule: the rule that was met
    - until: when it ends by itself
    """

    code = "blocked"
    title = "This looked like an attack and is blocked for a while."


class Whose(StrEnum):
    USER = "a person"
    KEY = "an API key"
    CALLER = "a person or an API key"
    ACCOUNT = "an account"
    ADDRESS = "an address"


class Consequence(StrEnum):
    """A person is asked to prove once more who they are; a key or an address is blocked, for neither can."""

    STEP_UP = "step_up"
    BLOCK = "block"


@dataclass(frozen=True)
class Rule:
    """`score` for each signal that is not like one before; at `threshold` within the window, the consequence.

    A process keeps signals to itself until it has seen `told_from` of them: what happens once or twice costs no call.
    """

    name: str
    signal: str
    whose: Whose
    score: int
    threshold: int
    window_seconds: int
    lasts_seconds: int
    told_from: int = 1

    @property
    def needed(self) -> int:
        """How many signals it takes."""
        return -(-self.threshold // self.score)

    def scaled(self, factor: int) -> Rule:
        """What one signal is enough for stays so."""
        if self.needed == 1:
            return self
        return replace(self, threshold=self.threshold * factor, told_from=self.told_from * factor)

    @property
    def window(self) -> str:
        return words_of(self.window_seconds)

    @property
    def length(self) -> str:
        return words_of(self.lasts_seconds)

    def consequence_for(self, subject: str) -> Consequence:
        return Consequence.STEP_UP if subject.startswith("usr_") else Consequence.BLOCK


TRAVEL = Rule("impossible_travel", "a sign-in from farther away than anybody flies", Whose.USER, 100, 100, DAY, DAY)
GUESSES_AT_ACCOUNT = Rule(
    "failures_at_account", "wrong passwords or codes from another address", Whose.ACCOUNT, 10, 80, 6 * HOUR, DAY
)
GUESSES_FROM_ADDRESS = Rule(
    "failures_from_address", "wrong passwords or codes at another account", Whose.ADDRESS, 10, 100, 6 * HOUR, 6 * HOUR
)
REGISTRATIONS = Rule(
    "rapid_registrations", "the registration of another mailbox", Whose.ADDRESS, 5, 200, HOUR, 6 * HOUR
)
KEY_ADDRESSES = Rule("key_from_many_addresses", "use from another address", Whose.KEY, 2, 100, HOUR, HOUR, told_from=2)
SITES = Rule("rapid_sites", "a site made", Whose.CALLER, 5, 100, 10 * MINUTE, HOUR, told_from=3)
KEYS = Rule("rapid_keys", "an API key made", Whose.CALLER, 5, 100, 10 * MINUTE, HOUR, told_from=3)
INVITATIONS = Rule("rapid_invitations", "an invitation sent", Whose.CALLER, 2, 100, 10 * MINUTE, HOUR, told_from=3)
ENUMERATION = Rule(
    "enumeration", "404 for another address with an id in it", Whose.CALLER, 2, 100, 10 * MINUTE, HOUR, told_from=5
)
RULES = (
    TRAVEL,
    GUESSES_AT_ACCOUNT,
    GUESSES_FROM_ADDRESS,
    REGISTRATIONS,
    KEY_ADDRESSES,
    SITES,
    KEYS,
    INVITATIONS,
    ENUMERATION,
)
OF_CREATION: Mapping[str, Rule] = {"site.created": SITES, "api_key.created": KEYS, "invitation.sent": INVITATIONS}


@dataclass(frozen=True)
class Block:
    """Why, since when and until when. `facts` are figures and countries: enough to judge it, and nobody's address.

    `subject` is a user, a key, or the keyed hash of an address; `tenant_id` is empty for the last.
    """

    id: str
    tenant_id: str
    subject: str
    rule: str
    consequence: Consequence
    since: datetime
    until: datetime
    facts: Mapping[str, str] = field(default_factory=dict)
    lifted_at: datetime | None = None
    lifted_by: str | None = None
    rev: int = 1

    def stands(self, now: datetime) -> bool:
        return self.lifted_at is None and now < self.until

    def stops(self, proven_at: datetime | None) -> bool:
        """Whoever has proven since who they are has stepped up."""
        return self.consequence is Consequence.BLOCK or proven_at is None or proven_at <= self.since

    @property
    def named(self) -> dict[str, str]:
        """What the blocked are told of it."""
        return {"block": self.id, "rule": self.rule, "until": self.until.isoformat().replace("+00:00", "Z")}


def made_up(mailbox: str) -> str:
    """Whom a block names where nobody has the mailbox: for each another."""
    return f"usr_{mailbox[:_ID_DIGITS]}"


def words_of(seconds: int) -> str:
    for unit, word in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if seconds % unit == 0:
            return f"{seconds // unit} {word}" + ("s" if seconds != unit else "")
    return f"{seconds} seconds"
