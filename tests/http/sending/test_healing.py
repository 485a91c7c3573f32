"""Subscriptions that heal: a push service that knows a browser under another key, and people who take turns at one."""

from __future__ import annotations

from typing import Any

from chalicelib.core.encoding import b64url
from chalicelib.features.sites.adapters.key_pairs import key_pair
from chalicelib.features.sites.wiring import sites
from tests.fakes.gateway import HttpAnswer
from tests.http.sending.walk import Walk
from tests.unit.subscriptions.memory import signed

_ORIGIN = "https://shop.example"


class Page:
    """What the SDK does in one browser of the shop."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        place = {"tenant_id": walk.tenant_id, "site_id": walk.desk.site_id}
        self.site = sites().get(**place)
        self.secret = sites().identity_secret(**place)

    def ask(self, method: str, path: str = "", *, token: str = "-", **body: Any) -> HttpAnswer:
        url = f"/v1/sdk/{self.site.site_key}/subscriptions{path}"
        headers = {"Origin": self.site.origins[0], "X-Subscription-Token": token}
        return self.walk.world.client.request(method, url, headers=headers, json=body)

    def subscribe(self, *, under: str | None = None, **words: Any) -> dict[str, Any]:
        browser = self.walk.service.subscribe(vapid_public_key=under or self.site.vapid_public_key)
        answer = self.ask("POST", subscription=browser, **words)
        assert answer.status == 201, answer.text
        made: dict[str, Any] = answer.json() | {"endpoint": browser["endpoint"], "subscription": browser}
        self.walk.world.clock.advance(seconds=1)
        return made

    def say(self, made: dict[str, Any], **words: Any) -> HttpAnswer:
        return self.ask("PATCH", f"/{made['subscription_id']}", token=made["token"], **words)

    def identify(self, made: dict[str, Any], person: str | None, **words: Any) -> None:
        proof = {} if person is None else {"external_id_signature": signed(self.secret, person)}
        assert self.say(made, external_id=person, **proof, **words).status == 204

    def show(self, made: dict[str, Any]) -> dict[str, Any]:
        path = f"/v1/sites/{self.site.id}/subscriptions/{made['subscription_id']}"
        shown: dict[str, Any] = self.walk.world.client.get(path, as_=self.walk.desk.owner).json()
        return shown


def test_a_browser_under_another_key_is_noted_told_and_mended_by_its_own_visit(walk: Walk) -> None:
    page = Page(walk)
    odd = page.subscribe(under=b64url(key_pair()[1]), tags=["news"])
    assert page.show(odd)["reason"] is None
    campaign = walk.draft()
    walk.send(campaign)
    finish(walk)
    assert walk.stats(campaign)["reasons"] == {"failed:needs_resubscribe": 1}
    shown = page.show(odd)
    assert (shown["status"], shown["ended_reason"], shown["reason"]) == ("active", None, "needs_resubscribe")
    health = walk.world.client.get(f"/v1/sites/{page.site.id}/health", as_=walk.desk.owner).json()
    assert (health["subscribers"], health["reachable"], health["needs_resubscribe"]) == (1, 0, 1)
    refused = page.say(odd)
    assert (refused.status, refused.code, refused.json()["ended_reason"]) == (
        409,
        "subscription_ended",
        "needs_resubscribe",
    )
    new = page.subscribe(previous_endpoint=odd["endpoint"], vapid_public_key=odd["vapid_public_key"])
    assert (page.show(new)["reason"], page.show(new)["tags"]) == (None, ["news"])
    assert page.show(odd)["reason"] == "replaced"
    again = walk.draft()
    walk.send(again)
    finish(walk)
    assert walk.stats(again)["accepted"] == 1


def test_a_key_that_is_none_of_ours_is_refused_and_ours_is_named(walk: Walk) -> None:
    page = Page(walk)
    foreign = b64url(key_pair()[1])
    browser = walk.service.subscribe(vapid_public_key=foreign)
    answer = page.ask("POST", subscription=browser, vapid_public_key=foreign)
    assert (answer.status, answer.code) == (409, "wrong_vapid_key")
    assert answer.json()["vapid_public_key"] == page.site.vapid_public_key
    padded = page.site.vapid_public_key + "="
    fine = page.ask("POST", subscription=browser, vapid_public_key=padded)
    assert (fine.status, fine.json()["vapid_public_key"]) == (201, page.site.vapid_public_key)


def test_what_was_meant_for_one_is_not_shown_to_the_next(walk: Walk) -> None:
    page = Page(walk)
    made = page.subscribe()
    for person, said in (("ada", "2026-03-01T10:00:00.001Z"), (None, "2026-03-01T10:00:00.002Z")):
        page.identify(made, person, said_at=said)
    page.identify(made, "ada", said_at="2026-03-01T10:00:00.003Z")
    meant = notify(walk, "ada")
    page.identify(made, None, said_at="2026-03-01T10:00:00.004Z")
    page.identify(made, "ben", said_at="2026-03-01T10:00:00.005Z")
    page.identify(made, "ada", said_at="2026-03-01T10:00:00.003Z")  # the same again: its answer had been lost
    assert page.show(made)["external_id"] == "ben"
    finish(walk)
    assert shown(walk, meant)["reasons"] == {"skipped:identity_changed": 1}
    for_ben = notify(walk, "ben")
    finish(walk)
    assert shown(walk, for_ben)["accepted"] == 1


def test_nobody_is_meant_when_nobody_is_signed_in(walk: Walk) -> None:
    page = Page(walk)
    made = page.subscribe()
    page.identify(made, "ada")
    meant = notify(walk, "ada")
    page.identify(made, None)
    finish(walk)
    assert shown(walk, meant)["reasons"] == {"skipped:identity_changed": 1}


def test_several_browsers_of_one_person_each_get_it(walk: Walk) -> None:
    page = Page(walk)
    for _ in range(3):
        page.identify(page.subscribe(), "ada")
    page.identify(page.subscribe(), "ben")
    meant = notify(walk, "ada")
    finish(walk)
    assert shown(walk, meant)["accepted"] == 3


def notify(walk: Walk, person: str) -> str:
    message = {"title": "For you", "body": "alone", "url": _ORIGIN}
    path = f"/v1/sites/{walk.desk.site_id}/notifications"
    body = {"to": {"external_ids": [person]}, "message": message}
    answer = walk.world.client.post(path, as_=walk.desk.owner, json=body)
    assert answer.status == 202, answer.text
    return str(answer.json()["id"])


def shown(walk: Walk, notification: str) -> dict[str, Any]:
    path = f"/v1/sites/{walk.desk.site_id}/notifications/{notification}"
    found: dict[str, Any] = walk.world.client.get(path, as_=walk.desk.owner).json()
    return found


def finish(walk: Walk) -> None:
    """Until nobody has anything to do."""
    queues = ("plan", "send-transactional", "send-small", "sweep")
    for _ in range(6):
        walk.work(*queues)
