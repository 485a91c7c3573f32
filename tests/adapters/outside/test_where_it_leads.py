"""Whatever a tenant names, and whatever its DNS says: no socket but to a public address (SECURITY 2)."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

import pycurl
import pytest

from chalicelib.channels.outside.curl import Curl, Sockets, Way
from chalicelib.channels.outside.dns import SystemResolver
from chalicelib.core.addresses import Address
from chalicelib.core.outside import HTTPS_OR_ALTERNATE, Reason, Unreached
from tests.adapters.outside.conftest import Authority
from tests.adapters.outside.hostile import NOT_PUBLIC, URLS
from tests.adapters.outside.servers import HOST, Fickle, Only, Server, Watched, led, plain

PNG = frozenset({"image/png"})


def why(curl: Curl, url: str, *, ports: frozenset[int] = frozenset({443})) -> Reason:
    with pytest.raises(Unreached) as failed:
        curl.fetch(url, kinds=PNG, limit_bytes=1_000, ports=ports, within_seconds=5)
    return failed.value.reason


@pytest.fixture
def beside(authority: Authority) -> Iterator[Server]:
    """Another address of this machine: what stands for the public one where a real connection is to be made."""
    standing = Server(authority.context, address="127.0.0.2")
    yield standing
    standing.stop()


@pytest.fixture
def inside(authority: Authority, beside: Server) -> Iterator[Server]:
    """What must not be reached, at the same port."""
    standing = Server(authority.context, port=beside.port)
    yield standing
    standing.stop()


def test_an_answer_of_dns_that_changes_in_between_changes_nothing(inside: Server) -> None:
    watched, fickle = Watched(), Fickle([["93.184.216.34"], ["127.0.0.1"]])
    curl, ports = Curl(Way(resolver=fickle, open=watched.open)), frozenset({inside.port})
    url = f"https://{HOST}:{inside.port}/"
    assert why(curl, url, ports=ports) is Reason.UNREACHABLE
    assert (watched.places, fickle.asked) == ([("93.184.216.34", inside.port)], [HOST])
    assert {why(curl, url, ports=ports) for _ in range(5)} == {Reason.NOT_PUBLIC}
    assert len(watched.places) == 1
    assert inside.connections == 0


def test_nor_does_it_for_a_connection_that_is_really_made(beside: Server, inside: Server, ca_path: str) -> None:
    curl = led(beside, ca_path, resolver=Fickle([["127.0.0.2"], ["127.0.0.1"]]))
    url, ports = f"https://{HOST}:{beside.port}/", frozenset({beside.port})
    assert curl.fetch(url, kinds=PNG, limit_bytes=10, ports=ports).body == b"png"
    assert why(curl, url, ports=ports) is Reason.NOT_PUBLIC
    assert (beside.connections, inside.connections) == (1, 0)


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_no_name_leads_inside(address: str) -> None:
    for addresses in ([address], ["93.184.216.34", address], [address, "2606:4700:4700::1111"]):
        watched = Watched()
        assert why(Curl(Way(resolver=Fickle([addresses]), open=watched.open)), f"https://{HOST}/") is Reason.NOT_PUBLIC
        assert watched.places == []


def test_no_number_is_a_name_and_nobody_is_asked_for_it() -> None:
    watched, fickle = Watched(), Fickle([["93.184.216.34"]])
    curl = Curl(Way(resolver=fickle, open=watched.open))
    assert {why(curl, url) for url in URLS} == {Reason.URL}
    assert (watched.places, fickle.asked) == ([], [])


@pytest.mark.parametrize("host", ["example.localhost", "example.local", "metadata.google.internal", HOST])
def test_curl_asks_nobody_but_us_where_a_name_leads(host: str) -> None:
    watched = Watched()
    curl = Curl(Way(resolver=Fickle([["93.184.216.34", "2606:4700:4700::1111"]]), open=watched.open))
    assert why(curl, f"https://{host}/") is Reason.UNREACHABLE
    assert {address for address, _ in watched.places} == {"93.184.216.34", "2606:4700:4700::1111"}


def test_each_socket_is_judged_by_itself_too(server: Server, ca_path: str) -> None:
    """The second lock alone: what was public a moment ago is not when the socket is to be opened."""
    verdicts = iter([True, False])

    def admits(_address: Address) -> bool:
        return next(verdicts)

    curl = Curl(Way(resolver=Fickle([["127.0.0.1"]]), admits=admits, ca_path=ca_path))
    assert why(curl, f"https://{HOST}:{server.port}/", ports=frozenset({server.port})) is Reason.UNREACHABLE
    assert list(verdicts) == []
    assert server.connections == 0


@pytest.mark.parametrize(
    "place",
    [("93.184.216.35", 443), ("93.184.216.34", 80), ("127.0.0.1", 443), ("::ffff:93.184.216.34", 443, 0, 0)],
)
def test_it_opens_for_what_was_judged_and_nothing_beside(place: tuple[str, int]) -> None:
    watched = Watched()
    sockets = Sockets(Way(open=watched.open), [ip_address("93.184.216.34"), ip_address("127.0.0.1")], 443)
    assert sockets.open(0, Place(place)) == pycurl.SOCKET_BAD
    assert watched.places == []
    assert sockets.open(0, Place(("93.184.216.34", 443))) != pycurl.SOCKET_BAD
    sockets.close()


def test_the_name_stays_what_it_was(server: Server, ca_path: str) -> None:
    found = led(server, ca_path).fetch(
        f"https://{HOST}:{server.port}/a/../logo.png?v=1", kinds=PNG, limit_bytes=10, ports=frozenset({server.port})
    )
    assert (found.kind, found.body) == ("image/png", b"png")
    assert server.names == [HOST]
    first, *headers = server.visits[0].head.split("\r\n")
    assert first == "GET /a/../logo.png?v=1 HTTP/1.1"
    assert sorted(headers) == [
        "Accept-Encoding: identity",
        "Accept: image/png",
        f"Host: {HOST}:{server.port}",
        "User-Agent: PushSaaS",
    ]


def test_a_certificate_for_another_name_is_not_told_anything(server: Server, ca_path: str) -> None:
    assert why(led(server, ca_path), f"https://shop.example.com:{server.port}/", ports=frozenset({server.port})) is (
        Reason.UNTRUSTED
    )
    assert (server.connections, server.visits) == (1, [])


def test_nor_is_one_of_an_authority_that_nobody_knows(server: Server) -> None:
    curl = Curl(Way(resolver=Fickle([["127.0.0.1"]]), admits=Only(frozenset({"127.0.0.1"}))))
    assert why(curl, f"https://{HOST}:{server.port}/", ports=frozenset({server.port})) is Reason.UNTRUSTED
    assert server.visits == []


@pytest.mark.parametrize("status", ["301 x", "302 x", "303 x", "307 x", "308 x"])
def test_redirects_are_not_followed(beside: Server, inside: Server, ca_path: str, status: str) -> None:
    there = f"https://{HOST}:{inside.port}/"
    beside.answer = plain(b"", "image/png", status, f"Location: {there}", "Refresh: 0; url=" + there)
    curl = led(beside, ca_path)
    assert why(curl, f"https://{HOST}:{beside.port}/", ports=frozenset({beside.port})) is Reason.STATUS
    assert (beside.connections, inside.connections) == (1, 0)


def test_no_proxy_of_the_environment_stands_in_between(
    server: Server, inside: Server, ca_path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{inside.port}")
    ports = frozenset({server.port})
    assert led(server, ca_path).fetch(f"https://{HOST}:{server.port}/", kinds=PNG, limit_bytes=10, ports=ports).body
    assert inside.connections == 0


def test_the_other_port_is_opened_only_for_who_asks() -> None:
    watched = Watched()
    curl = Curl(Way(resolver=Fickle([["93.184.216.34"]]), open=watched.open))
    assert why(curl, f"https://{HOST}:8443/") is Reason.URL
    assert why(curl, f"https://{HOST}:8443/", ports=HTTPS_OR_ALTERNATE) is Reason.UNREACHABLE
    assert watched.places == [("93.184.216.34", 8443)]


def test_a_name_that_nobody_knows_leads_nowhere() -> None:
    watched = Watched()
    assert why(Curl(Way(resolver=Fickle([[]]), open=watched.open)), f"https://{HOST}/") is Reason.UNKNOWN
    assert watched.places == []


def test_the_machine_itself_knows_names_that_lead_nowhere() -> None:
    """`localhost.` is answered by every resolver there is, without the network."""
    found = SystemResolver().addresses("localhost", within_seconds=10)
    assert set(found) <= {"127.0.0.1", "::1"}
    assert SystemResolver().addresses("a" * 70, within_seconds=10) == ()


def test_a_resolver_that_does_not_answer_is_left() -> None:
    asked, is_over = threading.Event(), threading.Event()

    def silent(_host: str) -> Sequence[str]:
        asked.set()
        is_over.wait(20)
        return ["93.184.216.34"]

    watched = Watched()
    curl = Curl(Way(resolver=SystemResolver(silent), open=watched.open))
    with pytest.raises(Unreached) as failed:
        curl.fetch(f"https://{HOST}/", kinds=PNG, limit_bytes=10, within_seconds=0.1)
    assert failed.value.reason is Reason.TOO_SLOW
    assert asked.wait(10)
    is_over.set()
    assert watched.places == []


@dataclass(frozen=True)
class Place:
    """As curl has it."""

    addr: tuple[str, int] | tuple[str, int, int, int]


@dataclass
class Impatient:
    """Remembers how long it might have taken."""

    within: list[float] = field(default_factory=list)

    def addresses(self, host: str, *, within_seconds: float) -> Sequence[str]:
        self.within.append(within_seconds)
        raise Unreached(Reason.TOO_SLOW)


def test_the_resolver_has_its_share_of_the_patience() -> None:
    resolver = Impatient()
    assert why(Curl(Way(resolver=resolver)), f"https://{HOST}/") is Reason.TOO_SLOW
    assert 0 < resolver.within[0] < 5
