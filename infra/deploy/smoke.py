"""Does what was deployed answer? Plain HTTPS against the endpoint, as anybody's client would ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from infra.deploy.ground import Ground

PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0, 15.0)  # a cold start, a fresh secret, a deployment that spreads
_TIMEOUT_SECONDS = 15
_LONGEST_BYTES = 4_000_000


@dataclass(frozen=True)
class Answer:
    status: int
    media_type: str
    body: Any


@dataclass(frozen=True)
class Question:
    path: str
    status: int
    says: tuple[str, str]
    media_type: str = "application/json"

    def is_answered(self, said: Answer) -> bool:
        member, start = self.says
        is_telling = isinstance(said.body, Mapping) and str(said.body.get(member, "")).startswith(start)
        return is_telling and (said.status, said.media_type) == (self.status, self.media_type)


QUESTIONS = (
    Question("/v1/health", 200, ("status", "ok")),
    Question("/v1/health/ready", 200, ("status", "ok")),  # tables and secrets, too
    Question("/openapi.json", 200, ("openapi", "3.1")),
    Question("/v1/no-such-thing", 404, ("code", "not_found"), "application/problem+json"),  # the gateway's own words
)


def smoke(ground: Ground, endpoint: str) -> bool:
    """True when every question is answered as it should be. Each is asked six times at most, and changes nothing."""
    return all(_passes(ground, endpoint.rstrip("/"), question) for question in QUESTIONS)


def _passes(ground: Ground, endpoint: str, question: Question) -> bool:
    said = _wrong(endpoint, question)
    for seconds in PAUSES_SECONDS:
        if said is None:
            break
        ground.pause(seconds)
        said = _wrong(endpoint, question)
    expected = f"{question.status} {question.media_type}"
    ground.terminal.say(f"smoke: {question.path} " + (f"FAILED: {said} instead of {expected}" if said else "ok"))
    return said is None


def _wrong(endpoint: str, question: Question) -> str | None:
    """What came instead of the right answer."""
    try:
        said = _ask(endpoint + question.path)
    except (OSError, HTTPException) as error:
        return type(error).__name__
    return None if question.is_answered(said) else f"{said.status} {said.media_type}"


def _ask(url: str) -> Answer:
    parts = urlsplit(url)
    made = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = made(parts.netloc, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path, headers={"Accept": "application/json", "User-Agent": "smoke test"})
        answer = connection.getresponse()
        media_type = answer.headers.get_content_type()
        return Answer(answer.status, media_type, _json(answer.read(_LONGEST_BYTES)))
    finally:
        connection.close()


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
