"""Every route with words that nobody means well with: as ids in its path, in its query, and in the headers we read.

What is odd is unknown, refused or let be; nothing of it breaks. A new route is in it by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app import app
from chalicelib.core import clock
from chalicelib.web.endpoint import Endpoint
from infra.local import moto_patch
from tests.fakes.clock import ManualClock
from tests.fakes.gateway import HttpAnswer
from tests.fakes.installation import Installation
from tests.matrix.scene import ORIGIN, Scene, set_up
from tests.matrix.walk import who_may
from tests.world import World

WORDS = {
    "half a character": "\ud800",
    "a byte that is none": "\udcff",
    "an end": "a\0b",
    "another digit": "٣",
    "a long one": "a" * 9_000,
    "a way up": "..%2f..",
    "a key of ours": "T#1",
    "a line's end": "a\r\nset-cookie: a=b",
}
READ = ("content-type", "cookie", "idempotency-key", "origin", "user-agent", "x-subscription-token")


@pytest.fixture(scope="module")
def scene(installation: Installation) -> Iterator[Scene]:
    installation.empty()
    manual = ManualClock(clock.now().replace(microsecond=0))
    clock.use(manual)
    moto_patch.follow(manual)
    yield set_up(World.with_people(installation, manual))
    moto_patch.follow(None)
    clock.use(clock.SystemClock())


def asked(scene: Scene, endpoint: Endpoint) -> Iterator[tuple[str, HttpAnswer]]:
    """Each alone but for the headers, of which the one that admits is tried apart. No body: nothing is done on the way."""
    path, usual = scene.path(endpoint), {"origin": ORIGIN, "x-subscription-token": scene.things["subscription_token"]}

    def ask(path: str, **headers: str) -> HttpAnswer:
        bearer = None if "authorization" in headers else who_may(scene, endpoint)
        return scene.world.client.request(endpoint.method, path, as_=bearer, headers=usual | headers, body=b"")

    for called, word in WORDS.items():
        for name in endpoint.path_parameters:
            yield f"{called} for {name}", ask(scene.path(endpoint, **{name: word}))
        for name in endpoint.query.model_fields:
            yield f"{called} for {name}", ask(f"{path}?{name}={word}")
        yield f"{called} as a token", ask(path, authorization=f"Bearer {word}")
        yield f"{called} as a key", ask(path, authorization=f"Bearer ps_live_aaaaaaaa_{word}")
        yield f"{called} in headers", ask(path, **dict.fromkeys(READ, word))


@pytest.mark.parametrize("endpoint", app.endpoints, ids=lambda each: f"{each.method} {each.path}")
def test_no_hostile_word_breaks_anything(scene: Scene, endpoint: Endpoint) -> None:
    broken = {how: answer.text for how, answer in asked(scene, endpoint) if answer.status >= 500}
    assert not broken
