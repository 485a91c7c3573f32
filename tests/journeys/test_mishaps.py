"""Workers that die, messages that come twice or not at all, strangers, and bodies nobody should send."""

from __future__ import annotations

from typing import Any

import pycurl
import pytest

from chalicelib.channels import registry
from infra.local.connector import Everywhere
from tests.journeys.shop import MESSAGE, Shop


class _Killed(BaseException):
    """The process is gone."""


class _DiesAt:
    """A connector whose process dies when the n-th push is about to leave."""

    def __init__(self, shop: Shop, push: int) -> None:
        self._through = Everywhere(port=shop.push_service.port, ca_path=shop.push_service.ca_path)
        self._left = push

    def prepare(self, curl: pycurl.Curl, host: str) -> None:
        self._left -= 1
        if self._left == 0:
            raise _Killed
        self._through.prepare(curl, host)


def test_a_worker_killed_in_the_middle_is_replaced_and_nobody_is_lost(shop: Shop) -> None:
    shop.gather(40)
    campaign = shop.draft()
    shop.send(campaign)
    shop.world.lambdas.work("plan")
    registry.use(_DiesAt(shop, push=20))
    with pytest.raises(_Killed):
        shop.world.lambdas.work("send-small")
    registry.use(Everywhere(port=shop.push_service.port, ca_path=shop.push_service.ca_path))
    shop.pass_time(minutes=8)
    assert shop.status(campaign) == "sent"
    assert shop.stats(campaign)["accepted"] == 40
    endpoints = [record.endpoint for record in shop.push_service.ledger.received()]
    assert len(set(endpoints)) == 40
    assert len(endpoints) - 40 <= 256


def test_a_wake_up_delivered_twice_pushes_once(shop: Shop) -> None:
    shop.gather(5)
    campaign = shop.draft()
    shop.send(campaign)
    shop.world.lambdas.work("plan")
    (body,) = shop.world.lambdas.bodies("send-small")
    shop.settle()
    shop.world.lambdas.deliver("send-small", body)
    shop.settle()
    assert len(list(shop.received())) == 5
    assert shop.stats(campaign)["accepted"] == 5


def test_a_launch_delivered_twice_is_one_run(shop: Shop) -> None:
    shop.gather(5)
    campaign = shop.draft()
    shop.send(campaign)
    (body,) = shop.world.lambdas.bodies("plan")
    shop.world.lambdas.deliver("plan", body)
    shop.settle()
    assert len(list(shop.received())) == 5
    assert len(shop.ask("GET", f"{campaign}/runs")["data"]) == 1


def test_vanished_wake_ups_are_sent_again(shop: Shop) -> None:
    shop.gather(5)
    campaign = shop.draft()
    shop.send(campaign)
    shop.world.lambdas.work("plan")
    shop.world.aws.purge("send-small")
    shop.pass_time(minutes=4)
    assert shop.stats(campaign)["accepted"] == 5


def test_a_vanished_launch_is_found_by_the_tick(shop: Shop) -> None:
    shop.gather(2)
    campaign = shop.draft()
    shop.send(campaign)
    shop.world.aws.purge("plan")
    shop.pass_time(minutes=2)
    assert shop.status(campaign) == "sent"
    assert len(list(shop.received())) == 2


def test_a_stranger_cannot_tell_a_site_of_ours_from_none(shop: Shop) -> None:
    campaign = shop.draft()
    calls: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("PATCH", "", {"name": "x"}),
        ("DELETE", "", None),
        ("POST", "/send", None),
        ("POST", "/cancel", None),
        ("POST", "/test", {"external_ids": ["a"]}),
        ("GET", "/stats", None),
        ("GET", "/runs", None),
    ]
    unknown = campaign[:-4] + "0000"
    for method, path, body in calls:
        words = {"as_": shop.world.cyd, "json": body}
        ours = shop.world.client.request(method, campaign + path, **words)
        none = shop.world.client.request(method, unknown + path, **words)
        assert (ours.status, ours.code) == (none.status, none.code) == (404, "not_found")
    created = {"name": "x", "message": MESSAGE, "audience": {"all": True}}
    assert shop.world.client.post(shop.campaigns, as_=shop.world.cyd, json=created).status == 404


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "unreadable_body"),
        (b"{", 400, "unreadable_body"),
        (b"[]", 400, "unreadable_body"),
        (b"[" * 100_000, 400, "unreadable_body"),
        (b'{"name": NaN}', 400, "unreadable_body"),
        (b'{"a": "' + b"x" * 5_000_000 + b'"}', 413, "too_large"),
        (b'{"name": 5}', 422, "invalid"),
        (b'{"name": "x", "surprise": 1}', 422, "invalid"),
    ],
)
def test_bodies_nobody_should_send_get_a_clear_answer(shop: Shop, body: bytes, status: int, code: str) -> None:
    answer = shop.world.client.post(shop.campaigns, as_=shop.bearer, body=body)
    assert (answer.status, answer.code) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert shop.ask("GET", shop.campaigns)["data"] == []
