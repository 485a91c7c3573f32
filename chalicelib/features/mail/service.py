"""Posting letters, and not writing again to who cannot or will not be written to. Called by the mail queue's worker."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from chalicelib.features.mail.model import Reason, Refusal


class PostOffice(Protocol):
    def post(self, *, to: str, subject: str, text: str) -> None:
        """Hand one letter over. Raises Unavailable to be asked again, Undeliverable when that would not help."""
        ...


class RefusalStore(Protocol):
    def of(self, mailbox: str) -> Refusal | None:
        """As last written."""
        ...

    def put(self, refusal: Refusal) -> None:
        """In place of one before, but never of a complaint."""
        ...


class Mail:
    """`mailbox_of` makes the keyed hash of an address: what is kept of it says nothing to whoever reads the table."""

    def __init__(self, *, post_office: PostOffice, refusals: RefusalStore, mailbox_of: Callable[[str], str]) -> None:
        self._post_office = post_office
        self._refusals = refusals
        self._mailbox_of = mailbox_of

    def deliver(self, *, to: str | None, subject: str, text: str, now: datetime, is_wanted: bool = False) -> bool:
        """Whether it was posted. A decoy is not; nor is a letter to who refuses them, unless just asked for."""
        if to is None:
            return False
        refusal = None if is_wanted else self._refusals.of(self._mailbox_of(to))
        if refusal is not None and refusal.holds(now):
            return False
        self._post_office.post(to=to, subject=subject, text=text)
        return True

    def returned(self, *, addresses: Iterable[str], reason: Reason, now: datetime) -> None:
        for address in addresses:
            self._refusals.put(Refusal(self._mailbox_of(address), reason, now))
