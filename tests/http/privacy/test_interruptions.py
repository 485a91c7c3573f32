"""People, subscribers, accounts and sites go however often a worker dies, and whoever else is at the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import cast

import pytest

from chalicelib.aws import blobs
from chalicelib.features.operations.wiring import operations
from chalicelib.features.privacy.store import keys, sites
from chalicelib.features.privacy.wiring import own_accounts
from tests.adapters.golden.museum import Museum
from tests.fakes.gateway import HttpAnswer
from tests.http.privacy.canary import Canary
from tests.http.privacy.closing import close, events, lived, named
from tests.http.privacy.deaths import Interruption, Killed, dies
from tests.http.privacy.dora import EMAIL, Dora, speaking_of
from tests.journeys.shop import Shop
from tests.world import PASSWORD, Person

_MONTH_MINUTES = 30 * 24 * 60 + 18
_MOST_DEATHS = 1_000


@dataclass(frozen=True)
class Ending:
    """Two who were asked for the same: their messages; and what is left of whom they are about."""

    shop: Shop
    tasks: Sequence[str]
    found: Callable[[], list[str]]
    before: Museum
    files: dict[str, bytes]

    @classmethod
    def near(cls, shop: Shop, found: Callable[[], list[str]]) -> Ending:
        tasks = shop.world.lambdas.bodies("privacy")
        assert (len(tasks), found() != []) == (2, True)
        before = Museum.of(shop.world.aws, {}, at=shop.world.clock.now())
        return cls(shop, tasks, found, before, shop.world.aws.blobs())

    def again(self) -> None:
        """Everything as it stood before anybody began."""
        self.shop.world.aws.empty()
        self.before.furnish()
        for key, body in self.files.items():
            blobs.put(key, body, kind="text/plain")

    def finish(self) -> None:
        """As the queue and the calendar see to it."""
        for task in self.tasks:
            self.shop.world.lambdas.deliver("privacy", task)
        self.shop.settle()
        self.shop.world.lambdas.fire("tick")
        self.shop.settle()


def of_a_person(shop: Shop) -> Ending:
    """Who went, and went along with an account besides."""
    dora = Dora.of(shop)
    shop.ask("DELETE", "/v1/me", as_=dora.fresh(), expect=202)
    user_id, now = dora.person.user_id, shop.world.clock.now()
    own_accounts().erase(user_id=user_id, mailbox=dora.mailbox, email=EMAIL, now=now)
    return Ending.near(shop, dora.found)


def of_a_subscriber(shop: Shop) -> Ending:
    canary = Canary.of(shop)
    shop.ask("POST", "/v1/privacy/erase", json={"email": canary.email}, expect=202)
    shop.settle()
    for _ in range(2):
        shop.ask("POST", "/v1/privacy/erase", json={"external_id": canary.external_id}, expect=202)
    return Ending.near(shop, lambda: [place for place, _ in canary.found(shop)])


def of_an_account(shop: Shop) -> Ending:
    """On its last day, after its owner has closed it twice."""
    shop.gather(3)
    shop.send(shop.draft())
    shop.ask("POST", "/v1/audit-log/export", expect=202)
    shop.settle()
    shop.react()
    closing = shop.owner.access_token
    for _ in range(2):
        shop.ask("DELETE", "/v1/tenant", as_=closing, expect=202)
        shop.settle()
        given = {"email": shop.owner.email, "password": PASSWORD}
        closing = shop.world.client.post("/v1/auth/login", json=given).json()["access_token"]
    shop.settle()
    shop.world.clock.advance(minutes=_MONTH_MINUTES)
    shop.world.lambdas.fire("tick")
    shop.settle()  # until API keys are forgotten
    shop.world.clock.advance(minutes=2)
    shop.world.lambdas.fire("tick")
    shop.world.aws.purge("audit")  # anchors of a month ago
    whose = [shop.owner.tenant_id]
    whose += [word for person in (shop.owner, shop.world.ben) for word in (person.user_id, person.email)]

    def found() -> list[str]:
        aws = shop.world.aws
        rows = [row for row in aws.rows() if not row["pk"].startswith("BUCKET#")]  # counters of minutes: bare ids
        places = [*map(str, rows), *aws.blobs("exports/")]
        return [place for place in places if any(word in place for word in whose)]

    return Ending.near(shop, found)


@pytest.fixture(params=[of_a_person, of_a_subscriber, of_an_account])
def ending(request: pytest.FixtureRequest, shop: Shop) -> Ending:
    return cast("Ending", request.param(shop))


@pytest.mark.slow
@pytest.mark.parametrize("done", [False, True])
def test_killed_at_any_call_nothing_is_left(ending: Ending, done: bool) -> None:
    after = 0
    while dies(ending.shop, ending.tasks[0], after=after, done=done):
        ending.finish()
        assert ending.found() == [], f"killed at call {after}"
        ending.again()
        after += 1
    assert after > 10


@pytest.mark.slow
def test_two_at_once_leave_nothing_wherever_one_overtakes_the_other(ending: Ending) -> None:
    """The second does all of its work between any two calls of the first."""
    deliver, after = ending.shop.world.lambdas.deliver, 0
    while True:
        with Interruption(after=after, strike=lambda: deliver("privacy", ending.tasks[1])) as overtaken:
            deliver("privacy", ending.tasks[0])
        ending.finish()
        assert ending.found() == [], f"overtaken at call {after}"
        if not overtaken.has_struck:
            break
        ending.again()
        after += 1
    assert after > 10


# --- Requests that die ---


@dataclass(frozen=True)
class Request:
    """What is asked by whom, again and again, each time dying a call later."""

    shop: Shop
    method: str
    path: str
    who: Person

    def each_death(self, *, done: bool) -> Iterator[int]:
        before = Museum.of(self.shop.world.aws, {}, at=self.shop.world.clock.now())
        for after in count():
            token = self.sign_in().json()["access_token"]
            try:
                with Interruption(after=after, done=done):
                    self.shop.world.client.request(self.method, self.path, as_=token)
            except Killed:
                self.shop.pass_time(minutes=3)
                yield after
                self.shop.world.aws.empty()
                before.furnish()
            else:
                assert after > 5
                return

    def sign_in(self) -> HttpAnswer:
        given = {"email": self.who.email, "password": PASSWORD}
        return self.shop.world.client.post("/v1/auth/login", json=given)


@pytest.mark.slow
@pytest.mark.parametrize("done", [False, True])
def test_whoever_asks_to_go_is_gone_or_can_ask_again(shop: Shop, done: bool) -> None:
    ben = shop.world.ben
    ends = set()
    for after in Request(shop, "DELETE", "/v1/me", ben).each_death(done=done):
        left = speaking_of(shop.world.aws.rows(), ids=[ben.user_id], words=[ben.email])
        is_member = (f"T#{shop.owner.tenant_id}", f"MEMBER#{ben.user_id}") in [(row["pk"], row["sk"]) for row in left]
        assert is_member or left == [], f"died at call {after}"
        ends.add(is_member)
    assert ends == {True, False}


@pytest.mark.slow
@pytest.mark.parametrize("done", [False, True])
def test_an_account_is_closing_and_quiet_or_open_and_sent_for(shop: Shop, done: bool) -> None:
    request, ends = Request(shop, "DELETE", "/v1/tenant", shop.owner), set()
    for after in request.each_death(done=done):
        token = request.sign_in().json()["access_token"]
        is_closing = shop.ask("GET", "/v1/tenant", as_=token)["state"] == "closing"
        is_stopped = operations().is_stopped(tenant_id=shop.owner.tenant_id)
        jobs = [row for row in shop.world.aws.rows("core") if row["pk"].startswith("JOBS#")]
        assert is_closing == is_stopped == bool(jobs), f"died at call {after}"
        ends.add(is_closing)
    assert ends == {True, False}


@pytest.mark.slow
def test_killed_at_every_call_in_turn_it_leaves_nothing_and_counts_nobody_short(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One worker after another dies, each one call further on, half of them after the deed; then the last is let live."""
    monkeypatch.setattr(keys, "A_PORTION", 5)
    monkeypatch.setattr(sites, "EVENTS_A_PORTION", 7)
    lived(shop)
    job_id = close(shop)["job_id"]
    (body,) = shop.world.lambdas.bodies("privacy")
    deaths = 0
    while dies(shop, body, after=deaths // 2, done=bool(deaths % 2)):
        deaths += 1
        assert deaths < _MOST_DEATHS
    shop.settle()
    job = shop.ask("GET", f"/v1/jobs/{job_id}")
    assert job["status"] == "done"
    assert (named(shop, shop.site["id"]), events(shop)) == ([], set())
    assert deaths > 30
    assert job["removed"] >= 30  # subscribers are counted before they go
