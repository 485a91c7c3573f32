"""Posting letters. Called by the mail queue's worker."""

from __future__ import annotations

from typing import Protocol


class PostOffice(Protocol):
    def post(self, *, to: str, subject: str, text: str) -> None:
        """Hand one letter over. Raises Unavailable to be asked again, Undeliverable when that would not help."""
        ...


class Mail:
    def __init__(self, *, post_office: PostOffice) -> None:
        self._post_office = post_office

    def deliver(self, *, to: str | None, subject: str, text: str) -> None:
        if to is None:  # a decoy
            return
        self._post_office.post(to=to, subject=subject, text=text)
