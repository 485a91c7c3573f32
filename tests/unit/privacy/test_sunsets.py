"""The last stage of a nightly round: site by site, portion by portion, and each may be done twice."""

from __future__ import annotations

from datetime import UTC, datetime

from chalicelib.features.audit.model import Event
from chalicelib.features.privacy.model import Job, Kind, Portion, begin
from chalicelib.features.privacy.service.sunsets import ACTION, Sunsets
from chalicelib.features.subscriptions.service.sunset import Walked

NOW = datetime(2026, 3, 1, 2, 30, tzinfo=UTC)
KEY = b"\x8f" * 16


class World:
    """Sites, what a walk through each finds, and the trail."""

    def __init__(self, *sites: tuple[str, int], found: dict[tuple[str, bytes | None], Walked]) -> None:
        self.sites = list(sites)
        self.found = found
        self.asked: list[tuple[str, int, bytes | None]] = []
        self.trail: list[Event] = []
        self.service = Sunsets(sites=self, sunset=self, trail=self)

    def sunsets(self, tenant_id: str) -> list[tuple[str, int]]:
        assert tenant_id == "ten_a"
        return self.sites

    def walk(self, *, tenant_id: str, site_id: str, days: int, after: bytes | None, now: datetime) -> Walked:
        assert (tenant_id, now) == ("ten_a", NOW)
        self.asked.append((site_id, days, after))
        return self.found[site_id, after]

    def put(self, event: Event, *, tried: None) -> None:
        assert tried is None
        self.trail.append(event)

    def portion(self, position: str) -> Portion:
        job = begin(Kind.RETENTION, tenant_id="ten_a", asked_by="-", about={}, now=NOW)
        at = Job(job.id, "ten_a", Kind.RETENTION, "-", NOW, position=position)
        done = self.service.end_unseen(at, NOW)
        return Portion(done.removed, done.position)


def told(portion: Portion) -> tuple[int, str | None]:
    return portion.removed, portion.position


def test_it_goes_from_site_to_site_and_from_key_to_key() -> None:
    found = {("site_a", None): Walked(2, KEY), ("site_a", KEY): Walked(0, None), ("site_b", None): Walked(1, None)}
    world = World(("site_a", 90), ("site_b", 30), found=found)
    positions: list[str] = [""]
    ended = 0
    for _ in range(10):
        removed, position = told(world.portion(positions[-1]))
        ended += removed
        if position is None:
            break
        positions.append(position)
    assert (ended, positions) == (3, ["", f"site_a#{KEY.hex()}", "site_b#"])
    assert world.asked == [("site_a", 90, None), ("site_a", 90, KEY), ("site_b", 30, None)]


def test_what_was_ended_is_in_the_trail_and_what_was_not_is_not() -> None:
    world = World(("site_a", 90), found={("site_a", None): Walked(2, None), ("site_a", KEY): Walked(0, None)})
    world.portion("")
    world.portion(f"site_a#{KEY.hex()}")
    (event,) = world.trail
    assert (event.action, event.subject, event.actor, event.at) == (ACTION, "site_a", "-", NOW)
    assert dict(event.facts) == {"ended": 2, "after_days": 90}


def test_a_site_that_thought_better_of_it_is_left_alone() -> None:
    world = World(("site_b", 30), found={("site_b", None): Walked(0, None)})
    assert told(world.portion(f"site_a#{KEY.hex()}")) == (0, None)
    assert world.asked == [("site_b", 30, None)]
    assert told(World(found={}).portion(f"site_a#{KEY.hex()}")) == (0, None)
    assert told(world.portion(f"site_c#{KEY.hex()}")) == (0, None)
