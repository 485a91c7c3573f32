"""What lies between a subscribed browser and its push: contact, key, size, and how push services take to the site."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from chalicelib.core.errors import Invalid
from chalicelib.features.checks.model.finding import Finding, Subject, fine, problem, unknown, warning
from chalicelib.features.sending.model.gate import Closure, Gate
from chalicelib.features.sites.model import Site, check_subject
from chalicelib.features.subscriptions.model import Recipient

# Bytes of a message as we write it: what a push service takes of a body, less the 103 that encrypting adds.
ROOM: Mapping[str, int] = {"Firefox for Android": 2_641, "all others": 3_993}
SCARCE_BYTES = 600  # a title, a line of text and a picture's address
_NOBODYS = re.compile(r"(?:[@./])example\.(?:com|net|org)(?:[/?#]|\Z)")


def subject(site: Site) -> Finding:
    fix = "Set the site's `subject` to `mailto:` and an address that somebody reads, at a domain of yours."
    try:
        check_subject(site.subject)
    except Invalid:
        return problem(
            Subject.VAPID_SUBJECT,
            f"`{site.subject}` is no contact that Apple accepts: every push to Safari fails.",
            fix,
        )
    if _NOBODYS.search(site.subject):
        return warning(Subject.VAPID_SUBJECT, f"`{site.subject}` is nobody's address, and Apple may refuse it.", fix)
    return fine(Subject.VAPID_SUBJECT, f"Push services may write to `{site.subject}`.")


def key_match(site: Site, recipients: Sequence[Recipient], *, opened: str | None) -> Finding:
    """By a sample of browsers. `opened` is the public half of the key that signs, or None if it is not there."""
    if opened != site.vapid_public_key:
        return problem(
            Subject.KEY_MATCH,
            "The site's private key is not there, or not the one that browsers subscribe under.",
            "Tell the operator of this installation: `vapid_public_key` and the key that signs do not belong together.",
        )
    active = sorted((each for each in recipients if each.is_active), key=lambda each: each.active_since)
    if not active:
        return unknown(
            Subject.KEY_MATCH, "The site's key is in order. No browser is subscribed that could be compared with it."
        )
    older = sum(each.key_id != site.key_id for each in active)
    if active[-1].key_id != site.key_id:
        return warning(
            Subject.KEY_MATCH,
            "Not even the browser that came last is subscribed under the site's present key.",
            "Visit the site with a subscribed browser: the SDK takes up the new key within a day. Keep the older key.",
        )
    if older:
        share = round(100 * older / len(active))
        return fine(
            Subject.KEY_MATCH,
            f"New browsers subscribe under the site's present key. About {share} % are still under an older one, which "
            "goes on signing for them until they visit.",
        )
    return fine(Subject.KEY_MATCH, "Browsers are subscribed under the site's present key.")


@dataclass(frozen=True)
class Sizes:
    """`bare_bytes` is a message of nothing but the site's address; `cut` names campaigns that had to lose something."""

    most_bytes: int
    bare_bytes: int
    largest_bytes: int = 0
    cut: Mapping[str, Sequence[str]] = field(default_factory=dict)


def payload(sizes: Sizes) -> Finding:
    left = sizes.most_bytes - sizes.bare_bytes
    if sizes.cut:
        name, lost = next(iter(sizes.cut.items()))
        others = f", and {len(sizes.cut) - 1} more lose something too" if len(sizes.cut) > 1 else ""
        return warning(
            Subject.PAYLOAD,
            f"The campaign “{name}” is larger than {sizes.most_bytes:,} bytes: it loses {' and '.join(lost)}{others}.",
            "Shorten its addresses and texts: each letter outside ASCII takes two to four bytes.",
        )
    if left < SCARCE_BYTES:
        return warning(
            Subject.PAYLOAD,
            f"The site's address alone leaves {left:,} of {sizes.most_bytes:,} bytes for words and pictures.",
            "Give the site a shorter `url`, and messages short addresses.",
        )
    largest = f" The largest of the last campaigns has {sizes.largest_bytes:,}." if sizes.largest_bytes else ""
    limits = ", ".join(f"{service} {room:,}" for service, room in ROOM.items())
    return fine(
        Subject.PAYLOAD,
        f"A message may have {sizes.most_bytes:,} bytes, within what every service takes ({limits}); beside the site's "
        f"address {left:,} are left.{largest}",
    )


def push_services(gates: Sequence[Gate], *, now: datetime) -> Finding:
    """The worst that any of them says."""
    closed = [gate for gate in gates if gate.is_closed(now=now)]
    if refusing := [gate for gate in closed if gate.closure is Closure.REFUSED]:
        return problem(
            Subject.PUSH_SERVICES,
            f"{_names(refusing)} refused the site's signature, and is left alone until {_until(refusing)}.",
            "Correct the site's `subject`. If it is right, the browsers there subscribed under another key: they come "
            "back when they visit the site.",
        )
    if suspected := [gate for gate in gates if gate.is_suspected]:
        return warning(
            Subject.PUSH_SERVICES,
            f"{_names(suspected)} called unusually many subscriptions gone, and is not believed.",
            "Nobody was ended by it. The operator of this installation has been told, and looks into it.",
            seen_at=max(gate.suspected_at for gate in suspected if gate.suspected_at),
        )
    if closed:
        return warning(
            Subject.PUSH_SERVICES,
            f"{_names(closed)} asked us to wait, until {_until(closed)}.",
            "Nothing to do: what waits is sent then. If it happens often, set `throttle_per_minute`.",
        )
    return fine(Subject.PUSH_SERVICES, "No push service has asked us to wait, or refused us.")


def _names(gates: Sequence[Gate]) -> str:
    return " and ".join(f"`{gate.host}`" for gate in gates[:3])


def _until(gates: Sequence[Gate]) -> str:
    last = max(gate.closed_until for gate in gates if gate.closed_until)
    return f"{last:%Y-%m-%d %H:%M} UTC"
