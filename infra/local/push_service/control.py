"""The stand-in's own knobs over HTTPS, for whoever runs it as another process: on loopback's names, under /stand-in/.

GET /stand-in/ledger?after=N · DELETE /stand-in/ledger · PUT /stand-in/rules (a JSON list, as in rules.py)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from infra.local.push_service.exchange import KEPT_BODY_BYTES, Answer, Request
from infra.local.push_service.ledger import Ledger
from infra.local.push_service.vendors import LOOPBACK

_ROOT = "/stand-in/"
_MOST_RECORDS = 1000


class Knobs(Protocol):
    """The desk, as seen from here."""

    ledger: Ledger

    def set_rules(self, rules: Iterable[Mapping[str, Any]]) -> None:
        """Raises ValueError."""
        ...


def concerns(request: Request) -> bool:
    return request.path.startswith(_ROOT) and request.authority.partition(":")[0] in LOOPBACK


def operate(request: Request, knobs: Knobs) -> Answer:
    url = urlsplit(request.path)
    match request.method, url.path.removeprefix(_ROOT):
        case "GET", "ledger":
            return _show(knobs.ledger, url.query)
        case "DELETE", "ledger":
            knobs.ledger.clear()
            return _json(HTTPStatus.OK, {})
        case "PUT", "rules":
            return _set_rules(request, knobs)
        case _:
            return _json(HTTPStatus.NOT_FOUND, {"detail": "no such knob"})


def _show(ledger: Ledger, query: str) -> Answer:
    after = parse_qs(query).get("after", ["0"])[0]
    if not after.isdecimal():
        return _json(HTTPStatus.BAD_REQUEST, {"detail": "after is a record's number"})
    records = ledger.received(after=int(after[:18]))[:_MOST_RECORDS]
    return _json(
        HTTPStatus.OK,
        {
            "total": ledger.total,
            "forgotten": ledger.forgotten,
            "answers_lost": ledger.answers_lost,
            "by_status": {str(status or "none"): count for status, count in ledger.counts_by_status().items()},
            "records": [record.as_json() for record in records],
        },
    )


def _set_rules(request: Request, knobs: Knobs) -> Answer:
    if request.body_size > KEPT_BODY_BYTES:
        return _json(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"detail": f"at most {KEPT_BODY_BYTES} bytes"})
    try:
        knobs.set_rules(json.loads(request.body))
    except (ValueError, RecursionError) as error:
        return _json(HTTPStatus.BAD_REQUEST, {"detail": str(error)})
    return _json(HTTPStatus.OK, {})


def _json(status: HTTPStatus, content: Mapping[str, object]) -> Answer:
    return Answer(status, (("content-type", "application/json"),), json.dumps(content).encode())
