"""What the OpenAPI document says whatever the endpoints are: the conventions, the credentials, headers and problems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Document = dict[str, Any]

ABOUT = """\
PushSaaS sends web push notifications to the people who asked for them, and says honestly what became of each.

## Credentials
Send `Authorization: Bearer …` with an access token or an API key. People get access tokens by signing in; they last 15
minutes and are renewed with a refresh token. API keys look like `ps_live_…` or `ps_test_…`: what a test key sends goes
through everything up to the socket, and is not billed. Each endpoint names the scope it needs.

Endpoints under `/v1/sdk` are called by browsers. They take the site's public key in the path, and answer only to the
origins that the site lists.

## Requests and answers
JSON in and out, in UTF-8. A body is one object of at most 256 kB, 20 levels and 500 keys; unknown fields are refused.
Times are ISO 8601 in UTC. Ids are opaque. New fields may appear in answers at any time: ignore those you do not know.

Every answer carries an `X-Request-Id`. Name it when you ask us about a call.

## Lists
A list answers `{"data": […], "next_cursor": …, "has_more": …}`. Ask for the next page with `?cursor=`, and for its size
with `?limit=`, 1 to 100.

## Repeating a request
Endpoints that create, send or bill take an `Idempotency-Key` of up to 255 characters. The same key with the same body
gives the same answer for 24 hours, marked `Idempotent-Replayed: true`, and nothing is done twice. Secrets are not
kept: a replay shows the resource without them.

## Limits
Answers to whoever shows credentials say how many such requests are left: `RateLimit-Limit`, `RateLimit-Remaining`, and
`RateLimit-Reset` in seconds. One too many is 429 `rate_limited`, with `Retry-After`, and nothing was done.

## Errors
Errors are `application/problem+json` (RFC 9457). `code` is stable, and what you should act upon; `type` is the address
of a page that explains it. `detail` is for people, `instance` is the request id."""

SECURITY: Mapping[str, Document] = {
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A person's access token, from signing in. Good for 15 minutes.",
    },
    "apiKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "ps_live_… or ps_test_…",
        "description": "An API key with the scope that the endpoint names.",
    },
    "subscriptionToken": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Subscription-Token",
        "description": "What subscribing answered: proof that this is the same browser.",
    },
}

_TAG = '"9f86d081884c7d659a2f"'

HEADERS: Mapping[str, Document] = {
    "X-Request-Id": {
        "required": True,
        "description": "Ours, new for every call; one that comes in is ignored.",
        "schema": {"type": "string", "pattern": "^req_[0-9a-z]{26}$"},
        "example": "req_01kz8m5q3v7x9c2b4n6t8w0y1e",
    },
    "Idempotent-Replayed": {
        "description": "`true` when this answer was given before, and nothing was done now.",
        "schema": {"type": "string", "const": "true"},
        "example": "true",
    },
    "Retry-After": {
        "required": True,
        "description": "Seconds to wait before the same request may succeed.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 5,
    },
    "RateLimit-Limit": {
        "description": "How many such requests are allowed in a window, to whom shows credentials.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 1500,
    },
    "RateLimit-Remaining": {
        "description": "How many of them are left, as far as is known here.",
        "schema": {"type": "integer", "minimum": 0},
        "example": 1499,
    },
    "RateLimit-Reset": {
        "description": "Seconds until the next window.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 42,
    },
    "WWW-Authenticate": {
        "required": True,
        "description": "How to say who you are.",
        "schema": {"type": "string", "const": "Bearer"},
        "example": "Bearer",
    },
    "Location": {
        "required": True,
        "description": "Where it is.",
        "schema": {"type": "string", "format": "uri"},
        "example": "https://shop.example/spring",
    },
    "ETag": {
        "required": True,
        "description": "Names this content: send it as If-None-Match, and what is known is not sent again.",
        "schema": {"type": "string"},
        "example": _TAG,
    },
}

RATE_LIMITS = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")

IDEMPOTENCY_KEY: Document = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Makes the request safe to repeat: the same key and body are one deed, for 24 hours.",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "example": "0f8fad5b-d9cb-469f-a165-70867728950e",
}

IF_NONE_MATCH: Document = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETag of what is known already.",
    "required": False,
    "schema": {"type": "string"},
    "example": _TAG,
}

PROBLEM: Document = {
    "type": "object",
    "description": "RFC 9457. Some problems have members of their own: their pages say which.",
    "required": ["type", "title", "status", "detail", "code", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "The page that explains this problem."},
        "title": {"type": "string", "description": "The same for every problem of this code."},
        "status": {"type": "integer", "description": "The HTTP status, once more."},
        "detail": {"type": "string", "description": "What happened here, for a person to read."},
        "code": {"type": "string", "description": "Stable: act upon this."},
        "instance": {"type": "string", "description": "The request id."},
        "errors": {
            "type": "array",
            "description": "Of `invalid` requests: each place at fault.",
            "items": {"$ref": "#/components/schemas/Fault"},
        },
    },
}

FAULT: Document = {
    "type": "object",
    "required": ["pointer", "detail"],
    "properties": {
        "pointer": {"type": "string", "description": "A JSON Pointer into the body, or a query parameter."},
        "detail": {"type": "string", "description": "What is wrong there."},
    },
}


def headers(names: Iterable[str]) -> Document:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
