"""Where every request is judged: vendor, endpoint, checks, rules. The ledger gets a line, the connection a Reply."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from infra.local.push_service import answers, control
from infra.local.push_service.checks import LARGEST_BODY_BYTES, Refused, check
from infra.local.push_service.exchange import UNANSWERED, Action, Answer, Reply, Request, Spoiling
from infra.local.push_service.guests import Guest, Guests, nobody
from infra.local.push_service.ledger import Ledger, Record
from infra.local.push_service.rules import Playbook, Rule, parse_rules
from infra.local.push_service.subscriber import PREFIX, Holder, find_subscriber
from infra.local.push_service.vapid import Tokens
from infra.local.push_service.vendors import Fault, Vendor, vendor_of

_USUAL_DELAYS_MS: Mapping[Action | None, int] = {Action.SLOW: 1000, Action.DRIP: 100}


class Desk:
    """One per push service. `receive` runs on the server's thread; `set_rules` and the ledger serve any."""

    def __init__(
        self, *, ledger: Ledger, now: Callable[[], datetime], accept_unknown: bool, guests: Guests = nobody
    ) -> None:
        self.ledger = ledger
        self._guests = guests
        self._now = now
        self._accept_unknown = accept_unknown
        self._tokens = Tokens()
        self._playbook = Playbook()

    @property
    def rules(self) -> tuple[Rule, ...]:
        return self._playbook.rules

    def set_rules(self, rules: Iterable[Rule | Mapping[str, Any]]) -> None:
        """Replaces them all, with fresh counters. Raises ValueError and keeps the old ones when one is wrong."""
        self._playbook = Playbook(parse_rules(rules))

    def receive(self, request: Request) -> Reply:
        if control.concerns(request):
            return Reply(control.operate(request, self))
        vendor = vendor_of(request.authority)
        record = self._record(request, vendor)
        reply = self._misdirected(record) if vendor is None else self._judge(request, vendor, record)
        self.ledger.add(record)
        if record.accepted and isinstance(record.subscriber, Guest):
            record.subscriber.bring(record.body)
        return reply

    def _record(self, request: Request, vendor: Vendor | None) -> Record:
        endpoint_id = vendor.endpoint_id(request.path) if vendor else None
        return Record(
            at=self._now(),
            host=request.authority,
            path=request.path,
            endpoint_id=endpoint_id,
            subscriber=self._find(request.authority, endpoint_id) if endpoint_id else None,
            protocol=request.protocol,
            body=request.body[: LARGEST_BODY_BYTES + 1],
            body_size=request.body_size,
            ttl=request.headers.get("ttl"),
            urgency=request.headers.get("urgency"),
            topic=request.headers.get("topic"),
        )

    def _find(self, host: str, endpoint_id: str) -> Holder | None:
        return find_subscriber(host, endpoint_id) or self._guests(host, endpoint_id)

    def _judge(self, request: Request, vendor: Vendor, record: Record) -> Reply:
        try:
            self._admit(request, vendor, record)
        except Refused as refused:
            record.fault, record.detail = refused.fault, refused.detail
            return _decided(record, vendor.refuse(refused.fault, refused.detail))
        assert record.endpoint_id is not None
        rule = self._playbook.rule_for(host=record.host, endpoint=record.endpoint, endpoint_id=record.endpoint_id)
        if rule is None:
            return _decided(record, answers.accepting(vendor, record, number=self.ledger.next_number))
        return self._misbehave(rule, vendor, record)

    def _admit(self, request: Request, vendor: Vendor, record: Record) -> None:
        if request.method != "POST":
            raise Refused(Fault.METHOD, "Only POST is allowed here")
        if record.endpoint_id is None or not (record.subscriber or self._tolerates(record.endpoint_id)):
            raise Refused(Fault.UNKNOWN_ENDPOINT, "Invalid URL endpoint")
        if isinstance(record.subscriber, Guest) and record.subscriber.is_gone:
            raise Refused(Fault.GONE, "Subscription has ended")
        now_seconds = record.at.timestamp()
        check(request, vendor=vendor, subscriber=record.subscriber, tokens=self._tokens, now_seconds=now_seconds)

    def _tolerates(self, endpoint_id: str) -> bool:
        """A damaged simulated id is a sender's mistake, not somebody else's endpoint."""
        return self._accept_unknown and not endpoint_id.startswith(PREFIX)

    def _misbehave(self, rule: Rule, vendor: Vendor, record: Record) -> Reply:
        record.misbehaviour = rule.action or "answer"
        if rule.answer is None and rule.action in UNANSWERED:
            answer = None
        else:
            answer = answers.spoken(rule.answer, vendor, record, number=self.ledger.next_number)
        spoiling = Spoiling(rule.action, _delay_seconds(rule), rule.size_bytes)
        return _decided(record, answer, spoiling)

    @staticmethod
    def _misdirected(record: Record) -> Reply:
        record.fault = "misdirected"
        return _decided(record, Answer(HTTPStatus.MISDIRECTED_REQUEST))


def _delay_seconds(rule: Rule) -> float:
    return (rule.delay_ms or _USUAL_DELAYS_MS.get(rule.action, 0)) / 1000


def _decided(record: Record, answer: Answer | None, spoiling: Spoiling | None = None) -> Reply:
    record.status = None if answer is None else int(answer.status)
    return Reply(answer, record) if spoiling is None else Reply(answer, record, spoiling)
