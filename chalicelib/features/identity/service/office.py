"""What every use case is handed that writes to people and opens the links they bring back."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.features.identity.model.credentials import mailbox_of
from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.identity.service.record import Post, Recorder


@dataclass(frozen=True)
class Office:
    post: Post
    recorder: Recorder
    mailboxes: Signer
    link_signer: Signer
    public_url: str

    def mailbox(self, email: str) -> str:
        return mailbox_of(email, self.mailboxes)
