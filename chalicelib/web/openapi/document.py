"""The HTTP contract as OpenAPI 3.1, written from what the endpoints say of themselves. `pages` serves and reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from chalicelib.web.allow import Caller
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.openapi.failures import Failures
from chalicelib.web.openapi.preamble import ABOUT, HEADERS, IDEMPOTENCY_KEY, PROBLEM, SECURITY, Document, headers
from chalicelib.web.openapi.schemas import Schemas
from chalicelib.web.schema import Nothing

VERSION = "1.0"
_NO_BODY = frozenset({204, 302, 304})


def document(endpoints: Iterable[Endpoint], *, groups: Mapping[str, str], server_url: str) -> Document:
    """`groups` are tags with what they are about. Preflights are the browser's business and not in it."""
    shown = [endpoint for endpoint in endpoints if endpoint.method != "OPTIONS"]
    schemas, failures = Schemas(shown), Failures()
    paths: dict[str, Document] = {}
    for endpoint in shown:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint, schemas, failures)
    used = {tag for tag in groups if any(endpoint.tag == tag for endpoint in shown)}
    return {
        "openapi": "3.1.0",
        "info": {"title": "PushSaaS API", "version": VERSION, "description": ABOUT, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": server_url}],
        "tags": [{"name": tag, "description": about} for tag, about in groups.items() if tag in used],
        "paths": paths,
        "components": {
            "schemas": {"Problem": PROBLEM, **schemas.components},
            "securitySchemes": dict(SECURITY),
            "headers": dict(HEADERS),
            "responses": failures.components,
        },
    }


def _operation(endpoint: Endpoint, schemas: Schemas, failures: Failures) -> Document:
    operation: Document = {
        "operationId": endpoint.name,
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "security": _security(endpoint),
        "x-who": endpoint.allow.caller.value,
    }
    if endpoint.description:
        operation["description"] = endpoint.description
    if endpoint.allow.scope is not None:
        operation["x-required-scope"] = endpoint.allow.scope.value
    if parameters := _parameters(endpoint, schemas):
        operation["parameters"] = parameters
    if endpoint.takes_body:
        content = {"application/json": {"schema": schemas.body(endpoint)}}
        operation["requestBody"] = {"required": True, "content": content}
    operation["responses"] = {str(endpoint.status): _success(endpoint, schemas), **failures.of(endpoint)}
    return operation


def _security(endpoint: Endpoint) -> list[Document]:
    """The names in each list are the scopes it takes, as OpenAPI 3.1 allows for any scheme."""
    roles = [endpoint.allow.scope.value] if endpoint.allow.scope else []
    match endpoint.allow.caller:
        case Caller.USER:
            return [{"accessToken": roles}]
        case Caller.TENANT:
            return [{"accessToken": roles}, {"apiKey": roles}]
        case Caller.OPERATOR:
            return [{"apiKey": roles}]
        case Caller.BROWSER if "subscription_id" in endpoint.path_parameters:
            return [{"subscriptionToken": []}]
    return []


def _parameters(endpoint: Endpoint, schemas: Schemas) -> list[Document]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": _path_words(name)}
        for name in endpoint.path_parameters
    ]
    query = schemas.query(endpoint)
    in_query = [
        {
            "name": name,
            "in": "query",
            "required": name in query.get("required", []),
            "schema": {word: value for word, value in schema.items() if word != "description"},
        }
        | ({"description": schema["description"]} if "description" in schema else {})
        for name, schema in query.get("properties", {}).items()
    ]
    return [*in_path, *in_query, *([IDEMPOTENCY_KEY] if endpoint.replayable else [])]


def _path_words(name: str) -> str:
    """`site_id` is the id of the site, `site_key` its key."""
    owner, _, what = name.rpartition("_")
    return f"The {what} of the {owner.replace('_', ' ')}." if owner else f"The {name}."


def _success(endpoint: Endpoint, schemas: Schemas) -> Document:
    names = ["X-Request-Id"]
    if endpoint.replayable:
        names.append("Idempotent-Replayed")
    if endpoint.status == 302:  # noqa: PLR2004 -- HTTP's own number
        names.append("Location")
    answer: Document = {"description": _SUCCESS_WORDS.get(endpoint.status, "Done."), "headers": headers(names)}
    if endpoint.status in _NO_BODY:
        return answer
    content: Document = {}
    if endpoint.media_type != "application/json":
        content[endpoint.media_type.partition(";")[0]] = {"schema": {"type": "string"}}
    if endpoint.returns is not Nothing:
        content["application/json"] = {"schema": schemas.answer(endpoint)}
    elif endpoint.media_type == "application/json":
        content["application/json"] = {"schema": {"type": "object"}}
    return answer | {"content": content}


_SUCCESS_WORDS = {
    200: "Here it is.",
    201: "Made.",
    202: "Accepted; it goes on by itself.",
    204: "Done. There is nothing to say.",
    302: "It is elsewhere.",
}
