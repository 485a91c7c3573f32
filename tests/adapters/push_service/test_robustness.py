"""It starts and stops cleanly, and nothing a client sends makes it fall over."""

from __future__ import annotations

import hashlib
import socket
import ssl
import struct
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pycurl
import pytest
from cryptography import x509
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, RemoteSettingsChanged, StreamEnded, StreamReset
from h2.settings import SettingCodes

from infra.local.push_service.exchange import Action
from infra.local.push_service.service import STAND_IN_HOST, PushService
from tests.adapters.push_service.crowd import push_all
from tests.adapters.push_service.raw import (
    ask_over_h2,
    eventually,
    memory_bytes,
    open_files,
    plain_request,
    read_all,
    tcp_connection,
    tls_connection,
)
from tests.adapters.push_service.sender import H1, H2, Sender, post

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\0\0\0\4\0\0\0\0\0"


def still_serves(service: PushService) -> bool:
    return all(Sender().push(service, service.subscribe(), version=version).status == 201 for version in (H2, H1))


def push_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "push-service"]


def test_starting_and_stopping_leaves_nothing_behind(sender: Sender) -> None:
    with PushService() as service:
        assert still_serves(service)
    before = open_files()
    for _ in range(3):
        with PushService() as service:
            assert still_serves(service)
            folder = service.ca_path.parent
            assert folder.exists()
        assert not folder.exists()
    assert open_files() == before
    assert push_threads() == []


def test_it_can_be_started_and_stopped_twice_over() -> None:
    service = PushService()
    service.stop()
    assert service.start() is service
    port = service.port
    assert service.start().port == port
    service.stop()
    service.stop()
    with pytest.raises(RuntimeError, match="not running"):
        _ = service.port
    with service:
        assert still_serves(service)


def test_subscriptions_rules_and_ledger_outlive_a_restart(sender: Sender, tmp_path: Path) -> None:
    service = PushService(folder=tmp_path)
    subscription = service.subscribe(vapid_public_key=sender.public_key)
    with service:
        assert sender.push(service, subscription).status == 201
        service.set_rules([{"answer": {"fault": "gone"}}])
    with service:
        assert sender.push(service, subscription).status == 410
    assert service.ledger.total == 2


def test_a_taken_port_is_told_and_nothing_is_left() -> None:
    with PushService() as first:
        before = open_files()
        second = PushService(port=first.port)
        with pytest.raises(OSError, match="address already in use"):
            second.start()
        assert len(push_threads()) == 1
        assert open_files() == before


def test_it_stops_at_once_whatever_clients_are_doing(service: PushService, sender: Sender) -> None:
    service.set_rules([{"action": "hang"}])
    with (
        tcp_connection(service) as silent,
        tls_connection(service, "h2") as idle,
        tls_connection(service, "http/1.1") as half_way,
    ):
        half_way.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n")
        hanging = threading.Thread(target=sender.push, args=(service, service.subscribe()))
        hanging.start()
        assert eventually(lambda: service.ledger.total == 1)
        service.stop()
        hanging.join(timeout=5)
        assert not hanging.is_alive()
        assert read_all(silent) == b""
        read_all(idle)
        read_all(half_way)
    assert push_threads() == []


def test_it_stops_in_the_middle_of_an_oversize_answer_nobody_reads(service: PushService, sender: Sender) -> None:
    service.set_rules([{"action": "oversize"}])
    with tls_connection(service, "http/1.1") as client:
        client.sendall(plain_request(service, sender))
        assert eventually(lambda: service.ledger.total == 1)
        service.stop()
    [record] = service.ledger.received()
    assert record.answer_lost


def test_the_certificate_names_every_host_and_its_key_is_private(tmp_path: Path) -> None:
    with PushService(folder=tmp_path / "new" / "folder") as service:
        assert service.ca_path == tmp_path / "new" / "folder" / "ca.pem"
        for host in ("fcm.googleapis.com", "a.push.services.mozilla.com", "b.push.apple.com", "localhost"):
            with tls_connection(service, None, host) as client:
                assert client.version() == "TLSv1.3"
    leaf = tmp_path / "new" / "folder" / "leaf.pem"
    assert leaf.stat().st_mode & 0o077 == 0
    authority = x509.load_pem_x509_certificate(service.ca_path.read_bytes())
    certificate = x509.load_pem_x509_certificate(leaf.read_bytes())
    certificate.verify_directly_issued_by(authority)


def test_a_client_that_does_not_trust_us_is_refused_by_itself(service: PushService, tmp_path: Path) -> None:
    with PushService(folder=tmp_path) as other:
        context = ssl.create_default_context(cafile=other.ca_path)
        with tcp_connection(service) as plain, pytest.raises(ssl.SSLCertVerificationError):
            context.wrap_socket(plain, server_hostname=STAND_IN_HOST)
    assert still_serves(service)


def test_plain_text_on_the_tls_port_is_no_matter(service: PushService) -> None:
    with tcp_connection(service) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n" * 10)
        read_all(client)
    assert still_serves(service)


def test_a_client_may_leave_at_any_moment(service: PushService) -> None:
    for sent in (b"", b"\x16\x03\x01"):
        with tcp_connection(service) as client:
            client.sendall(sent)
    for alpn, sent in (("h2", PREFACE), ("h2", PREFACE + SETTINGS + b"\0\0"), ("http/1.1", b"POST / HT")):
        with tls_connection(service, alpn) as client:
            client.sendall(sent)
    with tls_connection(service, "h2") as client:
        client.sendall(PREFACE + SETTINGS)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert still_serves(service)


@pytest.mark.parametrize(
    "frames",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        PREFACE + b"\xff" * 100,
        PREFACE + SETTINGS + b"\xff\xff\xff\0\0\0\0\0\1",
        PREFACE + SETTINGS + b"\0\0\5\1\5\0\0\0\1" + b"\xff" * 5,  # headers that are no HPACK
        PREFACE + SETTINGS + b"\0\0\0\1\5\0\0\0\1",  # no headers at all
        PREFACE + SETTINGS + b"\0\0\1\1\5\0\0\0\2\x82",  # an even stream
        PREFACE + SETTINGS + b"\0\0\1\1\5\0\0\0\0\x82",  # stream 0
        PREFACE + SETTINGS + b"\0\0\0\0\1\0\0\0\1",  # data without headers
        PREFACE + SETTINGS + b"\0\0\4\3\0\0\0\0\7\0\0\0\0",  # reset of an idle stream
        PREFACE + SETTINGS + b"\0\0\4\x08\0\0\0\0\0\0\0\0\0",  # window update of 0
        PREFACE + SETTINGS + b"\0\0\3\6\0\0\0\0\0abc",  # short ping
        PREFACE + SETTINGS + b"\0\0\1\x09\4\0\0\0\1\x82",  # naked continuation
        PREFACE + b"\0\0\6\4\0\0\0\0\0\0\4\xff\xff\xff\xff",  # impossible window
        PREFACE + SETTINGS + b"\0\0\1\5\4\0\0\0\1\x82",  # push promise from a client
        PREFACE + SETTINGS + (b"\0\0\1\1\0\0\0\0\1\x82" + b"\0\0\1\x09\0\0\0\0\1\x82" * 100),  # endless headers
    ],
)
def test_malformed_http2_ends_the_connection_and_nothing_else(service: PushService, frames: bytes) -> None:
    with tls_connection(service, "h2") as client:
        client.sendall(frames)
        client.settimeout(0.2)
        with suppress(TimeoutError):  # not every oddity is an error; what counts is the next line
            read_all(client)
    assert still_serves(service)


@pytest.mark.parametrize("alpn", ["h2", "http/1.1"])
def test_noise_of_any_kind_is_survived(service: PushService, alpn: str) -> None:
    for seed in range(60):
        noise = b"".join(hashlib.blake2b(f"{seed}-{block}".encode()).digest() for block in range(seed % 9 + 1))
        with tls_connection(service, alpn) as client:
            client.sendall((PREFACE + SETTINGS if alpn == "h2" and seed % 2 else b"") + noise)
    assert still_serves(service)


def test_a_sound_conversation_with_any_byte_flipped_is_survived(service: PushService, sender: Sender) -> None:
    client_side = H2Connection(H2Configuration(client_side=True))
    client_side.initiate_connection()
    ask_over_h2(client_side, service, sender)
    sound = client_side.data_to_send()
    for position in range(len(PREFACE), len(sound), 7):
        tampered = bytearray(sound)
        tampered[position] ^= 0xFF
        with tls_connection(service, "h2") as client:
            client.sendall(tampered)
    assert still_serves(service)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: minus\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * 100_000, b"431"),
        (b"POST * HTTP/1.1\r\nHost: fcm.googleapis.com\r\nContent-Length: 0\r\n\r\n", b"404"),
        (b"POST / HTTP/1.0\r\n\r\n", b"421"),
        (b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n", b"421"),
    ],
)
def test_malformed_http1_is_told_so(service: PushService, sent: bytes, status: bytes) -> None:
    with tls_connection(service, "http/1.1") as client:
        client.sendall(sent)
        assert client.recv(65_536).split(b" ")[1] == status
    assert still_serves(service)


def test_a_client_that_talks_on_still_hears_what_was_wrong(service: PushService) -> None:
    with tls_connection(service, "http/1.1") as client:
        client.sendall(b"nonsense\r\n\r\n" + b"x" * 3_000_000)
        assert read_all(client).startswith(b"HTTP/1.1 400")


def test_http1_requests_may_be_pipelined_and_are_answered_in_turn(service: PushService, sender: Sender) -> None:
    service.set_rules([{"action": "slow", "delay_ms": 20, "match": {"every": 2}}])
    with tls_connection(service, "http/1.1") as client:
        client.sendall(plain_request(service, sender) * 4)
        received = b""
        while received.count(b"HTTP/1.1 201") < 4:
            piece = client.recv(65_536)
            assert piece, "closed too soon"
            received += piece
    positions = [received.index(f"/m/{number}\r\n".encode()) for number in (1, 2, 3, 4)]
    assert positions == sorted(positions)


def test_a_request_behind_a_big_answer_gets_its_turn(service: PushService, sender: Sender) -> None:
    service.set_rules([{"action": "oversize", "size_bytes": 8_000_000, "times": 1}])
    with tls_connection(service, "http/1.1") as client:
        client.sendall(plain_request(service, sender) + plain_request(service, sender, "Connection: close"))
        received = read_all(client)
    assert received.count(b"HTTP/1.1 201") == 2
    assert len(received) > 8_000_000


def test_a_body_in_chunks_and_a_client_that_asks_first_are_served(service: PushService, sender: Sender) -> None:
    subscription = service.subscribe()
    url = subscription["endpoint"]
    headers = [*sender.headers(url), "transfer-encoding: chunked", "expect: 100-continue"]
    answered = post(service, url, sender.encrypt(b"hello", subscription), headers, version=H1)
    assert answered.error == 0
    assert [record.plaintext for record in service.ledger.received()] == [b"hello"]


def test_the_number_of_streams_at_once_is_announced() -> None:
    with PushService(max_concurrent_streams=7) as service, tls_connection(service, "h2") as client:
        client_side = H2Connection(H2Configuration(client_side=True))
        client_side.initiate_connection()
        client.sendall(client_side.data_to_send())
        changed: dict[Any, Any] = {}
        while SettingCodes.MAX_CONCURRENT_STREAMS not in changed:
            for event in client_side.receive_data(client.recv(65_536)):
                if isinstance(event, RemoteSettingsChanged):
                    changed |= event.changed_settings
        assert changed[SettingCodes.MAX_CONCURRENT_STREAMS].new_value == 7


def test_a_stream_too_many_is_refused_and_the_others_live(sender: Sender) -> None:
    with PushService(max_concurrent_streams=2) as service, tls_connection(service, "h2") as client:
        service.set_rules([{"action": "slow", "delay_ms": 50}])
        client_side = H2Connection(H2Configuration(client_side=True))
        client_side.initiate_connection()
        streams = [ask_over_h2(client_side, service, sender) for _ in range(4)]
        client.sendall(client_side.data_to_send())
        ends: dict[int, object] = {}
        while len(ends) < len(streams):
            for event in client_side.receive_data(client.recv(65_536)):
                if isinstance(event, StreamReset | StreamEnded):
                    ends[event.stream_id or 0] = getattr(event, "error_code", None)
    refused = ErrorCodes.REFUSED_STREAM
    assert [ends[stream_id] for stream_id in streams] == [None, None, refused, refused]


def test_a_client_that_stops_reading_is_not_answered_into_memory(service: PushService, sender: Sender) -> None:
    service.set_rules([{"action": "oversize", "size_bytes": 200_000_000, "times": 1}])
    with tls_connection(service, "h2") as client:
        client_side = H2Connection(H2Configuration(client_side=True))
        client_side.initiate_connection()
        client_side.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 2**31 - 1})
        client_side.increment_flow_control_window(2**31 - 1 - 65_535)
        ask_over_h2(client_side, service, sender)
        before = memory_bytes()
        client.sendall(client_side.data_to_send())
        assert eventually(lambda: service.ledger.total == 1)
        assert still_serves(service)
        assert memory_bytes() - before < 50_000_000


@pytest.mark.parametrize("action", [None, *Action])
@pytest.mark.parametrize("regret", ["stream", "connection"])
def test_a_client_may_take_back_what_it_asked_in_the_same_breath(
    service: PushService, sender: Sender, action: Action | None, regret: str
) -> None:
    service.set_rules([{"action": action, "size_bytes": 100_000, "times": 1}] if action else [])
    with tls_connection(service, "h2") as client:
        client_side = H2Connection(H2Configuration(client_side=True))
        client_side.initiate_connection()
        stream_id = ask_over_h2(client_side, service, sender)
        if regret == "stream":
            client_side.reset_stream(stream_id, ErrorCodes.CANCEL)
        else:
            client_side.close_connection()
        client.sendall(client_side.data_to_send())
        assert eventually(lambda: service.ledger.total == 1)
        assert still_serves(service)
    record = service.ledger.received()[0]
    assert eventually(lambda: record.answer_lost == record.accepted)


def test_a_client_may_give_leave_to_go_on_and_take_it_back(service: PushService, sender: Sender) -> None:
    service.set_rules([{"action": "oversize", "times": 1}])
    with tls_connection(service, "h2") as client:
        client_side = H2Connection(H2Configuration(client_side=True))
        client_side.initiate_connection()
        stream_id = ask_over_h2(client_side, service, sender)
        client.sendall(client_side.data_to_send())
        taken = 0
        while taken < 65_535:
            events = client_side.receive_data(client.recv(65_536))
            taken += sum(len(event.data or b"") for event in events if isinstance(event, DataReceived))
        client_side.increment_flow_control_window(100_000, stream_id)
        client_side.increment_flow_control_window(100_000)
        client_side.reset_stream(stream_id, ErrorCodes.CANCEL)
        client.sendall(client_side.data_to_send())
        assert still_serves(service)
    assert eventually(lambda: service.ledger.answers_lost == 1)


def test_few_streams_serve_many_pushes_all_the_same(sender: Sender) -> None:
    with PushService(max_concurrent_streams=3) as service:
        subscriptions = [service.subscribe() for _ in range(60)]
        assert set(push_all(service, sender, subscriptions, at_once=40).values()) == {201}


def test_256_streams_wait_at_once_and_none_is_forgotten(service: PushService, sender: Sender) -> None:
    service.set_rules([{"action": "slow", "delay_ms": 300}])
    subscriptions = [service.simulated(1, index) for index in range(256)]
    outcomes = push_all(service, sender, subscriptions, at_once=256)
    assert set(outcomes.values()) == {201}
    assert len(outcomes) == 256


def test_big_answers_on_many_streams_respect_the_windows(service: PushService, sender: Sender) -> None:
    service.set_rules([{"action": "oversize", "size_bytes": 300_000}])
    subscriptions = [service.simulated(1, index) for index in range(40)]
    assert set(push_all(service, sender, subscriptions, at_once=40).values()) == {201}
    assert service.ledger.answers_lost == 0


def test_a_connection_is_kept_for_many_requests(service: PushService, sender: Sender) -> None:
    subscription = service.subscribe()
    url = subscription["endpoint"]
    for version in (pycurl.CURL_HTTP_VERSION_2TLS, pycurl.CURL_HTTP_VERSION_1_1):
        curl = pycurl.Curl()
        curl.setopt(pycurl.CONNECT_TO, service.connect_to)
        curl.setopt(pycurl.CAINFO, str(service.ca_path))
        curl.setopt(pycurl.HTTP_VERSION, version)
        curl.setopt(pycurl.URL, url)
        curl.setopt(pycurl.POSTFIELDS, sender.encrypt(b"hello", subscription))
        curl.setopt(pycurl.HTTPHEADER, sender.headers(url))
        connects = 0
        for _ in range(5):
            curl.perform()
            assert curl.getinfo(pycurl.RESPONSE_CODE) == 201
            connects += int(curl.getinfo(pycurl.NUM_CONNECTS))
        curl.close()
        assert connects == 1
