"""Servers that never end, pack what nobody asked for, or answer something else: as much is read as was asked for, for
as long as was allowed (SECURITY 2, 29).
"""

from __future__ import annotations

import gzip
import itertools

import pytest

from chalicelib.core.outside import Reason, Unreached
from tests.adapters.outside.servers import HOST, Answer, Server, Visit, led, plain

PNG = frozenset({"image/png"})
MEGABYTE = b"x" * 1024 * 1024
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"


def why(server: Server, ca_path: str, *, limit_bytes: int = 1_000, within_seconds: float = 10.0) -> Reason:
    with pytest.raises(Unreached) as failed:
        led(server, ca_path).fetch(
            f"https://{HOST}:{server.port}/",
            kinds=PNG,
            limit_bytes=limit_bytes,
            ports=frozenset({server.port}),
            within_seconds=within_seconds,
        )
    return failed.value.reason


def fifty_megabytes(visit: Visit) -> None:
    visit.send(_OK + b"Content-Length: %d\r\n\r\n" % (50 * len(MEGABYTE)))
    for _ in range(50):
        visit.send(MEGABYTE)


def no_end(visit: Visit) -> None:
    visit.send(_OK + b"Transfer-Encoding: chunked\r\n\r\n")
    while not visit.is_over.is_set():
        visit.send(b"%x\r\n%b\r\n" % (len(MEGABYTE), MEGABYTE))


def no_end_of_headers(visit: Visit) -> None:
    visit.send(_OK)
    for number in itertools.count():
        visit.send(b"X-%d: %b\r\n" % (number, b"x" * 1_000))


def one_endless_header(visit: Visit) -> None:
    visit.send(_OK + b"X: ")
    while not visit.is_over.is_set():
        visit.send(MEGABYTE)


def no_end_of_patience(visit: Visit) -> None:
    while not visit.is_over.is_set():
        visit.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (fifty_megabytes, Reason.TOO_LARGE),
        (no_end, Reason.TOO_LARGE),
        (no_end_of_headers, Reason.TOO_LARGE),
        (one_endless_header, Reason.UNREACHABLE),  # curl itself has enough of it before we are told
        (no_end_of_patience, Reason.TOO_LARGE),
    ],
)
def test_of_an_endless_answer_only_the_beginning_is_read(
    server: Server, ca_path: str, answer: Answer, reason: Reason
) -> None:
    server.answer = answer
    assert why(server, ca_path, limit_bytes=100_000) is reason
    (visit,) = server.visits
    assert visit.is_over.wait(10)
    assert visit.sent < 16 * len(MEGABYTE)  # what the buffers of a socket take, and we did not


def test_what_comes_before_the_answer_is_no_part_of_it(server: Server, ca_path: str) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
    server.answer = lambda visit: visit.send(hints + _OK + b"Content-Length: 3\r\n\r\npng")
    url, ports = f"https://{HOST}:{server.port}/", frozenset({server.port})
    assert led(server, ca_path).fetch(url, kinds=PNG, limit_bytes=10, ports=ports).body == b"png"


def drip(visit: Visit) -> None:
    visit.send(_OK + b"Content-Length: 1000000\r\n\r\n")
    while not visit.is_over.wait(0.02):
        visit.send(b"x")


def drip_of_headers(visit: Visit) -> None:
    visit.send(_OK)
    while not visit.is_over.wait(0.02):
        visit.send(b"H")


def silence(visit: Visit) -> None:
    visit.is_over.wait(20)


@pytest.mark.parametrize("answer", [drip, drip_of_headers, silence])
def test_what_drips_is_left_when_the_time_is_over(server: Server, ca_path: str, answer: Answer) -> None:
    server.answer = answer
    assert why(server, ca_path, limit_bytes=1_000_000, within_seconds=1.0) is Reason.TOO_SLOW
    assert server.visits[0].sent < 1_000


def bomb(visit: Visit) -> None:
    packed = gzip.compress(b"\0" * 50_000_000)
    visit.send(_OK + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)


def bomb_in_transfer(visit: Visit) -> None:
    packed = gzip.compress(b"\0" * 50_000_000)
    visit.send(_OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(packed), packed))


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "zstd", "identity, gzip", "GZIP"])
def test_what_nobody_asked_to_be_packed_is_not_unpacked(server: Server, ca_path: str, encoding: str) -> None:
    server.answer = plain(gzip.compress(b"\0" * 10_000), "image/png", "200 OK", f"Content-Encoding: {encoding}")
    assert why(server, ca_path) is Reason.PACKED


@pytest.mark.parametrize("limit_bytes", [1_000, 1_000_000])
def test_a_bomb_does_not_go_off(server: Server, ca_path: str, limit_bytes: int) -> None:
    server.answer = bomb
    assert why(server, ca_path, limit_bytes=limit_bytes) is Reason.PACKED


def test_nor_one_that_hides_in_the_transfer(server: Server, ca_path: str) -> None:
    server.answer = bomb_in_transfer
    assert why(server, ca_path, limit_bytes=100_000) in {Reason.TOO_LARGE, Reason.UNREACHABLE}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (plain(b"x", "text/html"), Reason.KIND),
        (plain(b"x", "image/pngx"), Reason.KIND),
        (plain(b"x", "image/svg+xml; image/png"), Reason.KIND),
        (plain(b"x", ""), Reason.KIND),
        (
            lambda visit: visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: \xff\xfe\r\nContent-Length: 0\r\n\r\n"),
            Reason.KIND,
        ),
        (lambda visit: visit.send(b"HTTP/1.1 200 OK\r\n\xff: \xff\r\nContent-Length: 0\r\n\r\n"), Reason.KIND),
        (plain(b"x", status="201 Created"), Reason.STATUS),
        (plain(b"x", status="404 Not Found"), Reason.STATUS),
        (plain(b"x", status="500 Oh"), Reason.STATUS),
        (lambda visit: visit.send(b"220 smtp.example.com ready\r\n"), Reason.UNREACHABLE),
        (lambda visit: visit.send(_OK + b"Content-Length: 10\r\n\r\nshort"), Reason.UNREACHABLE),
        (lambda visit: visit.send(_OK + b"Content-Length: -1\r\n\r\nx"), Reason.UNREACHABLE),
        (lambda visit: visit.send(_OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"), Reason.UNREACHABLE),
        (lambda _visit: None, Reason.UNREACHABLE),
    ],
)
def test_something_else_is_not_taken_for_it(server: Server, ca_path: str, answer: Answer, reason: Reason) -> None:
    server.answer = answer
    assert why(server, ca_path) is reason


def test_exactly_as_much_as_was_asked_for_is_whole(server: Server, ca_path: str) -> None:
    server.answer = plain(b"x" * 100_000, "Image/PNG; charset=binary")
    url, ports = f"https://{HOST}:{server.port}/", frozenset({server.port})
    found = led(server, ca_path).fetch(url, kinds=PNG, limit_bytes=100_000, ports=ports)
    assert (found.kind, len(found.body)) == ("image/png", 100_000)
    assert why(server, ca_path, limit_bytes=99_999) is Reason.TOO_LARGE


def test_nothing_of_one_call_is_there_for_the_next(server: Server, ca_path: str) -> None:
    curl = led(server, ca_path)
    server.answer = plain(b"x", "image/png", "200 OK", "Set-Cookie: a=b", 'Alt-Svc: h2=":1"', "Connection: keep-alive")
    for _ in range(2):
        curl.fetch(f"https://{HOST}:{server.port}/", kinds=PNG, limit_bytes=10, ports=frozenset({server.port}))
    assert server.connections == 2
    assert "cookie" not in server.visits[1].head.lower()
