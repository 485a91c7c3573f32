"""What a few routes ask beyond their door, because it hangs on whom or what the call is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from chalicelib.core.identity import Scope
from tests.matrix.scene import MESSAGE, Scene

_STAFF = ("editor", "analyst", "agent")
_OF_PEOPLE = ("a key bound to this site", "a key bound to another site")


@dataclass(frozen=True)
class Ask:
    """`code` is what the refusal is called."""

    name: str
    who: str
    token: str | None
    path: str
    body: Any = None
    method: str = "POST"
    code: str = "forbidden"


def asks(scene: Scene) -> Iterator[Ask]:
    """Each of them is refused, though the door lets its caller in."""
    tokens = {actor.name: actor.token for actor in scene.cast.everyone}
    companion, owner = scene.cast.companion.user_id, scene.cast.generous.user_id
    for who in _STAFF:
        yield Ask("remove_member", who, tokens[who], f"/v1/members/{companion}", method="DELETE")
    admin = tokens["admin"]
    for method, name in (("DELETE", "remove_member"), ("PATCH", "change_role")):
        body = {"role": "agent"} if method == "PATCH" else None
        yield Ask(name, "admin", admin, f"/v1/members/{owner}", body, method, "role_not_yours")
    promotion = {"role": "owner"}
    yield Ask("change_role", "admin", admin, f"/v1/members/{companion}", promotion, "PATCH", "role_not_yours")
    invitation = {"email": "friend@example.com", "role": "owner"}
    yield Ask("invite", "admin", admin, "/v1/invitations", invitation, code="role_not_yours")
    late = "an owner, long signed in"
    stale = "step_up_required"
    yield Ask("invite", late, tokens[late], "/v1/invitations", invitation, code=stale)
    yield Ask("change_role", late, tokens[late], f"/v1/members/{companion}", promotion, "PATCH", stale)
    yield Ask("remove_member", late, tokens[late], f"/v1/members/{owner}", method="DELETE", code=stale)
    for who in _OF_PEOPLE:
        for name, path in (("list_members", "/v1/members"), ("list_invitations", "/v1/invitations")):
            yield Ask(name, who, tokens[who], path, method="GET")
        site = {"name": "Another", "url": "https://another.example"}
        yield Ask("create_site", who, tokens[who], "/v1/sites", site)
    yield from _campaigns(scene)


def _campaigns(scene: Scene) -> Iterator[Ask]:
    """To write what will go out is to send it; and what goes out for real is no test key's business."""
    path, ahead = f"/v1/sites/{scene.things['site_id']}/campaigns", scene.world.clock.now() + timedelta(days=1)
    schedule = {"schedule": {"send_at": ahead.isoformat()}}
    campaign = {"name": "Sale", "message": MESSAGE, "audience": {"all": True}}
    writer, who = scene.cast.keys_with[Scope.CAMPAIGNS_WRITE], "a key with this scope alone"
    yield Ask("create_campaign", who, writer, path, campaign | schedule)
    made = scene.world.client.post(path, as_=scene.cast.owner, json=campaign | schedule).json()
    yield Ask("change_campaign", who, writer, f"{path}/{made['id']}", {"name": "Other"}, "PATCH")
    (tester,) = [actor.token for actor in scene.cast.everyone if actor.name == "a test key"]
    yield Ask("cancel_campaign", "a test key", tester, f"{path}/{made['id']}/cancel", code="live_campaign")
