"""What of a gate is worth telling: its change to whoever is on call, how it stands to its site's owners. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.channels.endpoints import Vendor, vendor_of
from chalicelib.features.sending.model.batch import Progress
from chalicelib.features.sending.model.gate import Closure, Gate

TOLD_FOR = timedelta(days=1)
_OUTCOMES_OF_NOTE = {"failed:vapid_refused", "spared"}
_NAMES = {
    Vendor.FCM: "Google (Chrome and others)",
    Vendor.MOZILLA: "Mozilla (Firefox)",
    Vendor.APPLE: "Apple (Safari)",
    Vendor.WNS: "Microsoft (Edge)",
}


class News(StrEnum):
    MASS_GONE = "mass_gone"  # it calls too many gone to be believed
    VAPID_REFUSED = "vapid_refused"  # it does not take the site's signature
    BUSY = "busy"  # it asks us to wait: nobody has to do anything


@dataclass(frozen=True)
class Notice:
    """What owners are told once a day at most."""

    site_id: str
    service: str
    news: News


@dataclass(frozen=True)
class Words:
    """Of a letter, in plain text."""

    subject: str
    text: str


def news_of(before: Gate, after: Gate) -> News | None:
    if after.is_suspected and after.suspected_at != before.suspected_at:
        return News.MASS_GONE
    if after.closure is None or after.closed_until == before.closed_until:
        return None
    return News.VAPID_REFUSED if after.closure is Closure.REFUSED else News.BUSY


def notices_of(site_id: str, gate: Gate, *, now: datetime) -> list[Notice]:
    """What its owners ought to know. A suspicion stands until an operator lifts it, but it is told once. The hosts of a
    push service are one: a page could make up any number of them.
    """
    service = vendor_of(gate.host) or gate.host
    found: list[Notice] = []
    if gate.suspected_at is not None and now - gate.suspected_at < TOLD_FOR:
        found.append(Notice(site_id, service, News.MASS_GONE))
    if gate.closure is Closure.REFUSED:
        found.append(Notice(site_id, service, News.VAPID_REFUSED))
    return found


def concerns_owners(progress: Progress) -> bool:
    """Whether a gate may have been closed or suspected over this batch."""
    return not _OUTCOMES_OF_NOTE.isdisjoint(progress.counts)


def letter(news: News, gate: Gate, *, site_name: str) -> Words:
    """To the owners of the site, about what is theirs to mend."""
    vendor = vendor_of(gate.host)
    service = _NAMES[vendor] if vendor else gate.host
    write = _too_many_are_gone if news is News.MASS_GONE else _signature_is_refused
    return write(service, gate, site_name)


def _too_many_are_gone(service: str, gate: Gate, site_name: str) -> Words:
    text = f"""Hello,

while we were sending for your site "{site_name}", the push service of {service}
said of {gate.gone:,} out of {gate.answers:,} browsers that they no longer take part.

No site loses so many at once, so we did not believe it: these subscriptions
stay as they are, and nothing was deleted. Their messages did not arrive.

Should it be true, for instance because you moved to another domain or imported
an old list, write to your operator: the next campaign will then remove them.
Otherwise there is nothing to do.

You get this letter once a day at most.
"""
    return Words(f"{site_name}: many subscribers were called gone", text)


def _signature_is_refused(service: str, gate: Gate, site_name: str) -> Words:
    until = f"{gate.closed_until:%Y-%m-%d %H:%M} UTC" if gate.closed_until else "some hours from now"
    text = f"""Hello,

the push service of {service} refuses what we send in the name of your
site "{site_name}": it does not accept the key or the contact that we sign with.

We stopped trying there until {until}, and then try again by ourselves.
Browsers of other push services are reached as before.

Please look at the contact of your site (its `subject`): it has to be a real
mail address or web address of yours. Subscriptions that were made with another
VAPID key than the site's have to be made again.

You get this letter once a day at most.
"""
    return Words(f"{site_name}: messages are refused", text)
