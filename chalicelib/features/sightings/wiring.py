"""Sightings over the core table."""

from __future__ import annotations

from functools import cache

from chalicelib.features.sightings.service import Witness


@cache
def witness() -> Witness:
    from chalicelib.features.sightings.store import SightingRows

    return Witness(store=SightingRows())
