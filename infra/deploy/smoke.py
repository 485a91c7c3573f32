"""Does what was deployed answer? Plain HTTPS against the endpoint, as anybody's client would ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any
from urllib.request import HTTPHandler, HTTPSHandler, OpenerDirector, ProxyHandler, UnknownHandler

from infra.deploy.ground import Ground
from infra.deploy.halt import Halt

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
    """True when every question is answered as it should be. Each is asked six times at most, and changes nothing.

    Halts when nobody answers at all: that says nothing of the release, and must not take it back.
    """
    return all(_passes(ground, endpoint.rstrip("/"), question) for question in QUESTIONS)


def _passes(ground: Ground, endpoint: str, question: Question) -> bool:
    said: Answer | None = None
    reached = "nothing"
    for seconds in (0.0, *PAUSES_SECONDS):
        ground.pause(seconds)
        try:
            said = _ask(endpoint + question.path)
        except (OSError, HTTPException) as error:
            reached = type(error).__name__
            continue
        if question.is_answered(said):
            ground.terminal.say(f"smoke: {question.path} ok")
            return True
    if said is None:
        raise Halt(f"{endpoint} cannot be reached from here ({reached}): nothing is known of it.", then=_FROM_ELSEWHERE)
    expected = f"{question.status} {question.media_type}"
    ground.terminal.say(f"smoke: {question.path} FAILED: {said.status} {said.media_type} instead of {expected}")
    return False


def _ask(url: str) -> Answer:
    with _BARE.open(url, timeout=_TIMEOUT_SECONDS) as answer:
        body = _json(answer.read(_LONGEST_BYTES))
        return Answer(answer.status, answer.headers.get_content_type(), body)


def _bare_opener() -> OpenerDirector:
    """Follows no redirect, takes a refusal for an answer, knows the machine's proxy, and no other scheme."""
    opener = OpenerDirector()
    for handler in (ProxyHandler(), HTTPHandler(), HTTPSHandler(), UnknownHandler()):
        opener.add_handler(handler)
    opener.addheaders = [("Accept", "application/json"), ("User-Agent", "pushsaas-smoke")]
    return opener


def _json(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None


_BARE = _bare_opener()
_FROM_ELSEWHERE = "It may be well: API Gateway answers even for broken code. Look at your network; then make smoke."
