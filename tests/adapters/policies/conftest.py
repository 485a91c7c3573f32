"""Everything the functions do, seen once for all tests of this folder: every journey of the house, and our own walks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

from chalicelib.channels import registry
from chalicelib.core import clock
from infra.local import moto_patch
from infra.local.connector import Everywhere
from infra.local.push_service.service import PushService
from tests.adapters.policies import farewells, people, sign_ins, walks
from tests.adapters.policies.witness import Witness, WitnessedWorld
from tests.fakes.clock import ManualClock
from tests.fakes.cold import start_cold
from tests.fakes.installation import Installation
from tests.fakes.nowhere import Nowhere
from tests.journeys import test_campaigns, test_first_push, test_mishaps, test_operator, test_receipts, test_steering
from tests.journeys.shop import Shop
from tests.world import World

_JOURNEYS = (test_campaigns, test_first_push, test_mishaps, test_operator, test_receipts, test_steering)
_WALKS = (farewells, people, sign_ins, walks)
_TOO_LONG = {test_first_push.test_a_thousand_subscribers_are_reached_once_each}  # and nothing that fewer do not


@pytest.fixture(scope="module")
def witness(installation: Installation) -> Iterator[Witness]:
    with pytest.MonkeyPatch.context() as patch, PushService() as push_service, Witness() as seeing:
        patch.setenv("ROWS_PER_BATCH", "8")
        registry.use(Everywhere(port=push_service.port, ca_path=push_service.ca_path))
        for walk in _journeys_and_walks():
            _walk(walk, installation, push_service, seeing)
        yield seeing
    registry.use(Nowhere())
    moto_patch.follow(None)
    clock.use(clock.SystemClock())
    start_cold()


def _walk(walk: Callable[..., None], aws: Installation, push_service: PushService, witness: Witness) -> None:
    aws.empty()
    push_service.ledger.clear()
    push_service.set_rules([])
    manual = ManualClock(clock.SystemClock().now().replace(microsecond=0))
    clock.use(manual)
    moto_patch.follow(manual)
    start_cold()
    world = WitnessedWorld.around(World.with_people(aws, manual), witness)
    shop = Shop(world, push_service, world.ada)
    if "shop" in inspect.signature(walk).parameters:
        walk(shop=shop.open())
    else:
        walk(world=world, push_service=push_service)


def _journeys_and_walks() -> Iterator[Callable[..., None]]:
    yield from _journeys()
    for module in _WALKS:
        yield from _functions_of(module)


def _journeys() -> Iterator[Callable[..., None]]:
    for module in _JOURNEYS:
        for journey in _functions_of(module):
            takes = set(inspect.signature(journey).parameters)
            if takes in ({"shop"}, {"world", "push_service"}) and journey not in _TOO_LONG:
                yield journey


def _functions_of(module: ModuleType) -> Iterator[Callable[..., None]]:
    for name, value in vars(module).items():
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_"):
            yield value
