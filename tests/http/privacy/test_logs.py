"""What erasing somebody leaves in the logs: that a job ran or failed, and nothing of whom it was about (SECURITY 24)."""

from __future__ import annotations

import pytest

from chalicelib.core.errors import Unavailable
from tests.adapters.aws.faults import Faults
from tests.adapters.aws.logged import logged_from_now
from tests.http.privacy.canary import Canary
from tests.http.privacy.dora import AGENT, NAME, Dora
from tests.journeys.shop import Shop


def test_nothing_of_whoever_is_told_of_or_erased_is_logged(
    shop: Shop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    canary, dora = Canary.of(shop), Dora.of(shop)
    caplog.clear()
    lines = logged_from_now(monkeypatch)
    for about in ({"external_id": canary.external_id}, {"email": canary.email}):
        for kind in ("export", "erase"):
            job = shop.ask("POST", f"/v1/privacy/{kind}", json=about, expect=202)["id"]
            shop.ask("GET", f"/v1/privacy/jobs/{job}")
    for body in shop.world.lambdas.bodies("privacy"):
        with Faults() as faults:
            faults.reject("dynamodb.Scan", times=9)
            faults.reject("dynamodb.BatchWriteItem", times=9)
            with pytest.raises(Unavailable):
                shop.world.lambdas.deliver("privacy", body)
    shop.settle()
    shop.ask("GET", "/v1/me/export", as_=dora.fresh())
    shop.ask("DELETE", "/v1/me", as_=dora.fresh(), expect=202)
    words = (canary.external_id, canary.email, canary.endpoint, canary.p256dh, canary.auth, *canary.subscription_ids)
    hers = (dora.person.email, NAME, AGENT, dora.mailbox, dora.secret)
    shop.settle()
    said = caplog.text + "".join(str(vars(record)) for record in caplog.records) + str(list(lines))
    assert "unavailable" in said.lower()  # so it is the worker's log that was read
    assert [word for word in (*words, *hers) if word in said] == []
