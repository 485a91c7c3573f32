"""The operator's routes are nobody else's: to every tenant's credentials they do not exist, whatever is asked of them."""

from __future__ import annotations

from typing import Any

import pytest

from app import app
from chalicelib.core.identity import TENANT_SCOPES
from chalicelib.features.identity.wiring import identity
from chalicelib.web.allow import Caller
from chalicelib.web.endpoint import Endpoint
from tests.http.campaigns.desk import bare
from tests.http.operations.house import House

OPERATORS = [endpoint for endpoint in app.endpoints if endpoint.allow.caller is Caller.OPERATOR]
EACH = pytest.mark.parametrize("endpoint", OPERATORS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
BODY: dict[str, Any] = {"ended_from": "2026-01-01T00:00:00Z", "ended_until": "2026-01-02T00:00:00Z"}


def path_of(house: House, endpoint: Endpoint) -> str:
    return endpoint.path.format(
        tenant_id=house.desk.owner.tenant_id,
        site_id=house.desk.site_id,
        run_id="run_" + "0" * 26,
        host="fcm.googleapis.com",
        name="send",
    )


def body_of(endpoint: Endpoint) -> dict[str, Any] | None:
    if not endpoint.takes_body:
        return None
    return BODY if "ended_from" in endpoint.body.model_fields else {}


def test_there_are_as_many_as_are_promised() -> None:
    assert len(OPERATORS) == 10
    assert all(endpoint.path.startswith("/v1/ops/") for endpoint in OPERATORS)
    assert [e.path for e in app.endpoints if e.path.startswith("/v1/ops/") and e not in OPERATORS] == []


@EACH
def test_nobody_without_credentials(house: House, endpoint: Endpoint) -> None:
    for token in (None, "nonsense", "ps_live_00000000_" + "0" * 52):
        assert house.try_(endpoint.method, path_of(house, endpoint), as_=token, json=body_of(endpoint)).status == 401


@EACH
def test_to_a_tenant_they_do_not_exist(house: House, endpoint: Endpoint) -> None:
    world = house.world
    every_key = world.api_key(world.ada, *TENANT_SCOPES)
    test_key = world.api_key(world.ada, *TENANT_SCOPES, mode="test")
    bound_key = world.api_key(world.ada, *TENANT_SCOPES, site_id=house.desk.site_id)
    nowhere = bare(world.client.get("/v1/nowhere", as_=world.ada))
    before = [row for row in world.aws.rows("core") if row["pk"] == "STOP"]
    for whose in (world.ada, world.ben, world.cyd, every_key, test_key, bound_key):
        for body in (body_of(endpoint), None):
            answer = house.try_(endpoint.method, path_of(house, endpoint), as_=whose, json=body)
            assert bare(answer) == nowhere
    assert [row for row in world.aws.rows("core") if row["pk"] == "STOP"] == before


@EACH
def test_to_the_operator_they_do(house: House, endpoint: Endpoint) -> None:
    answer = house.try_(endpoint.method, path_of(house, endpoint), json=body_of(endpoint))
    is_of_something = "{run_id}" in endpoint.path or "{host}" in endpoint.path
    assert answer.status == (404 if is_of_something else 200), answer.text


@EACH
@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[]", 400), (b"{", 400), (b'{"surprise": 1}', 422), (b'{"a": "' + b"x" * 300_000 + b'"}', 413)],
    ids=["nothing", "a list", "half", "unknown", "large"],
)
def test_a_hostile_body_changes_nothing(house: House, endpoint: Endpoint, body: bytes, status: int) -> None:
    if endpoint.takes_body:
        answer = house.try_(endpoint.method, path_of(house, endpoint), body=body)
        assert answer.status == status
        assert [row for row in house.world.aws.rows("core") if row["pk"] == "STOP"] == []


@EACH
def test_a_key_that_was_revoked_opens_nothing_any_more(house: House, endpoint: Endpoint) -> None:
    identity().api_keys.revoke(tenant_id="", key_id=key_id_of(house), now=house.world.clock.now())
    answer = house.try_(endpoint.method, path_of(house, endpoint), json=body_of(endpoint))
    assert (answer.status, answer.code) == (401, "invalid_token")
    assert [row for row in house.world.aws.rows("core") if row["pk"] == "STOP"] == []


def test_no_tenant_can_revoke_the_operators_key(house: House) -> None:
    answer = house.world.client.delete(f"/v1/api-keys/{key_id_of(house)}", as_=house.world.ada)
    assert (answer.status, answer.code) == (404, "not_found")
    house.ask("GET", "/v1/ops/sending")


def key_id_of(house: House) -> str:
    (row,) = [row for row in house.world.aws.rows("core") if row["pk"] == "OPERATOR"]
    return str(row["sk"]).removeprefix("APIKEY#")
