"""Who may do what, on every route there is (SECURITY 3, 32), and what is said on the way (SECURITY 4, 24)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app import app
from chalicelib.core.identity import Role, Scope
from chalicelib.web.allow import ANYONE, OPERATOR, USER, Allow, fresh, holder, person, standing
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.schema import Schema
from tests.matrix.conftest import Walked
from tests.matrix.walk import Report, at_the_door, walk


def test_everybody_gets_the_answer_that_is_theirs(walked: Walked) -> None:
    assert walked.report.failures == []


def test_no_route_is_left_out(walked: Walked) -> None:
    routes = [(method, path) for path, methods in app.routes.items() for method in methods]
    assert walked.report.routes == len(routes)
    assert len(walked.report.actors) >= 20
    assert walked.report.cells > len(routes) * len(walked.report.actors)


def test_a_route_that_the_scene_does_not_know_fails(walked: Walked) -> None:
    strange = Endpoint("GET", "/v1/things/{thing_id}", USER, view=lambda _call: None, tag="things")
    assert walk(walked.scene, [strange]).failures[0] == "GET /v1/things/{thing_id}: nothing is called thing_id"


@pytest.mark.parametrize(
    "allow",
    [
        ANYONE,
        USER,
        OPERATOR,
        holder(Scope.SITES_WRITE),
        holder(Scope.AUDIENCE_READ),
        person(Scope.SITES_READ),
        standing(holder(Scope.SITES_READ)),
        fresh(USER),
        Allow(holder(Scope.SITES_READ).caller, Scope.SITES_READ, role=Role.OWNER),
    ],
    ids=str,
)
def test_a_door_that_is_not_as_it_says_is_found(walked: Walked, allow: Allow) -> None:
    """The one at `GET /v1/sites` is `holder(sites:read)`, and every other claim about it is a lie."""
    (honest,) = [each for each in app.endpoints if (each.method, each.path) == ("GET", "/v1/sites")]
    report = Report()
    at_the_door(walked.scene, replace(honest, allow=allow), report)
    assert report.failures != []


def test_answers_say_what_their_schema_says_and_no_more(walked: Walked) -> None:
    """SECURITY 4: nothing of a row shows that was not meant to be shown."""
    told = 0
    for endpoint, answer in walked.scene.answers:
        if (
            answer.text
            and answer.status < 300
            and answer.headers.get("content-type", "").startswith("application/json")
        ):
            schema: type[Schema] = endpoint.also.get(answer.status, endpoint.returns)
            shown = answer.json()
            assert shown.keys() <= schema.model_fields.keys() or endpoint.path == "/openapi.json", endpoint.path
            if endpoint.path != "/openapi.json":
                schema.model_validate_json(answer.text)  # closed, however deep
            told += 1
    assert told > 40


def test_no_secret_is_in_an_answer(walked: Walked) -> None:
    for endpoint, answer in walked.scene.answers:
        found = walked.canaries.in_text(f"{answer.text} {dict(answer.headers)}")
        if endpoint.name == "get_identity_secret":
            found = [name for name in found if name not in walked.canaries.told]
        assert found == [], endpoint.path


def test_no_secret_is_in_a_log(walked: Walked) -> None:
    assert len(walked.logged) > 1_000
    assert walked.canaries.in_text("\n".join(walked.logged)) == []


def test_no_secret_is_at_rest(walked: Walked) -> None:
    dump = walked.scene.world.aws.dump()
    assert walked.scene.things["endpoint"] in dump or len(dump) > 10_000
    assert walked.canaries.in_text(dump, at_rest=True) == []


def test_a_canary_that_sings_is_heard(walked: Walked) -> None:
    for name, secret in (walked.canaries.secrets | walked.canaries.kept | walked.canaries.told).items():
        assert name in walked.canaries.in_text(f'{{"x": "{secret}"}}')
