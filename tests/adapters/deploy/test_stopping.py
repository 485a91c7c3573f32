"""Refused or killed at every single call: nothing follows, and the same command, run again, brings it to its end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from functools import partial

import pytest

from tests.adapters.deploy.dist import archive_of
from tests.adapters.deploy.scene import PREFIX, Scene, halted
from tests.fakes.aws_cloud import Killed

Act = Callable[[Scene], None]


@dataclass(frozen=True)
class Walk:
    """What stands before, what is interrupted, and how that is known to have come to its end."""

    act: Act
    is_well: Callable[[Scene], bool]
    before: list[Act] = field(default_factory=list)
    is_over_at_last_call: bool = False


def _stands(scene: Scene, *, code: bytes = b"one") -> bool:
    objects = scene.objects()
    return (
        scene.code == archive_of(code)
        and scene.stack["parameters"]["PublicUrl"] in {scene.api.url.rstrip("/"), "https://push.shop.io"}
        and len(scene.cloud.state.secrets) == 3
        and "releases/history.json" in objects
        and "releases/kept.json" not in objects
        and scene.cloud.state.change_sets == {}
    )


def _is_gone(scene: Scene, *, with_data: bool = False) -> bool:
    if with_data:
        return not scene.cloud.state.buckets and not scene.cloud.state.secrets
    return not scene.cloud.state.stacks and "releases/kept.json" in scene.objects()


_CERTIFICATE = "arn:aws:acm:eu-central-1:1:certificate/1"
_one, _two, _three = (partial(Scene.deploy, code=code) for code in (b"one", b"two", b"three"))
_of_shop = partial(Scene.deploy, domain="push.shop.io", certificate=_CERTIFICATE, mail_from="a@shop.io")
_down = Scene.tear_down
WALKS = {
    "first": Walk(_one, _stands),
    "first with a domain": Walk(_of_shop, _stands),
    "update": Walk(_two, partial(_stands, code=b"two"), [_one]),
    "rollback": Walk(Scene.roll_back, partial(_stands, code=b"two"), [_one, _two, _three], True),
    "teardown": Walk(_down, _is_gone, [_one]),
    "teardown with data": Walk(
        lambda scene: scene.tear_down(with_data=True, data=PREFIX), partial(_is_gone, with_data=True), [_one], True
    ),
    "deploy after a teardown": Walk(_two, partial(_stands, code=b"two"), [_one, _down]),
}


@pytest.fixture(params=WALKS)
def walk(request: pytest.FixtureRequest) -> Walk:
    return WALKS[request.param]


def _calls(scene: Scene, walk: Walk) -> list[str]:
    """Those of a good run, after which all is as before it again."""
    for each in walk.before:
        each(scene)
    start = deepcopy(scene.cloud.state)
    walk.act(scene)
    assert walk.is_well(scene)
    scene.cloud.state = start
    return scene.cloud.calls


def test_refused_at_any_call_it_stops_there_and_says_why(scene: Scene, walk: Walk) -> None:
    calls = _calls(scene, walk)
    start = scene.cloud.state
    for number, call in enumerate(calls):
        scene.cloud.state, scene.cloud.refused = deepcopy(start), number
        halt = halted(walk.act, scene)
        place = f"call {number}, {call}"
        assert scene.cloud.calls[: number + 1] == calls[: number + 1], place
        assert scene.cloud.changes_after(number) == [], place
        assert halt.then, place
        assert "\n" not in str(halt), place


@pytest.mark.slow
def test_killed_after_any_call_it_goes_on_where_it_was(scene: Scene, walk: Walk) -> None:
    calls = _calls(scene, walk)
    start = scene.cloud.state
    for number, call in enumerate(calls[: -1 if walk.is_over_at_last_call else None]):
        scene.cloud.state, scene.cloud.killed_after = deepcopy(start), number
        with suppress(Killed):
            walk.act(scene)
        assert len(scene.cloud.lines) == number + 1
        scene.cloud.killed_after = None
        secrets = dict(scene.cloud.state.secrets)
        walk.act(scene)
        assert walk.is_well(scene), f"call {number}, {call}"
        assert {**scene.cloud.state.secrets, **secrets} == scene.cloud.state.secrets or walk.is_over_at_last_call
