"""Signing in with a provider's account over HTTP: what it opens, and what it does not (SECURITY 12)."""

from __future__ import annotations

import json
import re

import pytest

from chalicelib.config import settings
from chalicelib.features.identity import wiring
from chalicelib.features.identity.model.oauth import challenge_of
from chalicelib.features.identity.store.person import user_key
from chalicelib.features.identity.store.rows import CORE
from infra.local.oidc.desk import Somebody
from tests.fakes.oidc import Browser, Providers
from tests.http.identity.test_second_factor import switch_on
from tests.world import PASSWORD, World

GRACE = Somebody("grace@example.com", name="Grace Hopper")
ADA = Somebody("ada@example.com", name="Ada Lovelace")
VERIFIER = "a verifier of the front end, which nobody else has"


@pytest.mark.parametrize("provider", ["google", "microsoft"])
def test_a_new_person_gets_an_account_and_a_tenant_of_their_own(world: World, browser: Browser, provider: str) -> None:
    tokens = browser.exchange(browser.code_for(GRACE, provider)).json()
    assert (tokens["user"]["email"], tokens["user"]["name"]) == (GRACE.email, GRACE.name)
    assert (tokens["tenant"]["name"], tokens["role"]) == (GRACE.name, "owner")
    me = world.client.get("/v1/me", as_=tokens["access_token"])
    assert me.json()["user"]["id"] == tokens["user"]["id"]
    assert browser.exchange(browser.code_for(GRACE, provider)).json()["user"]["id"] == tokens["user"]["id"]


def test_a_newcomer_may_name_their_tenant(browser: Browser) -> None:
    answer = browser.exchange(browser.code_for(GRACE), tenant_name="Compilers")
    assert answer.json()["tenant"]["name"] == "Compilers"


def test_the_browser_is_told_nothing_that_opens_anything_but_the_code(browser: Browser) -> None:
    back = browser.come_back(browser.sign_in(browser.start(), GRACE))
    location = back.headers["location"]
    assert re.fullmatch(rf"{re.escape(settings().public_url)}/signed-in#code=oc_[0-9a-z]{{26}}_[\w-]{{43}}", location)
    assert back.text == ""
    assert back.headers["cache-control"] == "no-store"
    assert back.headers["referrer-policy"] == "no-referrer"


def test_what_the_provider_is_asked_binds_its_answer(browser: Browser) -> None:
    asked, again = browser.start(), browser.start()
    assert (asked["response_type"], asked["code_challenge_method"]) == ("code", "S256")
    assert asked["redirect_uri"] == f"{settings().public_url}/v1/auth/oauth/google/callback"
    for one_time in ("state", "nonce", "code_challenge"):
        assert asked[one_time] != again[one_time]


def test_the_cookie_is_for_our_own_host_and_no_script(world: World, there: Providers) -> None:
    cookie = world.client.get("/v1/auth/oauth/google/start").headers["set-cookie"]
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_over_https_no_other_host_and_no_plain_connection_can_plant_the_cookie(
    world: World, there: Providers, monkeypatch: pytest.MonkeyPatch
) -> None:
    remembering = (settings, wiring.oauth)
    monkeypatch.setenv("PUBLIC_URL", "https://push.example.com")
    for each in remembering:
        each.cache_clear()
    try:
        cookie = world.client.get("/v1/auth/oauth/google/start").headers["set-cookie"]
    finally:
        monkeypatch.undo()
        for each in remembering:
            each.cache_clear()
    assert cookie.startswith("__Host-sign_in=")
    assert {"Secure", "Path=/"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_two_trips_of_one_browser_both_come_home(browser: Browser) -> None:
    first, second = browser.start(), browser.start()
    for asked in (first, second):
        assert browser.come_back(browser.sign_in(asked, GRACE)).status == 302


@pytest.mark.parametrize("provider", ["github", "Google", "google%20", "x" * 300])
def test_an_unknown_provider_does_not_exist(world: World, there: Providers, provider: str) -> None:
    for path in (f"/v1/auth/oauth/{provider}/start", f"/v1/auth/oauth/{provider}/callback?state=x"):
        assert world.client.get(path).status == 404


def test_a_provider_without_a_secret_does_not_exist(
    world: World, there: Providers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OAUTH_GOOGLE", "")
    settings.cache_clear()
    try:
        assert world.client.get("/v1/auth/oauth/google/start").status == 404
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_a_front_end_of_ones_own_gets_the_code(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGN_IN_URL", "https://app.example.com/signed-in")
    settings.cache_clear()
    try:
        back = browser.come_back(browser.sign_in(browser.start(), GRACE))
        assert back.headers["location"].startswith("https://app.example.com/signed-in#code=oc_")
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def test_a_code_is_good_once(browser: Browser) -> None:
    code = browser.code_for(GRACE)
    assert browser.exchange(code).status == 200
    again = browser.exchange(code)
    assert (again.status, again.code) == (401, "invalid_token")


def test_a_code_is_good_for_two_minutes(world: World, browser: Browser) -> None:
    code = browser.code_for(GRACE)
    world.clock.advance(seconds=120)
    assert browser.exchange(code).code == "invalid_token"


def test_a_made_up_code_opens_nothing(browser: Browser) -> None:
    code = browser.code_for(GRACE)
    other = "A" if code[-10] != "A" else "B"
    for forged in (code[:-10] + other + code[-9:], f"oc_{'0' * 26}_{'A' * 43}", "oc_", "x" * 512):
        assert browser.exchange(forged).code == "invalid_token"


def test_a_code_is_worth_nothing_without_the_verifier_that_it_was_asked_with(browser: Browser) -> None:
    browser.start_query = {"code_challenge": challenge_of(VERIFIER)}
    code = browser.code_for(GRACE)
    assert browser.exchange(code).code == "invalid_token"
    assert browser.exchange(code, code_verifier=VERIFIER.upper()).code == "invalid_token"
    assert browser.exchange(code, code_verifier=VERIFIER).status == 200


def test_an_account_is_not_opened_by_a_provider_until_its_password_was_given_once(
    world: World, browser: Browser
) -> None:
    code = browser.code_for(ADA)
    asked = browser.exchange(code)
    assert (asked.status, asked.code) == (401, "password_required")
    assert browser.exchange(code, password="something else").code == "invalid_credentials"
    assert browser.exchange(code, password=PASSWORD).json()["user"]["id"] == world.ada.user_id
    assert browser.exchange(browser.code_for(ADA)).json()["user"]["id"] == world.ada.user_id
    assert world.mail_to(ADA.email)[-1].subject == "You can sign in with Google now"


def test_five_tries_at_the_password_and_the_code_is_spent(browser: Browser) -> None:
    code = browser.code_for(ADA)
    for _ in range(5):
        assert browser.exchange(code, password="something else").code == "invalid_credentials"
    assert browser.exchange(code, password=PASSWORD).code == "invalid_token"


def test_guesses_by_way_of_a_provider_count_like_any_others(world: World, browser: Browser, real_limits: None) -> None:
    code = browser.code_for(ADA)
    for _ in range(4):
        browser.exchange(code, password="something else")
    fresh = browser.code_for(ADA)
    assert browser.exchange(fresh, password="something else").code == "invalid_credentials"
    assert browser.exchange(fresh, password=PASSWORD).status == 429
    login = {"email": ADA.email, "password": PASSWORD}
    assert world.client.post("/v1/auth/login", json=login, address="198.51.100.9").status == 429


def test_a_new_password_asks_every_provider_for_it_once_more(world: World, browser: Browser) -> None:
    browser.exchange(browser.code_for(ADA), password=PASSWORD)
    changed = {"current_password": PASSWORD, "password": "another long password"}
    assert world.client.post("/v1/me/password", as_=world.ada, json=changed).status in {200, 204}
    code = browser.code_for(ADA)
    assert browser.exchange(code).code == "password_required"
    assert browser.exchange(code, password="another long password").status == 200
    assert browser.exchange(browser.code_for(ADA)).status == 200


@pytest.mark.parametrize("provider", ["google", "microsoft"])
@pytest.mark.parametrize("email", [ADA.email, GRACE.email])
def test_an_address_that_nobody_vouches_for_opens_nothing(
    world: World, browser: Browser, provider: str, email: str
) -> None:
    before = len(world.aws.rows("core"))
    answer = browser.exchange(browser.code_for(Somebody(email, is_vouched_for=False), provider), password=PASSWORD)
    assert (answer.status, answer.code) == (403, "email_unverified")
    assert len(world.aws.rows("core")) == before


def test_who_was_let_in_once_needs_no_address_any_more(world: World, browser: Browser, there: Providers) -> None:
    """They are known by who they are at the provider: the address may be given up there, and be somebody else's."""
    browser.exchange(browser.code_for(ADA), password=PASSWORD)
    real = there["google"].claims
    there["google"].claims = lambda grant: real(grant) | {"email": "moved@example.com", "email_verified": False}  # type: ignore[method-assign]  # the provider's own word
    assert browser.exchange(browser.code_for(ADA)).json()["user"]["id"] == world.ada.user_id


def test_a_link_to_somebody_who_is_gone_opens_no_account_at_an_address_nobody_vouches_for(
    world: World, browser: Browser, there: Providers
) -> None:
    user_id = browser.exchange(browser.code_for(GRACE)).json()["user"]["id"]
    CORE.delete(*user_key(user_id))
    real = there["google"].claims
    there["google"].claims = lambda grant: real(grant) | {"email_verified": False}  # type: ignore[method-assign]  # the provider's own word
    assert browser.exchange(browser.code_for(GRACE)).code == "email_unverified"


def test_a_second_factor_is_still_owed(world: World, browser: Browser) -> None:
    phone, _ = switch_on(world, world.ada)
    code = browser.code_for(ADA)
    asked = browser.exchange(code, password=PASSWORD)
    assert (asked.status, asked.code) == (401, "otp_required")
    assert browser.exchange(code, password=PASSWORD, otp="000000").code == "invalid_credentials"
    assert browser.exchange(code, password=PASSWORD, otp=phone.next()).status == 200
    again = browser.code_for(ADA)
    assert browser.exchange(again).code == "otp_required"
    assert browser.exchange(again, otp=phone.next()).status == 200


def test_who_owes_a_second_factor_is_told_so_by_the_tokens(world: World, browser: Browser) -> None:
    tokens = browser.exchange(browser.code_for(GRACE)).json()
    as_ = tokens["access_token"]
    demanded = world.client.patch("/v1/tenant", as_=as_, json={"require_second_factor": True})
    assert demanded.status == 200, demanded.text
    owing = browser.exchange(browser.code_for(GRACE)).json()["access_token"]
    refused = world.client.get("/v1/sites", as_=owing)
    assert (refused.status, refused.code) == (403, "second_factor_required")


def test_who_has_no_password_signs_in_by_none(world: World, browser: Browser) -> None:
    browser.exchange(browser.code_for(GRACE))
    for password in ("", " ", "decoy", "null"):
        answer = world.client.post("/v1/auth/login", json={"email": GRACE.email, "password": password or "x"})
        assert answer.code == "invalid_credentials"


def test_who_has_no_password_may_choose_one_by_letter(world: World, browser: Browser) -> None:
    browser.exchange(browser.code_for(GRACE))
    world.client.post("/v1/auth/password/forgot", json={"email": GRACE.email})
    found = re.search(r"\bpt_\S+", world.mail_to(GRACE.email)[-1].text)
    assert found is not None
    chosen = {"token": found[0], "password": PASSWORD}
    assert world.client.post("/v1/auth/password/reset", json=chosen).status == 204
    assert world.client.post("/v1/auth/login", json={"email": GRACE.email, "password": PASSWORD}).status == 200
    code = browser.code_for(GRACE)
    assert browser.exchange(code).code == "password_required"
    assert browser.exchange(code, password=PASSWORD).status == 200


def test_the_same_person_at_another_provider_is_asked_for_the_password(browser: Browser) -> None:
    browser.exchange(browser.code_for(GRACE, "google"))
    assert browser.exchange(browser.code_for(GRACE, "microsoft")).code == "password_required"


def test_a_person_without_a_tenant_may_not_take_anothers(world: World, browser: Browser) -> None:
    browser.exchange(browser.code_for(ADA), password=PASSWORD)
    assert browser.exchange(browser.code_for(ADA), tenant_id=world.cyd.tenant_id).status == 404
    assert browser.exchange(browser.code_for(ADA), tenant_id=world.ada.tenant_id).status == 200


def test_nothing_usable_is_at_rest(world: World, browser: Browser) -> None:
    asked = browser.start()
    address = browser.sign_in(asked, GRACE)
    back = browser.come_back(address)
    code = back.headers["location"].partition("#code=")[2]
    dump = world.aws.dump()
    secrets = (code[-43:], asked["state"][-43:], asked["nonce"], browser.cookie.partition("=")[2], address[-43:])
    assert [secret for secret in secrets if secret in dump] == []
    browser.exchange(code)
    assert GRACE.email not in json.dumps(world.aws.rows("idem"), default=str)
