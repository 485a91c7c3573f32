"""What a site's owners find in their mailbox when something is theirs to mend, in the local product as a person meets it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.fakes import local_product
from tests.fakes.outsider import Caller, open_account, patiently, subscribe

pytestmark = pytest.mark.slow

EMAIL, ORIGIN = "dora@example.com", "https://shop.example"
MESSAGE = {"title": "Sale", "body": "Until Sunday", "url": f"{ORIGIN}/sale"}
BROWSERS = 60


@pytest.fixture
def product() -> Iterator[local_product.Product]:
    with local_product.standing() as product:
        yield product


def letters(anyone: Caller, subject: str) -> list[Any]:
    found = anyone.get(f"/local/outbox?to={EMAIL}")["data"]
    return [letter for letter in found if subject in letter["subject"]]


def test_an_owner_reads_why_nobody_is_reached_and_who_is_not_believed(product: local_product.Product) -> None:
    anyone = Caller(product.url)
    operator = replace(anyone, token=product.operator_key)
    account = open_account(anyone, EMAIL, "a long enough password")
    dora = replace(anyone, token=account["access_token"])
    site = dora.post("/v1/sites", {"name": "Shop", "url": ORIGIN})
    gates = f"/v1/ops/tenants/{account['tenant']['id']}/sites/{site['id']}/gates"
    for index in range(BROWSERS):
        subscribe(anyone, site, index, origin=ORIGIN)

    push_service_answers(anyone, 403)
    send(dora, site)
    (refused,) = patiently(lambda: letters(anyone, "messages are refused"), "a letter about the key")
    assert '"Shop"' in refused["text"]
    assert "`subject`" in refused["text"]

    (gate,) = operator.get(gates)["data"]
    assert (gate["is_closed"], gate["closure"]) == (True, "vapid_refused")
    operator.post(f"{gates}/{gate['host']}/open", {})
    push_service_answers(anyone, 410)
    send(dora, site)
    (gone,) = patiently(lambda: letters(anyone, "many subscribers were called gone"), "a letter about the gone")
    assert f"{BROWSERS} out of {BROWSERS}" in gone["text"]
    assert dora.get(f"/v1/sites/{site['id']}/subscriptions?status=ended")["data"] == []

    operator.post(f"{gates}/{gate['host']}/open", {})
    push_service_answers(anyone, 403)
    ended = send(dora, site)
    patiently(lambda: dora.get(f"{ended}/stats")["state"] == "sent", "the end of the third campaign")
    assert len(letters(anyone, "messages are refused")) == 1  # once a day


def push_service_answers(anyone: Caller, status: int) -> None:
    anyone.post("/local/push-service/rules", {"rules": [{"answer": {"status": status}}]})


def send(dora: Caller, site: Any) -> str:
    """Until everybody has an answer and the run has been looked at."""
    anyone = replace(dora, token="")
    anyone.post("/local/clock/advance", {"seconds": 1})  # who comes in the instant of a launch is not in its audience
    draft = {"name": "Sale", "message": MESSAGE, "audience": {"all": True}}
    campaign = dora.post(f"/v1/sites/{site['id']}/campaigns", draft)
    path = f"/v1/sites/{site['id']}/campaigns/{campaign['id']}"
    dora.post(f"{path}/send", {})

    def is_pushed() -> bool:
        stats = dora.get(f"{path}/stats")
        return bool(stats["gone"] + stats["failed"] == BROWSERS)

    patiently(is_pushed, "an answer to everybody")
    anyone.post("/local/clock/advance", {"seconds": 120})
    return path
