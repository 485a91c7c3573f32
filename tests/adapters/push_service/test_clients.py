"""The libraries of others speak to it as they speak to a real push service: pywebpush over HTTP/1.1, node over HTTP/2."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from py_vapid import Vapid02
from pywebpush import WebPushException, webpush
from requests.adapters import HTTPAdapter
from requests.models import PreparedRequest, Response

from infra.local.push_service.service import PushService
from tests.adapters.push_service.sender import Sender

CLAIMS = {"sub": "mailto:ops@example.com"}
HOSTS = (
    "fcm.googleapis.com",
    "stand-in.push.services.mozilla.com",
    "web.push.apple.com",
    "wns2-par02p.notify.windows.com",
)


class ToStandIn(HTTPAdapter):
    """Connects to loopback and still asks for, and verifies, the name in the URL."""

    def __init__(self, port: int, host: str) -> None:
        self._address = f"https://127.0.0.1:{port}"
        self._host = host
        super().__init__()

    def init_poolmanager(self, *args: Any, **pool: Any) -> None:
        super().init_poolmanager(*args, server_hostname=self._host, assert_hostname=self._host, **pool)

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        assert request.url is not None
        request.headers["Host"] = self._host
        request.url = request.url.replace(f"https://{self._host}", self._address, 1)
        return super().send(request, *args, **kwargs)


@pytest.fixture
def session(service: PushService) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(service.ca_path)
        for host in HOSTS:
            session.mount(f"https://{host}", ToStandIn(service.port, host))
        yield session


@pytest.fixture
def vapid(sender: Sender) -> Vapid02:
    return Vapid02(sender.key)


@pytest.mark.parametrize("host", [*HOSTS, "localhost"])
def test_pywebpush_delivers(
    service: PushService, session: requests.Session, sender: Sender, vapid: Vapid02, host: str
) -> None:
    host = f"localhost:{service.port}" if host == "localhost" else host
    subscription = service.subscribe(host=host, vapid_public_key=sender.public_key)
    answered = webpush(
        subscription,
        data='{"a": "ü"}',
        vapid_private_key=vapid,
        vapid_claims=dict(CLAIMS),
        ttl=60,
        requests_session=session,
    )
    assert answered.status_code == 201
    assert answered.headers["location"]
    [record] = service.ledger.received()
    assert (record.plaintext, record.protocol) == ('{"a": "ü"}'.encode(), "http/1.1")


def test_pywebpush_hears_a_refusal(service: PushService, session: requests.Session, vapid: Vapid02) -> None:
    service.set_rules([{"answer": {"status": 410, "errno": 106}}])
    with pytest.raises(WebPushException) as refused:
        webpush(service.subscribe(), "x", vapid_private_key=vapid, vapid_claims=dict(CLAIMS), requests_session=session)
    assert refused.value.response is not None
    assert refused.value.response.json()["errno"] == 106


def test_pywebpushs_shared_claims_dict_is_caught(
    service: PushService, session: requests.Session, vapid: Vapid02
) -> None:
    shared: dict[str, str | int] = dict(CLAIMS)
    for host, caught in zip(HOSTS[:2], (False, True), strict=True):
        try:
            webpush(
                service.subscribe(host=host),
                "x",
                vapid_private_key=vapid,
                vapid_claims=shared,
                requests_session=session,
            )
            assert not caught
        except WebPushException:
            assert caught
    assert service.ledger.received()[-1].detail == f"aud is not https://{HOSTS[1]}"


def test_pywebpushs_second_record_is_caught(service: PushService, session: requests.Session, vapid: Vapid02) -> None:
    with pytest.raises(WebPushException):
        webpush(
            service.subscribe(),
            "x" * 5000,
            vapid_private_key=vapid,
            vapid_claims=dict(CLAIMS),
            requests_session=session,
        )
    assert service.ledger.received()[-1].fault == "too_large"


NODE = """
const http2 = require("http2"), tls = require("tls"), fs = require("fs");
const asked = JSON.parse(fs.readFileSync(0));
const session = http2.connect(asked.origin, {
  createConnection: () => tls.connect({
    host: "127.0.0.1", port: asked.port, servername: asked.host, ca: fs.readFileSync(asked.ca), ALPNProtocols: ["h2"],
  }),
});
let left = 20;
const statuses = [];
for (let i = 0; i < 20; i++) {
  const stream = session.request({":method": "POST", ":path": asked.path, ...asked.headers});
  stream.on("response", (headers) => statuses.push(headers[":status"]));
  stream.on("close", () => { if (--left === 0) { session.close(); console.log(JSON.stringify(statuses)); } });
  stream.resume();
  stream.end(Buffer.from(asked.body, "base64"));
}
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_node_delivers_over_http2(service: PushService, sender: Sender, subscription: dict[str, Any]) -> None:
    url = urlsplit(subscription["endpoint"])
    asked = {
        "origin": f"https://{url.netloc}",
        "host": url.netloc,
        "port": service.port,
        "ca": str(service.ca_path),
        "path": url.path,
        "headers": dict(line.split(": ", 1) for line in sender.headers(subscription["endpoint"])),
        "body": base64.b64encode(sender.encrypt(b"from node", subscription)).decode(),
    }
    ran = subprocess.run(
        ["node", "-e", NODE], input=json.dumps(asked), capture_output=True, text=True, timeout=30, check=False
    )
    assert json.loads(ran.stdout) == [201] * 20, ran.stderr
    assert {record.plaintext for record in service.ledger.received()} == {b"from node"}
