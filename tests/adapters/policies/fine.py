"""What a walk does is meant to work."""

from __future__ import annotations

from tests.fakes.gateway import HttpAnswer


def fine(answer: HttpAnswer) -> HttpAnswer:
    assert answer.status < 400, answer.text
    return answer
