"""Whoever signs in with a provider is watched like everybody else: it is no way around suspicion."""

from __future__ import annotations

import pytest

from chalicelib.core import limits, suspicion
from infra.local.oidc.desk import Somebody
from tests.fakes.oidc import Browser
from tests.world import PASSWORD, World

pytestmark = pytest.mark.usefixtures("real_limits")

ADA = Somebody("ada@example.com", name="Ada Lovelace")
GRACE = Somebody("grace@example.com", name="Grace Hopper")
STOPPED = "192.0.2.77"


def come_in(world: World, browser: Browser, who: Somebody, *, country: str = "", **more: str) -> str:
    body = {"code": browser.code_for(who), **more}
    headers = {"CloudFront-Viewer-Country": country}
    answer = world.client.post("/v1/auth/oauth/exchange", json=body, headers=headers)
    assert answer.status == 200, answer.text
    return str(answer.json()["access_token"])


def stop_address(world: World) -> None:
    for number in range(suspicion.REGISTRATIONS.needed):
        somebody = {"email": f"new{number}@example.com", "password": PASSWORD, "tenant_name": "Many"}
        world.client.post("/v1/auth/register", json=somebody, address=STOPPED)
        world.clock.advance(seconds=90)


def test_nobody_flies_faster_with_a_provider(world: World, browser: Browser) -> None:
    come_in(world, browser, GRACE, country="DE")
    world.clock.advance(hours=1)
    token = come_in(world, browser, GRACE, country="BR")
    refused = world.client.get("/v1/sites", as_=token)
    assert (refused.code, refused.json()["rule"]) == ("step_up_required", "impossible_travel")


def test_who_stays_where_they_are_is_not_asked(world: World, browser: Browser) -> None:
    come_in(world, browser, GRACE, country="DE")
    world.clock.advance(hours=1)
    token = come_in(world, browser, GRACE, country="DE")
    assert world.client.get("/v1/sites", as_=token).status == 200


def test_passwords_guessed_behind_a_provider_are_counted_with_all_others(world: World, browser: Browser) -> None:
    for number in range(suspicion.GUESSES_AT_ACCOUNT.needed):
        body = {"code": browser.code_for(ADA), "password": "a wrong one"}
        answer = world.client.post("/v1/auth/oauth/exchange", json=body, address=f"192.0.2.{number}")
        assert answer.code == "invalid_credentials"
        world.clock.advance(minutes=4)
    world.clock.advance(minutes=16)
    token = come_in(world, browser, ADA, password=PASSWORD)
    (block,) = world.client.get("/v1/security/blocks", as_=token).json()["data"]
    assert (block["subject"], block["rule"]) == (world.ada.user_id, "failures_at_account")


def test_strangers_who_guess_passwords_keep_nobody_out_who_comes_with_a_provider(
    world: World, browser: Browser
) -> None:
    come_in(world, browser, ADA, password=PASSWORD)
    for _ in range(limits.GUESSES_AT_ACCOUNT.most + 1):
        world.client.post("/v1/auth/login", json={"email": ADA.email, "password": "a wrong one"})
    assert world.client.post("/v1/auth/login", json={"email": ADA.email, "password": PASSWORD}).status == 429
    come_in(world, browser, ADA)


def test_a_stopped_address_keeps_no_account_from_its_owner_that_a_provider_has_opened(
    world: World, browser: Browser
) -> None:
    come_in(world, browser, ADA, password=PASSWORD)
    stop_address(world)
    body = {"code": browser.code_for(ADA)}
    assert world.client.post("/v1/auth/oauth/exchange", json=body, address=STOPPED).status == 200


def test_a_stopped_address_opens_no_account_with_a_provider_either(world: World, browser: Browser) -> None:
    stop_address(world)
    code = browser.code_for(GRACE)
    refused = world.client.post("/v1/auth/oauth/exchange", json={"code": code}, address=STOPPED)
    assert (refused.status, refused.code) == (403, "blocked")
    assert world.client.post("/v1/auth/oauth/exchange", json={"code": code}, address="192.0.2.78").status == 200
