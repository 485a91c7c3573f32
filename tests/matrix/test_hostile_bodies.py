"""Every route that takes a body, asked by who may, with bodies that nobody means well with (SECURITY 21).

What a body may hold is another question: here none is read so far. A new route is in it by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest

from app import app
from chalicelib.core import clock
from chalicelib.web.allow import Caller
from chalicelib.web.endpoint import Endpoint
from infra.local import moto_patch
from tests.fakes.clock import ManualClock
from tests.fakes.gateway import HttpAnswer
from tests.fakes.installation import Installation
from tests.matrix.scene import ORIGIN, Scene, estate, set_up
from tests.matrix.walk import who_may
from tests.world import World

JSON, FORM = "application/json", "application/x-www-form-urlencoded"
BODIES = [endpoint for endpoint in app.endpoints if endpoint.takes_body and endpoint.body_type == JSON]
FORMS = [endpoint for endpoint in app.endpoints if endpoint.takes_body and endpoint.body_type == FORM]
SHAPES: dict[str, tuple[bytes, str, int]] = {
    "nothing": (b"", JSON, 400),
    "blanks": (b" \r\n\t", JSON, 400),
    "a list": (b"[{}]", JSON, 400),
    "a bare value": (b'"{}"', JSON, 400),
    "half an object": (b'{"name":"x"', JSON, 400),
    "deep": (b'{"a":' * 30_000 + b"1" + b"}" * 30_000, JSON, 400),
    "five megabytes": (b'{"a":"' + b"x" * 5_000_000 + b'"}', JSON, 413),
    "many keys": (json.dumps({str(number): 1 for number in range(501)}).encode(), JSON, 400),
    "a key twice": (b'{"name":"a","name":"b"}', JSON, 400),
    "no number": (b'{"name":NaN}', JSON, 400),
    "an endless number": (b'{"name":' + b"9" * 5_000 + b"}", JSON, 400),
    "half a character": (b'{"name":"\\ud800"}', JSON, 400),
    "no character": (b'{"name":"\xff"}', JSON, 400),
    "another encoding": ('{"name":"x"}'.encode("utf-16"), JSON, 400),
    "a form": (b"name=x", FORM, 415),
    "a form that says it is JSON": (b"{}", "multipart/form-data; application/json", 415),
}
TEXT = {"a form of plain text": (b"{}", "text/plain; application/json", 415)}
FORM_SHAPES: dict[str, tuple[bytes, str, int]] = {
    "nothing": (b"", FORM, 400),
    "JSON": (b"{}", JSON, 415),
    "no form": (b"=&=&&;%", FORM, 400),
    "five megabytes": (b"SAMLResponse=" + b"x" * 5_000_000, FORM, 413),
    "many keys": (b"&".join(b"a%d=1" % number for number in range(501)), FORM, 400),
    "a key twice": (b"SAMLResponse=a&SAMLResponse=b", FORM, 400),
    "no character": (b"SAMLResponse=%FF", FORM, 400),
    "half a character": (b"SAMLResponse=%ED%A0%80", FORM, 400),
}


@pytest.fixture(scope="module")
def scene(installation: Installation) -> Iterator[Scene]:
    installation.empty()
    manual = ManualClock(clock.now().replace(microsecond=0))
    clock.use(manual)
    moto_patch.follow(manual)
    yield set_up(World.with_people(installation, manual))
    moto_patch.follow(None)
    clock.use(clock.SystemClock())


def shapes_for(endpoint: Endpoint) -> Mapping[str, tuple[bytes, str, int]]:
    if endpoint in FORMS:
        return FORM_SHAPES
    return SHAPES if endpoint.allow.caller is Caller.BROWSER else SHAPES | TEXT


def send(scene: Scene, endpoint: Endpoint, shape: str) -> HttpAnswer:
    body, kind, _ = shapes_for(endpoint)[shape]
    return scene.world.client.request(
        endpoint.method,
        scene.path(endpoint),
        as_=who_may(scene, endpoint),
        body=body,
        headers={
            "Content-Type": kind,
            "Origin": ORIGIN,
            "Idempotency-Key": shape,
            "X-Subscription-Token": scene.things["subscription_token"],
        },
    )


@pytest.mark.parametrize("endpoint", [*BODIES, *FORMS], ids=lambda each: f"{each.method} {each.path}")
def test_no_hostile_body_is_more_than_refused(scene: Scene, endpoint: Endpoint) -> None:
    before = estate(scene)
    shapes = shapes_for(endpoint)
    answers = {shape: send(scene, endpoint, shape) for shape in shapes}
    assert {shape: answer.status for shape, answer in answers.items()} == {
        shape: status for shape, (_, _, status) in shapes.items()
    }
    assert {answer.headers["content-type"] for answer in answers.values()} == {"application/problem+json"}
    assert max(len(answer.text) for answer in answers.values()) < 2_000
    assert estate(scene) == before


@pytest.mark.parametrize(
    "endpoint",
    [each for each in BODIES if each.allow.caller is Caller.BROWSER],
    ids=lambda each: f"{each.method} {each.path}",
)
def test_a_page_may_read_why(scene: Scene, endpoint: Endpoint) -> None:
    """SECURITY 15: also where Chalice would have refused before anybody was let read it."""
    for shape in SHAPES:
        headers = send(scene, endpoint, shape).headers
        assert (headers.get("access-control-allow-origin"), headers["vary"]) == (ORIGIN, "Origin"), shape
