"""People with an account: told all that is kept of them, and gone without a trace when they go."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws.values import Row
from chalicelib.core import suspicion
from chalicelib.core.identity import Role
from chalicelib.features.privacy.model import Job, Kind, begin
from chalicelib.features.privacy.store.scans import ScanRows
from chalicelib.features.privacy.wiring import own_accounts
from tests.adapters.golden.museum import Museum, nameless, paths
from tests.http.privacy.dora import AGENT, EMAIL, Dora, speaking_of
from tests.journeys.shop import Shop
from tests.world import PASSWORD, add_member


@pytest.fixture
def dora(shop: Shop) -> Dora:
    return Dora.of(shop)


def _told(shop: Shop, as_: Any) -> dict[str, list[dict[str, Any]]]:
    answer = shop.world.client.get("/v1/me/export", as_=as_)
    assert answer.status == 200, answer.text
    told: dict[str, list[dict[str, Any]]] = {}
    for record in answer.json()["data"]:
        told.setdefault(record["kind"], []).append(record)
    return told


def test_an_export_tells_everything_and_gives_no_secret_away(shop: Shop, dora: Dora) -> None:
    told = _told(shop, dora.person)
    assert told.keys() >= {"user", "membership", "session", "provider", "second_factor", "sign_in"}
    assert told["user"][0]["fields"]["email"] == EMAIL
    assert "password_hash" in told["user"][0]["withheld"]
    assert AGENT in str(told["session"])
    assert all(record["fields"] for records in told.values() for record in records)
    text = json.dumps(told)
    rows = [row for row in shop.world.aws.rows("core") if row["pk"] == f"USER#{dora.person.user_id}"]
    assert len(rows) == sum(map(len, told.values()))
    for secret in (row["password_hash"] for row in rows if "password_hash" in row):
        assert secret not in text


def test_whoever_erases_their_account_leaves_nothing_behind(shop: Shop, dora: Dora) -> None:
    assert dora.found() != []
    answer = shop.world.client.delete("/v1/me", as_=dora.fresh())
    assert (answer.status, answer.json()) == (202, {"status": "erasing"})
    shop.settle()
    assert dora.found() == []
    given = {"email": EMAIL, "password": PASSWORD}
    assert shop.world.client.post("/v1/auth/login", json=given).status == 401
    entries = shop.ask("GET", "/v1/audit-log?limit=100")["data"]
    assert ("user.erased", dora.person.user_id) in [(entry["action"], entry["actor"]) for entry in entries]
    assert shop.ask("GET", "/v1/audit-log/verify")["intact"]


def test_what_is_proven_to_go_is_every_kind_of_row_that_speaks_of_people(dora: Dora) -> None:
    """As the newest museum has them, which has all there are: what is new there has to come to Dora as well."""
    rows = [row for table in Museum.read(paths()[-1]).rows.values() for row in table]
    people = [row["id"] for row in rows if row["pk"].startswith("USER#") and row["sk"] == "-"]
    words = [row[name] for row in rows for name in ("email", "mailbox") if row.get(name)]
    known = _kinds(speaking_of(rows, ids=people, words=words))
    assert len(known) > 15
    assert known - _kinds(dora.rows()) == set()


def _kinds(rows: list[Row]) -> set[tuple[str, str]]:
    return {(nameless(row["pk"]), nameless(row["sk"])) for row in rows}


@pytest.mark.usefixtures("real_limits")
def test_what_strangers_have_tried_before_there_was_an_account_goes_too(shop: Shop) -> None:
    """Somebody made up is blocked then, by a piece of the address's hash."""
    for number in range(suspicion.GUESSES_AT_ACCOUNT.needed):
        given = {"email": EMAIL, "password": "a wrong one"}
        assert shop.world.client.post("/v1/auth/login", json=given, address=f"192.0.2.{number}").status == 401
        shop.world.clock.advance(minutes=4)
    dora = add_member("Dora", shop.owner, Role.EDITOR, shop.world.clock)
    (mailbox,) = [row["mailbox"] for row in shop.world.aws.rows("core") if row.get("email") == EMAIL]
    nobody = suspicion.made_up(mailbox)
    assert len(speaking_of(shop.world.aws.rows(), ids=[nobody], words=[])) == 2
    assert shop.world.client.delete("/v1/me", as_=dora).status == 202
    shop.settle()
    assert speaking_of(shop.world.aws.rows(), ids=[nobody], words=[mailbox, EMAIL]) == []


def test_the_address_is_free_for_somebody_new(shop: Shop, dora: Dora) -> None:
    assert shop.world.client.delete("/v1/me", as_=dora.fresh()).status == 202
    shop.settle()
    again = add_member("Dora", shop.owner, Role.EDITOR, shop.world.clock)
    assert again.user_id != dora.person.user_id
    shop.settle()
    assert shop.world.client.get("/v1/me", as_=again).status == 200


def test_who_has_the_address_now_is_nobody_that_an_erasure_of_yesterday_is_about(shop: Shop, dora: Dora) -> None:
    """Of two jobs for the same person, the second begins to look when the first is over and somebody new has come."""
    assert shop.world.client.delete("/v1/me", as_=dora.fresh()).status == 202
    about = {"user_id": dora.person.user_id, "mailbox": dora.mailbox, "email": EMAIL}
    late = own_accounts().erase(**about, now=shop.world.clock.now())
    shop.world.aws.purge("privacy")
    erased = begin(Kind.PERSON, tenant_id=late.tenant_id, asked_by="-", about=about, now=late.created_at)
    _work_off(erased)
    again = add_member("Dora", shop.owner, Role.EDITOR, shop.world.clock)
    signed_in = shop.world.client.post("/v1/auth/login", json={"email": EMAIL, "password": PASSWORD})
    assert signed_in.json()["user"]["id"] == again.user_id
    before = _lasting(shop)
    _work_off(replace(late, id=erased.id))
    assert before - _lasting(shop) == set()
    assert shop.world.client.get("/v1/me", as_=again).status == 200


def _work_off(job: Job) -> None:
    rows = ScanRows()
    while (portion := rows.remove_person(job)).position is not None:
        job = replace(job, position=portion.position)
    rows.remove_last(job)


def _lasting(shop: Shop) -> set[tuple[str, str]]:
    return {(row["pk"], row["sk"]) for row in shop.world.aws.rows() if "ttl" not in row and row["pk"][:2] != "D#"}


def test_of_two_jobs_about_one_person_neither_ends_the_other(shop: Shop, dora: Dora) -> None:
    """Both would stand still, and what is last would stay for ever."""
    shop.ask("DELETE", "/v1/me", as_=dora.fresh(), expect=202)
    about = {"user_id": dora.person.user_id, "mailbox": dora.mailbox, "email": EMAIL}
    other = own_accounts().erase(**about, now=shop.world.clock.now())
    rows, job = ScanRows(), replace(other, id="job_of_somebody_else")
    while (portion := rows.remove_person(job)).position is not None:
        job = replace(job, position=portion.position)
    jobs = [row["sk"] for row in shop.world.aws.rows("core") if row["pk"] == f"JOBS#{dora.person.user_id}"]
    assert len(jobs) == 2
    assert other.id in jobs


def test_who_joins_another_team_while_they_are_erased_goes_from_there_too(shop: Shop) -> None:
    """Until the last of them has gone they have a password."""
    ben, client = shop.world.ben, shop.world.client
    assert client.post("/v1/invitations", as_=shop.world.cyd, json={"email": ben.email, "role": "agent"}).status == 201
    token = shop.world.mail_to(ben.email)[-1].text.partition("token=")[2].split()[0]
    assert client.delete("/v1/me", as_=ben).status == 202
    (row,) = [row for row in shop.world.aws.rows("core") if row["pk"] == f"JOBS#{ben.user_id}"]
    job = begin(Kind.PERSON, tenant_id=ben.user_id, asked_by="-", about=row["about"], now=shop.world.clock.now())
    rows = ScanRows()
    while (portion := rows.remove_person(job)).position is not None:
        job = replace(job, position=portion.position)
    invited_anew = {"email": ben.email, "role": "agent"}
    assert client.post("/v1/invitations/accept", json={"token": token, "password": PASSWORD}).status == 401
    assert client.post("/v1/invitations", as_=shop.world.cyd, json=invited_anew).status == 201
    token = shop.world.mail_to(ben.email)[-1].text.partition("token=")[2].split()[0]
    assert client.post("/v1/invitations/accept", json={"token": token, "password": PASSWORD}).status == 200
    rows.remove_last(job)
    assert speaking_of(shop.world.aws.rows(), ids=[ben.user_id], words=[ben.email]) == []


def test_the_only_owner_cannot_go_and_nothing_has_happened(shop: Shop) -> None:
    rows = len(shop.world.aws.rows("core"))
    answer = shop.world.client.delete("/v1/me", as_=shop.owner)
    assert (answer.status, answer.json()["code"]) == (409, "last_owner")
    assert len(shop.world.aws.rows("core")) == rows
    assert shop.world.client.get("/v1/me", as_=shop.owner).status == 200


def test_a_session_that_was_left_open_erases_nobody(shop: Shop) -> None:
    ben = shop.world.ben
    shop.world.clock.advance(minutes=11)
    renewed = shop.world.client.post("/v1/auth/refresh", json={"refresh_token": ben.refresh_token}).json()
    answer = shop.world.client.delete("/v1/me", as_=renewed["access_token"])
    assert (answer.status, answer.json()["code"]) == (403, "step_up_required")


def test_who_is_erased_is_out_at_once(shop: Shop) -> None:
    ben = shop.world.ben
    assert shop.world.client.delete("/v1/me", as_=ben).status == 202
    refused = shop.world.client.post("/v1/auth/refresh", json={"refresh_token": ben.refresh_token})
    assert refused.status in {401, 403}
    given = {"email": ben.email, "password": PASSWORD}
    assert shop.world.client.post("/v1/auth/login", json=given).status == 403  # no tenant, until the job has run
    shop.settle()


def test_a_key_has_no_self_to_export_or_erase(shop: Shop) -> None:
    for method, path in (("GET", "/v1/me/export"), ("DELETE", "/v1/me")):
        assert shop.world.client.request(method, path, as_=shop.bearer).status == 403


def _left(shop: Shop) -> None:
    """Ben, and what there is of him apart from the mark that keeps him out of Ada's team."""
    assert shop.world.client.delete(f"/v1/members/{shop.world.ben.user_id}", as_=shop.owner).status == 204
    given = {"email": shop.world.ben.email, "password": PASSWORD}
    assert shop.world.client.post("/v1/auth/login", json=given).json()["code"] == "no_tenant"


def _days_pass(shop: Shop, days: int) -> None:
    shop.go_to(shop.world.clock.now() + timedelta(days=days))
    shop.pass_time(minutes=2)


def _of_ben(shop: Shop) -> list[Row]:
    return speaking_of(shop.world.aws.rows(), ids=[shop.world.ben.user_id], words=[shop.world.ben.email])


def _joins_cyd(shop: Shop) -> None:
    client, ben = shop.world.client, shop.world.ben
    assert client.post("/v1/invitations", as_=shop.world.cyd, json={"email": ben.email, "role": "agent"}).status == 201
    token = shop.world.mail_to(ben.email)[-1].text.partition("token=")[2].split()[0]
    assert client.post("/v1/invitations/accept", json={"token": token, "password": PASSWORD}).status == 200


def test_who_is_in_no_team_for_a_month_is_erased(shop: Shop) -> None:
    _left(shop)
    shop.world.clock.advance(minutes=29 * 24 * 60)
    shop.pass_time(minutes=1)
    assert _of_ben(shop) != []
    _days_pass(shop, 1)
    assert _of_ben(shop) == []
    assert [row["sk"] for row in shop.world.aws.rows("core") if row["sk"].startswith("GONE#")] != []
    again = {"email": shop.world.ben.email, "password": PASSWORD, "tenant_name": "Ben again"}
    assert shop.world.client.post("/v1/auth/register", json=again).status == 202
    assert "confirm" in shop.world.mail_to(shop.world.ben.email)[-1].subject.lower()


def test_who_is_invited_meanwhile_stays_and_has_another_month_when_they_leave_again(shop: Shop) -> None:
    _left(shop)
    shop.world.clock.advance(minutes=20 * 24 * 60)
    given = {"email": shop.world.cyd.email, "password": PASSWORD}
    cyd = shop.world.client.post("/v1/auth/login", json=given).json()["access_token"]
    assert (
        shop.world.client.post("/v1/invitations", as_=cyd, json={"email": "ben@example.com", "role": "agent"}).status
        == 201
    )
    token = shop.world.mail_to(shop.world.ben.email)[-1].text.partition("token=")[2].split()[0]
    given = {"token": token, "password": PASSWORD}
    assert shop.world.client.post("/v1/invitations/accept", json=given).status == 200
    assert shop.world.client.delete(f"/v1/members/{shop.world.ben.user_id}", as_=cyd).status == 204
    _days_pass(shop, 10)
    assert f"USER#{shop.world.ben.user_id}" in {row["pk"] for row in shop.world.aws.rows("core")}
    _days_pass(shop, 20)
    assert _of_ben(shop) == []


def test_who_is_in_another_team_is_not_looked_at_again(shop: Shop) -> None:
    _joins_cyd(shop)
    assert shop.world.client.delete(f"/v1/members/{shop.world.ben.user_id}", as_=shop.owner).status == 204
    _days_pass(shop, 30)
    given = {"email": shop.world.ben.email, "password": PASSWORD}
    assert shop.world.client.post("/v1/auth/login", json=given).status == 200
    assert [row for row in shop.world.aws.rows("due") if row["sk"].startswith("left#")] == []


def test_who_joins_another_team_before_they_are_erased_with_their_account_stays(shop: Shop) -> None:
    person = next(row for row in shop.world.aws.rows("core") if row.get("email") == shop.world.ben.email)
    about = {"user_id": shop.world.ben.user_id, "mailbox": person["mailbox"], "email": person["email"]}
    own_accounts().erase(**about, now=shop.world.clock.now())
    _joins_cyd(shop)
    shop.settle()
    given = {"email": shop.world.ben.email, "password": PASSWORD}
    assert shop.world.client.post("/v1/auth/login", json=given).status == 200
