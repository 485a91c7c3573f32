"""Every way of misbehaving, as a client meets it, and what the ledger says of it."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pycurl
import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection

from infra.local.push_service.exchange import Action
from infra.local.push_service.ledger import Record
from infra.local.push_service.service import PushService
from tests.adapters.push_service.crowd import push_all
from tests.adapters.push_service.raw import ask_over_h2, eventually, plain_request, read_beneath_tls, tls_connection
from tests.adapters.push_service.sender import H1, H2, Answered, Sender, post
from tests.fakes.clock import ManualClock

BROKEN_CONNECTION = {pycurl.E_SEND_ERROR, pycurl.E_RECV_ERROR}
HTTP2_STREAM_ERROR = 92  # CURLE_HTTP2_STREAM, which pycurl has no name for
VERSIONS = pytest.mark.parametrize("version", [H2, H1])


def struck(service: PushService, rule: dict[str, Any], **how: Any) -> tuple[Answered, Record]:
    """The client's view of one message under this rule, and the ledger's."""
    service.set_rules([rule | {"times": 1}])
    answered = Sender().push(service, service.subscribe(), **how)
    return answered, the_first(service, rule)


def struck_and_given_up(service: PushService, rule: dict[str, Any], version: str) -> tuple[Answered, Record]:
    """The same for a client without patience; on a busy machine its first messages may not even leave."""
    service.set_rules([rule])
    for _ in range(50):
        answered = Sender().push(service, service.subscribe(), version=version, timeout_ms=150)
        if service.ledger.total:
            break
    assert answered.error == pycurl.E_OPERATION_TIMEDOUT
    return answered, the_first(service, rule)


def the_first(service: PushService, rule: dict[str, Any]) -> Record:
    record = service.ledger.received()[0]
    assert record.misbehaviour == rule.get("action", "answer")
    return record


@VERSIONS
@pytest.mark.parametrize("status", [200, 202, 204, 302, 304, 400, 403, 404, 410, 413, 418, 429, 500, 502, 503, 599])
def test_any_status(service: PushService, status: int, version: str) -> None:
    answered, record = struck(service, {"answer": {"status": status}}, version=version)
    assert (answered.status, answered.error) == (status, 0)
    assert (record.status, record.accepted, record.answer_lost) == (status, status < 300, False)


@VERSIONS
def test_an_answer_of_ones_own_words(service: PushService, version: str) -> None:
    rule = {
        "answer": {"status": 400, "body": "no — never", "headers": {"X-Why": "because", "Content-Type": "text/odd"}}
    }
    answered, _ = struck(service, rule, version=version)
    assert answered.body.decode() == "no — never"
    assert (answered.headers["x-why"], answered.headers["content-type"]) == ("because", "text/odd")
    assert answered.headers["content-length"] == str(len(answered.body))


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("seconds", "2"),
        ("zero", "0"),
        ("fraction", "1.5"),
        ("garbage", "when the cows come home"),
        ("negative", "-120"),
        ("huge", "99999999999999999999"),
        ("none", None),
        (120, "120"),
        (-1, "-1"),
    ],
)
def test_retry_after_in_every_form(service: PushService, form: str | int, value: str | None) -> None:
    answered, _ = struck(service, {"answer": {"status": 429, "retry_after": form}})
    assert (answered.status, answered.headers.get("retry-after")) == (429, value)


@pytest.mark.parametrize(
    ("form", "distance"), [("date_future", timedelta(seconds=30)), ("date_past", timedelta(hours=-1))]
)
def test_retry_after_as_a_date(clock: ManualClock, service: PushService, form: str, distance: timedelta) -> None:
    answered, _ = struck(service, {"answer": {"status": 429, "retry_after": form}})
    assert answered.headers["retry-after"].endswith(" GMT")
    assert parsedate_to_datetime(answered.headers["retry-after"]) == clock.now() + distance


def test_retry_after_spelt_out_in_the_headers_wins_nothing_over_the_form(service: PushService) -> None:
    answered, _ = struck(
        service, {"answer": {"status": 503, "headers": {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"}}}
    )
    assert parsedate_to_datetime(answered.headers["retry-after"]) == datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC)


@VERSIONS
def test_slow_is_late_but_right(service: PushService, version: str) -> None:
    answered, record = struck(service, {"action": "slow", "delay_ms": 30}, version=version)
    assert (answered.status, answered.error, record.answer_lost) == (201, 0, False)


@VERSIONS
def test_slow_beyond_patience_is_accepted_and_lost(service: PushService, version: str) -> None:
    answered, record = struck_and_given_up(service, {"action": "slow", "delay_ms": 60_000}, version)
    assert answered.status == 0
    assert record.accepted
    service.stop()
    assert record.answer_lost


@VERSIONS
def test_an_answer_whose_client_has_gone_is_not_attempted(service: PushService, sender: Sender, version: str) -> None:
    service.set_rules([{"action": "slow", "delay_ms": 100}])
    with tls_connection(service, version) as client:
        if version == H1:
            client.sendall(plain_request(service, sender))
        else:
            client_side = H2Connection(H2Configuration(client_side=True))
            client_side.initiate_connection()
            ask_over_h2(client_side, service, sender)
            client.sendall(client_side.data_to_send())
        assert eventually(lambda: service.ledger.total == 1)
    assert eventually(lambda: service.ledger.answers_lost == 1)
    assert sender.push(service, service.subscribe()).status == 201, "by now the first would have been due"


@VERSIONS
def test_hang_never_answers(service: PushService, version: str) -> None:
    answered, record = struck_and_given_up(service, {"action": "hang"}, version)
    assert answered.status == 0
    service.stop()
    assert (record.status, record.accepted, record.answer_lost) == (None, False, False)


@VERSIONS
def test_hang_with_an_answer_of_its_own_has_taken_the_message(service: PushService, version: str) -> None:
    _, record = struck_and_given_up(service, {"action": "hang", "answer": {"status": 201}}, version)
    service.stop()
    assert (record.accepted, record.answer_lost) == (True, True)


@VERSIONS
def test_reset_cuts_before_anything_was_taken(service: PushService, version: str) -> None:
    answered, record = struck(service, {"action": "reset"}, version=version)
    assert answered.error in BROKEN_CONNECTION
    assert (record.status, record.accepted, record.answer_lost) == (None, False, False)
    assert service.ledger.answers_lost == 0


def test_a_reset_is_a_reset_and_not_a_farewell(service: PushService, sender: Sender) -> None:
    service.set_rules([{"action": "reset"}])
    with tls_connection(service, H1) as client:
        client.sendall(plain_request(service, sender))
        with pytest.raises(ConnectionResetError):
            read_beneath_tls(client)


@VERSIONS
def test_lose_answer_cuts_after_it_was_taken(service: PushService, version: str) -> None:
    answered, record = struck(service, {"action": "lose_answer"}, version=version)
    assert answered.status == 0
    assert answered.error in BROKEN_CONNECTION
    assert (record.status, record.accepted, record.answer_lost) == (201, True, True)
    assert record.plaintext == b"hello"
    assert service.ledger.answers_lost == 1


def test_reset_stream_fails_one_stream(service: PushService) -> None:
    answered, record = struck(service, {"action": "reset_stream"})
    assert answered.error == HTTP2_STREAM_ERROR
    assert (record.status, record.answer_lost) == (None, False)


def test_reset_stream_with_an_answer_of_its_own_loses_just_that_answer(service: PushService) -> None:
    answered, record = struck(service, {"action": "reset_stream", "answer": {"status": 201}})
    assert answered.error == HTTP2_STREAM_ERROR
    assert (record.accepted, record.answer_lost) == (True, True)


@pytest.mark.parametrize("action", ["refuse_stream", "goaway"])
def test_what_was_certainly_not_processed_is_sent_again_by_curl_itself(service: PushService, action: str) -> None:
    answered, record = struck(service, {"action": action})
    assert (answered.status, answered.error) == (201, 0)
    assert (record.status, record.accepted) == (None, False)
    assert service.ledger.counts_by_status() == {None: 1, 201: 1}


@pytest.mark.parametrize("action", ["reset_stream", "refuse_stream"])
def test_without_streams_the_connection_is_reset(service: PushService, action: str) -> None:
    answered, record = struck(service, {"action": action}, version=H1)
    assert answered.error in BROKEN_CONNECTION
    assert record.status is None


def test_goaway_without_streams_is_a_closed_door(service: PushService) -> None:
    answered, record = struck(service, {"action": "goaway"}, version=H1)
    assert answered.error == pycurl.E_GOT_NOTHING
    assert record.status is None


@VERSIONS
def test_garbage_is_no_http(service: PushService, version: str) -> None:
    answered, record = struck(service, {"action": "garbage"}, version=version)
    assert answered.status == 0
    assert answered.error in {pycurl.E_HTTP2, pycurl.E_UNSUPPORTED_PROTOCOL}
    assert record.status is None


@VERSIONS
def test_truncate_stops_in_the_middle_of_the_body(service: PushService, version: str) -> None:
    answered, record = struck(service, {"action": "truncate"}, version=version)
    assert answered.status == 201
    assert answered.error in {HTTP2_STREAM_ERROR, pycurl.E_PARTIAL_FILE, *BROKEN_CONNECTION}
    assert 0 < len(answered.body) < int(answered.headers["content-length"])
    assert (record.accepted, record.answer_lost) == (True, True)


@VERSIONS
def test_drip_takes_its_time_for_every_byte(service: PushService, version: str) -> None:
    rule = {"action": "drip", "delay_ms": 1, "answer": {"status": 503, "body": "drop by drop"}}
    answered, record = struck(service, rule, version=version)
    assert (answered.status, answered.body, answered.error) == (503, b"drop by drop", 0)
    assert not record.answer_lost


@VERSIONS
def test_a_drip_outlasts_an_impatient_client(service: PushService, version: str) -> None:
    answered, record = struck_and_given_up(service, {"action": "drip", "delay_ms": 60_000}, version)
    assert len(answered.body) <= 1
    service.stop()
    assert record.answer_lost


@VERSIONS
def test_oversize_sends_all_of_fifty_megabytes(service: PushService, version: str) -> None:
    answered, record = struck(service, {"action": "oversize"}, version=version)
    assert (answered.status, answered.error, len(answered.body)) == (201, 0, 50_000_000)
    assert not record.answer_lost


@VERSIONS
def test_a_bomb_is_small_until_it_is_unpacked(service: PushService, version: str) -> None:
    answered, _ = struck(service, {"action": "bomb"}, version=version)
    assert (answered.status, answered.headers["content-encoding"]) == (201, "gzip")
    assert len(answered.body) < 100_000
    assert len(gzip.decompress(answered.body)) == 50_000_000


@VERSIONS
@pytest.mark.parametrize("action", ["truncate", "drip", "oversize", "bomb"])
def test_answers_that_have_no_body_are_not_given_one(service: PushService, action: str, version: str) -> None:
    rule = {"action": action, "answer": {"status": 204}}
    answered, _ = struck(service, rule, version=version)
    assert (answered.status, answered.body, answered.error) == (204, b"", 0)


@VERSIONS
@pytest.mark.parametrize(
    "action", [action for action in Action if action not in {Action.HANG, Action.OVERSIZE, Action.SLOW}]
)
def test_the_service_is_its_old_self_afterwards(service: PushService, action: Action, version: str) -> None:
    struck(service, {"action": action, "delay_ms": 1}, version=version)
    assert Sender().push(service, service.subscribe(), version=version).status == 201


@VERSIONS
def test_a_senders_own_mistake_is_answered_as_such_whatever_the_rules(service: PushService, version: str) -> None:
    service.set_rules([{"action": "reset"}])
    url = service.subscribe()["endpoint"]
    assert post(service, url, b"x", version=version).status == 400
    assert service.ledger.received()[0].misbehaviour is None


@pytest.mark.parametrize("action", ["lose_answer", "reset", "goaway", "reset_stream", "truncate", "garbage"])
def test_the_ledger_is_true_when_connections_break_under_many_streams(
    service: PushService, sender: Sender, action: str
) -> None:
    service.set_rules([{"match": {"every": 30}, "action": action}])
    subscriptions = [service.subscribe(vapid_public_key=sender.public_key) for _ in range(200)]
    outcomes = push_all(service, sender, subscriptions, at_once=60)
    told = {endpoint for endpoint, outcome in outcomes.items() if outcome == 201}
    accepted = service.ledger.accepted_counts()
    lost = {record.endpoint for record in service.ledger.received() if record.answer_lost}
    assert told <= accepted.keys(), "nobody was told yes without a line in the ledger"
    assert accepted.keys() - told <= lost, "an accepted message whose sender was not told is marked as lost"
    assert sum(accepted.values()) - len(accepted) <= service.ledger.answers_lost, "a duplicate needs a lost answer"
    assert any(record.misbehaviour == action for record in service.ledger.received())
