"""Every body, query, header, answer and problem of the contract has an example, and each is what it says it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from app import app
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.explain import explanations
from chalicelib.web.openapi.document import document
from chalicelib.web.schema import Form, parse, parse_query

CONTRACT = document(app.endpoints, groups=app.groups, server_url="/")
BODIES = [endpoint for endpoint in app.endpoints if endpoint.takes_body]
Example = tuple[str, Any, Any]  # where, its schema, its value


def is_valid(schema: Any, value: Any) -> bool:
    validator = OAS31Validator(
        {**schema, "components": CONTRACT["components"]}, format_checker=OAS31Validator.FORMAT_CHECKER
    )
    return bool(validator.is_valid(value))


def examples() -> Iterator[Example]:
    """Raises KeyError where one is missing."""
    for path, methods in CONTRACT["paths"].items():
        for method, operation in methods.items():
            where = f"{method.upper()} {path}"
            for parameter in operation.get("parameters", []):
                yield f"{where} {parameter['name']}", parameter["schema"], parameter["example"]
            for status, answer in {"body": operation.get("requestBody", {}), **operation["responses"]}.items():
                yield from _of_contents(f"{where} {status}", answer)
    for code, answer in CONTRACT["components"]["responses"].items():
        yield from _of_contents(code, answer)
    for name, header in CONTRACT["components"]["headers"].items():
        yield name, header["schema"], header["example"]


def _of_contents(where: str, answer: dict[str, Any]) -> Iterator[Example]:
    for kind, content in answer.get("content", {}).items():
        shown = content["examples"] if "examples" in content else {"": {"value": content["example"]}}
        for name, each in shown.items():
            yield f"{where} {kind} {name}", content["schema"], _value(each)


def _value(example: dict[str, Any]) -> Any:
    name = example.get("$ref", "").rpartition("/")[2]
    return (CONTRACT["components"]["examples"][name] if name else example)["value"]


EXAMPLES = list(examples())


def test_there_are_many() -> None:
    assert len(EXAMPLES) > 150


@pytest.mark.parametrize(("where", "schema", "value"), EXAMPLES, ids=[where for where, _, _ in EXAMPLES])
def test_an_example_fits_its_schema(where: str, schema: Any, value: Any) -> None:
    assert is_valid(schema, value), value


def test_an_example_that_does_not_fit_is_caught() -> None:
    site = {"$ref": "#/components/schemas/SiteView"}
    assert not is_valid(site, {"id": 5})
    assert not is_valid({"type": "string", "format": "date-time"}, "yesterday")


@pytest.mark.parametrize("endpoint", BODIES, ids=[endpoint.name for endpoint in BODIES])
def test_an_example_of_a_body_is_one_that_we_read(endpoint: Endpoint) -> None:
    """The validators in the code know more than the schema can say."""
    operation = CONTRACT["paths"][endpoint.path][endpoint.method.lower()]
    (shown,) = operation["requestBody"]["content"][endpoint.body_type]["examples"].values()
    example = _value(shown)
    assert example
    if issubclass(endpoint.body, Form):
        parse_query(endpoint.body, example)
    else:
        parse(endpoint.body, json.dumps(example).encode())


@pytest.mark.parametrize("endpoint", app.endpoints, ids=[endpoint.name for endpoint in app.endpoints])
def test_an_example_of_a_query_is_one_that_we_read(endpoint: Endpoint) -> None:
    operation = CONTRACT["paths"][endpoint.path].get(endpoint.method.lower(), {})
    asked = {each["name"]: str(each["example"]) for each in operation.get("parameters", []) if each["in"] == "query"}
    parse_query(endpoint.query, asked)


def test_an_answer_is_shown_whole() -> None:
    for where, schema, value in EXAMPLES:
        name = schema.get("$ref", "").rpartition("/")[2]
        fields = CONTRACT["components"]["schemas"].get(name, {}).get("properties", {})
        is_answer = any(f" {status} " in where for status in (200, 201, 202))
        assert not is_answer or set(value) >= set(fields) or not fields, where


def test_nothing_in_an_example_is_left_to_guess() -> None:
    vague = [where for where, _, value in EXAMPLES if "'…'" in repr(value)]
    assert vague == []


def test_the_numbers_of_the_stats_add_up() -> None:
    stats = next(value for where, _, value in EXAMPLES if "/stats 200" in where)
    families = ("accepted", "gone", "failed", "skipped", "expired", "pending")
    assert sum(stats[name] for name in families) == stats["audience"]


def test_members_of_problems_have_examples() -> None:
    for explanation in explanations().values():
        assert "…" not in explanation.example.values(), explanation.code
