"""From registering to stats with a client that nobody wrote, over HTTP, against the local product in its own process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import Request, urlopen

import pytest

from infra.local.push_service.service import PushService
from tests.fakes import local_product
from tests.journeys.generated_client import GeneratedClient, generate, model

pytestmark = pytest.mark.slow

T = TypeVar("T")

EMAIL, PASSWORD = "dora@example.com", "a long enough password"
ORIGIN = "https://shop.example"
BROWSERS = 5
_PATIENCE_SECONDS = 30


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    package = generate(tmp_path_factory.mktemp("generated"))
    sys.path.insert(0, str(package.parent))
    yield package
    sys.path.remove(str(package.parent))


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with local_product.standing() as (url, *_):
        yield url


@pytest.fixture
def anyone(package: Path, url: str) -> GeneratedClient:
    return GeneratedClient(url)


def patiently(look: Callable[[], T | None]) -> T:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (found := look()) is None:
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
    return found


def local(url: str, body: dict[str, Any] | None = None) -> Any:
    """The local product's own levers, which are no part of the contract."""
    sent = None if body is None else json.dumps(body).encode()
    with urlopen(Request(url, data=sent, headers={"Content-Type": "application/json"}), timeout=10) as answer:
        return json.load(answer)


def test_the_generated_client_passes_a_strict_type_check(package: Path) -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "/dev/null", "--cache-dir", "/dev/null", package],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout


def test_a_newcomer_walks_from_registering_to_stats(anyone: GeneratedClient, url: str) -> None:
    tokens = sign_in(anyone)
    person = anyone.holding(tokens.access_token)
    assert person.ask("get_me").user.email == EMAIL

    site = make_site(person)
    key = make_key(person)
    assert subscribe_browsers(anyone, site) == BROWSERS
    local(f"{url}/local/clock/advance", {"seconds": 1})  # who comes in the instant of a launch is not in its audience

    campaign = send_campaign(key, site)
    stats = settled_stats(key, site, campaign)
    assert stats.accepted == stats.audience == BROWSERS
    assert (stats.gone, stats.failed, stats.skipped, stats.expired, stats.pending) == (0, 0, 0, 0, 0)
    assert len(local(f"{url}/local/received?run={stats.run}")["data"]) == BROWSERS

    meet_problems(key, site, campaign)
    sign_out(anyone, tokens)


def sign_in(anyone: GeneratedClient) -> Any:
    registered = anyone.ask(
        "register",
        body=model("NewAccount")(email=EMAIL, password=PASSWORD, tenant_name="Dora's shop"),
        expect=202,
    )
    assert registered.status == "check_mail"
    token = patiently(lambda: token_of_letter(anyone.url))
    wrong = anyone.ask("verify_email", body=model("EmailProof")(token=token, password="not mine at all"), expect=401)
    assert (wrong.code, wrong.status) == ("invalid_credentials", 401)
    opened = anyone.ask("verify_email", body=model("EmailProof")(token=token, password=PASSWORD))
    assert opened.tenant.name == "Dora's shop"
    signed_in = anyone.ask("login", body=model("Login")(email=EMAIL, password=PASSWORD))
    assert (signed_in.user.id, signed_in.role) == (opened.user.id, model("Role").OWNER)
    return signed_in


def token_of_letter(url: str) -> str | None:
    letters = local(f"{url}/local/outbox?to={EMAIL}")["data"]
    found = re.search(r"token=([\w.-]+)", letters[0]["text"]) if letters else None
    return found[1] if found else None


def make_site(person: GeneratedClient) -> Any:
    body = model("NewSite")(name="Shop", url=ORIGIN)
    made = person.call("create_site", body=body, idempotency_key="the first site")
    again = person.call("create_site", body=body, idempotency_key="the first site")
    assert (int(made.status_code), made.parsed) == (201, again.parsed)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert [site.id for site in person.ask("list_sites", limit=10).data] == [made.parsed.id]
    return made.parsed


def make_key(person: GeneratedClient) -> GeneratedClient:
    scopes = [model("Scope")(name) for name in ("campaigns:read", "campaigns:write", "campaigns:send")]
    made = person.ask("create_api_key", body=model("NewApiKey")(name="ci", scopes=scopes), expect=201)
    return person.holding(made.key)


def subscribe_browsers(anyone: GeneratedClient, site: Any) -> int:
    browser = anyone.at(ORIGIN)
    assert browser.ask("get_sdk_config", site.site_key).vapid_public_key == site.vapid_public_key
    known = set()
    for index in range(BROWSERS):
        made = PushService.simulated(7, index, vapid_public_key=site.vapid_public_key)
        body = model("NewSubscription")(subscription=model("PushSubscription").from_dict(made), tags=["newsletter"])
        subscribed = browser.ask("subscribe", site.site_key, body=body, expect=201)
        assert browser.ask("subscribe", site.site_key, body=body).subscription_id == subscribed.subscription_id
        known.add(subscribed.subscription_id)
    refused = anyone.at("https://evil.example").ask("subscribe", site.site_key, body=body, expect=403)
    assert refused.code == "origin_not_allowed"
    return len(known)


def send_campaign(key: GeneratedClient, site: Any) -> Any:
    message = model("MessageBody")(title="Grüße 👋", body="Die neue Kollektion ist da", url=f"{ORIGIN}/neu")
    draft = model("CreateCampaign")(name="First", message=message, audience=model("AudienceBody")(all_=True))
    campaign = key.ask("create_campaign", site.id, body=draft, expect=201)
    assert (campaign.status, campaign.message.title, campaign.schedule) == ("draft", "Grüße 👋", None)
    started = key.ask("send_campaign", site.id, campaign.id, expect=202)
    assert [run.id for run in key.ask("list_runs", site.id, campaign.id).data] == [started.run]
    return campaign


def settled_stats(key: GeneratedClient, site: Any, campaign: Any) -> Any:
    def look() -> Any:
        stats = key.ask("get_campaign_stats", site.id, campaign.id)
        families = (stats.accepted, stats.gone, stats.failed, stats.skipped, stats.expired, stats.pending)
        assert sum(families) == stats.audience
        return stats if stats.state == "sent" else None

    stats = patiently(look)
    assert key.ask("get_campaign", site.id, campaign.id).status == "sent"
    return stats


def meet_problems(key: GeneratedClient, site: Any, campaign: Any) -> None:
    unknown = key.ask("get_campaign", site.id, campaign.id[:-4] + "0000", expect=404)
    assert isinstance(unknown, model("Problem"))
    assert (unknown.code, unknown.type_) == ("not_found", "/problems/not_found")
    again = key.ask("send_campaign", site.id, campaign.id, expect=409)
    assert (again.code, again["campaign_status"]) == ("wrong_campaign_state", "sent")
    nameless = model("ChangeCampaign")(name="")
    invalid = key.ask("change_campaign", site.id, campaign.id, body=nameless, expect=422)
    assert [fault.pointer for fault in invalid.errors] == ["/name"]
    assert key.ask("list_sites", expect=403).code == "forbidden"
    assert key.holding("ps_live_made_up").ask("list_sites", expect=401).code == "invalid_token"


def sign_out(anyone: GeneratedClient, tokens: Any) -> None:
    refreshed = anyone.ask("refresh", body=model("Refresh")(refresh_token=tokens.refresh_token))
    assert refreshed.refresh_token != tokens.refresh_token
    anyone.holding(refreshed.access_token).ask("logout", expect=204)
    late = anyone.ask("refresh", body=model("Refresh")(refresh_token=refreshed.refresh_token), expect=401)
    assert late.code == "invalid_token"
