"""The transport against a push service over TLS: what comes back, what certainly never left, and what is not trusted."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pycurl
import pytest

from chalicelib.channels.webpush.transport import Direct, Refused, Reply
from infra.local.connector import Everywhere, Loopback
from infra.local.push_service.service import STAND_IN_HOST, PushService
from tests.adapters.channels.wires import H1, H2, Led, Wires, begin, exchange, wait_for

VERSIONS = pytest.mark.parametrize(("version", "protocol"), [(H2, "h2"), (H1, "http/1.1")])
NO_ANSWER = Reply(0, left=True)
NEVER_LEFT = Reply(0, left=False)
GZIPPED = b"\x1f\x8b"


@VERSIONS
def test_a_message_is_accepted_and_read(
    service: PushService, led: Led, wires: Wires, version: int, protocol: str
) -> None:
    reply = exchange(wires.to(replace(led, version=version)), service)
    assert reply.status == 201
    (record,) = service.ledger.received()
    assert (record.protocol, record.plaintext) == (protocol, b"hello")


@VERSIONS
def test_an_answers_words_are_handed_on(
    service: PushService, led: Led, wires: Wires, version: int, protocol: str
) -> None:
    service.set_rules([{"answer": {"status": 429, "retry_after": 7, "body": "slow — down"}}])
    reply = exchange(wires.to(replace(led, version=version)), service)
    assert (reply.status, reply.headers["retry-after"], reply.body.decode()) == (429, "7", "slow — down")
    assert service.ledger.received()[0].protocol == protocol


def test_hundreds_at_once_share_two_connections_and_each_is_answered_once(
    service: PushService, led: Led, wires: Wires
) -> None:
    sockets: list[int] = []

    def count(socket_number: int, _purpose: int) -> int:
        sockets.append(socket_number)
        return 0

    transport = wires.to(replace(led, also=lambda curl: curl.setopt(pycurl.SOCKOPTFUNCTION, count)))
    endpoints = {begin(transport, service, ticket=b"%d" % number) for number in range(300)}
    replies = wait_for(transport, 300)
    assert {reply.status for reply in replies.values()} == {201}
    assert service.ledger.accepted_counts() == dict.fromkeys(endpoints, 1)
    assert len(sockets) <= 2


def test_the_same_handles_serve_again_without_anything_of_the_last(
    service: PushService, led: Led, wires: Wires
) -> None:
    transport = wires.to(led)
    service.set_rules([{"answer": {"status": 404, "headers": {"x-why": "no"}, "body": "no"}, "times": 1}])
    first, second = exchange(transport, service), exchange(transport, service)
    assert (first.status, first.headers["x-why"], first.body) == (404, "no", b"no")
    assert (second.status, second.body) == (201, b"")
    service.set_rules([{"answer": {"status": 410}}])
    third = exchange(transport, service)
    assert third.status == 410
    assert "x-why" not in third.headers
    assert len(transport._idle) == 1


def test_the_first_of_many_are_on_their_way_before_anybody_asks_for_answers(
    service: PushService, led: Led, wires: Wires
) -> None:
    transport = wires.to(led)
    assert exchange(transport, service).status == 201
    for number in range(64):
        begin(transport, service, ticket=b"%d" % number)
    give_up_at = time.monotonic() + 5
    while service.ledger.total == 1 and time.monotonic() < give_up_at:
        time.sleep(0.01)
    assert service.ledger.total > 1
    assert {reply.status for reply in wait_for(transport, 64).values()} == {201}


# --- the request may have arrived ---


@VERSIONS
def test_who_hangs_is_left_after_a_while(
    service: PushService, led: Led, wires: Wires, version: int, protocol: str
) -> None:
    service.set_rules([{"action": "hang"}])
    assert exchange(wires.to(replace(led, version=version, timeout_ms=300)), service) == NO_ANSWER
    assert service.ledger.received()[0].protocol == protocol


@VERSIONS
@pytest.mark.parametrize("action", ["reset", "reset_stream", "lose_answer", "garbage"])
def test_a_connection_that_breaks_leaves_us_without_an_answer(
    service: PushService, led: Led, wires: Wires, version: int, protocol: str, action: str
) -> None:
    service.set_rules([{"action": action}])
    assert exchange(wires.to(replace(led, version=version)), service) == NO_ANSWER
    assert {record.protocol for record in service.ledger.received()} == {protocol}


@VERSIONS
@pytest.mark.parametrize("action", ["lose_answer", "reset", "refuse_stream", "goaway"])
def test_nor_is_anything_sent_again_behind_our_back_on_a_warm_connection(
    service: PushService, led: Led, wires: Wires, version: int, protocol: str, action: str
) -> None:
    """Were curl to repeat a request by itself, nobody would count the doubt."""
    transport = wires.to(replace(led, version=version))
    assert exchange(transport, service).status == 201
    service.set_rules([{"action": action, "times": 1}])
    assert exchange(transport, service) == NO_ANSWER
    assert [record.protocol for record in service.ledger.received()] == [protocol] * 2
    assert exchange(transport, service).status == 201


# --- the answer is clear enough ---


@VERSIONS
@pytest.mark.parametrize(
    "rule",
    [
        {"action": "truncate"},
        {"action": "drip", "delay_ms": 400},
        {"action": "oversize"},
        {"action": "bomb"},
    ],
    ids=["cut off", "drop by drop", "50 MB", "gzip bomb"],
)
def test_a_yes_is_a_yes_however_its_body_ends(
    service: PushService, led: Led, wires: Wires, version: int, protocol: str, rule: dict[str, Any]
) -> None:
    service.set_rules([rule])
    reply = exchange(wires.to(replace(led, version=version, timeout_ms=1_000)), service)
    assert reply.status == 201
    assert len(reply.body) <= 4_096
    assert service.ledger.received()[0].protocol == protocol


def test_of_a_large_answer_only_the_beginning_is_read(service: PushService, led: Led, wires: Wires) -> None:
    service.set_rules([{"action": "oversize", "answer": {"status": 400}, "size_bytes": 50_000_000}])
    reply = exchange(wires.to(led), service)
    assert (reply.status, len(reply.body)) == (400, 4_096)


def test_an_answer_of_exactly_the_largest_size_is_whole(service: PushService, led: Led, wires: Wires) -> None:
    service.set_rules([{"answer": {"status": 400, "body": "b" * 4_096}}])
    assert exchange(wires.to(led), service).body == b"b" * 4_096


def test_no_more_headers_are_kept_than_anyone_needs(service: PushService, led: Led, wires: Wires) -> None:
    many = {f"x-{number}": "y" for number in range(200)}
    service.set_rules([{"answer": {"status": 429, "headers": many}}])
    reply = exchange(wires.to(led), service)
    assert (reply.status, len(reply.headers)) == (429, 63)  # and the line of the status


@VERSIONS
def test_nor_more_of_them_than_there_is_room_for(
    service: PushService, led: Led, wires: Wires, version: int, protocol: str
) -> None:
    """Who sends megabytes of them is not cut off, for its status counts: they are not kept."""
    large = {f"x-{number}": "y" * 6_000 for number in range(8)}
    service.set_rules([{"answer": {"status": 503, "headers": large, "retry_after": 7}}])
    transport = wires.to(replace(led, version=version))
    reply = exchange(transport, service)
    assert (reply.status, reply.headers["retry-after"]) == (503, "7")
    assert not reply.headers.keys() & large.keys()
    assert sum(map(len, transport._idle[0].lines)) < 6_000
    assert service.ledger.received()[0].protocol == protocol


def test_what_drips_for_ever_is_given_up_with_its_status(service: PushService, led: Led, wires: Wires) -> None:
    service.set_rules([{"action": "drip", "delay_ms": 60_000, "answer": {"status": 400, "body": "bad, because …"}}])
    reply = exchange(wires.to(replace(led, timeout_ms=300)), service)
    assert (reply.status, reply.body) == (400, b"b")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(service: PushService, led: Led, wires: Wires, status: int) -> None:
    elsewhere = service.subscribe()["endpoint"]
    service.set_rules([{"answer": {"status": status, "headers": {"location": elsewhere}}, "times": 1}])
    assert exchange(wires.to(led), service).status == status
    assert service.ledger.total == 1


def test_a_packed_answer_is_not_unpacked(service: PushService, led: Led, wires: Wires) -> None:
    service.set_rules([{"answer": {"status": 400, "body": "packed?", "headers": {"content-encoding": "gzip"}}}])
    assert exchange(wires.to(led), service).body == b"packed?"


def test_a_bomb_does_not_go_off(service: PushService, led: Led, wires: Wires) -> None:
    service.set_rules([{"action": "bomb", "answer": {"status": 400}}])
    reply = exchange(wires.to(led), service)
    assert reply.status == 400
    assert len(reply.body) == 4_096
    assert reply.body.startswith(GZIPPED)


def test_no_proxy_of_the_environment_stands_in_between(
    service: PushService, led: Led, wires: Wires, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert exchange(wires.to(led), service).status == 201


# --- the request never left in one piece ---


def test_a_refused_connection_never_left(service: PushService, wires: Wires) -> None:
    assert exchange(wires.to(Led(Everywhere(port=1, ca_path=service.ca_path))), service) == NEVER_LEFT


def test_a_handle_that_once_succeeded_does_not_colour_a_later_failure(service: PushService, wires: Wires) -> None:
    class Moving:
        port = service.port

        def prepare(self, curl: pycurl.Curl, host: str) -> None:
            Everywhere(port=self.port, ca_path=service.ca_path).prepare(curl, host)
            curl.setopt(pycurl.FRESH_CONNECT, 1)

    moving = Moving()
    transport = wires.to(Led(moving))
    assert exchange(transport, service).status == 201
    moving.port = 1
    assert exchange(transport, service) == NEVER_LEFT


def test_an_unknown_authority_is_not_told_anything(service: PushService, wires: Wires) -> None:
    """The world's authorities, which the product brings along, do not vouch for the stand-in."""

    class Misled(Direct):
        def prepare(self, curl: pycurl.Curl, host: str) -> None:
            super().prepare(curl, host)
            curl.setopt(pycurl.CONNECT_TO, service.connect_to)

    assert exchange(wires.to(Led(Misled())), service) == NEVER_LEFT
    assert service.ledger.total == 0


def test_a_certificate_for_another_name_is_not_told_anything(service: PushService, led: Led, wires: Wires) -> None:
    transport = wires.to(led)
    transport.start(b"1", url="https://push.example/x", host="push.example", headers=[], body=b"secret")
    assert wait_for(transport) == {b"1": NEVER_LEFT}
    assert service.ledger.total == 0


@pytest.fixture
def mute_port() -> Iterator[int]:
    """Takes connections and says nothing, not even hello."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        yield mute.getsockname()[1]


def test_a_handshake_that_never_ends_never_left(service: PushService, wires: Wires, mute_port: int) -> None:
    connector = Everywhere(port=mute_port, ca_path=service.ca_path)
    assert exchange(wires.to(Led(connector, connect_ms=200)), service) == NEVER_LEFT


# --- refused, abandoned, closed ---


def test_a_host_that_the_connector_does_not_lead_to_is_refused(service: PushService, wires: Wires) -> None:
    transport = wires.to(Loopback(port=service.port, ca_path=service.ca_path))
    with pytest.raises(Refused):
        begin(transport, service, host="web.push.apple.com")
    assert len(transport._idle) == 1
    assert exchange(transport, service, host=STAND_IN_HOST).status == 201


def test_what_was_abandoned_does_not_come_back(service: PushService, led: Led, wires: Wires) -> None:
    transport = wires.to(led)
    service.set_rules([{"action": "slow", "delay_ms": 150, "times": 2}])
    begin(transport, service, ticket=b"old 1")
    begin(transport, service, ticket=b"old 2")
    transport.replies(0.05)
    transport.abandon()
    assert transport.replies(0.0) == []
    begin(transport, service, ticket=b"new")
    assert set(wait_for(transport)) == {b"new"}
    assert transport.replies(0.3) == []


@VERSIONS
def test_what_was_abandoned_leaves_its_handle_and_nothing_else(
    service: PushService, led: Led, wires: Wires, version: int, protocol: str
) -> None:
    transport = wires.to(replace(led, version=version))
    service.set_rules([{"action": "drip", "delay_ms": 60_000, "answer": {"status": 429, "retry_after": 7}}])
    for number in range(3):
        begin(transport, service, ticket=b"%d" % number)
    transport.replies(0.3)
    transport.abandon()
    service.set_rules([])
    assert (len(transport._idle), len(transport._busy), transport._fresh) == (3, 0, 0)
    for _ in range(3):
        assert exchange(transport, service) == Reply(201)
    assert len(transport._idle) == 3
    assert {record.protocol for record in service.ledger.received()} == {protocol}


def test_nothing_under_way_is_no_reason_to_wait(led: Led, wires: Wires) -> None:
    assert wires.to(led).replies(60.0) == []


def test_asking_without_patience_only_looks(service: PushService, led: Led, wires: Wires) -> None:
    service.set_rules([{"action": "hang"}])
    transport = wires.to(led)
    begin(transport, service)
    assert transport.replies(0.0) == []
    assert transport.replies(0.1) == []
