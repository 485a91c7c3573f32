"""Anchors as blobs: `audit/anchors/<tenant>/<yyyymm>/<sequence>-<hash>`. The name says it all, so that one listing
reads a thousand of them; the functions may put and list them, and delete none.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from chalicelib.aws import blobs
from chalicelib.features.audit.model import Anchor, Place

_FOLDER = "audit/anchors"


class AnchorBlobs:
    def of(self, tenant_id: str, *, since: str) -> Sequence[Anchor]:
        folder = f"{_FOLDER}/{tenant_id}/"
        return [_anchor(key) for key in blobs.keys(folder, after=f"{folder}{since}" if since else "")]

    def put(self, tenant_id: str, anchor: Anchor) -> None:
        place = anchor.place
        key = f"{_FOLDER}/{tenant_id}/{place.month}/{place.sequence:012d}-{anchor.hash}"
        told = {"tenant": tenant_id, "month": place.month, "sequence": place.sequence, "hash": anchor.hash}
        blobs.put(key, json.dumps(told).encode(), kind="application/json")


def _anchor(key: str) -> Anchor:
    month, name = key.split("/")[-2:]
    sequence, found = name.split("-")
    return Anchor(Place(month, int(sequence)), found)
