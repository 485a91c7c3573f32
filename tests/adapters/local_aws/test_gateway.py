"""HTTP in front of the app behaves as API Gateway does, with many requests at once."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, cast

import pytest
from chalice.app import Chalice, Request, Response

from infra.local.console.exchange import Answer as SiteAnswer
from infra.local.console.exchange import Request as SiteRequest
from infra.local.gateway import LARGEST_BODY_BYTES, Gateway

ours: ContextVar[Request] = ContextVar("ours")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


Ask = Callable[..., Answer]


@pytest.fixture
def app() -> Chalice:
    app = Chalice("small", configure_logs=False)

    def remember(request: Request, get_response: Any) -> Any:
        token = ours.set(request)
        try:
            return get_response(request)
        finally:
            ours.reset(token)

    app.register_middleware(remember, "http")

    @app.route("/echo", methods=["GET", "POST"], content_types=["application/json", "text/plain", "image/png"])
    def echo() -> Any:
        return {**ours.get().to_original_event(), "size": len(ours.get().raw_body)}

    @app.route("/v1/sites/{site}/{thing}", methods=["GET"])
    def thing(site: str, thing: str) -> Any:
        return {"site": site, "thing": thing}

    @app.route("/v1/sites/{site}/vapid", methods=["GET", "HEAD", "OPTIONS"])
    def vapid(site: str) -> Any:
        return Response("", headers={"Allow": "all"}) if ours.get().method == "OPTIONS" else {"vapid": site}

    return app


@pytest.fixture
def ask(app: Chalice) -> Iterator[Ask]:
    with Gateway(app) as gateway:
        yield lambda *args, **kwargs: request(gateway.port, *args, **kwargs)


def request(port: int, method: str, target: str, *, body: Any = None, headers: Any = None, **more: Any) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, target, body, headers or {}, **more)
    response = connection.getresponse()
    answer = Answer(response.status, response.headers, response.read())
    connection.close()
    return answer


JSON = {"Content-Type": "application/json"}
PNG = {"Content-Type": "image/png"}


@pytest.mark.parametrize(
    ("method", "target"),
    [
        ("GET", "/"), ("GET", "/nothing"), ("GET", "/echo/more"), ("DELETE", "/echo"), ("PURGE", "/echo"),
        ("OPTIONS", "/echo"), ("OPTIONS", "*"), ("GET", "//echo"), ("GET", "//127.0.0.1/echo"), ("GET", "/v1/sites//x"),
        ("GET", "/v1/../echo"), ("GET", "/ECHO"), ("GET", "/%65cho"), ("GET", "/" + "x" * 20_000), ("GET", "/%00"),
    ],
)  # fmt: skip
def test_what_is_no_route_is_404_before_the_app(ask: Ask, method: str, target: str) -> None:
    answer = ask(method, target)
    assert answer.status == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["type"] == "/problems/not_found"
    assert problem["code"] == "not_found"
    assert problem["status"] == 404
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"].startswith("req_")


def test_each_refusal_has_its_own_request_id(ask: Ask) -> None:
    assert ask("GET", "/a").json()["instance"] != ask("GET", "/a").json()["instance"]


def test_an_event_has_the_shape_of_a_rest_api(ask: Ask) -> None:
    answer = ask("POST", "/echo?a=1&a=2&b=&c=x+y%2Bz&%C3%A4=%F0%9F%98%80", body='{"n": "ä"}'.encode(), headers=JSON)
    event = answer.json()
    assert event["resource"] == event["path"] == "/echo"
    assert event["httpMethod"] == "POST"
    assert event["queryStringParameters"] == {"a": "2", "b": "", "c": "x y+z", "ä": "\U0001f600"}
    assert event["multiValueQueryStringParameters"]["a"] == ["1", "2"]
    assert event["pathParameters"] is event["stageVariables"] is None
    assert event["headers"]["Content-Type"] == "application/json"
    assert event["multiValueHeaders"]["Content-Type"] == ["application/json"]
    assert (event["body"], event["isBase64Encoded"]) == ('{"n": "ä"}', False)
    context = event["requestContext"]
    assert (context["resourcePath"], context["httpMethod"]) == ("/echo", "POST")
    assert context["identity"]["sourceIp"] == "127.0.0.1"
    assert context["requestId"].startswith("req_")


def test_without_query_and_body_both_are_null(ask: Ask) -> None:
    event = ask("GET", "/echo").json()
    assert event["queryStringParameters"] is event["multiValueQueryStringParameters"] is event["body"] is None


def test_the_client_address_is_the_sockets_whatever_headers_say(ask: Ask) -> None:
    lies = {"X-Forwarded-For": "203.0.113.7", "Forwarded": "for=203.0.113.7", "X-Real-IP": "203.0.113.7"}
    assert ask("GET", "/echo", headers=lies).json()["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"


def test_headers_are_found_however_they_are_spelled(ask: Ask, app: Chalice) -> None:
    @app.route("/agent")
    def agent() -> Any:
        headers = ours.get().headers
        return [headers["user-agent"], headers["USER-AGENT"], headers["User-Agent"]]

    with Gateway(app) as gateway:
        assert request(gateway.port, "GET", "/agent", headers={"uSeR-aGeNt": "me"}).json() == ["me"] * 3


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/v1/sites/site_1/rows", {"site": "site_1", "thing": "rows"}),
        ("/v1/sites/site_1/rows/", {"site": "site_1", "thing": "rows"}),
        ("/v1/sites/a%2Fb/x%20y", {"site": "a%2Fb", "thing": "x%20y"}),
        ("/v1/sites/%2e%2e/{thing}", {"site": "%2e%2e", "thing": "{thing}"}),
        ("/v1/sites/site_1/vapid", {"vapid": "site_1"}),
        ("http://127.0.0.1/v1/sites/site_1/vapid?x=/../", {"vapid": "site_1"}),
    ],
)
def test_a_path_is_matched_as_it_was_sent(ask: Ask, target: str, expected: Any) -> None:
    assert ask("GET", target).json() == expected


def test_options_and_head_reach_their_own_routes_only(ask: Ask) -> None:
    assert ask("OPTIONS", "/v1/sites/s/vapid").headers["Allow"] == "all"
    head = ask("HEAD", "/v1/sites/s/vapid")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "13")
    assert (ask("HEAD", "/echo").status, ask("HEAD", "/echo").body) == (404, b"")


def test_binary_bodies_travel_unharmed_both_ways(app: Chalice) -> None:
    every_byte = bytes(range(256)) * 10

    @app.route("/image", methods=["POST"], content_types=["image/png"])
    def image() -> Any:
        return Response(ours.get().raw_body, headers={"Content-Type": "image/png"})

    with Gateway(app) as gateway:
        answer = request(gateway.port, "POST", "/image", body=every_byte, headers={**PNG, "Accept": "image/png"})
        event = request(gateway.port, "POST", "/echo", body=every_byte, headers=PNG).json()
    assert answer.body == every_byte
    assert event["isBase64Encoded"] is True


def test_a_text_that_is_no_utf_8_arrives_as_text(ask: Ask) -> None:
    assert ask("POST", "/echo", body=b'{"n": "\xff\xfe"}', headers=JSON).json()["body"] == '{"n": "\ufffd\ufffd"}'


def test_ten_megabytes_pass_and_a_byte_more_does_not(ask: Ask, app: Chalice) -> None:
    reached: list[int] = []

    @app.route("/size", methods=["POST"])
    def size() -> Any:
        reached.append(len(ours.get().raw_body))
        return {}

    with Gateway(app) as gateway:
        assert request(gateway.port, "POST", "/size", body=b" " * LARGEST_BODY_BYTES, headers=JSON).status == 200
        for body, more in (
            (b" " * (LARGEST_BODY_BYTES + 1), {}),
            (iter([b" " * 2**20] * 11), {"encode_chunked": True}),
        ):
            chunked = {"Transfer-Encoding": "chunked"} if more else {}
            answer = request(gateway.port, "POST", "/size", body=body, headers=JSON | chunked, **more)
            assert answer.status == 413
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.json()["code"] == "too_large"
    assert reached == [LARGEST_BODY_BYTES]


def test_a_header_may_be_answered_more_than_once(app: Chalice) -> None:
    @app.route("/cookies")
    def cookies() -> Any:
        many: dict[str, Any] = {"Set-Cookie": ["a=1", "b=2"], "X-One": "1"}
        return Response("{}", headers=many)

    with Gateway(app) as gateway:
        headers = request(gateway.port, "GET", "/cookies").headers
    assert headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert headers["X-One"] == "1"
    assert headers["Content-Type"] == "application/json"


def test_what_only_a_server_may_say_is_not_taken_from_the_app(app: Chalice) -> None:
    @app.route("/hops")
    def hops() -> Any:
        return Response("hello", headers={"Transfer-Encoding": "chunked", "Connection": "close", "Content-Length": "1"})

    with Gateway(app) as gateway:
        answer = request(gateway.port, "GET", "/hops")
    assert (answer.body, answer.headers["Content-Length"]) == (b"hello", "5")


def test_no_content_has_none(app: Chalice) -> None:
    @app.route("/gone", methods=["DELETE"])
    def gone() -> Any:
        return Response(None, status_code=204)

    with Gateway(app) as gateway:
        answer = request(gateway.port, "DELETE", "/gone")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (204, b"", None)


def test_a_broken_answer_is_a_problem_and_the_next_one_is_not(app: Chalice, caplog: pytest.LogCaptureFixture) -> None:
    def unserializable(request: Request, get_response: Any) -> Any:
        if request.path == "/broken":
            return Response("", status_code=cast("int", "a bug"))
        return get_response(request)

    app.register_middleware(unserializable, "http")
    app.route("/broken")(dict)
    with Gateway(app) as gateway:
        broken = request(gateway.port, "GET", "/broken")
        assert (broken.status, broken.json()["code"]) == (500, "internal_error")
        assert "Traceback" in caplog.text
        assert request(gateway.port, "GET", "/echo").status == 200


def test_many_requests_at_once_never_see_each_other(app: Chalice) -> None:
    """Sixteen at a time meet inside the view, each with a path, query, header and body of its own."""
    meeting = threading.Barrier(16)

    @app.route("/meet/{name}", methods=["POST"])
    def meet(name: str) -> Any:
        before = ours.get()
        meeting.wait(20)
        now = ours.get()
        assert now is before
        assert now.query_params is not None
        return [name, now.headers["x-name"], now.query_params["name"], now.json_body["name"]]

    def visit(number: int) -> list[str]:
        name = f"n{number}"
        body = json.dumps({"name": name})
        answer: list[str] = request(
            gateway.port, "POST", f"/meet/{name}?name={name}", body=body, headers=JSON | {"X-Name": name}
        ).json()
        return answer

    with Gateway(app, threads=16) as gateway, ThreadPoolExecutor(16) as pool:
        seen = list(pool.map(visit, range(160)))
    assert seen == [[f"n{number}"] * 4 for number in range(160)]


def test_chalices_own_current_request_is_one_for_all_threads(app: Chalice) -> None:
    """Why the product keeps its own: were this ever mended, ours could go."""
    meeting = threading.Barrier(2)
    seen: list[tuple[Any, Any]] = []

    @app.route("/both")
    def both() -> Any:
        meeting.wait(20)
        seen.append((ours.get(), app.current_request))
        return {}

    with Gateway(app) as gateway, ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: request(gateway.port, "GET", "/both"), range(2)))
    (first, chalices_first), (second, chalices_second) = seen
    assert first is not second
    assert chalices_first is chalices_second


class Site:
    def __init__(self) -> None:
        self.asked: list[SiteRequest] = []

    def concerns(self, path: str) -> bool:
        return path == "/" or path.startswith("/local/")

    def answer(self, request: SiteRequest) -> SiteAnswer:
        self.asked.append(request)
        if request.path == "/local/broken":
            raise RuntimeError("no")
        return SiteAnswer(status=202, headers={"X-Local": "yes"}, body=request.body or b"page")


def test_local_routes_stand_beside_the_app(app: Chalice) -> None:
    site = Site()
    with Gateway(app, sites=[site]) as gateway:
        page = request(gateway.port, "GET", "/?a=1&a=2", headers={"X-Thing": "t"})
        assert (page.status, page.body, page.headers["X-Local"]) == (202, b"page", "yes")
        assert request(gateway.port, "POST", "/local/clock/advance", body=b"{}").body == b"{}"
        assert (head := request(gateway.port, "HEAD", "/")).body == b""
        assert head.headers["Content-Length"] == "4"
        assert request(gateway.port, "GET", "/local/broken").status == 500
        assert request(gateway.port, "GET", "/locals").status == 404
        assert request(gateway.port, "GET", "/echo").status == 200
    first = site.asked[0]
    assert (first.method, first.path, first.query, first.headers["x-thing"]) == ("GET", "/", {"a": "2"}, "t")
    assert [asked.method for asked in site.asked] == ["GET", "POST", "GET", "GET"]


def test_it_listens_on_loopback_only(app: Chalice) -> None:
    with Gateway(app) as gateway:
        assert gateway.url == f"http://127.0.0.1:{gateway.port}"
        with socket.socket() as other:
            other.bind(("127.0.0.2", gateway.port))  # fails where somebody listens on every address


def test_a_taken_port_is_told_at_once(app: Chalice) -> None:
    with Gateway(app) as gateway, pytest.raises(OSError, match="in use"):
        Gateway(app, port=gateway.port)


def test_stopping_closes_idle_connections_and_frees_the_port(app: Chalice) -> None:
    with Gateway(app) as gateway:
        idle = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
        idle.request("GET", "/echo")
        idle.getresponse().read()
    assert idle.sock.recv(1) == b""
    idle.close()
    with Gateway(app, port=gateway.port) as again:
        assert request(again.port, "GET", "/echo").status == 200


def test_stopping_waits_for_an_answer_in_the_making(app: Chalice) -> None:
    begun, going_on = threading.Event(), threading.Event()

    @app.route("/slow")
    def slow() -> Any:
        begun.set()
        going_on.wait(20)
        return {"finished": True}

    gateway = Gateway(app).start()
    with ThreadPoolExecutor(2) as pool:
        answer = pool.submit(request, gateway.port, "GET", "/slow")
        assert begun.wait(20)
        stopped = pool.submit(gateway.stop)
        assert gateway._stopping.wait(20)
        going_on.set()
        assert answer.result(20).json() == {"finished": True}
        stopped.result(20)


def test_stopping_what_never_started_frees_the_port_too(app: Chalice) -> None:
    gateway = Gateway(app)
    gateway.stop()
    with Gateway(app, port=gateway.port):
        pass
