"""How often each route asks the store, by the table of calls that `make bench B=api` measures (docs/budget.md)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from app import app
from bench._ask import Ask
from bench._browser_asks import Browsers
from bench._budget import MORE, MUTATION, READ, Asked, More, budget_of, over_budget, unasked
from bench._route_calls import Stage
from bench._store_calls import Calls, counted
from bench.api import measured
from chalicelib.core import clock
from chalicelib.core.identity import TENANT_SCOPES
from chalicelib.features.identity.service.key_memory import KNOWN_FOR
from chalicelib.web.endpoint import Endpoint
from infra.local import moto_patch
from tests.fakes.clock import ManualClock
from tests.fakes.cold import start_cold
from tests.fakes.installation import Installation
from tests.fakes.oidc import providers
from tests.matrix.scene import set_up
from tests.world import World, open_tenant


@pytest.fixture(scope="module")
def stage(installation: Installation) -> Iterator[Stage]:
    manual = ManualClock(clock.now().replace(microsecond=0))
    clock.use(manual)
    installation.empty()
    start_cold()  # whoever was here before has left parts that do not know each other
    moto_patch.follow(manual)
    with providers() as there:
        yield Stage(set_up(World.with_people(installation, manual)), there)
    moto_patch.follow(None)
    clock.use(clock.SystemClock())


@pytest.fixture(scope="module")
def browsers(stage: Stage) -> Browsers:
    return Browsers(stage.scene)


@pytest.fixture(scope="module")
def asked(stage: Stage) -> dict[str, Asked]:
    return {endpoint.name: measured(stage, endpoint, rounds=1) for endpoint in app.endpoints}


def the(name: str) -> Endpoint:
    (endpoint,) = [each for each in app.endpoints if each.name == name]
    return endpoint


def test_no_route_asks_the_store_more_often_than_it_may(asked: dict[str, Asked]) -> None:
    assert [line for each in asked.values() for line in over_budget(each)] == []


def test_no_route_is_left_out(asked: dict[str, Asked]) -> None:
    assert unasked(app.routes, asked.values()) == []
    assert unasked(app.routes, [each for each in asked.values() if each.endpoint.name != "login"]) == [
        "POST /v1/auth/login was not asked"
    ]


def test_a_warm_key_costs_no_call_and_a_cold_one_a_single_one(stage: Stage) -> None:
    """SECURITY 7: and so a key that was revoked elsewhere is known to be within thirty seconds."""
    ask, list_sites = next(play for _, play in stage.ways(the("list_sites"))), the("list_sites")
    stage.ask(list_sites, ask(), stage.key)
    with counted() as warm:
        stage.ask(list_sites, ask(), stage.key)
    assert warm.told == "Query"
    assert timedelta() < KNOWN_FOR <= timedelta(seconds=30)
    stage.scene.world.clock.advance(seconds=KNOWN_FOR.total_seconds())
    with counted() as cold:
        stage.ask(list_sites, ask(), stage.key)
    assert cold.steady == warm.steady + 1


def test_a_caller_whom_this_process_has_never_seen_is_looked_up_among_the_blocked(stage: Stage) -> None:
    """With a key that is one more call: its text does not say whose it is. And its first use is noted."""
    key, person = (
        stage.scene.world.api_key(stage.owner, *TENANT_SCOPES),
        open_tenant("newcomer", stage.scene.world.clock).access_token,
    )
    with counted() as by_key:
        stage.ask(the("list_sites"), Ask(), key)
    with counted() as by_token:
        stage.ask(the("list_sites"), Ask(), person)
    assert (by_token.steady, by_key.steady) == (1 + 1, 1 + 1 + 1 + 1)


@pytest.mark.parametrize(
    ("way", "told"),
    [
        ("subscribe", "GetItem UpdateItem GetItem GetItem GetItem PutItem"),
        ("refresh_same", "GetItem UpdateItem GetItem GetItem"),
        ("refresh_changed", "GetItem UpdateItem GetItem GetItem PutItem"),
        ("events_1", "GetItem UpdateItem sqs.SendMessageBatch"),
        ("events_50", "GetItem UpdateItem sqs.SendMessageBatch"),
    ],
)
def test_what_browsers_ask_most_takes_as_few_calls_as_it_says(browsers: Browsers, way: str, told: str) -> None:
    """The door's look at the site, what counts the address, and what it is about. One in dozens counts the site as well."""
    found = []
    for _ in range(3):
        ask = browsers.prepared(way)
        with counted() as calls:
            ask()
        found.append(calls)
    assert min(found, key=lambda calls: len(calls.made)).told == told


def test_who_knows_no_site_by_its_key_yet_asks_for_it_once(browsers: Browsers) -> None:
    start_cold()
    told = []
    for _ in range(2):
        with counted() as calls:
            browsers.prepared("events_1")()
        told.append(calls.by_kind["GetItem"])
    assert told == [2, 1]


def test_what_may_ask_more_often_is_a_route_and_says_why() -> None:
    assert MORE.keys() <= {endpoint.name for endpoint in app.endpoints}
    for name, more in MORE.items():
        assert more.most > (MUTATION if the(name).is_mutation else READ)
        assert more.why.endswith(".")


def test_a_call_too_many_is_told_with_all_of_them() -> None:
    calls = Calls(made=[*["dynamodb.GetItem"] * 4, "sqs.SendMessageBatch"])
    (line,) = over_budget(Asked(the("list_sites"), [Calls(), calls]))
    assert line.startswith("GET /v1/sites asks the store 4 times, not 3: GetItem GetItem")
    assert (calls.steady, dict(calls.elsewhere)) == (4, {"sqs": 1})


def test_a_share_of_the_limits_is_counted_apart() -> None:
    calls = Calls(made=["dynamodb.UpdateItem", *["dynamodb.GetItem"] * 3], shares=1)
    assert over_budget(Asked(the("list_sites"), [calls])) == []


def test_a_refusal_is_no_measurement() -> None:
    (line,) = over_budget(Asked(the("list_sites"), [Calls()], refusals={"not today"}))
    assert line == "GET /v1/sites was refused: not today"


def test_an_excuse_that_is_no_longer_needed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MORE, "list_sites", More(9, "It was slow once."))
    assert budget_of(the("list_sites")) == 9
    (line,) = over_budget(Asked(the("list_sites"), [Calls(made=["dynamodb.Query"])]))
    assert line == "GET /v1/sites asks the store only 1 times: bench/_budget.py says 9"
