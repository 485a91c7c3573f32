"""The installation's key is replaced while everything goes on, and the old one is switched off in the end."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.aws.dynamo import Table
from chalicelib.aws.envelope import mark, mark_of
from chalicelib.core.clock import in_seconds
from chalicelib.features.identity.adapters.authenticator_app import AuthenticatorApp
from chalicelib.features.sites.service import Sites
from chalicelib.features.sites.wiring import sites
from tests.adapters.aws.faults import Faults
from tests.fakes.cold import start_cold
from tests.fakes.keyring import Keyring, seal_without_mark
from tests.journeys.shop import MESSAGE, Shop
from tests.unit.subscriptions.memory import signed
from tests.world import PASSWORD

_SEALED = {"SITE": "identity_secret", "VAPID": "sealed", "TOTP": "sealed_secret"}


class House:
    """A shop whose owner has a phone, and whose own server signs who its customers are."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.client, self.clock, self.owner = shop.world.client, shop.world.clock, shop.owner
        begun = self.client.post("/v1/auth/totp", as_=self.owner)
        self._phone = base64.b32decode(begun.json()["secret"])
        self.server_secret = self._identity_secret()
        confirmed = self.client.post("/v1/auth/totp/confirm", as_=self.owner, json={"otp": self._code()})
        assert confirmed.status == 200, confirmed.text

    def sign_in(self) -> int:
        self.clock.advance(seconds=30)
        body = {"email": self.owner.email, "password": PASSWORD, "otp": self._code()}
        return self.client.post("/v1/auth/login", json=body).status

    def subscribe(self, external_id: str, *, secret: str | None = None) -> int:
        proof = signed(secret or self.server_secret, external_id)
        subscription = self.shop.push_service.subscribe(vapid_public_key=self.shop.site["vapid_public_key"])
        body = {"subscription": subscription, "external_id": external_id, "external_id_signature": proof}
        path = f"/v1/sdk/{self.shop.site['site_key']}/subscriptions"
        return self.client.post(path, json=body, headers={"Origin": "https://shop.example"}).status

    def look(self) -> int:
        """Over the API, which seals anew what it finds under an old key."""
        return self.client.get(f"/v1/sites/{self.shop.site['id']}", as_=self.shop.bearer).status

    def reach(self, external_id: str) -> None:
        """A push arrives there and is read: the push service checks who signed it."""
        self.shop.push_service.ledger.clear()
        self.clock.advance(seconds=1)
        self.shop.notify(external_ids=[external_id])
        self.shop.settle()
        assert [each["notification"]["title"] for each in self.shop.received()] == [MESSAGE["title"]]

    def marks(self) -> dict[str, bytes]:
        return {kind: mark(row[_SEALED[kind]]) for kind, row in self.rows().items()}

    def rows(self) -> dict[str, dict[str, Any]]:
        """What is sealed, by its kind."""
        found = ((row["sk"].partition("#")[0], row) for row in self.shop.world.aws.rows("core"))
        return {kind: row for kind, row in found if kind in _SEALED}

    def put(self, kind: str, sealed: bytes) -> None:
        Table("core").put(self.rows()[kind] | {_SEALED[kind]: sealed})

    def open(self, site_rows: Sites) -> Mapping[str, object]:
        return {
            "secret": site_rows.identity_secret(tenant_id=self.owner.tenant_id, site_id=self.shop.site["id"]),
            "key": site_rows.signing_key(
                tenant_id=self.owner.tenant_id, site_id=self.shop.site["id"], key_id=self._key_id
            ).private_scalar,
        }

    @property
    def _key_id(self) -> str:
        return str(self.rows()["VAPID"]["sk"].rsplit("#", 1)[1])

    def _identity_secret(self) -> str:
        path = f"/v1/sites/{self.shop.site['id']}/identity-secret"
        return str(self.client.get(path, as_=self.owner).json()["identity_secret"])

    def _code(self) -> str:
        return AuthenticatorApp().code(self._phone, in_seconds(self.clock.now()) // 30)


@pytest.fixture
def house(keyring: Keyring, shop: Shop) -> House:
    house = House(shop)
    assert house.subscribe("ada-1") == 201
    shop.world.clock.advance(minutes=1)
    return house


def test_after_each_secret_was_used_the_old_key_can_go(house: House, keyring: Keyring) -> None:
    before = dict(house.open(sites()))
    assert set(house.marks().values()) == {mark_of(keyring.first)}
    keyring.replace()
    assert house.sign_in() == 200
    assert house.subscribe("ada-2") == 201
    assert house.marks() == dict.fromkeys(_SEALED, mark_of(keyring.second))
    keyring.finish()
    assert house.sign_in() == 200
    assert house.subscribe("ada-3") == 201
    assert house.subscribe("ada-4", secret="ids_guess") == 403
    house.reach("ada-1")
    assert house.open(sites()) == before


def test_what_was_sealed_before_there_were_marks_goes_along(house: House, keyring: Keyring) -> None:
    place = {"tenant": house.owner.tenant_id, "site": house.shop.site["id"]}
    opened = house.open(sites())
    key_id = house.rows()["VAPID"]["sk"].rsplit("#", 1)[1]
    house.put("SITE", seal_without_mark(house.server_secret.encode(), place | {"key": "identity"}))
    house.put("VAPID", seal_without_mark(bytes(opened["key"]), place | {"key": key_id}))  # type: ignore[call-overload]  # bytes
    start_cold()
    assert house.subscribe("ada-2") == 201
    assert house.marks()["SITE"] == house.marks()["VAPID"] == b""  # nothing is touched before a key is replaced
    keyring.replace()
    assert house.subscribe("ada-3") == 201
    keyring.finish()
    house.reach("ada-1")


def test_while_both_can_be_opened_pushes_go_out_under_either(house: House, keyring: Keyring) -> None:
    keyring.replace()
    house.shop.world.lambdas.work("plan")
    key = sites().signing_key(
        tenant_id=house.owner.tenant_id,
        site_id=house.shop.site["id"],
        key_id=house.rows()["VAPID"]["sk"].rsplit("#")[2],
    )
    assert house.marks()["VAPID"] == mark_of(keyring.first)  # whoever sends has only opened it
    house.reach("ada-1")
    assert house.look() == 200
    assert house.marks()["VAPID"] == mark_of(keyring.second)
    start_cold()
    house.reach("ada-1")
    assert key.private_scalar == house.open(sites())["key"]


def test_the_way_back_is_the_same(house: House, keyring: Keyring) -> None:
    keyring.replace()
    assert (house.sign_in(), house.subscribe("ada-2")) == (200, 201)
    keyring.go_back()
    assert (house.sign_in(), house.subscribe("ada-3")) == (200, 201)
    assert set(house.marks().values()) == {mark_of(keyring.first)}
    keyring.lock(keyring.second)
    assert (house.sign_in(), house.subscribe("ada-4")) == (200, 201)
    house.reach("ada-1")


@pytest.mark.parametrize("trouble", ["kms.GenerateDataKey", "dynamodb.UpdateItem"])
def test_trouble_while_sealing_anew_is_nobodys_but_ours(house: House, keyring: Keyring, trouble: str) -> None:
    keyring.replace()
    before = house.rows()
    with Faults() as faults:
        faults.reject(trouble, times=1)
        assert house.look() == 200
    assert house.marks()["SITE"] == mark_of(keyring.first)
    assert house.rows()["VAPID"] == before["VAPID"]
    house.clock.advance(minutes=5)
    house.reach("ada-1")
    assert house.look() == 200
    keyring.finish()
    house.reach("ada-1")


def test_kms_away_at_a_sign_in_loses_neither_the_person_nor_the_secret(house: House, keyring: Keyring) -> None:
    keyring.replace()
    with Faults() as faults:
        faults.reject("kms.GenerateDataKey", times=9)
        assert house.sign_in() == 200
    assert house.marks()["TOTP"] == mark_of(keyring.first)
    assert house.sign_in() == 200
    keyring.finish()
    assert house.sign_in() == 200


def test_an_answer_that_got_lost_is_no_lost_secret(house: House, keyring: Keyring) -> None:
    keyring.replace()
    with Faults() as faults:
        faults.silence("dynamodb.UpdateItem", times=2)
        assert house.subscribe("ada-2") == 201
    keyring.finish()
    house.clock.advance(minutes=6)
    assert house.subscribe("ada-3") == 201
    house.reach("ada-1")


def test_of_many_at_once_one_seals_it_and_all_are_served(house: House, keyring: Keyring) -> None:
    keyring.replace()
    place = {"tenant_id": house.owner.tenant_id, "site_id": house.shop.site["id"]}
    processes = [sites.__wrapped__() for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda each: each.get(**place), processes))
        served = list(pool.map(lambda number: house.subscribe(f"ada-{number}"), range(10, 18)))
    assert len(set(read)) == 1
    assert set(served) == {201}
    assert house.marks()["SITE"] == house.marks()["VAPID"] == mark_of(keyring.second)
    keyring.finish()
    assert house.subscribe("ada-2") == 201
    house.reach("ada-1")
