from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from chalice.app import Chalice

from app import app
from chalicelib.core.identity import Scope
from chalicelib.core.limits import RouteClass
from chalicelib.features.identity.schemas.accounts import PasswordChange
from chalicelib.web.allow import ANYONE, BROWSER, OPERATOR, USER, Allow, holder
from chalicelib.web.endpoint import Endpoint
from tests.architecture.rules import contract, routes
from tests.architecture.rules.tree import ROOT
from tests.fakes.gateway import Client

_HOLDER = holder(Scope.SITES_WRITE)


def _endpoint(method: str, path: str = "/v1/things", *, allow: Allow = _HOLDER, **words: Any) -> Endpoint:
    return Endpoint(method, path, allow, view=lambda _call: None, tag="things", **words)


def test_there_are_routes_to_judge() -> None:
    assert len(app.endpoints) > 1


def test_every_route_says_who_may_call_it() -> None:
    assert routes.unguarded(app, app.endpoints) == []


def test_every_mutation_by_a_tenant_is_recorded() -> None:
    assert list(routes.untraced(app.endpoints)) == []


def test_every_post_that_makes_something_may_be_repeated() -> None:
    assert list(routes.unrepeatable(app.endpoints)) == []


def test_every_route_counts_as_what_it_is() -> None:
    assert list(routes.uncounted(app.endpoints)) == []


def test_the_contract_promises_what_the_routes_answer() -> None:
    """From the moment there is one: until then nothing may be promised."""
    if not list((ROOT / "chalicelib" / "web").glob("openapi*")):
        assert "/openapi.json" not in app.routes
        return
    answer = Client().get("/openapi.json")
    assert answer.status == 200
    assert list(contract.disagreements(answer.json(), app.endpoints)) == []
    assert list(contract.dangling_references(answer.json())) == []


def test_a_route_around_the_door_is_caught() -> None:
    bare = Chalice("bare")
    bare.route("/v1/secret", methods=["GET", "POST"])(dict)
    guarded = [_endpoint("GET", "/v1/secret")]
    assert routes.unguarded(bare, guarded) == ["POST /v1/secret does not say who may call it"]


@pytest.mark.parametrize("allow", [_HOLDER, USER])
@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_a_silent_mutation_is_caught(method: str, allow: Allow) -> None:
    assert len(list(routes.untraced([_endpoint(method, allow=allow)]))) == 1
    assert list(routes.untraced([_endpoint(method, allow=allow, audit="thing.changed")])) == []


@pytest.mark.parametrize("allow", [ANYONE, BROWSER, OPERATOR])
def test_a_mutation_without_a_tenant_is_not_recorded(allow: Allow) -> None:
    assert list(routes.untraced([_endpoint("POST", allow=allow)])) == []
    assert len(list(routes.untraced([_endpoint("POST", allow=allow, audit="thing.changed")]))) == 1


def test_a_question_by_post_is_not_recorded() -> None:
    assert list(routes.untraced([_endpoint("POST", "/v1/segments/preview")])) == []


@pytest.mark.parametrize("path", ["/send", "/schedule", "/test", "/notifications"])
def test_what_sends_and_does_not_count_so_is_caught(path: str) -> None:
    assert len(list(routes.uncounted([_endpoint("POST", f"/v1/things{path}")]))) == 1
    assert list(routes.uncounted([_endpoint("POST", f"/v1/things{path}", counts_as=RouteClass.SEND)])) == []
    assert len(list(routes.uncounted([_endpoint("POST", counts_as=RouteClass.SEND)]))) == 1


def test_a_strangers_change_that_nobody_counts_by_address_is_caught() -> None:
    assert list(routes.uncounted([_endpoint("POST", allow=ANYONE)])) == []
    assert len(list(routes.uncounted([_endpoint("POST", allow=ANYONE, counts_as=RouteClass.WRITE)]))) == 1


@pytest.mark.parametrize("action", ["created", "Site.Created", "site created", "site.", ""])
def test_an_action_that_does_not_read_like_one_is_caught(action: str) -> None:
    assert len(list(routes.untraced([_endpoint("POST", audit=action)]))) == 1


@pytest.mark.parametrize("status", [201, 202])
@pytest.mark.parametrize("allow", [_HOLDER, USER, OPERATOR])
def test_a_post_that_would_make_it_twice_is_caught(status: int, allow: Allow) -> None:
    assert len(list(routes.unrepeatable([_endpoint("POST", allow=allow, status=status)]))) == 1
    assert list(routes.unrepeatable([_endpoint("POST", allow=allow, status=status, replayable=True)])) == []


def test_a_memory_where_none_works_is_caught() -> None:
    found = list(
        routes.unrepeatable([_endpoint("GET", replayable=True), _endpoint("POST", allow=ANYONE, replayable=True)])
    )
    assert len(found) == 2


def test_a_contract_that_says_more_or_less_is_caught() -> None:
    document = {"paths": {"/v1/things": {"get": {}, "parameters": []}, "/v1/gone": {"delete": {}}}}
    found = list(contract.disagreements(document, [_endpoint("GET"), _endpoint("POST"), _endpoint("OPTIONS")]))
    assert found == [
        "DELETE /v1/gone is promised but not answered",
        "POST /v1/things is answered but not in the contract",
    ]


def test_a_reference_to_nothing_is_caught() -> None:
    document = {
        "paths": {"/": {"$ref": "#/components/schemas/Site"}},
        "components": {"schemas": {"Site": {"$ref": "#/nowhere"}}},
    }
    assert list(contract.dangling_references(document)) == ["#/nowhere points at nothing"]


@pytest.mark.parametrize("status", [202, 204])
def test_a_body_with_a_password_is_never_remembered(status: int) -> None:
    forgetful = _endpoint("POST", body=PasswordChange, status=status)
    assert list(routes.unrepeatable([forgetful])) == []
    assert len(list(routes.unrepeatable([replace(forgetful, replayable=True)]))) == 1
