"""Each rule of suspicion, tripped, and nearly. As in production, by people and programs over the whole product."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.core import suspicion
from chalicelib.core.identity import Role, Scope
from chalicelib.core.suspicion import Rule
from tests.adapters.aws.faults import Faults
from tests.fakes.gateway import HttpAnswer
from tests.world import PASSWORD, Person, World, add_member

pytestmark = pytest.mark.usefixtures("real_limits")

HOME, FROM_ABROAD = "203.0.113.7", "192.0.2.200"


def login(world: World, who: Person, password: str = PASSWORD, *, country: str = "", **words: Any) -> HttpAnswer:
    headers = {"CloudFront-Viewer-Country": country} if country else {}
    body = {"email": who.email, "password": password, **words.pop("more", {})}
    return world.client.post("/v1/auth/login", json=body, headers=headers, **words)


def blocks(world: World, who: Person) -> list[Any]:
    answer = world.client.get("/v1/security/blocks", as_=refreshed(world, who))
    assert answer.status == 200, answer.text
    return list(answer.json()["data"])


def refreshed(world: World, who: Person) -> str:
    """Signed in a moment ago, so that nothing is asked once more."""
    world.clock.advance(seconds=2)
    answer = login(world, who, address="198.51.100.99")
    assert answer.status == 200, answer.text
    return str(answer.json()["access_token"])


def statuses(answers: Iterable[HttpAnswer]) -> list[int]:
    return [answer.status for answer in answers]


def trail(world: World, who: Person) -> list[str]:
    return [row["action"] for row in world.aws.rows("audit") if who.tenant_id in row["pk"] and "hash" in row]


# --- Impossible travel ---


def test_who_signs_in_from_brazil_an_hour_after_germany_has_to_prove_it(world: World) -> None:
    assert login(world, world.ada, country="DE").status == 200
    world.clock.advance(hours=1)
    token = login(world, world.ada, country="BR", address=FROM_ABROAD).json()["access_token"]
    refused = world.client.get("/v1/sites", as_=token)
    assert (refused.status, refused.code) == (403, "step_up_required")
    assert refused.json()["rule"] == "impossible_travel"
    assert world.client.get("/v1/me", as_=token).status == 200  # one's own account stays open
    world.clock.advance(seconds=2)
    proven = world.client.post("/v1/auth/step-up", as_=token, json={"password": PASSWORD}).json()["access_token"]
    (block,) = world.client.get("/v1/security/blocks", as_=proven).json()["data"]
    assert block["id"] == refused.json()["block"]
    assert block["facts"] == {"from": "DE", "to": "BR", "minutes_between": "60"}
    (letter,) = [letter for letter in world.mail_to(world.ada.email) if "looks odd" in letter.subject]
    assert "impossible_travel" in letter.text
    assert "DE" in letter.text


@pytest.mark.parametrize(("where", "hours"), [("BR", 12), ("FR", 0), ("XX", 0), ("", 0)])
def test_who_had_the_time_or_the_neighbourhood_is_not_asked(world: World, where: str, hours: int) -> None:
    login(world, world.ada, country="DE")
    world.clock.advance(hours=hours)
    token = login(world, world.ada, country=where).json()["access_token"]
    assert world.client.get("/v1/sites", as_=token).status == 200
    assert blocks(world, world.ada) == []


# --- Bursts of failures ---


def fail(world: World, who: Person, times: int, *, network: str = "192.0.2") -> None:
    """Each from another address, and never so fast that the limits of passwords are met."""
    for number in range(times):
        assert login(world, who, "a wrong one", address=f"{network}.{number}").status == 401
        world.clock.advance(minutes=4)


def test_an_account_that_is_guessed_at_from_all_over_steps_up_and_its_owner_hears_of_it(world: World) -> None:
    fail(world, world.ben, suspicion.GUESSES_AT_ACCOUNT.needed)
    (block,) = blocks(world, world.ada)
    assert (block["subject"], block["rule"]) == (world.ben.user_id, "failures_at_account")
    assert (block["consequence"], block["facts"]["signals"]) == ("step_up", "8")
    for email in (world.ada.email, world.ben.email):
        assert sum("looks odd" in letter.subject for letter in world.mail_to(email)) == 1
    world.clock.advance(minutes=16)
    assert world.client.get("/v1/sites", as_=refreshed(world, world.ben)).status == 200


def test_who_has_an_account_is_not_told_by_what_a_block_costs(world: World) -> None:
    """SECURITY 9: whom a stranger has had blocked before makes no difference to the next."""
    seen = []
    for name in ("first", "second", "third"):
        nobody = replace(world.ben, email=f"{name}@nowhere.example.com")
        fail(world, nobody, suspicion.GUESSES_AT_ACCOUNT.needed - 1, network="198.51.100")
        with Faults() as faults:
            assert login(world, nobody, "a wrong one", address=FROM_ABROAD).status == 401
            seen.append([call for call in faults.calls if not call.startswith("ssm.")])  # read again by the clock
    assert seen[1] == seen[2]
    assert len(seen[1]) > 12  # it did come to a block


def test_a_session_from_before_is_asked_to_step_up(world: World) -> None:
    fail(world, world.ben, suspicion.GUESSES_AT_ACCOUNT.needed - 1)
    world.clock.advance(minutes=16)
    token = login(world, world.ben).json()["access_token"]
    assert world.client.get("/v1/sites", as_=token).status == 200
    world.clock.advance(seconds=2)
    assert login(world, world.ben, "a wrong one", address=FROM_ABROAD).status == 401
    world.clock.advance(seconds=28)
    assert world.client.get("/v1/sites", as_=token).code == "step_up_required"


def test_one_guess_less_or_the_same_address_again_is_nothing(world: World) -> None:
    fail(world, world.ben, suspicion.GUESSES_AT_ACCOUNT.needed - 1)
    fail(world, world.ben, 3)
    world.clock.advance(minutes=16)
    assert blocks(world, world.ada) == []


def test_guesses_that_are_old_are_forgotten(world: World) -> None:
    fail(world, world.ben, suspicion.GUESSES_AT_ACCOUNT.needed - 1)
    world.clock.advance(hours=6)
    fail(world, world.ben, 2, network="198.51.100")
    assert blocks(world, world.ada) == []


def test_an_account_that_nobody_has_is_nobodys_trouble(world: World) -> None:
    for number in range(9):
        body = {"email": "nobody@example.com", "password": "a wrong one"}
        assert world.client.post("/v1/auth/login", json=body, address=f"192.0.2.{number}").status == 401
        world.clock.advance(minutes=4)
    (row,) = [row for row in world.aws.rows("core") if row["pk"].startswith("BLOCKED#")]
    assert row["subject"] not in {world.ada.user_id, world.ben.user_id, world.cyd.user_id}
    assert blocks(world, world.ada) == []


def spray(world: World, accounts: int) -> None:
    for number in range(accounts):
        body = {"email": f"person{number}@example.com", "password": "a wrong one"}
        assert world.client.post("/v1/auth/login", json=body, address=FROM_ABROAD).status == 401
        world.clock.advance(minutes=4)


def test_an_address_that_tries_many_accounts_is_blocked_and_a_known_device_behind_it_is_not(world: World) -> None:
    known = login(world, world.ada).json()["device_token"]
    spray(world, suspicion.GUESSES_FROM_ADDRESS.needed)
    world.clock.advance(minutes=16)
    refused = login(world, world.ada, address=FROM_ABROAD)
    assert (refused.status, refused.code, refused.json()["rule"]) == (403, "blocked", "failures_from_address")
    assert FROM_ABROAD not in refused.text
    registration = {"email": "new@example.com", "password": PASSWORD, "tenant_name": "Mine"}
    assert world.client.post("/v1/auth/register", json=registration, address=FROM_ABROAD).code == "blocked"
    assert login(world, world.ada, address=FROM_ABROAD, more={"device_token": known}).status == 200
    assert login(world, world.ada, address=HOME).status == 200
    world.clock.advance(hours=6)
    assert login(world, world.ada, address=FROM_ABROAD).status == 200


def test_an_address_that_tries_one_account_less_goes_on(world: World) -> None:
    spray(world, suspicion.GUESSES_FROM_ADDRESS.needed - 1)
    world.clock.advance(minutes=16)
    assert login(world, world.ada, address=FROM_ABROAD).status == 200


# --- Keys used from many addresses ---


def use(world: World, key: str, addresses: int, *, times: int = 1) -> list[int]:
    return [
        world.client.get("/v1/sites", as_=key, address=f"192.0.2.{number}").status
        for _ in range(times)
        for number in range(addresses)
    ]


def test_a_key_that_is_used_from_everywhere_is_blocked_until_its_owner_lifts_it(world: World) -> None:
    key = world.api_key(world.ada, Scope.SITES_READ)
    needed = suspicion.KEY_ADDRESSES.needed
    assert use(world, key, needed) == [200] * needed
    world.clock.advance(seconds=1)
    refused = world.client.get("/v1/sites", as_=key)
    assert (refused.status, refused.code) == (403, "blocked")
    (block,) = blocks(world, world.ada)
    assert refused.json()["block"] == block["id"]
    assert refused.json()["until"] == block["until"]
    assert (block["rule"], block["facts"]["signals"]) == ("key_from_many_addresses", str(needed))
    assert lift(world, world.ben, block["id"]).status == 403
    assert lift(world, world.cyd, block["id"]).status == 404
    assert lift(world, world.ada, block["id"]).status == 204
    assert world.client.get("/v1/sites", as_=key).status == 200
    (lifted,) = blocks(world, world.ada)
    assert lifted["lifted_by"] == world.ada.user_id
    assert {"block.began", "block.lifted"} <= set(trail(world, world.ada))


def test_a_block_that_nobody_lifts_ends_by_itself(world: World) -> None:
    key = world.api_key(world.ada, Scope.SITES_READ)
    use(world, key, suspicion.KEY_ADDRESSES.needed)
    assert world.client.get("/v1/sites", as_=key).code == "blocked"
    world.clock.advance(hours=1)
    assert world.client.get("/v1/sites", as_=key).status == 200


def test_a_key_on_one_address_less_goes_on_however_often_it_is_used(world: World) -> None:
    key = world.api_key(world.ada, Scope.SITES_READ)
    few = suspicion.KEY_ADDRESSES.needed - 1
    assert use(world, key, few, times=3) == [200] * 3 * few
    assert blocks(world, world.ada) == []


# --- Things made too fast ---


def make(world: World, rule: Rule, who: Person, times: int) -> list[int]:
    def one(number: int) -> HttpAnswer:
        if rule is suspicion.SITES:
            return world.client.post("/v1/sites", as_=who, json={"name": "Shop", "url": f"https://s{number}.example"})
        if rule is suspicion.KEYS:
            return world.client.post("/v1/api-keys", as_=who, json={"name": "key", "scopes": ["sites:read"]})
        invited = {"email": f"guest{number}@example.com", "role": "agent"}
        return world.client.post("/v1/invitations", as_=who, json=invited)

    return statuses(one(number) for number in range(times))


@pytest.mark.parametrize("rule", suspicion.OF_CREATION.values(), ids=lambda rule: rule.name)
def test_who_makes_things_far_too_fast_has_to_step_up(world: World, rule: Rule) -> None:
    assert make(world, rule, world.ada, rule.needed) == [201] * rule.needed
    refused = world.client.get("/v1/sites", as_=world.ada)
    assert (refused.code, refused.json()["rule"]) == ("step_up_required", rule.name)
    (block,) = blocks(world, world.ada)
    assert block["facts"]["of"] == rule.signal


@pytest.mark.parametrize("rule", suspicion.OF_CREATION.values(), ids=lambda rule: rule.name)
def test_who_makes_one_less_does_not(world: World, rule: Rule) -> None:
    assert make(world, rule, world.ada, rule.needed - 1) == [201] * (rule.needed - 1)
    assert world.client.get("/v1/sites", as_=world.ada).status == 200
    world.clock.advance(seconds=rule.window_seconds)
    token = refreshed(world, world.ada)
    assert world.client.post("/v1/sites", as_=token, json={"name": "x", "url": "https://x.example"}).status == 201
    assert blocks(world, world.ada) == []


def register(world: World, times: int) -> list[int]:
    words = {"password": PASSWORD, "tenant_name": "Mine"}
    return statuses(
        world.client.post("/v1/auth/register", json={"email": f"new{number}@example.com", **words}, address=FROM_ABROAD)
        for number in range(times)
    )


def test_an_address_that_registers_one_mailbox_after_the_other_is_blocked(world: World) -> None:
    needed = suspicion.REGISTRATIONS.needed
    assert register(world, needed + 1) == [202] * needed + [403]


def test_an_address_that_registers_one_less_may_still_sign_in(world: World) -> None:
    few = suspicion.REGISTRATIONS.needed - 1
    assert register(world, few) == [202] * few
    assert login(world, world.ada, address=FROM_ABROAD).status == 200


# --- Trying ids ---


def try_ids(world: World, bearer: Person | str, times: int, *, repeated: int = 1) -> list[int]:
    return statuses(
        world.client.get(f"/v1/sites/site_{number:026}", as_=bearer) for number in range(times) for _ in range(repeated)
    )


def test_a_key_that_tries_ids_is_blocked_and_a_person_steps_up(world: World) -> None:
    key, needed = world.api_key(world.ada, Scope.SITES_READ), suspicion.ENUMERATION.needed
    for bearer, code in ((key, "blocked"), (world.cyd, "step_up_required")):
        assert try_ids(world, bearer, needed) == [404] * needed
        refused = world.client.get("/v1/sites", as_=bearer)
        assert (refused.status, refused.code, refused.json()["rule"]) == (403, code, "enumeration")


def test_a_program_that_asks_for_what_it_lost_over_and_over_is_none(world: World) -> None:
    key, few = world.api_key(world.ada, Scope.SITES_READ), suspicion.ENUMERATION.needed - 1
    assert try_ids(world, key, few, repeated=2) == [404] * 2 * few
    assert world.client.get("/v1/sites", as_=key).status == 200


# --- Letters, lifting ---


def lift(world: World, who: Person, block_id: str) -> HttpAnswer:
    return world.client.delete(f"/v1/security/blocks/{block_id}", as_=refreshed(world, who))


def test_of_one_kind_the_owner_is_written_to_once_a_day(world: World) -> None:
    for _ in range(3):
        try_ids(world, world.api_key(world.ada, Scope.SITES_READ), suspicion.ENUMERATION.needed)
    assert len(blocks(world, world.ada)) == 3
    assert sum("looks odd" in letter.subject for letter in world.mail_to(world.ada.email)) == 1
    world.clock.advance(days=1)
    again = add_member("Eve", world.ada, Role.OWNER, world.clock)
    try_ids(world, world.api_key(again, Scope.SITES_READ), suspicion.ENUMERATION.needed)
    assert sum("looks odd" in letter.subject for letter in world.mail_to(world.ada.email)) == 2


def test_a_lone_owner_lifts_their_own_by_stepping_up(world: World) -> None:
    try_ids(world, world.ada, suspicion.ENUMERATION.needed)
    block_id = world.client.get("/v1/sites", as_=world.ada).json()["block"]
    assert world.client.delete(f"/v1/security/blocks/{block_id}", as_=world.ada).code == "step_up_required"
    assert lift(world, world.ada, block_id).status == 204
    assert lift(world, world.ada, block_id).status == 204
    world.clock.advance(seconds=30)
    assert world.client.get("/v1/sites", as_=world.ada).status == 200
