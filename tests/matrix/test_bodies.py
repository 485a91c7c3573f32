"""What may be written is what a body's schema names, and nothing else (SECURITY 4)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from app import app
from chalicelib.core.errors import Invalid
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.schema import Form, parse, parse_query
from tests.matrix.rows import attributes

BODIES = [endpoint for endpoint in app.endpoints if endpoint.takes_body and not issubclass(endpoint.body, Form)]
FORMS = [endpoint for endpoint in app.endpoints if issubclass(endpoint.body, Form)]
_AS_BROWSERS_HAVE_IT = {"PushSubscription", "PushKeys", "ReportedEvent"}  # what else it holds is ignored
_SENSITIVE = {"rev", "role", "tenant_id", "password_hash", "era", "secret_hash", "state", "plan", "private_scalar"}


def models(kind: Any) -> Iterator[type[BaseModel]]:
    """The one, and all that its fields are made of."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from models(field.annotation)
    for part in getattr(kind, "__args__", ()):
        yield from models(part)


def test_there_is_enough_to_try() -> None:
    assert attributes() > _SENSITIVE
    assert len(BODIES) > 25


@pytest.mark.parametrize("endpoint", BODIES, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_a_body_is_closed_however_deep(endpoint: Endpoint) -> None:
    found = list(models(endpoint.body))
    assert found
    assert {each.__name__ for each in found if each.model_config.get("extra") != "forbid"} <= _AS_BROWSERS_HAVE_IT


@pytest.mark.parametrize("endpoint", BODIES, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_each_attribute_that_is_not_named_is_refused_by_its_name(endpoint: Endpoint) -> None:
    for name in attributes() - endpoint.body.model_fields.keys():
        with pytest.raises(Invalid) as refused:
            parse(endpoint.body, json.dumps({name: "mine"}).encode())
        found = {(error["pointer"], error["detail"]) for error in refused.value.facts["errors"]}
        assert (f"/{name}", "Extra inputs are not permitted") in found


@pytest.mark.parametrize("endpoint", FORMS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_what_another_sites_form_holds_beside_is_not_read(endpoint: Endpoint) -> None:
    fields = {field.alias or name: "x" for name, field in endpoint.body.model_fields.items()}
    read = parse_query(endpoint.body, {**dict.fromkeys(attributes(), "mine"), **fields})
    assert read == parse_query(endpoint.body, fields)
