"""What strangers may ask of accounts, each thing only so often. Inside, nobody counts any more.

Over the limit a guess is refused; a letter is just not written, and the answer is the same as ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from chalicelib.core import limits
from chalicelib.core.errors import OverLimit
from chalicelib.features.identity.model.credentials import clean_email, mailbox_of
from chalicelib.features.identity.model.device import UNKNOWN, Device
from chalicelib.features.identity.model.email_change import open_change_token
from chalicelib.features.identity.model.known_device import KnownDevice, device_token, read_device_token
from chalicelib.features.identity.model.person import open_link_token
from chalicelib.features.identity.model.session import Tokens
from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.identity.service.accounts import Accounts
from chalicelib.features.identity.service.addresses import Addresses
from chalicelib.features.identity.service.recovery import Recovery
from chalicelib.features.identity.service.sessions import Sessions
from chalicelib.features.identity.service.suspicion import Suspicion
from chalicelib.features.identity.service.throttle import Throttle


class MailboxLookup(Protocol):
    def user_id_at(self, mailbox: str) -> str | None:
        """Who has claimed this mailbox."""
        ...


@dataclass(frozen=True)
class SignedIn:
    """`device_token` is for the device to keep, whoever signs in from it next."""

    tokens: Tokens
    device_token: str


class Entrance:
    def __init__(
        self,
        *,
        throttle: Throttle,
        suspicion: Suspicion,
        people: MailboxLookup,
        accounts: Accounts,
        sessions: Sessions,
        recovery: Recovery,
        addresses: Addresses,
        mailboxes: Signer,
        links: Signer,
        device_signer: Signer,
    ) -> None:
        self._throttle = throttle
        self._suspicion = suspicion
        self._people = people
        self._accounts = accounts
        self._sessions = sessions
        self._recovery = recovery
        self._addresses = addresses
        self._mailboxes = mailboxes
        self._links = links
        self._device_signer = device_signer

    def login(
        self,
        *,
        email: str,
        password: str,
        address: str,
        request_id: str,
        now: datetime,
        otp: str | None = None,
        tenant_id: str | None = None,
        known_by: str | None = None,
        device: Device = UNKNOWN,
    ) -> SignedIn:
        """`known_by` is the device's token, where it has one. A stranger's guess tells nobody who has an account."""
        mailbox = self._mailbox(email)
        known = self._known(known_by, mailbox, now)
        if known is None:
            self._suspicion.check_address(address, now=now)
        with (
            self._suspicion.noting_failure(
                mailbox=mailbox, address=address, is_known=known is not None, request_id=request_id, now=now
            ),
            self._throttle.guess(account=mailbox, address=address, device=known.id if known else None, now=now),
        ):
            tokens = self._sessions.login(
                email=email,
                password=password,
                otp=otp,
                tenant_id=tenant_id,
                request_id=request_id,
                now=now,
                device=device,
            )
        self._suspicion.note_sign_in(tokens, device=device, request_id=request_id, now=now)
        return self._signed_in(tokens, known, now)

    def verify_email(
        self, *, token: str, password: str, address: str, request_id: str, now: datetime, device: Device = UNKNOWN
    ) -> SignedIn:
        open_link_token(token, self._links)  # what is made up costs nothing
        with self._throttle.guess(address=address, now=now):
            tokens = self._accounts.verify_email(
                token=token, password=password, request_id=request_id, now=now, device=device
            )
        return self._signed_in(tokens, None, now)

    def confirm_email(self, *, token: str, password: str, address: str, request_id: str, now: datetime) -> None:
        open_change_token(token, self._links)
        with self._throttle.guess(address=address, now=now):
            self._addresses.confirm(token=token, password=password, request_id=request_id, now=now)

    def register(self, *, email: str, password: str, tenant_name: str, address: str, now: datetime) -> None:
        self._suspicion.check_address(address, now=now)
        self._suspicion.note_registration(mailbox=self._mailbox(email), address=address, now=now)
        if self._may_write(limits.LETTERS_OF_REGISTRATION, email, now):
            self._accounts.register(email=email, password=password, tenant_name=tenant_name, now=now)

    def resend(self, *, email: str, now: datetime) -> None:
        if self._may_write(limits.LETTERS_OF_REGISTRATION, email, now):
            self._accounts.resend(email=email, now=now)

    def forgot(self, *, email: str, now: datetime) -> None:
        if self._may_write(limits.LETTERS_OF_RECOVERY, email, now):
            self._recovery.forgot(email=email, now=now)

    def ask_for_email(
        self, *, user_id: str, session_id: str, email: str, password: str, request_id: str, now: datetime
    ) -> None:
        """Somebody signed in, who may know that they have asked too often."""
        if not self._may_write(limits.LETTERS_OF_CHANGE, email, now):
            raise OverLimit(
                "This address has been written to often enough for now.",
                retry_after_seconds=limits.LETTERS_OF_CHANGE.window_seconds,
            )
        self._addresses.ask(
            user_id=user_id, session_id=session_id, email=email, password=password, request_id=request_id, now=now
        )

    def _may_write(self, rule: limits.Rule, email: str, now: datetime) -> bool:
        return self._throttle.may_write(rule=rule, mailbox=self._mailbox(email), now=now)

    def _mailbox(self, email: str) -> str:
        return mailbox_of(clean_email(email), self._mailboxes)

    def _known(self, token: str | None, mailbox: str, now: datetime) -> KnownDevice | None:
        """Only somebody's own device counts, and only a genuine token costs a look-up."""
        known = read_device_token(token, signer=self._device_signer, now=now)
        return known if known is not None and self._people.user_id_at(mailbox) == known.user_id else None

    def _signed_in(self, tokens: Tokens, known: KnownDevice | None, now: datetime) -> SignedIn:
        text = device_token(user_id=tokens.user.id, known=known, signer=self._device_signer, now=now)
        return SignedIn(tokens, text)
