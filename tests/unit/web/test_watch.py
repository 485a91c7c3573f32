"""The door asks whom suspicion stops, and tells it what it sees: no more, and never at the price of an answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.core import clock
from chalicelib.core.identity import Scope
from chalicelib.core.limits import RouteClass
from chalicelib.core.suspicion import Block, Consequence
from chalicelib.web.allow import USER, holder
from chalicelib.web.api import Api, Call
from chalicelib.web.schema import Nothing
from tests.unit.web.toy_app import Thing, Toy

NOW = clock.now()
BLOCK = Block("blk_1", "ten_a", "key_1", "enumeration", Consequence.BLOCK, NOW, NOW + timedelta(days=1))


@pytest.fixture
def toy() -> Toy:
    return Toy()


def test_whoever_is_blocked_is_told_why_before_anything_is_counted(toy: Toy) -> None:
    toy.watchman.blocks = {"key_1": BLOCK}
    answer = toy.call("GET", "/standing", as_="key")
    assert answer.status == 403
    assert (answer.json()["code"], answer.json()["block"], answer.json()["rule"]) == ("blocked", "blk_1", "enumeration")
    assert toy.buckets.asked == 0
    assert toy.watchman.told == []


def test_a_person_steps_up_and_is_let_through(toy: Toy) -> None:
    began = replace(BLOCK, subject="usr_ada", consequence=Consequence.STEP_UP, since=clock.now())
    toy.watchman.blocks = {"usr_ada": began}
    for bearer in ("ada", "ada+5"):
        answer = toy.call("GET", "/mine", as_=bearer)
        assert (answer.status, answer.json()["code"], answer.json()["block"]) == (403, "step_up_required", "blk_1")
    assert toy.call("GET", "/mine", as_="ada+-0.1").status == 200  # proven after the block began
    assert toy.call("GET", "/own", as_="ada").status == 200


def test_neither_the_operator_nor_who_asks_for_their_own_account_is_looked_up(toy: Toy) -> None:
    toy.call("GET", "/ops", as_="operator")
    toy.call("GET", "/own", as_="ada")
    toy.call("GET", "/open")
    assert toy.watchman.calls == []


def test_a_key_tells_where_it_is_used_from_and_a_person_does_not(toy: Toy) -> None:
    toy.call("GET", "/mine", as_="ada")
    assert toy.watchman.told == []
    toy.call("GET", "/standing", as_="key")
    ((rule, facts),) = toy.watchman.told
    assert (rule, facts["whose"], facts["tenant_id"]) == ("key_from_many_addresses", "key_1", "ten_a")
    assert facts["mark"] == "203.0.113.7"


def test_what_is_not_there_is_told_with_the_ids_that_were_tried(toy: Toy) -> None:
    assert toy.call("GET", "/sites/{site_id}", as_="key", site_id="site_2").status == 404
    assert [(rule, facts["mark"]) for rule, facts in toy.watchman.told][1:] == [("enumeration", "site_2")]
    assert toy.call("GET", "/mine", as_="operator").status == 404
    assert len(toy.watchman.told) == 2


def _with_more(toy: Toy) -> Toy:
    api = Api(__name__, tag="extras")

    @api.endpoint("POST", "/send", allow=holder(Scope.SITES_WRITE), status=204, counts_as=RouteClass.SEND)
    def send_it(call: Call[Nothing]) -> None:
        toy.calls.append(call)

    @api.endpoint("POST", "/sites", allow=USER, body=Thing, audit="site.created", replayable=True)
    def make_site(call: Call[Thing]) -> Thing:
        return call.body

    toy.app.register_blueprint(api)
    return toy


def test_when_nobody_can_say_who_is_blocked_what_sends_waits_and_the_rest_goes_on_on_record(toy: Toy) -> None:
    toy.watchman.is_away = True
    assert toy.call("GET", "/mine", as_="ada").status == 200
    assert ("alarm", "suspicion_unasked") in [(kind, event) for kind, event, _ in toy.notebook.log]
    refused = _with_more(toy).call("POST", "/send", as_="key", body="{}")
    assert (refused.status, refused.json()["code"]) == (503, "unavailable")


def test_a_thing_that_was_made_is_told_once_however_often_it_is_replayed(toy: Toy) -> None:
    _with_more(toy)
    once = {"Idempotency-Key": "k"}
    answers = [toy.call("POST", "/sites", as_="ada", body='{"name": "x"}', headers=once) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    assert [rule for rule, _ in toy.watchman.told] == ["rapid_sites"]
