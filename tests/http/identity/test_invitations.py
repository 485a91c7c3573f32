"""Invitations over HTTP: sent, sent again, revoked, and accepted by newcomers and by those who have an account."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.core.identity import ROLE_SCOPES, Role, Scope
from chalicelib.features.identity.model.invitation import MOST_LETTERS_A_DAY, MOST_PENDING
from chalicelib.features.identity.wiring import identity
from tests.adapters.aws.faults import Faults
from tests.fakes.gateway import HttpAnswer
from tests.world import PASSWORD, Person, World, add_member

PATH = "/v1/invitations"
EMAIL = "grace@example.com"
CHOSEN = "a password of my own"
UNKNOWN = "inv_01hzzzzzzzzzzzzzzzzzzzzzzz"


def invite(world: World, email: object = EMAIL, role: object = "editor", as_: Any = None, **words: Any) -> HttpAnswer:
    return world.client.post(PATH, as_=as_ or world.ada, json={"email": email, "role": role}, **words)


def token(world: World, email: str = EMAIL) -> str:
    found = re.search(r"^it_\S+$", world.mail_to(email)[-1].text, re.MULTILINE)
    assert found is not None
    return found[0]


def accept(world: World, text: object, password: object = CHOSEN, **more: Any) -> HttpAnswer:
    return world.client.post(f"{PATH}/accept", json={"token": text, "password": password, **more})


def invited(world: World, email: str = EMAIL, role: str = "editor", as_: Any = None) -> str:
    answer = invite(world, email, role, as_)
    assert answer.status == 201, answer.text
    return token(world, email)


def listed(world: World, as_: Any = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.client.get(PATH, as_=as_ or world.ada).json()["data"]
    return found


def members(world: World) -> dict[str, str]:
    found = world.client.get("/v1/members", as_=world.ada, query={"limit": 100}).json()["data"]
    return {member["email"]: member["role"] for member in found}


def test_a_newcomer_is_invited_and_let_in(world: World) -> None:
    answer = invite(world)
    assert answer.status == 201, answer.text
    made = answer.json()
    assert (made["email"], made["role"], made["invited_by"]) == (EMAIL, "editor", world.ada.user_id)
    assert listed(world) == [made]
    joined = accept(world, token(world), name=" Grace Hopper ")
    assert joined.status == 200, joined.text
    told = joined.json()
    assert (told["role"], told["tenant"]["id"], told["user"]["name"]) == ("editor", world.ada.tenant_id, "Grace Hopper")
    me = world.client.get("/v1/me", as_=told["access_token"]).json()
    assert (me["role"], me["user"]["email"]) == ("editor", EMAIL)
    assert members(world)[EMAIL] == "editor"
    assert listed(world) == []
    assert world.client.post("/v1/auth/login", json={"email": EMAIL, "password": CHOSEN}).status == 200


def test_the_letter_is_ours_and_leads_to_our_page(world: World) -> None:
    world.client.patch("/v1/tenant", as_=world.ada, json={"name": "Win at https://evil.example"})
    invited(world)
    text = world.mail_to(EMAIL)[-1].text
    assert "ada@example.com invites you" in text
    assert re.search(r"/join\?token=it_", text)
    assert "evil" not in text


def test_who_has_an_account_gives_its_password_and_gets_no_session(world: World) -> None:
    link = invited(world, world.cyd.email, "admin")
    wrong = accept(world, link, "not this password")
    assert (wrong.status, wrong.code) == (401, "invalid_credentials")
    answer = accept(world, link, PASSWORD, name="Somebody Else")
    assert answer.status == 200, answer.text
    told = answer.json()
    assert told["user"] == {"id": world.cyd.user_id, "email": world.cyd.email, "name": ""}
    assert {told[name] for name in ("access_token", "refresh_token", "token_type", "expires_in")} == {None}
    switched = world.client.post("/v1/auth/switch", as_=world.cyd, json={"tenant_id": world.ada.tenant_id})
    assert (switched.status, switched.json()["role"]) == (200, "admin")
    assert world.client.post("/v1/auth/login", json={"email": world.cyd.email, "password": CHOSEN}).status == 401


def test_five_wrong_passwords_and_the_letter_is_void(world: World) -> None:
    link = invited(world, world.cyd.email)
    assert [accept(world, link, f"guess number {number}").code for number in range(6)] == [
        *["invalid_credentials"] * 5,
        "invalid_token",
    ]
    assert accept(world, link, PASSWORD).status == 401
    world.clock.advance(minutes=3)
    assert invite(world, world.cyd.email).status == 200
    assert accept(world, token(world, world.cyd.email), PASSWORD).status == 200


def test_guesses_at_once_are_counted_one_by_one(world: World) -> None:
    link = invited(world, world.cyd.email)
    with ThreadPoolExecutor(8) as pool:
        codes = list(pool.map(lambda number: accept(world, link, f"guess number {number}").code, range(12)))
    assert codes.count("invalid_credentials") <= 5


def test_an_invitation_is_good_once(world: World) -> None:
    link = invited(world)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: accept(world, link, f"password {number} of mine"), range(4)))
    assert [answer.status for answer in answers].count(200) == 1
    assert accept(world, link).status == 401
    assert list(members(world)).count(EMAIL) == 1


@pytest.mark.parametrize(("later", "status"), [({"days": 6, "hours": 23}, 200), ({"days": 7}, 401)])
def test_an_invitation_is_good_for_seven_days(world: World, later: dict[str, float], status: int) -> None:
    link = invited(world)
    world.clock.advance(**later)
    assert accept(world, link).status == status


def test_what_has_expired_is_not_listed_and_can_be_sent_anew(world: World) -> None:
    first = invite(world).json()
    world.clock.advance(days=8)
    ada = world.client.post("/v1/auth/login", json={"email": world.ada.email, "password": PASSWORD}).json()
    assert listed(world, ada["access_token"]) == []
    again = invite(world, as_=ada["access_token"])
    assert (again.status, again.json()["id"] != first["id"]) == (201, True)
    assert world.client.delete(f"{PATH}/{first['id']}", as_=ada["access_token"]).status == 404


def test_another_letter_makes_the_one_before_void(world: World) -> None:
    old = invited(world)
    world.clock.advance(minutes=3)
    again = invite(world, role="analyst")
    assert (again.status, again.json()["role"], len(listed(world))) == (200, "analyst", 1)
    new = token(world)
    assert (accept(world, old).status, accept(world, new).json()["role"]) == (401, "analyst")


def test_a_mailbox_gets_one_letter_in_three_minutes(world: World) -> None:
    link = invited(world)
    again = invite(world, role="agent")
    assert (again.status, again.json()["role"]) == (200, "agent")
    assert len(world.mail_to(EMAIL)) == 1
    assert accept(world, link).json()["role"] == "agent"


def test_a_letter_that_was_not_taken_can_be_asked_for_again(world: World) -> None:
    with Faults() as faults:
        faults.reject("sqs.SendMessageBatch", times=4)
        assert invite(world).status == 503
    assert invite(world).status == 200
    assert accept(world, token(world)).status == 200


def test_a_revoked_invitation_is_void(world: World) -> None:
    link = invited(world)
    (made,) = listed(world)
    assert world.client.delete(f"{PATH}/{made['id']}", as_=world.ada).status == 204
    assert (listed(world), accept(world, link).status) == ([], 401)
    assert world.client.delete(f"{PATH}/{made['id']}", as_=world.ada).status == 404


def test_who_is_a_member_is_not_invited(world: World) -> None:
    answer = invite(world, world.ben.email)
    assert (answer.status, answer.code) == (409, "already_member")
    link = invited(world, world.cyd.email)
    identity().accounts.join(
        tenant_id=world.ada.tenant_id, user_id=world.cyd.user_id, role=Role.AGENT, now=world.clock.now()
    )
    answer = accept(world, link, PASSWORD)
    assert (answer.status, answer.code) == (409, "already_member")
    assert members(world)[world.cyd.email] == "agent"


def test_who_registers_meanwhile_needs_the_password_of_that_account(world: World) -> None:
    link = invited(world)
    post = world.client.post
    post("/v1/auth/register", json={"email": EMAIL, "password": PASSWORD, "tenant_name": "Own"})
    mailed = re.findall(r"vt_\S+", world.mail_to(EMAIL)[-1].text)[0]
    assert post("/v1/auth/verify-email", json={"token": mailed, "password": PASSWORD}).status == 200
    assert accept(world, link, CHOSEN).status == 401
    assert accept(world, link, PASSWORD).status == 200


def test_nobody_invites_to_more_than_they_have(world: World) -> None:
    eve = add_member("Eve", world.ada, Role.ADMIN, world.clock)
    answer = invite(world, role="owner", as_=eve)
    assert (answer.status, answer.code, answer.json()["role"]) == (403, "role_not_yours", "owner")
    assert invite(world, role="owner").status == 201
    (made,) = listed(world)
    assert invite(world, role="agent", as_=eve).code == "role_not_yours"  # nor takes it away
    assert world.client.delete(f"{PATH}/{made['id']}", as_=eve).code == "role_not_yours"
    assert invite(world, "other@example.com", "admin", eve).status == 201


def test_to_invite_an_owner_takes_a_recent_password(world: World) -> None:
    world.clock.advance(minutes=11)
    answer = invite(world, role="owner")
    assert (answer.status, answer.code) == (403, "step_up_required")
    assert invite(world, role="admin").status == 201


@pytest.mark.parametrize("what", ["removed", "demoted"])
def test_who_was_removed_or_demoted_has_nothing_more_to_give(world: World, what: str) -> None:
    """Else an admin who is about to go would invite a mailbox of their own, and come back."""
    eve = add_member("Eve", world.ada, Role.ADMIN, world.clock)
    link = invited(world, role="admin", as_=eve)
    where = f"/v1/members/{eve.user_id}"
    if what == "removed":
        assert world.client.delete(where, as_=world.ada).status == 204
    else:
        assert world.client.patch(where, as_=world.ada, json={"role": "editor"}).status == 200
    assert accept(world, link).status == 401
    world.clock.advance(minutes=3)
    assert invite(world, role="admin").status == 200  # with somebody's word that counts
    assert accept(world, token(world)).status == 200


def test_whether_somebody_has_an_account_is_not_told_to_who_invites(world: World) -> None:
    """SECURITY 9: the same answer, the same letter, and the same steps."""
    invite(world, "somebody@example.com")  # from now on the door knows her, and the trail its end
    seen = []
    for email in (world.cyd.email, "nobody@example.com"):
        with Faults() as faults:
            answer = invite(world, email)
            seen.append((answer.status, set(answer.json()), faults.calls))
    assert seen[0] == seen[1]
    texts = [world.mail_to(email)[-1].text for email in (world.cyd.email, "nobody@example.com")]
    assert len({re.sub(r"it_\S+", "", text) for text in texts}) == 1


def test_only_who_may_change_the_team_invites(world: World) -> None:
    invited(world)
    (made,) = listed(world)
    others = [
        add_member(f"One{role}", world.ada, role, world.clock) for role in (Role.EDITOR, Role.ANALYST, Role.AGENT)
    ]
    key = world.api_key(world.ada, *ROLE_SCOPES[Role.OWNER])
    for who in (*others, key):
        assert invite(world, "x@example.com", as_=who).status == 403
        assert world.client.delete(f"{PATH}/{made['id']}", as_=who).status == 403
    operator = world.operator_key()
    assert (invite(world, as_=operator).status, world.client.get(PATH, as_=operator).status) == (404, 404)
    assert world.client.post(PATH, json={"email": "x@example.com", "role": "agent"}).status == 401
    assert world.client.get(PATH, as_=others[0]).json()["data"] == [made]
    assert [world.client.get(PATH, as_=who).status for who in others[1:]] == [403, 403]


def test_keys_read_them_but_none_that_is_bound_to_a_site(world: World) -> None:
    invited(world)
    key = world.api_key(world.ada, Scope.TEAM_READ)
    assert len(listed(world, key)) == 1
    site = world.client.post("/v1/sites", as_=world.ada, json={"name": "S", "url": "https://s.example"}).json()["id"]
    bound = world.api_key(world.ada, Scope.TEAM_READ, site_id=site)
    assert world.client.get(PATH, as_=bound).status == 403


def test_a_stranger_sees_and_revokes_none(world: World) -> None:
    invited(world)
    (made,) = listed(world)
    assert listed(world, world.cyd) == []
    seen = []
    for which in (made["id"], UNKNOWN, "inv_x"):
        with Faults() as faults:
            answer = world.client.delete(f"{PATH}/{which}", as_=world.cyd)
            seen.append((answer.status, answer.json() | {"instance": ""}, faults.calls))
    assert seen[0] == seen[1] == seen[2]
    assert (seen[0][0], listed(world, world.cyd)) == (404, [])
    assert listed(world) == [made]


def test_they_are_listed_page_by_page(world: World) -> None:
    made = {invite(world, f"one{number}@example.com").json()["id"] for number in range(5)}
    found: list[str] = []
    cursor = None
    while True:
        page = world.client.get(
            PATH, as_=world.ada, query={"limit": 2, **({"cursor": cursor} if cursor else {})}
        ).json()
        found += [each["id"] for each in page["data"]]
        cursor = page["next_cursor"]
        if not page["has_more"]:
            break
    assert (set(found), len(found)) == (made, 5)
    forged = world.client.get("/v1/members", as_=world.ada, query={"cursor": "bm9wZQ"})
    assert (forged.status, forged.code) == (422, "bad_cursor")


def test_so_many_may_be_open_and_no_more_also_at_once(world: World) -> None:
    for number in range(MOST_PENDING - 2):
        assert invite(world, f"one{number}@example.com").status == 201
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda number: invite(world, f"late{number}@example.com"), range(6)))
    assert [answer.status for answer in answers].count(201) == 2
    assert {answer.code for answer in answers if answer.status != 201} <= {"too_many_invitations", "unavailable"}
    assert len(world.client.get(PATH, as_=world.ada, query={"limit": 100}).json()["data"]) == MOST_PENDING
    assert invite(world, "more@example.com").code == "too_many_invitations"
    assert invite(world, "more@example.com", as_=world.cyd).status == 201


def test_a_tenant_writes_so_many_letters_a_day(world: World) -> None:
    sent = 0
    while True:
        answer = invite(world, f"one{sent}@example.com")
        if answer.status != 201:
            break
        sent += 1
        assert world.client.delete(f"{PATH}/{answer.json()['id']}", as_=world.ada).status == 204
    assert (sent, answer.status, answer.code) == (MOST_LETTERS_A_DAY, 429, "rate_limited")
    assert 0 < int(answer.headers["retry-after"]) <= 86_400


def test_sending_revoking_and_accepting_are_recorded(world: World) -> None:
    link = invited(world)
    (made,) = listed(world)
    user_id = accept(world, link).json()["user"]["id"]
    invite(world, "other@example.com")
    (other,) = listed(world)
    world.client.delete(f"{PATH}/{other['id']}", as_=world.ada)
    told = [(row["action"], row["actor"], row["subject"]) for row in world.aws.rows("audit") if "hash" in row]
    assert ("invitation.sent", world.ada.user_id, made["id"]) in told
    assert ("invitation.revoked", world.ada.user_id, other["id"]) in told
    assert ("invitation.accepted", user_id, user_id) in told


def test_nothing_at_rest_accepts_an_invitation(world: World) -> None:
    invite(world)
    dump = world.aws.dump()
    link = token(world)
    assert link not in dump
    assert link[-43:] not in dump


@pytest.mark.parametrize("text", ["", "x", "it_", 5, None, "vt_x", "it_" + "a" * 400])
def test_a_made_up_token_is_worth_nothing(world: World, text: object) -> None:
    with Faults() as faults:
        assert accept(world, text).status in {401, 422}
    assert faults.calls == []


def test_a_token_for_something_else_is_worth_nothing(world: World) -> None:
    link = invited(world)
    signed = link.rpartition("_")[2]
    for forged in (
        link.replace(world.ada.tenant_id, world.cyd.tenant_id),
        link[:-1] + ("A" if link[-1] != "A" else "B"),
        re.sub(r"_1_(\S{43})$", r"_2_\1", link),
        f"vt_{signed}",
    ):
        assert accept(world, forged).status == 401
    assert world.client.post("/v1/auth/password/reset", json={"token": link, "password": CHOSEN}).status == 401
    assert world.client.post("/v1/auth/verify-email", json={"token": link, "password": CHOSEN}).status == 401


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [({"password": "short"}, "/password"), ({"password": None}, "/password"), ({"name": "two\nlines"}, "/name"),
     ({"name": 5}, "/name"), ({"role": "owner"}, "/role"), ({"email": "x@y.zz"}, "/email")],
)  # fmt: skip
def test_a_bad_answer_is_told_where_and_costs_nothing(world: World, changes: dict[str, Any], pointer: str) -> None:
    link = invited(world)
    answer = world.client.post(f"{PATH}/accept", json={"token": link, "password": CHOSEN, **changes})
    assert answer.status == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert accept(world, link).status == 200


@pytest.mark.parametrize(
    "body",
    [{}, {"email": EMAIL}, {"role": "admin"}, {"email": "no address", "role": "agent"}, {"email": EMAIL, "role": "god"},
     {"email": EMAIL, "role": "agent", "tenant_id": "ten_x"}, {"email": EMAIL, "role": "agent", "letter": 9},
     {"email": EMAIL, "role": "agent", "invited_by": "usr_x"}, {"email": 5, "role": "agent"}],
)  # fmt: skip
def test_a_bad_invitation_writes_nothing(world: World, body: Any) -> None:
    before = world.aws.rows("core")
    assert world.client.post(PATH, as_=world.ada, json=body).status == 422
    assert world.aws.rows("core") == before


def test_a_repeat_with_its_key_sends_one_letter(world: World) -> None:
    headers = {"Idempotency-Key": "once"}
    first, again = invite(world, headers=headers), invite(world, headers=headers)
    assert (again.status, again.json(), again.headers["idempotent-replayed"]) == (201, first.json(), "true")
    assert len(world.mail_to(EMAIL)) == 1


def test_an_invitation_waits_for_its_own_person(world: World) -> None:
    """Its letter is bound to one mailbox: who is somebody else cannot spend it on themselves."""
    link = invited(world)
    person: Person = world.cyd
    assert accept(world, link, person.password, name="Grace").json()["user"]["email"] == EMAIL
