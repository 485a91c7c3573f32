"""From a rule's few words to a whole answer in the vendor's shape. The desk asks."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime

from infra.local.push_service.chaos import RetryAfter
from infra.local.push_service.exchange import Answer
from infra.local.push_service.ledger import Record
from infra.local.push_service.rules import Spoken
from infra.local.push_service.vendors import MOZILLA, Vendor

_FIXED_FORMS = {
    RetryAfter.SECONDS: "2",
    RetryAfter.ZERO: "0",
    RetryAfter.FRACTION: "1.5",
    RetryAfter.GARBAGE: "when the cows come home",
    RetryAfter.NEGATIVE: "-120",
    RetryAfter.HUGE: "99999999999999999999",
}
_DATE_FORMS = {RetryAfter.DATE_FUTURE: timedelta(seconds=30), RetryAfter.DATE_PAST: timedelta(hours=-1)}


def accepting(vendor: Vendor, record: Record, *, number: int) -> Answer:
    return vendor.accept(authority=record.host, number=number, ttl=record.ttl or "0")


def spoken(wish: Spoken | None, vendor: Vendor, record: Record, *, number: int) -> Answer:
    usual = accepting(vendor, record, number=number)
    if wish is None:
        return usual
    answer = _plain(wish, vendor, usual)
    body = answer.body if wish.body is None else wish.body.encode()
    headers = dict(answer.headers) | {name.lower(): value for name, value in wish.headers.items()}
    retry_after = _retry_after(wish.retry_after, record.at)
    if retry_after is not None:
        headers["retry-after"] = retry_after
    return Answer(answer.status, tuple(headers.items()), body)


def _plain(wish: Spoken, vendor: Vendor, usual: Answer) -> Answer:
    if wish.fault is not None:
        answer = vendor.refuse(wish.fault)
    elif wish.status is None or wish.status // 100 == usual.status // 100:
        answer = Answer(wish.status or usual.status, usual.headers)
    else:
        answer = vendor.answer(wish.status)
    return MOZILLA.problem(answer.status, wish.errno) if wish.errno is not None and vendor is MOZILLA else answer


def _retry_after(form: RetryAfter | int | None, at: datetime) -> str | None:
    if form is None or form is RetryAfter.NONE:
        return None
    if isinstance(form, int):
        return str(form)
    if form in _DATE_FORMS:
        return format_datetime(at + _DATE_FORMS[form], usegmt=True)
    return _FIXED_FORMS[form]
