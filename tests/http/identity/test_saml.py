"""Signing in by a tenant's own identity provider over HTTP: what it opens, and what it does not (SECURITY 13)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from lxml import etree

from chalicelib.config import settings
from chalicelib.features.identity.model.oauth import challenge_of
from infra.local.saml.reply import Somebody
from tests.fakes.saml import SamlBrowser, code_in, refused, set_up
from tests.http.identity.test_second_factor import switch_on
from tests.world import PASSWORD, World

GRACE = Somebody("grace@example.com", name="Grace Hopper")
BEN = Somebody("ben@example.com")
VERIFIER = "a verifier of the front end, which nobody else has"


@contextmanager
def at(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PUBLIC_URL", url)
    settings.cache_clear()
    try:
        yield
    finally:
        monkeypatch.undo()
        settings.cache_clear()


def _user_row(world: World, user_id: str) -> object:
    return next(row for row in world.aws.rows("core") if (row["pk"], row["sk"]) == (f"USER#{user_id}", "-"))


# --- There and back ---


def test_somebody_new_becomes_a_member_of_that_tenant(world: World, sso: SamlBrowser) -> None:
    tokens = sso.sign_in(GRACE)
    assert tokens["user"]["email"] == GRACE.email
    assert (tokens["tenant"]["id"], tokens["role"]) == (world.ada.tenant_id, "agent")
    members = world.client.get("/v1/members", as_=world.ada).json()["data"]
    assert [each["role"] for each in members if each["email"] == GRACE.email] == ["agent"]
    assert sso.sign_in(GRACE)["user"]["id"] == tokens["user"]["id"]


def test_who_somebody_is_hangs_on_their_name_there_and_not_on_their_address(sso: SamlBrowser) -> None:
    first = sso.sign_in(Somebody("grace@example.com", name_id="1906"))
    assert sso.sign_in(Somebody("hopper@example.com", name_id="1906"))["user"]["id"] == first["user"]["id"]
    assert sso.sign_in(Somebody("grace@example.com", name_id="1907"))["user"]["id"] != first["user"]["id"]


def test_the_request_says_who_asks_and_where_to_answer(world: World, sso: SamlBrowser) -> None:
    asked, again = sso.start(), sso.start()
    base = f"{settings().public_url}/v1/auth/saml/{world.ada.tenant_id}"
    assert (asked.issuer, asked.acs_url, asked.is_fresh) == (f"{base}/metadata", f"{base}/acs", False)
    assert asked.id != again.id
    assert len(sso.relay_state.encode()) <= 80  # as the standard has it
    sso.start_query = {"fresh": "true", "code_challenge": challenge_of(VERIFIER)}
    assert sso.start().is_fresh
    assert len(sso.relay_state.encode()) <= 80


def test_our_metadata_says_the_same(world: World, sso: SamlBrowser) -> None:
    base = f"{settings().public_url}/v1/auth/saml/{world.ada.tenant_id}"
    answer = world.client.get(f"/v1/auth/saml/{world.ada.tenant_id}/metadata")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    root = etree.fromstring(answer.text.encode())
    assert root.get("entityID") == f"{base}/metadata"
    services = [
        each.get("Location") for each in root.iter("{urn:oasis:names:tc:SAML:2.0:metadata}AssertionConsumerService")
    ]
    assert services == [f"{base}/acs"]


def test_metadata_tells_nobody_which_tenants_there_are(world: World) -> None:
    known, unknown = world.cyd.tenant_id, f"ten_{'0' * 26}"
    texts = [world.client.get(f"/v1/auth/saml/{each}/metadata").text.replace(each, "") for each in (known, unknown)]
    assert texts[0] == texts[1]
    assert world.client.get("/v1/auth/saml/ten_x/metadata").status == 404


def test_a_tenant_without_one_answers_like_none(world: World) -> None:
    for tenant_id in (world.cyd.tenant_id, f"ten_{'0' * 26}", "ten_x", "x" * 300):
        assert world.client.get(f"/v1/auth/saml/{tenant_id}/start").status == 404
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        posted = world.client.post(f"/v1/auth/saml/{tenant_id}/acs", body="SAMLResponse=x", headers=form)
        assert posted.status == 404


def test_the_cookie_comes_along_with_another_sites_form_and_to_nobody_else(
    world: World, sso: SamlBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with at("https://push.example.com", monkeypatch):
        cookie = world.client.get(f"/v1/auth/saml/{sso.tenant_id}/start").headers["set-cookie"]
    assert cookie.startswith("__Host-sso=")
    assert {"Secure", "HttpOnly", "SameSite=None", "Path=/", "Max-Age=600"} <= set(cookie.split("; "))


def test_nothing_is_written_before_somebody_is_back(world: World, sso: SamlBrowser) -> None:
    before = len(world.aws.rows("idem")) + len(world.aws.rows("core"))
    for _ in range(3):
        sso.start()
    after = [row for row in world.aws.rows("idem") if not row["pk"].startswith("BUCKET#")]
    assert len(after) + len(world.aws.rows("core")) <= before


def test_a_code_is_good_once_for_two_minutes_and_for_who_began(world: World, sso: SamlBrowser) -> None:
    sso.start_query = {"code_challenge": challenge_of(VERIFIER)}
    code = sso.code_for(GRACE)
    assert sso.exchange(code).code == "invalid_token"
    assert sso.exchange(code, code_verifier=VERIFIER).status == 200
    assert sso.exchange(code, code_verifier=VERIFIER).code == "invalid_token"
    sso.start_query = {}
    late = sso.code_for(GRACE)
    world.clock.advance(seconds=120)
    assert sso.exchange(late).code == "invalid_token"
    for forged in (f"sc_{'0' * 32}_{'A' * 43}", late[:-1], late.replace("sc_", "oc_"), "x" * 512):
        assert sso.exchange(forged).code == "invalid_token"


def test_of_many_that_exchange_a_code_at_once_one_gets_tokens(sso: SamlBrowser) -> None:
    code = sso.code_for(GRACE)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: sso.exchange(code), range(8)))
    assert [answer.status for answer in answers].count(200) == 1
    assert all(answer.status in {200, 401, 409} for answer in answers)


def test_nothing_usable_is_at_rest_and_nobody_is_kept_there_for_longer(world: World, sso: SamlBrowser) -> None:
    code = sso.code_for(GRACE)
    dump = world.aws.dump()
    assert [each for each in (code[-43:], sso.cookie.partition("=")[2], sso.relay_state) if each in dump] == []
    sso.exchange(code)
    assert GRACE.email not in str(world.aws.rows("idem"))


def test_a_name_is_one_line_or_none(world: World, sso: SamlBrowser) -> None:
    set_up(world.client, world.ada, sso.idp, name_attribute="displayName")
    assert sso.sign_in(GRACE)["user"]["name"] == "Grace Hopper"
    assert sso.sign_in(Somebody("b@example.com", name="Grace\nBcc: all@example.com"))["user"]["name"] == ""


# --- Whom it opens ---


def test_an_account_elsewhere_with_the_same_address_is_not_touched(world: World, sso: SamlBrowser) -> None:
    """The crux: Ada is a hostile admin here, and Cyd a stranger with a tenant of her own."""
    cyd = Somebody("cyd@example.com")
    tokens = sso.sign_in(cyd)
    assert tokens["user"]["id"] != world.cyd.user_id
    assert tokens["tenant"]["id"] == world.ada.tenant_id
    me = world.client.get("/v1/me", as_=tokens["access_token"]).json()
    assert [each["tenant"]["id"] for each in me["memberships"]] == [world.ada.tenant_id]
    switch = {"tenant_id": world.cyd.tenant_id}
    assert world.client.post("/v1/auth/switch", as_=tokens["access_token"], json=switch).code == "sso_session"
    assert (
        world.client.post("/v1/auth/login", json={"email": cyd.email, "password": PASSWORD}).json()["user"]["id"]
        == world.cyd.user_id
    )
    assert [each["tenant"]["id"] for each in world.client.get("/v1/me", as_=world.cyd).json()["memberships"]] == [
        world.cyd.tenant_id
    ]


def test_an_address_that_nobody_has_yet_is_not_taken_from_its_owner(world: World, sso: SamlBrowser) -> None:
    sso.sign_in(GRACE)
    asked = {"email": GRACE.email, "password": PASSWORD, "tenant_name": "Compilers"}
    world.client.post("/v1/auth/register", json=asked)
    token = re.search(r"\bvt_\S+", world.mail_to(GRACE.email)[-1].text)
    assert token is not None
    done = world.client.post("/v1/auth/verify-email", json={"token": token[0], "password": PASSWORD})
    assert done.status == 200
    assert done.json()["tenant"]["name"] == "Compilers"


def test_whom_only_the_identity_provider_knows_signs_in_by_nothing_else(world: World, sso: SamlBrowser) -> None:
    sso.sign_in(GRACE)
    assert (
        world.client.post("/v1/auth/login", json={"email": GRACE.email, "password": PASSWORD}).code
        == "invalid_credentials"
    )
    world.client.post("/v1/auth/password/forgot", json={"email": GRACE.email})
    assert world.mail_to(GRACE.email) == []


def test_a_member_opens_their_membership_once_with_their_password(world: World, sso: SamlBrowser) -> None:
    code = sso.code_for(BEN)
    assert sso.exchange(code).code == "password_required"
    assert sso.exchange(code, password="something else").code == "invalid_credentials"
    tokens = sso.exchange(code, password=PASSWORD).json()
    assert (tokens["user"]["id"], tokens["role"]) == (world.ben.user_id, "editor")
    assert sso.sign_in(BEN)["user"]["id"] == world.ben.user_id
    changed = {"current_password": PASSWORD, "password": "another long password"}
    assert world.client.post("/v1/me/password", as_=world.ben, json=changed).status == 204
    assert sso.exchange(sso.code_for(BEN)).code == "password_required"


def test_guesses_by_way_of_it_count_like_any_others(sso: SamlBrowser, real_limits: None) -> None:
    code = sso.code_for(BEN)
    for _ in range(5):
        assert sso.exchange(code, password="something else").code == "invalid_credentials"
    assert sso.exchange(code, password=PASSWORD).code == "invalid_token"
    assert sso.exchange(sso.code_for(BEN), password=PASSWORD).status == 429


def test_the_second_factor_is_asked_for_when_a_membership_is_opened(world: World, sso: SamlBrowser) -> None:
    phone, _ = switch_on(world, world.ben)
    code = sso.code_for(BEN)
    assert sso.exchange(code, password=PASSWORD).code == "otp_required"
    assert sso.exchange(code, password=PASSWORD, otp=phone.next()).status == 200
    assert sso.exchange(sso.code_for(BEN)).status == 200


def test_an_owner_does_not_come_in_this_way(world: World, sso: SamlBrowser) -> None:
    code = sso.code_for(Somebody("ada@example.com"))
    for given in ({}, {"password": PASSWORD}):
        assert sso.exchange(code, **given).code == "owners_need_password"


def test_who_becomes_an_owner_is_signed_out_of_it(world: World, sso: SamlBrowser) -> None:
    tokens = sso.exchange(sso.code_for(BEN), password=PASSWORD).json()
    made = world.client.patch(f"/v1/members/{world.ben.user_id}", as_=world.ada, json={"role": "owner"})
    assert made.status == 200
    assert (
        world.client.post("/v1/auth/refresh", json={"refresh_token": tokens["refresh_token"]}).code == "invalid_token"
    )
    assert sso.exchange(sso.code_for(BEN)).code == "owners_need_password"


def test_whom_only_it_knows_is_made_no_owner(world: World, sso: SamlBrowser) -> None:
    user_id = sso.sign_in(GRACE)["user"]["id"]
    for answer in (
        world.client.patch(f"/v1/members/{user_id}", as_=world.ada, json={"role": "owner"}),
        world.client.post("/v1/tenant/transfer-ownership", as_=world.ada, json={"user_id": user_id}),
    ):
        assert (answer.status, answer.code) == (409, "owner_without_account")


def test_who_was_removed_stays_out_until_they_are_invited(world: World, sso: SamlBrowser) -> None:
    user_id = sso.sign_in(GRACE)["user"]["id"]
    assert world.client.delete(f"/v1/members/{user_id}", as_=world.ada).status == 204
    assert sso.exchange(sso.code_for(GRACE)).code == "sso_not_admitted"
    world.client.post("/v1/invitations", as_=world.ada, json={"email": GRACE.email, "role": "editor"})
    token = re.search(r"\bit_\S+", world.mail_to(GRACE.email)[-1].text)
    assert token is not None
    joined = world.client.post("/v1/invitations/accept", json={"token": token[0], "password": PASSWORD})
    assert joined.status == 200, joined.text
    code = sso.code_for(GRACE)
    assert sso.exchange(code).code == "password_required"
    assert sso.exchange(code, password=PASSWORD).json()["role"] == "editor"


@pytest.mark.parametrize("name_id", ["", "another name there"])
def test_who_was_removed_stays_out_also_if_they_never_came_this_way(
    world: World, sso: SamlBrowser, name_id: str
) -> None:
    assert world.client.delete(f"/v1/members/{world.ben.user_id}", as_=world.ada).status == 204
    assert sso.exchange(sso.code_for(Somebody(BEN.email, name_id=name_id))).code == "sso_not_admitted"
    assert sso.exchange(sso.code_for(Somebody("BEN@Example.com"))).code == "sso_not_admitted"
    assert BEN.email not in str(world.aws.rows("core")).replace(str(_user_row(world, world.ben.user_id)), "")


def test_who_was_removed_stays_out_under_another_name_too(world: World, sso: SamlBrowser) -> None:
    user_id = sso.sign_in(GRACE)["user"]["id"]
    assert world.client.delete(f"/v1/members/{user_id}", as_=world.ada).status == 204
    assert sso.exchange(sso.code_for(Somebody(GRACE.email, name_id="second"))).code == "sso_not_admitted"
    other = SamlBrowser(world.client, sso.idp, world.cyd.tenant_id)
    set_up(world.client, world.cyd, sso.idp)
    assert other.sign_in(GRACE)["tenant"]["id"] == world.cyd.tenant_id  # that is one tenant's word


def test_who_was_invited_back_is_gone_no_longer(world: World, sso: SamlBrowser) -> None:
    assert world.client.delete(f"/v1/members/{world.ben.user_id}", as_=world.ada).status == 204
    world.client.post("/v1/invitations", as_=world.ada, json={"email": BEN.email, "role": "agent"})
    assert sso.exchange(sso.code_for(BEN)).code == "sso_not_admitted"  # not before they have said yes
    token = re.search(r"\bit_\S+", world.mail_to(BEN.email)[-1].text)
    assert token is not None
    assert world.client.post("/v1/invitations/accept", json={"token": token[0], "password": PASSWORD}).status == 200
    assert [row for row in world.aws.rows("core") if row["sk"].startswith("GONE#")] == []
    assert sso.exchange(sso.code_for(BEN), password=PASSWORD).json()["role"] == "agent"


# --- Who opens a membership for it ---


def test_nobody_is_led_to_open_their_membership_for_somebody_elses_name(world: World, sso: SamlBrowser) -> None:
    """Mallory may write any address into her account there; Ben is led to her code, and would type his password."""
    code = sso.code_for(Somebody(BEN.email, name_id="mallory"))
    for cookie in ("", f"sso={'A' * 43}"):
        bens = SamlBrowser(world.client, sso.idp, sso.tenant_id, cookie=cookie)
        assert refused(bens.exchange(code), "trip")
        assert refused(bens.exchange(code, password=PASSWORD), "trip")
    assert sso.sign_in(Somebody("mallory@example.com", name_id="mallory"))["user"]["id"] != world.ben.user_id


def test_what_nobody_has_asked_for_opens_no_membership_for_the_first_time(world: World, sso: SamlBrowser) -> None:
    set_up(world.client, world.ada, sso.idp, allow_idp_initiated=True)
    unasked = code_in(sso.bring_signed(sso.reply(BEN, in_response_to=None)))
    assert refused(sso.exchange(unasked, password=PASSWORD), "unsolicited")
    assert sso.exchange(sso.code_for(BEN), password=PASSWORD).status == 200
    again = code_in(sso.bring_signed(sso.reply(BEN, in_response_to=None)))
    assert sso.exchange(again).json()["user"]["id"] == world.ben.user_id


def test_a_front_end_that_began_with_a_challenge_needs_no_cookie(world: World, sso: SamlBrowser) -> None:
    sso.start_query = {"code_challenge": challenge_of(VERIFIER)}
    code, sso.cookie = sso.code_for(BEN), ""
    assert sso.exchange(code, password=PASSWORD, code_verifier=VERIFIER).status == 200


def test_a_letter_says_who_opens_a_membership_now(world: World, sso: SamlBrowser) -> None:
    sso.exchange(sso.code_for(BEN), password=PASSWORD)
    (letter,) = world.mail_to(BEN.email)
    assert sso.idp.entity_id in letter.text
    sso.sign_in(BEN)
    sso.sign_in(GRACE)
    assert (len(world.mail_to(BEN.email)), world.mail_to(GRACE.email)) == (1, [])
