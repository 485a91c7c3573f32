"""Adds up what looks odd, and blocks or asks to step up where a rule's threshold is met. The HTTP door and the entrance
tell it what they see. What cannot be noted is lost, on record: nobody is refused for it, and nobody let in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from chalicelib.core import ids, limits, suspicion
from chalicelib.core.errors import Unauthenticated, Unavailable
from chalicelib.core.limits import network_of
from chalicelib.core.suspicion import Block, Blocked, Rule
from chalicelib.features.identity.model.device import Device
from chalicelib.features.identity.model.letters import DECOY, Letter
from chalicelib.features.identity.model.person import Member, User
from chalicelib.features.identity.model.session import Tokens
from chalicelib.features.identity.model.signature import Signer
from chalicelib.features.identity.model.suspicion_letters import something_looks_odd
from chalicelib.features.identity.model.travel import Sighting, is_impossible
from chalicelib.features.identity.service.blocks import Blocks
from chalicelib.features.identity.service.marks import Marks
from chalicelib.features.identity.service.record import Alarm, Recorder
from chalicelib.features.identity.service.throttle import Throttle, is_wrong

NO_TENANT = "ten_nobody"
_OURSELVES = "suspicion"
_HASH_DIGITS = 32


class Scores(Protocol):
    def add(self, rule: Rule, whose: str, marks: Mapping[str, datetime], *, now: datetime) -> int:
        """How many different marks there are in the window now."""
        ...

    def forget(self, rule: Rule, whose: str) -> None:
        """They have had their consequence."""
        ...


class Sightings(Protocol):
    def replace(self, user_id: str, sighting: Sighting) -> Sighting | None:
        """The one before."""
        ...


class Accounts(Protocol):
    def user_id_at(self, mailbox: str) -> str | None:
        """Who has claimed this mailbox."""
        ...

    def user(self, user_id: str) -> User | None:
        """As last written."""
        ...

    def memberships(self, user_id: str, *, limit: int) -> list[Member]:
        """Of one person, by tenant id."""
        ...


class Owners(Protocol):
    def owner_addresses(self, *, tenant_id: str) -> list[str]:
        """Where its owners are written to."""
        ...


class Post(Protocol):
    def send_many(self, letters: Sequence[Letter]) -> None:
        """Later and elsewhere, all by one call."""
        ...


@dataclass(frozen=True)
class Outside:
    """What a block is told to."""

    accounts: Accounts
    owners: Owners
    post: Post
    recorder: Recorder
    throttle: Throttle
    note: Alarm
    alarm: Alarm
    public_url: str


@dataclass(frozen=True)
class Suspect:
    """`whose` the signals are, hashed where it is an address; whom a block names; and in whose list it stands."""

    whose: str
    subject: str
    tenant_id: str = ""


class Suspicion:
    def __init__(
        self,
        *,
        blocks: Blocks,
        scores: Scores,
        sightings: Sightings,
        outside: Outside,
        signer: Signer,
        scale: Callable[[], int],
    ) -> None:
        self.blocks = blocks
        self._scores = scores
        self._sightings = sightings
        self._outside = outside
        self._signer = signer
        self._scale = scale
        self._marks = Marks()

    def block_of(self, subject: str, *, now: datetime) -> Block | None:
        """The one that stands for a person or a key. Raises Unavailable when nobody can say."""
        return self.blocks.of(subject, now=now)

    def note(self, rule: Rule, *, whose: str, tenant_id: str, mark: str, request_id: str, now: datetime) -> None:
        """A signal of a person or a key. Signals with the same mark are one."""
        rule = rule.scaled(self._scale())
        marks = self._marks.see(rule, whose, self._hidden(rule, mark), now=now)
        if not marks:
            return
        try:
            if self._add(rule, Suspect(whose, whose, tenant_id), marks, request_id, now):
                self._marks.forget(rule, whose)
            else:
                self._marks.told(rule, whose, marks)
        except Unavailable:
            self._lost(rule, request_id)

    def check_address(self, address: str, *, now: datetime) -> None:
        """Before anything is tried from there. Raises Blocked."""
        block = self.blocks.of_address(self._place(address), now=now)
        if block is not None:
            raise Blocked(**block.named)

    @contextmanager
    def noting_failure(
        self, *, mailbox: str, address: str, request_id: str, now: datetime, is_known: bool = False
    ) -> Iterator[None]:
        """Of a sign-in; whether anybody has the mailbox makes no difference to what is asked and written. What is typed
        wrong on a device that its owner has signed in from counts as that.
        """
        try:
            yield
        except Unauthenticated as error:
            if is_wrong(error) and not is_known:
                self._note_failure(mailbox, address, request_id, now)
            raise

    def _note_failure(self, mailbox: str, address: str, request_id: str, now: datetime) -> None:
        network, place = network_of(address), self._place(address)
        at_account, from_address = suspicion.GUESSES_AT_ACCOUNT, suspicion.GUESSES_FROM_ADDRESS
        self._note_at_door(from_address, Suspect(place, place), mailbox, request_id, now)
        self._note_at_door(at_account, Suspect(mailbox, ""), network, request_id, now)

    def note_registration(self, *, mailbox: str, address: str, now: datetime) -> None:
        place = self._place(address)
        self._note_at_door(suspicion.REGISTRATIONS, Suspect(place, place), mailbox, "", now)

    def note_sign_in(self, tokens: Tokens, *, device: Device, request_id: str, now: datetime) -> None:
        """Nothing is kept where nobody tells countries."""
        user_id, tenant_id, country = tokens.user.id, tokens.tenant.id, device.country
        if not country:
            return
        here = Sighting(country, now)
        try:
            before = self._sightings.replace(user_id, here)
            if before is not None and is_impossible(before, here):
                minutes = int((now - before.at).total_seconds() // suspicion.MINUTE)
                facts = {"from": before.country, "to": country, "minutes_between": str(minutes)}
                self._begin(suspicion.TRAVEL, Suspect(user_id, user_id, tenant_id), facts, request_id, now)
        except Unavailable:
            self._lost(suspicion.TRAVEL, request_id)

    def _note_at_door(self, rule: Rule, suspect: Suspect, mark: str, request_id: str, now: datetime) -> None:
        rule = rule.scaled(self._scale())
        try:
            self._add(rule, suspect, {self._hidden(rule, mark): now}, request_id, now)
        except Unavailable:
            self._lost(rule, request_id)

    def _add(self, rule: Rule, suspect: Suspect, marks: Mapping[str, datetime], request_id: str, now: datetime) -> bool:
        """Whether that was enough."""
        found = self._scores.add(rule, suspect.whose, marks, now=now)
        if found < rule.needed:
            return False
        facts = {"signals": str(found), "of": rule.signal, "within": rule.window}
        self._begin(rule, suspect if suspect.subject else self._holder(suspect.whose), facts, request_id, now)
        self._scores.forget(rule, suspect.whose)
        return True

    def _holder(self, mailbox: str) -> Suspect:
        """Whose account it is. Where nobody has the mailbox, somebody made up is blocked by the same steps, for each
        mailbox another: whom a stranger has blocked before tells nothing of the next.
        """
        user_id = self._outside.accounts.user_id_at(mailbox) or suspicion.made_up(mailbox)
        memberships = self._outside.accounts.memberships(user_id, limit=1)
        return Suspect(mailbox, user_id, memberships[0].tenant_id if memberships else NO_TENANT)

    def _begin(self, rule: Rule, suspect: Suspect, facts: Mapping[str, str], request_id: str, now: datetime) -> None:
        block = Block(
            id=ids.new("blk"),
            tenant_id=suspect.tenant_id,
            subject=suspect.subject,
            rule=rule.name,
            consequence=rule.consequence_for(suspect.subject),
            since=now,
            until=now + timedelta(seconds=rule.lasts_seconds),
            facts=facts,
        )
        if not self.blocks.begin(block, now=now):
            return
        self._outside.note("block_began", kind=rule.name, tenant_id=block.tenant_id, request_id=request_id)
        if block.tenant_id:
            self._outside.recorder.note(
                "block.began",
                tenant_id=block.tenant_id,
                actor=_OURSELVES,
                subject=block.id,
                request_id=request_id,
                now=now,
            )
            self._write(block, request_id, now)

    def _write(self, block: Block, request_id: str, now: datetime) -> None:
        """The block stands, whoever cannot be written to."""
        outside = self._outside
        try:
            whose = block.subject if block.tenant_id == NO_TENANT else block.tenant_id
            kind = f"{whose} {block.rule}"
            if not outside.throttle.may_write(rule=limits.LETTERS_OF_SUSPICION, mailbox=kind, now=now):
                return
            person = outside.accounts.user(block.subject) if block.subject.startswith("usr_") else None
            addresses = set(outside.owners.owner_addresses(tenant_id=block.tenant_id))
            addresses |= {person.email} if person and not person.kept_by else set()  # nobody has proven that one
            write = partial(something_looks_odd, public_url=outside.public_url, block=block)
            outside.post.send_many([write(to=each) for each in sorted(addresses)] or [DECOY])
        except Unavailable:
            outside.alarm("letter_lost", request_id=request_id)

    def _lost(self, rule: Rule, request_id: str) -> None:
        self._outside.alarm("signal_lost", kind=rule.name, request_id=request_id)

    def _place(self, address: str) -> str:
        return f"adr_{self._signer.digest(network_of(address)).hex()[:_HASH_DIGITS]}"

    def _hidden(self, rule: Rule, mark: str) -> str:
        return self._signer.digest(f"{rule.name} {mark}").hex()[:_HASH_DIGITS]
