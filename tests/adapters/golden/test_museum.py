"""What stood at rest when a format was new is read by today's code through its own doors, and is worked on with; and
today's code writes no row that the newest museum does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chalicelib.channels.endpoints import vendor_of
from chalicelib.core import clock
from chalicelib.features.due.store import DueEntries
from chalicelib.features.sending.model.news import News, Notice
from chalicelib.features.sending.store.notices import NoticeRows
from infra.local import moto_patch
from tests.adapters.golden.life import DRAFT, lived, standing
from tests.adapters.golden.museum import Museum, paths
from tests.fakes.clock import ManualClock
from tests.fakes.gateway import Client
from tests.fakes.installation import Installation
from tests.fakes.lambdas import Lambdas

Furnished = Callable[[Path, Museum], None]


@dataclass(frozen=True)
class Visitor:
    museum: Museum
    aws: Installation
    lambdas: Lambdas
    clock: ManualClock

    @property
    def site(self) -> str:
        return f"/v1/sites/{self.fact('site')}"

    @property
    def tenant(self) -> str:
        return f"/v1/ops/tenants/{self.fact('tenant')}"

    def fact(self, name: str) -> Any:
        return self.museum.facts[name]

    def ask(self, method: str, path: str, *, as_: str = "key", expect: int = 200, **words: Any) -> Any:
        answer = Client().request(method, path, as_=self.fact(as_), **words)
        assert answer.status == expect, answer.text
        return answer.json() if answer.text else None


@pytest.fixture(scope="module")
def furnished(installation: Installation) -> Furnished:
    """Row by row the first time; for the next visitor they are put back as they stood then."""
    kept: dict[Path, bytes] = {}

    def furnish(path: Path, museum: Museum) -> None:
        if path in kept:
            installation.put_back(kept[path])
        else:
            museum.furnish()
            kept[path] = installation.keep()

    return furnish


@pytest.fixture(params=paths(), ids=lambda path: path.stem)
def visitor(request: pytest.FixtureRequest, aws: Installation, furnished: Furnished) -> Iterator[Visitor]:
    path: Path = request.param
    museum = Museum.read(path)
    manual = ManualClock(museum.at)
    clock.use(manual)
    moto_patch.follow(manual)
    furnished(path, museum)
    yield Visitor(museum, aws, Lambdas(aws.prefix), manual)
    moto_patch.follow(None)
    clock.use(clock.SystemClock())


def test_a_person_signs_in_and_is_who_she_was(visitor: Visitor) -> None:
    asked = {"email": visitor.fact("email"), "password": visitor.fact("password")}
    signed_in = Client().post("/v1/auth/login", json=asked).json()
    assert signed_in["tenant"]["id"] == visitor.fact("tenant")
    assert signed_in["role"] == "owner"


def test_a_second_factor_is_still_asked_for(visitor: Visitor) -> None:
    if "guarded_email" not in visitor.museum.facts:
        return  # from before there were any
    asked = {"email": visitor.fact("guarded_email"), "password": visitor.fact("password")}
    assert Client().post("/v1/auth/login", json=asked).code == "otp_required"
    code = visitor.fact("recovery_code")
    assert [Client().post("/v1/auth/login", json=asked | {"otp": code}).status for _ in range(2)] == [200, 401]


def test_a_block_is_still_explained_and_lifted(visitor: Visitor) -> None:
    if "suspect_email" not in visitor.museum.facts:
        return  # from before there were any
    asked = {"email": visitor.fact("suspect_email"), "password": visitor.fact("password")}
    bearer = Client().post("/v1/auth/login", json=asked).json()["access_token"]
    (block,) = Client().get("/v1/security/blocks", as_=bearer).json()["data"]
    assert (block["rule"], block["lifted_at"]) == ("impossible_travel", None)
    assert block["facts"] == {"from": "DE", "to": "BR", "minutes_between": "0"}
    assert Client().delete(f"/v1/security/blocks/{block['id']}", as_=bearer).status == 204


def test_an_invitation_is_still_good(visitor: Visitor) -> None:
    if "invitation" not in visitor.museum.facts:
        return  # from before there were any
    accepted = {"token": visitor.fact("invitation"), "password": "a brand new password"}
    answers = [Client().post("/v1/invitations/accept", json=accepted) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 401], answers[1].text
    assert answers[0].json()["role"] == "editor"


def test_who_left_their_only_team_is_let_go_in_time(visitor: Visitor) -> None:
    if "leaver" not in visitor.museum.facts:
        return  # from before anybody was
    theirs = f"USER#{visitor.fact('leaver')}"
    assert [row for row in visitor.aws.rows("core") if row["pk"] == theirs] != []
    (due,) = [row for row in visitor.aws.rows("due") if row["sk"].startswith("left#")]
    _, minute, shard = due["pk"].split("#")
    (entry,) = [each for each in DueEntries().of_minute(int(minute), int(shard), for_good=True) if each.kind == "left"]
    visitor.clock.advance(minutes=31 * 24 * 60)
    visitor.lambdas.deliver("privacy", msgspec.json.encode(entry.message()).decode())
    visitor.lambdas.work("privacy")
    assert [row for row in visitor.aws.rows("core") if row["pk"] == theirs] == []


def test_keys_and_sites_are_there(visitor: Visitor) -> None:
    asked = {"email": visitor.fact("email"), "password": visitor.fact("password")}
    token = Client().post("/v1/auth/login", json=asked).json()["access_token"]
    keys = Client().get("/v1/api-keys", as_=token).json()["data"]
    assert {key["name"] for key in keys} == {"test key", "twice"}
    assert [site["id"] for site in visitor.ask("GET", "/v1/sites")["data"]] == [visitor.fact("site")]


def test_what_was_asked_once_is_not_done_again(visitor: Visitor) -> None:
    headers = {"Idempotency-Key": "once"}
    Client().post(f"{visitor.site}/campaigns", as_=visitor.fact("key"), json=DRAFT, headers=headers)
    again = visitor.ask("POST", f"{visitor.site}/campaigns", expect=201, json=DRAFT, headers=headers)
    assert again["id"] == visitor.fact("drafted_once")


def test_subscriptions_are_what_was_said_of_them(visitor: Visitor) -> None:
    known = visitor.ask("GET", f"{visitor.site}/subscriptions/{visitor.fact('subscription')}")
    assert (known["status"], known["external_id"], known["tags"]) == ("active", "user-1", ["sale"])
    assert known["attributes"] == {"size": 42, "vip": True, "city": "Köln"}
    assert (known["timezone"], known["language"], known["consent"]["version"]) == ("Europe/Berlin", "de", "1")
    left = visitor.ask("GET", f"{visitor.site}/subscriptions/{visitor.fact('left')}")
    assert left["status"] == "ended"
    assert len(visitor.ask("GET", f"{visitor.site}/subscriptions", query={"limit": "100"})["data"]) == 26


def test_campaigns_their_runs_and_their_figures_stand(visitor: Visitor) -> None:
    for state in ("sent", "paused", "scheduled"):
        assert visitor.ask("GET", visitor.fact(state))["status"] == state
    stats = visitor.ask("GET", f"{visitor.fact('sent')}/stats")
    assert {name: stats[name] for name in visitor.fact("stats")} == visitor.fact("stats")
    assert [run["id"] for run in visitor.ask("GET", f"{visitor.fact('sent')}/runs")["data"]] == [visitor.fact("run")]
    notification = visitor.ask("GET", f"{visitor.site}/notifications/{visitor.fact('notification')}")
    assert notification["accepted"] == 1


def test_what_was_to_come_can_still_be_moved(visitor: Visitor) -> None:
    assert DueEntries().watermark()
    visitor.ask("POST", f"{visitor.fact('scheduled')}/unschedule")
    visitor.ask("POST", f"{visitor.fact('paused')}/resume")
    visitor.ask("POST", f"{visitor.fact('paused')}/cancel")


def test_the_operator_finds_stops_gates_and_records(visitor: Visitor) -> None:
    stops = visitor.ask("GET", "/v1/ops/sending", as_="operator")["data"]
    assert [None, visitor.fact("tenant")] == [stop["tenant_id"] for stop in stops][:2]  # a closing account may follow
    gates = f"{visitor.tenant}/sites/{visitor.fact('site')}/gates"
    (gate,) = visitor.ask("GET", gates, as_="operator")["data"]
    assert gate["closure"] == "vapid_refused"
    run = visitor.ask("GET", f"{visitor.tenant}/runs/{visitor.fact('run')}", as_="operator")
    assert {batch["condition"] for batch in run["data"]} == {"final"}
    visitor.ask("POST", f"{gates}/{gate['host']}/open", as_="operator")
    visitor.ask("POST", "/v1/ops/sending/start", as_="operator", json={})


def test_owners_who_have_had_their_letter_get_no_other(visitor: Visitor) -> None:
    gates = f"{visitor.tenant}/sites/{visitor.fact('site')}/gates"
    (gate,) = visitor.ask("GET", gates, as_="operator")["data"]
    notice = Notice(visitor.fact("site"), vendor_of(gate["host"]) or "", News.VAPID_REFUSED)
    assert not NoticeRows().begin(visitor.fact("tenant"), notice, now=visitor.museum.at)


def test_the_trail_goes_on_where_it_stood(visitor: Visitor) -> None:
    before = len(visitor.aws.rows("audit"))
    made = visitor.ask("POST", f"{visitor.site}/campaigns", expect=201, json=DRAFT)
    assert made["status"] == "draft"
    assert len(visitor.aws.rows("audit")) > before
    assert visitor.lambdas.waiting("audit") == 0


def test_today_writes_no_row_that_the_newest_museum_does_not_show(aws: Installation) -> None:
    """Should this fail, a format has changed: keep reading the old one, and write a museum beside those there are."""
    with standing(aws) as shop:
        today = lived(shop).kinds()
    newest = Museum.read(paths()[-1]).kinds()
    assert today.keys() == newest.keys()
    assert {kind: today[kind] ^ newest[kind] for kind in today if today[kind] != newest[kind]} == {}
