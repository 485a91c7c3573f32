"""A post office that remembers, and who refuses letters, in memory."""

from __future__ import annotations

from chalicelib.features.mail.model import Reason, Refusal


class RememberingOffice:
    def __init__(self) -> None:
        self.posted: list[tuple[str, str, str]] = []

    def post(self, *, to: str, subject: str, text: str) -> None:
        self.posted.append((to, subject, text))


class MemoryRefusals:
    def __init__(self) -> None:
        self.refusals: dict[str, Refusal] = {}

    def of(self, mailbox: str) -> Refusal | None:
        return self.refusals.get(mailbox)

    def put(self, refusal: Refusal) -> None:
        before = self.refusals.get(refusal.mailbox)
        if before is None or before.reason is Reason.BOUNCE or refusal.reason is Reason.COMPLAINT:
            self.refusals[refusal.mailbox] = refusal
