"""The key of access tokens is replaced under people who are signed in, and nobody is signed out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest

from chalicelib.aws import secrets
from chalicelib.aws.secrets import KEPT_FOR
from chalicelib.core.identity import Role
from chalicelib.features.identity.adapters import key_set
from chalicelib.features.identity.adapters.access_tokens import LEEWAY, LIVES
from chalicelib.features.identity.model.session import Access
from chalicelib.features.identity.wiring import _access_tokens
from infra.deploy.aws_cli import Aws
from infra.deploy.ground import Ground
from infra.deploy.signing_key import UNTIL_KNOWN, UNTIL_SPENT, renew_signing_key
from infra.local import aws as local_aws
from infra.packaging.stage import Stage
from tests.adapters.deploy.moto_line import MotoLine
from tests.adapters.deploy.scene import Prepared, halted
from tests.conftest import PREFIX
from tests.world import PASSWORD, World

NAME = f"/{PREFIX}/jwt"


class Stopped(BaseException):
    """Whoever ran it went home."""


@dataclass
class Deployer:
    """Her pauses pass at once. `meanwhile` is done every minute of them."""

    world: World
    meanwhile: list[Callable[[], None]] = field(default_factory=list)
    terminal: Prepared = field(default_factory=Prepared)
    stops_after: int | None = None
    paused: list[float] = field(default_factory=list)
    line: MotoLine = field(default_factory=MotoLine)

    def ground(self) -> Ground:
        stage = Stage("test", local_aws.environment(prefix=PREFIX, stage="test"))
        aws = Aws(region=local_aws.REGION, run=self.line.run)
        return Ground(stage, local_aws.ACCOUNT, aws, self.terminal, self.pause)

    def pause(self, seconds: float) -> None:
        self.paused.append(seconds)
        if len(self.paused) == self.stops_after:
            raise Stopped
        until = self.world.clock.now() + timedelta(seconds=seconds)
        while self.world.clock.now() < until:
            self.world.clock.advance(seconds=min(60, (until - self.world.clock.now()).total_seconds()))
            for each in self.meanwhile:
                each()

    def renew(self) -> None:
        renew_signing_key(self.ground())


@pytest.fixture
def deployer(world: World) -> Iterator[Deployer]:
    ssm = local_aws.client("ssm")
    before = ssm.get_parameter(Name=NAME, WithDecryption=True)["Parameter"]["Value"]
    put(key_set.new_key_set())
    secrets.forget()
    yield Deployer(world)
    ssm.put_parameter(Name=NAME, Value=before, Type="SecureString", Overwrite=True)
    secrets.forget()


def put(text: str) -> None:
    local_aws.client("ssm").put_parameter(Name=NAME, Value=text, Type="SecureString", Overwrite=True)


def kept() -> dict[str, Any]:
    found: dict[str, Any] = local_aws.client("ssm").get_parameter(Name=NAME, WithDecryption=True)["Parameter"]
    return found


def kids() -> list[str]:
    return [key["kid"] for key in json.loads(kept()["Value"])["keys"]]


def signed_in(world: World) -> str:
    answer = world.client.post("/v1/auth/login", json={"email": world.ada.email, "password": PASSWORD})
    return str(answer.json()["access_token"])


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


def test_another_key_signs_in_the_end_and_the_old_one_is_gone(deployer: Deployer) -> None:
    [old] = kids()
    deployer.renew()
    [new] = kids()
    assert new != old
    deployer.world.clock.advance(seconds=KEPT_FOR.total_seconds())
    assert kid_of(signed_in(deployer.world)) == new
    assert deployer.terminal.told[0] == "made a new key; the old one still signs"
    assert deployer.terminal.told[-1] == "the old key is gone"


def test_nobody_is_signed_out_in_any_minute_of_it(deployer: Deployer) -> None:
    """Each minute somebody comes; each token is good for its fifteen minutes, at functions of any age."""
    tokens: list[tuple[datetime, str]] = []
    signing, somebody = _access_tokens(), Access("usr_1", deployer.world.ada.tenant_id, "ses_1", Role.OWNER)
    functions = [dict[str, Any]() for _ in range(5)]  # what each remembers

    def a_minute_passes() -> None:
        now = deployer.world.clock.now()
        for remembered in functions:
            secrets._kept.clear()
            secrets._kept.update(remembered)
            tokens.append((now, signing.issue(somebody, now=now)[0]))
            assert {signing.read(token, now=now).user_id for at, token in tokens if now < at + LIVES} == {"usr_1"}
            remembered.clear()
            remembered.update(secrets._kept)
        functions.append(functions.pop(0))
        functions[0].clear()  # one starts cold

    deployer.meanwhile.append(a_minute_passes)
    deployer.pause(LIVES.total_seconds())
    deployer.renew()
    deployer.pause(LIVES.total_seconds())
    assert len({kid_of(token) for _, token in tokens}) == 2


def test_it_waits_for_who_remembers_and_for_what_was_signed(deployer: Deployer) -> None:
    deployer.renew()
    assert deployer.paused == [UNTIL_KNOWN.total_seconds(), UNTIL_SPENT.total_seconds()]
    assert UNTIL_KNOWN > KEPT_FOR
    assert UNTIL_SPENT > KEPT_FOR + LIVES + LEEWAY


@pytest.mark.parametrize("stops_after", [1, 2])
def test_stopped_half_way_it_goes_on_later(deployer: Deployer, stops_after: int) -> None:
    [old] = kids()
    deployer.stops_after = stops_after
    with pytest.raises(Stopped):
        deployer.renew()
    [new] = set(kids()) - {old}
    assert kids() == ([old, new] if stops_after == 1 else [new, old])
    deployer.world.clock.advance(minutes=4)
    deployer.stops_after, before = None, len(deployer.paused)
    deployer.renew()
    assert kids() == [new]
    whole = (UNTIL_KNOWN, UNTIL_SPENT)[stops_after - 1].total_seconds()
    assert deployer.paused[before] == whole - 4 * 60


def test_where_time_has_passed_already_it_does_not_wait(deployer: Deployer) -> None:
    deployer.stops_after = 2
    with pytest.raises(Stopped):
        deployer.renew()
    deployer.world.clock.advance(hours=1)
    deployer.paused.clear()
    deployer.renew()
    assert deployer.paused == []
    assert len(kids()) == 1


def test_more_keys_than_two_come_to_one(deployer: Deployer) -> None:
    one, two, three = (json.loads(key_set.new_key_set())["keys"][0] for _ in range(3))
    put(json.dumps({"keys": [one, two, three | {"next": True}]}))
    deployer.renew()
    assert kids() == [three["kid"]]


def test_a_set_made_by_hand_keeps_the_key_that_signs(deployer: Deployer) -> None:
    one, two = (json.loads(key_set.new_key_set())["keys"][0] for _ in range(2))
    put(json.dumps({"keys": [two, one]}))
    deployer.renew()
    assert kids() == [two["kid"]]


def test_two_who_do_it_at_once_notice(deployer: Deployer) -> None:
    def a_rival_puts(line: Any) -> Any:
        if "put-parameter" in line:
            put(key_set.with_next(kept()["Value"]))
        return deployer.line.run(line)

    ground = deployer.ground()
    halt = halted(renew_signing_key, replace(ground, aws=replace(ground.aws, run=a_rival_puts)))
    assert "at the same moment" in str(halt)
    deployer.renew()
    assert len(kids()) == 1


@pytest.mark.parametrize("text", ["{}", "[]", "nonsense", '{"keys": []}', '{"keys": [{"kid": "x"}]}', '{"keys": null}'])
def test_what_is_no_key_set_is_left_alone(deployer: Deployer, text: str) -> None:
    put(text)
    assert "is no key set" in str(halted(deployer.renew))
    assert kept()["Value"] == text


def test_nothing_of_a_key_is_said_or_stands_on_a_command_line(deployer: Deployer) -> None:
    secret = json.loads(kept()["Value"])["keys"][0]["d"]
    deployer.renew()
    told = [deployer.terminal.text, *(word for line in deployer.line.lines for word in line)]
    for each in (secret, json.loads(kept()["Value"])["keys"][0]["d"]):
        assert not [text for text in told if each in text]


def test_the_next_key_is_known_before_it_signs() -> None:
    text = key_set.new_key_set()
    with_next = key_set.with_next(text)
    turned = key_set.with_next_in_front(with_next)
    old, before, after = map(key_set.read_key_set, (text, with_next, turned))
    assert before.kid == old.kid != after.kid
    assert before.public_keys.keys() == after.public_keys.keys() == {old.kid, after.kid}
    assert [key_set.has_next(each) for each in (text, with_next, turned)] == [False, True, False]
    assert key_set.read_key_set(key_set.with_first_alone(turned)).public_keys.keys() == {after.kid}
    assert key_set.is_one(key_set.with_first_alone(turned))
