"""Limits as production has them, over the real app and its tables: browsers, strangers, and those who sign in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.aws.buckets import StoredBuckets, buckets
from chalicelib.core import clock
from chalicelib.core.errors import OverLimit
from chalicelib.core.limits import FREE, SUBSCRIBES, Bucket, Rule
from chalicelib.features.identity.adapters.passwords import Argon2
from chalicelib.features.identity.model.credentials import InvalidCredentials
from chalicelib.features.identity.service.entrance import SignedIn
from chalicelib.features.identity.wiring import furnished, guarded
from chalicelib.web.allow import BROWSER
from chalicelib.web.browser import BrowserApi
from tests.adapters.aws.faults import Faults
from tests.fakes.gateway import HttpAnswer
from tests.http.subscriptions.pages import Shop, open_shop, subscription
from tests.unit.web.test_browser_api import SHOP, Gate
from tests.unit.web.toy_app import Toy
from tests.world import PASSWORD, World

pytestmark = pytest.mark.usefixtures("real_limits")

HOME, CAFE = "203.0.113.7", "198.51.100.1"


def login(world: World, password: str = PASSWORD, *, address: str = HOME, **words: Any) -> HttpAnswer:
    body = {"email": world.ada.email, "password": password, **words}
    return world.client.post("/v1/auth/login", json=body, address=address)


def drain(rule: Rule, whose: str, *, leaving: int, part: str = "") -> None:
    """What this very process asks for next is what is left."""
    for _ in range(rule.most - leaving):
        assert buckets().take(Bucket(rule, whose, part), now=clock.now()).is_admitted


# --- SECURITY 8 ---


class CountedArgon2(Argon2):
    def __init__(self) -> None:
        super().__init__(memory_kib=8, passes=1)
        self.tried: list[str] = []

    def verify(self, hashed: str, password: str) -> bool:
        self.tried.append(password)
        return super().verify(hashed, password)


def test_of_a_thousand_guesses_from_ten_threads_five_are_tried_and_the_victim_gets_in(world: World) -> None:
    hasher = CountedArgon2()
    entrance = guarded(furnished(hasher=hasher))
    now = world.clock.now()

    def sign_in(address: str, known_by: str | None = None) -> SignedIn:
        return entrance.login(
            email=world.ada.email, password=PASSWORD, address=address, known_by=known_by, request_id="req_1", now=now
        )

    known = sign_in(HOME).device_token
    hasher.tried.clear()

    def guess(number: int) -> str:
        address = f"198.51.100.{number % 250}"  # so that no address is over before the account is
        try:
            entrance.login(
                email=world.ada.email, password=f"guess {number}", address=address, request_id="req_1", now=now
            )
        except OverLimit:
            return "over"
        except InvalidCredentials:
            return "wrong"
        return "in"

    with ThreadPoolExecutor(10) as pool:
        guesses = [pool.submit(guess, number) for number in range(1_000)]
        signed_in = [sign_in(CAFE, known) for _ in range(3)]
        found = [each.result() for each in guesses]
    assert {done.tokens.user.id for done in signed_in} == {world.ada.user_id}
    tried = [password for password in hasher.tried if password != PASSWORD]
    assert 1 <= len(tried) <= 5
    assert (found.count("wrong"), found.count("over"), found.count("in")) == (len(tried), 1_000 - len(tried), 0)
    with pytest.raises(OverLimit):
        sign_in("192.0.2.9")  # from elsewhere nobody is known


def test_the_sixth_wrong_password_is_over_the_limit(world: World) -> None:
    found = [login(world, "wrong one") for _ in range(6)]
    assert [answer.status for answer in found] == [401] * 5 + [429]
    assert (found[5].code, found[5].headers["retry-after"]) == ("rate_limited", "900")
    assert login(world).status == 429
    world.clock.advance(minutes=15)
    assert login(world).status == 200


def test_a_device_gives_its_token_back_and_gets_in(world: World) -> None:
    token = login(world).json()["device_token"]
    for _ in range(6):
        login(world, "wrong one", address=CAFE)
    assert login(world).status == 429
    answer = login(world, device_token=token)
    assert answer.status == 200
    assert answer.json()["device_token"].startswith(f"dt_{world.ada.user_id}_")
    assert login(world, device_token="made up").status == 429


def test_a_spoofed_x_forwarded_for_buys_no_guesses(world: World) -> None:
    """SECURITY 26."""
    found = []
    for number in range(8):
        body = {"email": f"person{number}@example.com", "password": "wrong one"}
        spoofed = {"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"}
        found.append(world.client.post("/v1/auth/login", json=body, headers=spoofed).status)
    assert found == [401] * 5 + [429] * 3


def test_over_the_limit_nobody_learns_who_is_registered(world: World) -> None:
    seen = []
    for email, address in ((world.ada.email, HOME), ("nobody@example.com", CAFE)):
        with Faults() as faults:
            answers = [login(world, "wrong one", email=email, address=address) for _ in range(7)]
            documents = [answer.json() | {"instance": ""} for answer in answers]
            seen.append((documents, faults.calls))
    assert seen[0] == seen[1]


def test_letters_stop_and_the_answer_stays_the_same(world: World) -> None:
    answers = []
    for path in ("/v1/auth/verify-email/resend", "/v1/auth/password/forgot"):
        for _ in range(5):
            world.clock.advance(minutes=4)
            answers.append(world.client.post(path, json={"email": world.ada.email}))
    assert {(answer.status, answer.text) for answer in answers} == {(202, '{"status":"check_mail"}')}
    assert len(world.mail_to(world.ada.email)) == 3


# --- SECURITY 16 ---


@pytest.fixture
def shop(world: World) -> Shop:
    return open_shop(world, world.ada)


def fake(shop: Shop, number: int, address: str = HOME, **words: Any) -> int:
    return shop.ask("POST", json={"subscription": subscription(number)}, address=address, **words).status


def test_of_ten_thousand_fake_endpoints_from_one_address_the_limit_is_admitted(world: World) -> None:
    """Past the real door and its counters, in two processes; behind it stands an app that would take them all."""
    houses = [Toy(StoredBuckets()) for _ in range(2)]
    for toy in houses:
        api = BrowserApi(__name__, tag="sdk", gate=Gate)
        api.endpoint("POST", "/sdk/{site_key}", allow=BROWSER, status=204)(lambda _call: None)
        toy.app.register_blueprint(api)
    page = {"Origin": SHOP}
    found = [
        houses[number % 2].call("POST", "/sdk/{site_key}", site_key="pk_1", headers=page).status
        for number in range(10_000)
    ]
    assert set(found) == {204, 429}
    assert 570 <= found.count(204) <= 600


def test_the_last_browsers_of_an_address_are_admitted_and_no_more(shop: Shop) -> None:
    drain(SUBSCRIBES, f"{shop.id} {HOME}", leaving=2)
    assert [fake(shop, number) for number in range(5)] == [201, 201, 429, 429, 429]
    assert fake(shop, 3, address=CAFE) == 201  # nobody else is to blame
    assert fake(shop, 4, headers={"X-Forwarded-For": CAFE}) == 429
    assert len(shop.world.aws.rows("subs")) == 3


def test_a_site_is_not_to_blame_for_what_happens_at_another(world: World, shop: Shop) -> None:
    other = open_shop(world, world.cyd)
    assert [fake(shop, 1), fake(other, 1)] == [201, 201]
    buckets = [row["pk"].split("#")[1] for row in world.aws.rows("idem")]
    assert sorted(buckets) == ["subscribe", "subscribe", "subscribe_site", "subscribe_site"]


def test_a_browser_costs_two_writes_at_first_and_one_in_four_after(shop: Shop) -> None:
    with Faults(of_counters=True) as faults:
        counts = []
        for number in range(8):
            faults.calls.clear()
            fake(shop, number)
            counts.append(len(faults.calls))
    assert counts == [2, 0, 0, 0, 2, 0, 0, 0]


# --- Everybody else ---


def test_answers_to_credentials_say_how_much_is_left(world: World) -> None:
    answer = world.client.get("/v1/me", as_=world.ada)
    told = {name: answer.headers[f"ratelimit-{name}"] for name in ("limit", "remaining", "reset")}
    assert (told["limit"], told["remaining"]) == ("1500", "1499")
    assert 1 <= int(told["reset"]) <= 60
    refused = world.client.get("/v1/sites/site_x", as_=world.ada)
    assert (refused.status, refused.headers["ratelimit-remaining"]) == (404, "1498")


def test_a_program_that_runs_wild_leaves_half_to_its_colleagues(world: World) -> None:
    drain(FREE.reads, world.ben.tenant_id, leaving=1_501, part=world.ben.user_id)
    assert world.client.get("/v1/me", as_=world.ben).headers["ratelimit-remaining"] == "0"
    answer = world.client.get("/v1/me", as_=world.ben)
    assert (answer.status, answer.code, answer.headers["ratelimit-remaining"]) == (429, "rate_limited", "0")
    assert answer.headers["retry-after"] == answer.headers["ratelimit-reset"]
    assert world.client.get("/v1/me", as_=world.ada).status == 200
    assert world.client.get("/v1/me", as_=world.cyd).headers["ratelimit-remaining"] == "1499"


# --- When the table does not answer ---


@pytest.mark.parametrize("how", ["reject", "silence"])
def test_uncounted_nothing_is_sent_and_nobody_signs_in_but_reads_pass(world: World, shop: Shop, how: str) -> None:
    campaigns = f"/v1/sites/{shop.id}/campaigns"
    message = {"title": "Sale", "body": "Now", "url": "https://shop.example/sale"}
    asked = {"name": "Sale", "message": message, "audience": {"all": True}}
    campaign = world.client.post(campaigns, as_=world.ada, json=asked).json()["id"]
    at = {"schedule": {"send_at": "2030-01-01T00:00:00Z"}}
    notification = {"to": {"external_ids": ["user-1"]}, "message": message}
    with Faults(of_counters=True) as faults:
        getattr(faults, how)("dynamodb.UpdateItem", times=1_000)
        refused = [
            world.client.post(f"{campaigns}/{campaign}/send", as_=world.ada),
            world.client.post(f"{campaigns}/{campaign}/schedule", as_=world.ada, json=at),
            world.client.post(f"{campaigns}/{campaign}/test", as_=world.ada, json={"external_ids": ["user-1"]}),
            world.client.post(f"/v1/sites/{shop.id}/notifications", as_=world.ada, json=notification),
            login(world),
            world.client.post("/v1/auth/password/forgot", json={"email": world.ada.email}),
        ]
        assert {(answer.status, answer.code) for answer in refused} == {(503, "unavailable")}
        read = world.client.get(campaigns, as_=world.ada)
        assert (read.status, [each["status"] for each in read.json()["data"]]) == (200, ["draft"])
        assert "ratelimit-limit" not in read.headers
        renewed = world.client.post("/v1/auth/refresh", json={"refresh_token": world.ada.refresh_token})
        assert renewed.status == 200
        assert fake(shop, 1) == 201
    assert world.aws.rows("sends") == []
    assert login(world).status == 200


def test_uncounted_no_password_is_tried(world: World) -> None:
    """Where the counter of guesses does not answer either."""
    with Faults() as faults:
        faults.reject("dynamodb.GetItem", times=1)
        assert login(world).status == 503
        assert faults.calls == ["dynamodb.GetItem"]
