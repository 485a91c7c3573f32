"""A browser that shows up by itself is not one whose visitor says yes: who may come back how, whatever became of the row."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chalicelib.core.errors import NotFound
from chalicelib.features.subscriptions.model import EndReason, Profile, SubscriptionEnded
from chalicelib.features.subscriptions.service.subscriptions import Subscribed, Subscriptions
from tests.unit.subscriptions.asking import LATER, ON_SITE, own, subscribe
from tests.unit.subscriptions.memory import ADA, NOW, MemoryErasures, MemorySubscriptions, endpoint, make_subscriptions


class Scene:
    """A browser that has subscribed under the endpoint `x`."""

    def __init__(self) -> None:
        self.store = MemorySubscriptions()
        self.service: Subscriptions = make_subscriptions(self.store, erasures=MemoryErasures())
        self.found: Subscribed = subscribe(self.service, "x", profile=Profile(("news",), said_ms=100))

    def asks(self, name: str, *, previous: str | None, is_yes: bool) -> str:
        """What comes of it: `kept` with what was known, `new`, or the reason of the refusal."""
        words = {} if previous is None else {"previous_endpoint": endpoint(previous)}
        try:
            found = subscribe(
                self.service, name, profile=Profile(said_ms=200), is_renewal=not is_yes, now=LATER, **words
            )
        except SubscriptionEnded as refused:
            return str(refused.facts["ended_reason"])
        except NotFound:
            return "not found"
        assert [row.key for row in self.store.rows.values() if row.is_active] == [found.subscription.key]
        return "kept" if found.subscription.packed.tags else "new"


def stays(_: Scene) -> None: ...


def leaves(scene: Scene) -> None:
    own(scene.service.end_own, scene.found, said_ms=150)


def is_removed(scene: Scene) -> None:
    scene.service.end(**ON_SITE, subscription_id=scene.found.subscription.id, now=NOW)


def is_ended(reason: EndReason) -> Callable[[Scene], None]:
    def end(scene: Scene) -> None:
        row = scene.found.subscription
        scene.store.bury(ADA, "site_a", key=row.key, active_since=row.active_since, reason=reason, at=NOW)

    return end


def is_replaced(scene: Scene) -> None:
    subscribe(scene.service, "y", previous_endpoint=endpoint("x"), profile=Profile(said_ms=150))


def is_replaced_and_removed(scene: Scene) -> None:
    is_replaced(scene)
    is_removed(scene)


def is_erased(scene: Scene) -> None:
    keys = [key for _, _, key in scene.store.rows]
    scene.service.keep_out(**ON_SITE, keys=keys, now=NOW)
    scene.store.rows.clear()


def is_erased_by_its_next_id(scene: Scene) -> None:
    is_replaced(scene)
    scene.store.rows = {place: row for place, row in scene.store.rows.items() if not row.is_active}


def is_deleted(scene: Scene) -> None:
    scene.store.rows.clear()


TABLE: dict[Callable[[Scene], None], tuple[str, str, str, str]] = {
    # renewed: same endpoint, new one by the old; a yes: same endpoint, new one by the old
    stays: ("kept", "kept", "kept", "kept"),
    leaves: ("unsubscribed", "unsubscribed", "kept", "new"),
    is_removed: ("removed", "removed", "kept", "new"),
    is_ended(EndReason.GONE): ("kept", "kept", "kept", "kept"),
    is_ended(EndReason.SUNSET): ("kept", "kept", "kept", "kept"),
    is_replaced: ("kept", "kept", "kept", "kept"),
    is_replaced_and_removed: ("removed", "removed", "new", "new"),
    is_erased: ("erased", "erased", "erased", "erased"),
    is_erased_by_its_next_id: ("not found", "not found", "new", "new"),
    is_deleted: ("new", "not found", "new", "new"),
}
WAYS = (("x", None, False), ("z", "x", False), ("x", None, True), ("z", "x", True))


@pytest.mark.parametrize("way", range(4), ids=["renewed", "renewed-anew", "yes", "yes-anew"])
@pytest.mark.parametrize("becomes", TABLE, ids=lambda becomes: becomes.__qualname__)
def test_who_comes_back_how(becomes: Callable[[Scene], None], way: int) -> None:
    scene = Scene()
    becomes(scene)
    name, previous, is_yes = WAYS[way]
    assert scene.asks(name, previous=previous, is_yes=is_yes) == TABLE[becomes][way]
