"""Bodies sent to a tenant's own server: once, with the headers they are signed by, and any status is an answer."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.core.outside import Reason, Reply, Unreached
from tests.adapters.outside.servers import HOST, Answer, Server, Visit, led, plain

HEADERS = {"Content-Type": "application/json", "webhook-id": "wh_1"}


def post(server: Server, ca_path: str, body: bytes = b"{}", **words: Any) -> Reply:
    return led(server, ca_path).post(
        f"https://{HOST}:{server.port}/hook",
        body=body,
        ports=frozenset({server.port}),
        **{"headers": HEADERS, "limit_bytes": 10, **words},
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"\0\r\n\xff", b"@/etc/passwd", b"x" * 2_000_000],  # curl would ask first whether it may send so much
)
def test_a_body_arrives_as_it_is_and_once(server: Server, ca_path: str, body: bytes) -> None:
    assert post(server, ca_path, body).status == 200
    (visit,) = server.visits
    assert visit.body == body
    first, *headers = visit.head.split("\r\n")
    assert first == "POST /hook HTTP/1.1"
    assert {"Content-Type: application/json", "webhook-id: wh_1", f"Content-Length: {len(body)}"} < set(headers)
    assert not [line for line in headers if line.lower().startswith("expect")]


@pytest.mark.parametrize(
    ("answer", "reply"),
    [
        (plain(b"thanks", "text/plain"), Reply(200, "text/plain", b"thanks", is_whole=True)),
        (plain(b"", "text/plain", "410 Gone"), Reply(410, "text/plain", b"", is_whole=True)),
        (plain(b"", "text/plain", "302 x", "Location: /"), Reply(302, "text/plain", b"", is_whole=True)),
        (plain(b"no" * 50_000, "text/html", "503 x"), Reply(503, "text/html", b"nonononono", is_whole=False)),
        (plain(b"zip", "text/html", "200 OK", "Content-Encoding: gzip"), Reply(200, "text/html", b"", is_whole=False)),
        (lambda visit: visit.send(b"HTTP/1.1 204 No Content\r\n\r\n"), Reply(204, "", b"", is_whole=True)),
    ],
)
def test_any_status_is_an_answer(server: Server, ca_path: str, answer: Answer, reply: Reply) -> None:
    server.answer = answer
    assert post(server, ca_path) == reply
    assert server.connections == 1


def hang_up(visit: Visit) -> None:
    visit.wire.close()


def test_no_answer_is_none_and_nothing_is_sent_again_behind_our_back(server: Server, ca_path: str) -> None:
    server.answer = hang_up
    with pytest.raises(Unreached) as failed:
        post(server, ca_path)
    assert failed.value.reason is Reason.UNREACHABLE
    assert server.connections == 1


@pytest.mark.parametrize("headers", [{"a": "b\r\nX-Evil: 1"}, {"a\nb": "c"}, {"a": "\0"}])
def test_a_header_is_one_line(server: Server, ca_path: str, headers: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="one line"):
        post(server, ca_path, headers=headers)
    assert server.connections == 0
