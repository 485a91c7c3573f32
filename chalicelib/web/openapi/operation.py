"""One endpoint as an OpenAPI operation: who may call it, what it takes, what it answers, an example of each."""

from __future__ import annotations

from collections.abc import Sequence

from chalicelib.web.allow import Caller
from chalicelib.web.endpoint import Endpoint
from chalicelib.web.openapi.failures import Failures
from chalicelib.web.openapi.preamble import IDEMPOTENCY_KEY, IF_NONE_MATCH, RATE_LIMITS, Document, headers
from chalicelib.web.openapi.samples import Samples
from chalicelib.web.openapi.schemas import JsonSchema, Schemas
from chalicelib.web.schema import Nothing, Schema

JSON = "application/json"
_ELSEWHERE = frozenset({302, 303})
_UNCHANGED = 304
_NO_BODY = frozenset({204, *_ELSEWHERE, _UNCHANGED})
_WORDS = {
    200: "Here it is.",
    201: "Made.",
    202: "Accepted; it goes on by itself.",
    204: "Done. There is nothing to say.",
    302: "It is elsewhere.",
    303: "Signed in there. It goes on elsewhere.",
    304: "It is what it was when you got that ETag.",
    404: "There is none, in words.",
    503: "Not all is well.",
}
_TEXTS = {
    "text/html": "<!doctype html>…",
    "text/css": ":root { color-scheme: light dark; }",
    "text/javascript": '"use strict";',
    "text/plain": "…",
    "text/xml": "<md:EntityDescriptor …",
}


class Operations:
    """One for all endpoints, because they share their schemas and most of their failures."""

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._schemas = Schemas(endpoints)
        self._failures = Failures()
        self._samples = Samples(self._schemas.components)
        self.examples: dict[str, Document] = {}

    @property
    def schemas(self) -> dict[str, JsonSchema]:
        return self._schemas.components

    @property
    def failures(self) -> dict[str, Document]:
        return self._failures.components

    def of(self, endpoint: Endpoint) -> Document:
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
        if parameters := self._parameters(endpoint):
            operation["parameters"] = parameters
        if endpoint.takes_body:
            body = self._content(self._schemas.body(endpoint), is_whole=False)
            operation["requestBody"] = {"required": True, "content": {endpoint.body_type: body}}
        operation["responses"] = self._responses(endpoint)
        return operation

    def _parameters(self, endpoint: Endpoint) -> list[Document]:
        query = self._schemas.query(endpoint)
        fields, needed = query.get("properties", {}), query.get("required", ())
        in_path = [self._parameter("path", name, {"type": "string"}, True) for name in endpoint.path_parameters]
        in_query = [self._parameter("query", name, schema, name in needed) for name, schema in fields.items()]
        in_header = [IDEMPOTENCY_KEY] if endpoint.replayable else []
        in_header += [IF_NONE_MATCH] if _UNCHANGED in endpoint.also else []
        return [*in_path, *in_query, *in_header]

    def _parameter(self, place: str, name: str, schema: JsonSchema, is_required: bool) -> Document:  # noqa: FBT001
        words = schema.get("description") or (_path_words(name) if place == "path" else "")
        plain = {word: value for word, value in schema.items() if word not in {"description", "examples"}}
        parameter: Document = {"name": name, "in": place, "required": is_required, "schema": plain}
        if words:
            parameter["description"] = words
        return parameter | {"example": self._samples.named(name, schema)}

    def _responses(self, endpoint: Endpoint) -> Document:
        """What is hoped for first. Where a status means failure and something else besides, it says both."""
        failures = self._failures.of(endpoint)
        answers = {endpoint.status: endpoint.returns, **endpoint.also}
        told = {str(status): self._answer(endpoint, status, returns) for status, returns in answers.items()}
        both = {status: self._joined(told[status], failures[status]) for status in told if status in failures}
        found = told | failures | both
        return dict(sorted(found.items(), key=lambda answer: answer[0] if answer[0] >= "4" else ""))

    def _joined(self, answer: Document, failure: Document) -> Document:
        problem = self.failures[failure["$ref"].rpartition("/")[2]]
        return problem | {
            "headers": answer["headers"] | problem["headers"],
            "content": answer["content"] | problem["content"],
        }

    def _answer(self, endpoint: Endpoint, status: int, returns: type[Schema]) -> Document:
        names = ["X-Request-Id"]
        names += RATE_LIMITS if endpoint.allow.needs_credentials else []
        names += ["Idempotent-Replayed"] if endpoint.replayable else []
        names += ["Location"] if status in _ELSEWHERE else []
        names += ["ETag"] if _UNCHANGED in endpoint.also and status in {200, _UNCHANGED} else []
        answer: Document = {"description": _WORDS.get(status, "Done."), "headers": headers(names)}
        return answer if status in _NO_BODY else answer | {"content": self._contents(endpoint, returns)}

    def _contents(self, endpoint: Endpoint, returns: type[Schema]) -> Document:
        kind = endpoint.media_type.partition(";")[0]
        contents: Document = {}
        if kind != JSON:
            contents[kind] = {"schema": {"type": "string"}, "example": _TEXTS[kind]}
        if returns is not Nothing:
            contents[JSON] = self._content(self._schemas.answer(returns), is_whole=True)
        elif kind == JSON:
            contents[JSON] = {"schema": {"type": "object"}, "example": {}}
        return contents

    def _content(self, schema: JsonSchema, *, is_whole: bool) -> Document:
        name = schema["$ref"].rpartition("/")[2]
        self.examples.setdefault(name, {"value": self._samples.of(schema, whole=is_whole)})
        return {"schema": schema, "examples": {name: {"$ref": f"#/components/examples/{name}"}}}


def _security(endpoint: Endpoint) -> list[Document]:
    """The names in each list are the scopes it takes, as OpenAPI 3.1 allows for any scheme."""
    scopes = [endpoint.allow.scope.value] if endpoint.allow.scope else []
    match endpoint.allow.caller:
        case Caller.USER:
            return [{"accessToken": scopes}]
        case Caller.TENANT:
            return [{"accessToken": scopes}, {"apiKey": scopes}]
        case Caller.OPERATOR:
            return [{"apiKey": scopes}]
        case Caller.BROWSER if "subscription_id" in endpoint.path_parameters:
            return [{"subscriptionToken": []}]
    return []


def _path_words(name: str) -> str:
    """`site_id` is the id of the site, `site_key` its key."""
    owner, _, what = name.rpartition("_")
    return f"The {what} of the {owner.replace('_', ' ')}." if owner else f"The {name}."
