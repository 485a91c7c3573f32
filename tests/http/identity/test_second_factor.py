"""The second factor over HTTP: from the QR code to the recovery code, and who is asked for it (SECURITY 10)."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from chalicelib.aws.dynamo import Table
from chalicelib.core.identity import Role, Scope
from chalicelib.features.identity.wiring import identity
from tests.adapters.aws.faults import Faults
from tests.fakes.gateway import HttpAnswer
from tests.world import PASSWORD, Person, World


class Phone:
    """An authenticator app of somebody else's making."""

    def __init__(self, world: World, secret: str) -> None:
        self._clock = world.clock
        self._totp = TOTP(base64.b32decode(secret), 6, SHA1(), 30)

    def code(self, *, seconds: int = 0) -> str:
        return self._totp.generate(int(self._clock.now().timestamp()) + seconds).decode()

    def next(self) -> str:
        """After the one that was used last."""
        self._clock.advance(seconds=30)
        return self.code()


def login(world: World, person: Person, **more: Any) -> HttpAnswer:
    return world.client.post("/v1/auth/login", json={"email": person.email, "password": PASSWORD, **more})


def begin(world: World, person: Any) -> HttpAnswer:
    return world.client.post("/v1/auth/totp", as_=person)


def confirm(world: World, person: Any, otp: object) -> HttpAnswer:
    return world.client.post("/v1/auth/totp/confirm", as_=person, json={"otp": otp})


def step_up(world: World, person: Any, **more: Any) -> HttpAnswer:
    return world.client.post("/v1/auth/step-up", as_=person, json={"password": PASSWORD, **more})


def switch_on(world: World, person: Person) -> tuple[Phone, list[str]]:
    begun = begin(world, person)
    assert begun.status == 200, begun.text
    phone = Phone(world, begun.json()["secret"])
    confirmed = confirm(world, person, phone.code())
    assert confirmed.status == 200, confirmed.text
    return phone, confirmed.json()["recovery_codes"]


def demand(world: World, *, of: Person | str, is_required: bool = True) -> HttpAnswer:
    return world.client.patch("/v1/tenant", as_=of, json={"require_second_factor": is_required})


def actions(world: World) -> list[str]:
    return [row["action"] for row in world.aws.rows("audit") if world.ada.tenant_id in row["pk"] and "hash" in row]


def subjects(world: World, person: Person) -> list[str]:
    return [letter.subject for letter in world.mail_to(person.email)]


# --- from the QR code to the recovery code ---


def test_from_the_qr_code_to_signing_in_with_it(world: World) -> None:
    begun = begin(world, world.ada).json()
    assert begun.keys() == {"secret", "otpauth_url", "qr_svg"}
    assert begun["otpauth_url"].startswith("otpauth://totp/PushSaaS:ada%40example.com?")
    assert begun["secret"] in begun["otpauth_url"]
    assert begun["qr_svg"].startswith("<svg ")
    assert login(world, world.ada).status == 200
    phone = Phone(world, begun["secret"])
    codes = confirm(world, world.ada, phone.code()).json()["recovery_codes"]
    assert len(codes) == 10
    answer = login(world, world.ada)
    assert (answer.status, answer.code) == (401, "otp_required")
    assert login(world, world.ada, otp=phone.next()).status == 200
    assert world.client.get("/v1/me", as_=world.ada).json()["has_second_factor"]
    assert not world.client.get("/v1/me", as_=world.ben).json()["has_second_factor"]
    assert subjects(world, world.ada) == ["Your second factor is on"]
    assert {"second_factor.begun", "second_factor.switched_on"} <= set(actions(world))


def test_recovery_codes_hashed_and_single_use(world: World) -> None:
    _, codes = switch_on(world, world.ada)
    dump = world.aws.dump()
    assert not [code for code in codes if code in dump or code.replace("-", "") in dump]
    assert login(world, world.ada, otp=codes[0].upper()).status == 200
    again = login(world, world.ada, otp=codes[0])
    assert (again.status, again.code) == (401, "invalid_credentials")
    assert subjects(world, world.ada)[-1] == "A recovery code was used"
    assert actions(world).count("recovery_code.used") == 1
    fresh = world.client.post("/v1/auth/totp/recovery-codes", as_=world.ada).json()["recovery_codes"]
    assert login(world, world.ada, otp=codes[1]).status == 401
    assert login(world, world.ada, otp=fresh[0]).status == 200
    assert "recovery_codes.replaced" in actions(world)


def test_parallel_replay_of_a_totp_step_has_one_success(world: World) -> None:
    phone, _ = switch_on(world, world.ada)
    code = phone.next()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: login(world, world.ada, otp=code), range(24)))
    assert [answer.status for answer in answers].count(200) == 1
    assert {answer.status for answer in answers} <= {200, 401, 409, 429}


def test_parallel_replay_of_a_recovery_code_has_one_success(world: World) -> None:
    _, codes = switch_on(world, world.ada)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: login(world, world.ada, otp=codes[0]), range(24)))
    assert [answer.status for answer in answers].count(200) == 1
    assert {answer.status for answer in answers} <= {200, 401, 409, 429}


def test_parallel_confirmation_has_one_success(world: World) -> None:
    phone = Phone(world, begin(world, world.ada).json()["secret"])
    code = phone.code()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: confirm(world, world.ada, code), range(16)))
    (codes,) = [answer.json()["recovery_codes"] for answer in answers if answer.status == 200]
    late = {answer.code for answer in answers if answer.status != 200}
    assert late <= {"second_factor_on", "changed_meanwhile", "invalid_token"}
    assert login(world, world.ada, otp=codes[0]).status == 200


def test_parallel_guesses_are_five_at_most(world: World) -> None:
    phone, _ = switch_on(world, world.ada)
    good = {phone.code(seconds=seconds) for seconds in (-30, 0, 30)}
    guesses = [f"{number:06}" for number in range(40) if f"{number:06}" not in good]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda otp: login(world, world.ada, otp=otp), guesses))
    assert [answer.code for answer in answers].count("invalid_credentials") == 5
    assert {answer.status for answer in answers} <= {401, 409, 429}
    late = login(world, world.ada, otp=phone.next())
    assert (late.status, late.code) == (429, "rate_limited")
    assert 0 < int(late.headers["retry-after"]) <= 900
    assert subjects(world, world.ada)[-1] == "Somebody is guessing your one-time codes"
    world.clock.advance(minutes=15)
    assert login(world, world.ada, otp=phone.code()).status == 200


def test_nobody_learns_who_has_one_without_the_password(world: World) -> None:
    switch_on(world, world.ada)
    seen = []
    with Faults() as faults:
        for email in (world.ada.email, world.cyd.email, "nobody@example.com"):
            faults.calls.clear()
            body = {"email": email, "password": "a wrong one", "otp": "123456"}
            answer = world.client.post("/v1/auth/login", json=body)
            document = answer.json() | {"instance": ""}
            seen.append((answer.status, document, list(faults.calls)))
    assert seen[0] == seen[1] == seen[2]


# --- at rest ---


def test_the_secret_lies_sealed_and_opens_for_its_person_only(world: World) -> None:
    begun = begin(world, world.ada).json()
    begin(world, world.cyd)
    raw = base64.b32decode(begun["secret"])
    dump = world.aws.dump()
    for spelling in (begun["secret"], raw.hex(), base64.b64encode(raw).decode(), repr(raw)):
        assert spelling not in dump
    rows = {row["pk"]: row for row in world.aws.rows("core") if row["sk"] == "TOTP"}
    hers, theirs = rows[f"USER#{world.ada.user_id}"], rows[f"USER#{world.cyd.user_id}"]
    Table("core").put(theirs | {"sealed_secret": hers["sealed_secret"]})
    answer = confirm(world, world.cyd, Phone(world, begun["secret"]).code())
    assert (answer.status, answer.code) == (500, "tampered_secret")


def test_without_its_key_no_code_of_the_app_is_judged(world: World) -> None:
    phone, codes = switch_on(world, world.ada)
    world.clock.advance(minutes=6)  # so that the data key is not in memory
    with Faults() as faults:
        faults.reject("kms.Decrypt")
        assert login(world, world.ada, otp=codes[0]).status == 200  # which is why there are recovery codes
        assert login(world, world.ada, otp=phone.code()).status == 503
    assert login(world, world.ada, otp=phone.code()).status == 200


# --- fresh gates ---


def test_what_is_dangerous_asks_for_both(world: World) -> None:
    phone, codes = switch_on(world, world.ada)
    world.clock.advance(minutes=11)
    for method, path in (("DELETE", "/v1/auth/totp"), ("POST", "/v1/auth/totp/recovery-codes")):
        assert world.client.request(method, path, as_=world.ada).code == "step_up_required"
    assert begin(world, world.ben).code == "step_up_required"
    assert step_up(world, world.ada).code == "otp_required"
    assert step_up(world, world.ada, otp="000000").code == "invalid_credentials"
    stepped = step_up(world, world.ada, otp=phone.code()).json()["access_token"]
    assert step_up(world, stepped, otp=phone.code()).code == "invalid_credentials"
    assert step_up(world, stepped, otp=codes[0]).status == 200
    assert world.client.delete("/v1/auth/totp", as_=stepped).status == 204
    assert login(world, world.ada).status == 200
    assert subjects(world, world.ada)[-1] == "Your second factor is off"
    assert "second_factor.switched_off" in actions(world)
    assert world.client.delete("/v1/auth/totp", as_=stepped).status == 404


def test_a_session_that_was_ended_sets_nothing_up(world: World) -> None:
    phone = Phone(world, begin(world, world.ada).json()["secret"])
    world.client.post("/v1/auth/logout", as_=world.ada)
    assert begin(world, world.ada).code == "invalid_token"
    assert confirm(world, world.ada, phone.code()).code == "invalid_token"


def test_sessions_opened_without_it_end(world: World) -> None:
    elsewhere = login(world, world.ada).json()
    switch_on(world, world.ada)
    refresh = world.client.post("/v1/auth/refresh", json={"refresh_token": elsewhere["refresh_token"]})
    assert refresh.code == "invalid_token"
    here = world.client.post("/v1/auth/refresh", json={"refresh_token": world.ada.refresh_token})
    assert here.status == 200


@pytest.mark.parametrize("body", [{}, {"otp": ""}, {"otp": 123456}, {"otp": None}, {"otp": "1" * 17}, {"x": "1"}])
def test_a_bad_body_confirms_nothing(world: World, body: Any) -> None:
    begin(world, world.ada)
    assert world.client.post("/v1/auth/totp/confirm", as_=world.ada, json=body).status == 422


@pytest.mark.parametrize("otp", ["\u0000", "é" * 8, "١٢٣٤٥٦", "-" * 16, " ", "0x1234", "1e5", "00000-00000"])
def test_an_odd_code_is_a_wrong_one(world: World, otp: str) -> None:
    switch_on(world, world.ada)
    assert confirm(world, world.ben, otp).code == "not_found"
    answer = login(world, world.ada, otp=otp)
    assert (answer.status, answer.code) == (401, "invalid_credentials")


def test_strangers_keys_and_the_operator_have_none(world: World) -> None:
    key = world.api_key(world.ada, Scope.TEAM_WRITE)
    for method, path in (
        ("POST", "/v1/auth/totp"),
        ("POST", "/v1/auth/totp/confirm"),
        ("POST", "/v1/auth/totp/recovery-codes"),
        ("DELETE", "/v1/auth/totp"),
    ):
        assert world.client.request(method, path, json={"otp": "1"}).status == 401
        assert world.client.request(method, path, as_=key, json={"otp": "1"}).status == 403
        assert world.client.request(method, path, as_=world.operator_key(), json={"otp": "1"}).status == 404


# --- a tenant that asks for it ---


def test_a_member_without_one_waits_outside_the_tenant(world: World) -> None:
    answer = demand(world, of=world.ada)
    assert (answer.status, answer.json()["require_second_factor"]) == (200, True)
    assert world.client.get("/v1/sites", as_=world.ben).status == 200  # a token from before, for the minutes it lives
    ben = login(world, world.ben).json()
    for path in ("/v1/sites", "/v1/members", "/v1/tenant"):
        refused = world.client.get(path, as_=ben["access_token"])
        assert (refused.status, refused.code) == (403, "second_factor_required")
    for path in ("/v1/me", "/v1/me/sessions"):
        assert world.client.get(path, as_=ben["access_token"]).status == 200
    refreshed = world.client.post("/v1/auth/refresh", json={"refresh_token": world.ben.refresh_token}).json()
    assert world.client.get("/v1/sites", as_=refreshed["access_token"]).code == "second_factor_required"
    person = replace(world.ben, access_token=ben["access_token"])
    switch_on(world, person)
    assert world.client.get("/v1/sites", as_=person).status == 200  # by the same token
    assert world.client.get("/v1/tenant", as_=person).json()["require_second_factor"]


def test_where_it_matters_it_holds_at_once_for_owners_too(world: World) -> None:
    demand(world, of=world.ada)
    body = {"name": "late", "scopes": ["sites:read"]}
    assert world.client.post("/v1/api-keys", as_=world.ada, json=body).code == "second_factor_required"
    assert demand(world, of=world.ada, is_required=False).code == "second_factor_required"
    switch_on(world, world.ada)
    assert world.client.post("/v1/api-keys", as_=world.ada, json=body).status == 201
    assert demand(world, of=world.ada, is_required=False).status == 200
    assert login(world, world.ben).status == 200


def test_other_tenants_keys_and_strangers_go_on(world: World) -> None:
    key = world.api_key(world.ada, Scope.SITES_READ)
    demand(world, of=world.ada)
    assert world.client.get("/v1/sites", as_=key).status == 200
    cyd = login(world, world.cyd).json()["access_token"]
    assert world.client.get("/v1/sites", as_=cyd).status == 200


def test_who_owes_one_moves_on_to_another_tenant(world: World) -> None:
    demand(world, of=world.ada)
    now = world.clock.now()
    identity().accounts.join(tenant_id=world.cyd.tenant_id, user_id=world.ben.user_id, role=Role.EDITOR, now=now)
    ben = login(world, world.ben, tenant_id=world.ada.tenant_id).json()["access_token"]
    moved = world.client.post("/v1/auth/switch", as_=ben, json={"tenant_id": world.cyd.tenant_id})
    assert moved.status == 200, moved.text
    assert world.client.get("/v1/sites", as_=moved.json()["access_token"]).status == 200
    assert world.client.post("/v1/auth/logout", as_=moved.json()["access_token"]).status == 204


def test_only_an_owner_asks_for_it_and_by_a_fresh_token(world: World) -> None:
    assert demand(world, of=world.ben).status == 403
    world.clock.advance(minutes=11)
    assert demand(world, of=world.ada).code == "step_up_required"
    assert world.client.patch("/v1/tenant", as_=world.ada, json={"name": "Renamed"}).status == 200
    stepped = step_up(world, world.ada).json()["access_token"]
    assert demand(world, of=stepped).status == 200
    odds: tuple[Any, ...] = (1, "yes", {})
    for odd in odds:
        assert world.client.patch("/v1/tenant", as_=stepped, json={"require_second_factor": odd}).status == 422


def test_a_door_that_nobody_owes_at_costs_nothing(world: World) -> None:
    world.client.get("/v1/sites", as_=world.ben)  # from now on the door knows him
    with Faults() as faults:
        before = _calls(world, faults, world.ben.access_token)
        switch_on(world, world.ben)
        assert _calls(world, faults, world.ben.access_token) == before


def _calls(world: World, faults: Faults, token: str) -> list[str]:
    faults.calls.clear()
    assert world.client.get("/v1/sites", as_=token).status == 200
    return list(faults.calls)


def test_asking_for_the_code_is_no_wrong_guess(world: World) -> None:
    """Every sign-in with a second factor asks once: that alone must not lock anybody out."""
    phone, _ = switch_on(world, world.ada)
    for _ in range(6):
        asked = login(world, world.ada)
        assert (asked.status, asked.code) == (401, "otp_required")
    assert login(world, world.ada, otp=phone.next()).status == 200
