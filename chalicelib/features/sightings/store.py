"""Sightings as rows of the core table: `T#<tenant>` / `SEEN#<site>`, one for each site, until nobody comes any more."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.dynamo import Refused, Table, absent, equals
from chalicelib.aws.values import Row, known
from chalicelib.core.clock import from_milliseconds, in_milliseconds, in_seconds
from chalicelib.features.sightings.model import KEPT_FOR, Refusal, Sight, Sightings

_VERSION = 1


class SightingRows:
    def __init__(self) -> None:
        self._table = Table("core")

    def get(self, tenant_id: str, site_id: str) -> Sightings:
        row = self._table.get(*_place(tenant_id, site_id))
        return _sightings(known(row, newest=_VERSION)) if row else Sightings()

    def put(self, tenant_id: str, site_id: str, sightings: Sightings) -> bool:
        pk, sk = _place(tenant_id, site_id)
        assert sightings.last_at is not None, "only what was seen is written down"
        row = {
            "pk": pk,
            "sk": sk,
            "v": _VERSION,
            "rev": sightings.rev + 1,
            "seen": {what: {**_coming(sight), "version": sight.version} for what, sight in sightings.seen.items()},
            "refusals": [{**_coming(each), "code": each.code, "what": each.what} for each in sightings.refusals],
            "ttl": in_seconds(sightings.last_at + KEPT_FOR),
        }
        try:
            self._table.put(row, equals("rev", sightings.rev) if sightings.rev else absent())
        except Refused:
            return False
        return True


def _place(tenant_id: str, site_id: str) -> tuple[str, str]:
    return f"T#{tenant_id}", f"SEEN#{site_id}"


def _coming(each: Sight | Refusal) -> dict[str, Any]:
    return {"origin": each.origin, "at": in_milliseconds(each.at)}


def _sightings(row: Row) -> Sightings:
    return Sightings(
        seen={
            what: Sight(each["origin"], from_milliseconds(each["at"]), each.get("version"))
            for what, each in row["seen"].items()
        },
        refusals=tuple(
            Refusal(each["code"], each["what"], each["origin"], from_milliseconds(each["at"]))
            for each in row["refusals"]
        ),
        rev=row["rev"],
    )
