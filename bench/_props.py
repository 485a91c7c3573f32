"""What is made before a route is played: campaigns in each of their states, subscribed browsers, words and letters."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import count
from typing import Any

from bench._ask import Ask
from infra.local.push_service.service import PushService
from tests.matrix.scene import MESSAGE, ORIGIN, Scene
from tests.world import Person

_A_DAY = timedelta(days=1)


class Props:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.owner = scene.cast.owner
        self._numbers = count()
        self._client = scene.world.client
        self._site = f"/v1/sites/{scene.things['site_id']}"

    def name(self, word: str) -> str:
        return f"{word} {next(self._numbers)}"

    # --- Campaigns and their audience ---

    def _campaign(self, **words: Any) -> dict[str, str]:
        draft = {"name": "Sale", "message": MESSAGE, "audience": {"all": True}, **words}
        return {"campaign_id": self._made(f"{self._site}/campaigns", draft)}

    def _scheduled(self) -> dict[str, str]:
        ahead = self.scene.world.clock.now() + _A_DAY / 2
        return self._campaign(schedule={"send_at": ahead.isoformat()})

    def _sent(self) -> dict[str, str]:
        """A moment ago: it has no run yet. So slowly that it is not over soon."""
        ids = self._campaign(throttle_per_minute=1)
        self._must("POST", f"{self._site}/campaigns/{ids['campaign_id']}/send", self.owner)
        return ids

    def _under_way(self) -> dict[str, str]:
        """Planned and being sent."""
        ids = self._sent()
        self.scene.world.lambdas.work("plan")
        return ids

    def _paused(self) -> dict[str, str]:
        ids = self._under_way()
        self._must("POST", f"{self._site}/campaigns/{ids['campaign_id']}/pause", self.owner)
        return ids

    def _browser(self) -> Any:
        sites = self._must("GET", self._site, self.owner)
        return PushService.simulated(8, next(self._numbers), vapid_public_key=sites["vapid_public_key"])

    def _subscribed(self) -> Ask:
        path = f"/v1/sdk/{self.scene.things['site_key']}/subscriptions"
        answer = self._client.post(path, json={"subscription": self._browser()}, headers={"Origin": ORIGIN})
        made = answer.json()
        return Ask(ids={"subscription_id": made["subscription_id"]}, token=made["token"])

    def _to_somebody(self) -> Ask:
        """By who they are to the site, not by their browser."""
        ids = {"subscription_id": self.scene.things["subscription_id"]}
        self._must("PATCH", f"{self._site}/subscriptions/{ids['subscription_id']}", self.owner, {"external_id": "ada"})
        return Ask({"to": {"external_ids": ["ada"]}, "message": MESSAGE})

    def _waits_less(self) -> Ask:
        """A site that begins not to wait for ever, which takes a night."""
        self._must("PATCH", self._site, self.owner, {"sunset_after_days": None})
        return Ask({"sunset_after_days": 90})

    # --- Words ---

    def _id(self) -> str:
        return self.scene.things["site_id"]

    def _word(self, word: str) -> str:
        return f"{word}{next(self._numbers)}"

    def _email(self) -> str:
        return f"{self._word('somebody')}@example.com"

    def _letter(self, email: str, kind: str) -> str:
        """The token in the last one."""
        found = re.search(rf"\b{kind}_\S+", self.scene.world.mail_to(email)[-1].text)
        assert found is not None, f"no link in the letter to {email}"
        return found[0]

    def _made(self, path: str, body: Any) -> str:
        return str(self._must("POST", path, self.owner, body)["id"])

    def _must(self, method: str, path: str, who: Person | str | None, body: Any = None) -> Any:
        answer = self._client.request(method, path, as_=who, json=body)
        assert answer.status < 300, f"{method} {path}: {answer.text}"
        return answer.json() if answer.text else None
