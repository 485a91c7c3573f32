"""What is left under a key that is being replaced: counted by its marks, and sealed anew by the product's own code."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from chalicelib.aws.dynamo import Table
from chalicelib.aws.envelope import mark, mark_of
from chalicelib.core.clock import in_seconds
from chalicelib.features.identity.adapters.authenticator_app import AuthenticatorApp
from chalicelib.features.sites.wiring import sites
from infra.deploy.ground import Ground
from infra.deploy.reseal import reseal
from infra.local import aws as local_aws
from infra.packaging.stage import Stage
from tests.adapters.deploy.scene import Prepared, Scene, halted
from tests.conftest import PREFIX
from tests.fakes.keyring import Keyring, seal_without_mark
from tests.world import PASSWORD, World

_PARAMETERS = {"PublicUrl": "https://push.shop.io/prod", "MailFrom": "push@shop.io"}
_SEALED = ("sealed", "identity_secret", "sealed_secret")
_NOTHING = "nothing is left under any other key"


@dataclass
class House:
    """Two sites, one of them closed, and a person with a phone."""

    world: World
    keyring: Keyring
    phone: bytes
    site_id: str
    key_id: str

    def marks(self) -> set[bytes]:
        rows = self.world.aws.rows("core")
        return {mark(row[field]) for row in rows for field in _SEALED if field in row}

    def parameter_keys(self) -> set[str]:
        found = local_aws.client("ssm").describe_parameters()["Parameters"]
        return {each["KeyId"] for each in found}

    def works(self) -> bool:
        place = {"tenant_id": self.world.ada.tenant_id, "site_id": self.site_id}
        sites().signing_key(**place, key_id=self.key_id)
        sites().identity_secret(**place)
        self.world.clock.advance(seconds=60)
        code = AuthenticatorApp().code(self.phone, in_seconds(self.world.clock.now()) // 30)
        asked = {"email": self.world.ada.email, "password": PASSWORD, "otp": code}
        return self.world.client.post("/v1/auth/login", json=asked).status == 200


@pytest.fixture
def house(keyring: Keyring, world: World) -> House:
    made, closed = (sites().create(tenant_id=world.ada.tenant_id, name=name, url="https://a.example", now=world.clock.now()) for name in "ab")  # fmt: skip
    sites().close(tenant_id=world.ada.tenant_id, site_id=closed.id, now=world.clock.now())
    phone = base64.b32decode(world.client.post("/v1/auth/totp", as_=world.ada).json()["secret"])
    code = AuthenticatorApp().code(phone, in_seconds(world.clock.now()) // 30)
    assert world.client.post("/v1/auth/totp/confirm", as_=world.ada, json={"otp": code}).status == 200
    return House(world, keyring, phone, made.id, made.key_id)


@pytest.fixture
def ground(scene: Scene) -> Iterator[Ground]:
    with _serving() as stage:
        yield replace(scene.ground(), stage=stage, terminal=Prepared())


@contextmanager
def _serving() -> Iterator[Stage]:
    with local_aws.serving() as url:
        yield Stage("test", local_aws.environment(prefix=PREFIX, stage="test") | {"AWS_ENDPOINT_URL": url})


def told(ground: Ground) -> list[str]:
    assert isinstance(ground.terminal, Prepared)
    return [" ".join(line.split()) for line in ground.terminal.told]


def run(ground: Ground) -> list[str]:
    assert isinstance(ground.terminal, Prepared)
    ground.terminal.told.clear()
    reseal(ground, _PARAMETERS)
    return told(ground)


def test_what_is_left_is_counted_and_sealed_anew(house: House, ground: Ground) -> None:
    house.keyring.replace()
    lines = run(ground)
    assert lines[0] == f"the key in use: {house.keyring.second}"
    assert {f"2 VAPID keys under {house.keyring.first}", f"1 second factors under {house.keyring.first}"} <= set(lines)
    assert {"2 VAPID keys under it", "1 second factors under it", "1 identity secrets under it"} <= set(lines)
    assert lines[-1] == _NOTHING
    assert house.marks() == {mark_of(house.keyring.second)}
    assert house.parameter_keys() == {house.keyring.second}
    house.keyring.finish()
    assert house.works()


def test_run_again_it_finds_it_done(house: House, ground: Ground) -> None:
    house.keyring.replace()
    run(ground)
    rows, versions = house.world.aws.rows("core"), _versions()
    assert run(ground)[-1] == _NOTHING
    assert house.world.aws.rows("core") == rows
    assert _versions() == versions


def test_before_anything_is_sealed_somebody_agrees(house: House, ground: Ground) -> None:
    house.keyring.replace()
    rows, versions = house.world.aws.rows("core"), _versions()
    halt = halted(reseal, replace(ground, terminal=replace(ground.terminal, says_yes=False)), _PARAMETERS)
    assert "YES=1" in halt.then
    assert house.world.aws.rows("core") == rows
    assert _versions() == versions


def test_what_was_sealed_before_there_were_marks_is_left_too(house: House, ground: Ground) -> None:
    context = {"tenant": house.world.ada.tenant_id, "site": house.site_id, "key": "identity"}
    row = _row(house, "SITE#")
    Table("core").put(row | {"identity_secret": seal_without_mark(b"ids_old", context)})
    assert "1 identity secrets under a key that they do not name" in run(ground)
    assert house.marks() == {mark_of(house.keyring.first)}
    assert sites().identity_secret(tenant_id=context["tenant"], site_id=house.site_id) == "ids_old"


def test_rows_that_came_back_from_a_backup_are_found_though_their_key_is_out_of_the_stack(
    house: House, ground: Ground
) -> None:
    """Functions may not open it any more; whoever deploys may."""
    rows = house.world.aws.rows("core")
    house.keyring.replace()
    run(ground)
    house.keyring.finish()
    for row in rows:
        Table("core").put(row)
    house.keyring.unlock()
    run(ground)
    house.keyring.finish()
    assert house.works()


def test_what_does_not_open_is_named_and_the_rest_is_done(house: House, ground: Ground) -> None:
    broken = _row(house, "VAPID#")
    Table("core").put(broken | {"sealed": b"\x02" + bytes(100)})
    house.keyring.replace()
    halt = halted(reseal, ground, _PARAMETERS)
    assert "Some of it is left" in str(halt)
    assert any(
        line.startswith(f"{broken['pk']} {broken['sk']}: A stored secret does not open") for line in told(ground)
    )
    assert {"1 VAPID keys under it", "1 second factors under it"} <= set(told(ground))


def test_without_the_old_key_nothing_is_lost_and_it_says_so(house: House, ground: Ground) -> None:
    house.keyring.replace()
    rows = house.world.aws.rows("core")
    house.keyring.lock(house.keyring.first)
    halted(reseal, ground, _PARAMETERS)
    assert house.world.aws.rows("core") == rows
    assert any("AccessDenied" in line for line in told(ground))
    assert any("under a key that is gone" in line for line in told(ground))
    house.keyring.unlock()
    assert run(ground)[-1] == _NOTHING


def test_an_aws_that_does_not_answer_is_an_ordinary_failure(
    house: House, ground: Ground, capfd: pytest.CaptureFixture[str]
) -> None:
    environment = dict(ground.stage.environment) | {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    halt = halted(reseal, replace(ground, stage=Stage("test", environment)), _PARAMETERS)
    assert "could not be counted" in str(halt)
    said = capfd.readouterr().err
    assert "AWS did not answer the product" in said
    assert "Traceback" not in said


def test_no_secret_is_said(house: House, ground: Ground) -> None:
    house.keyring.replace()
    secret = sites().identity_secret(tenant_id=house.world.ada.tenant_id, site_id=house.site_id)
    text = "\n".join(run(ground))
    assert secret not in text
    assert "test-pepper" not in text


def test_a_parameter_that_is_put_at_the_same_moment_is_told_of(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.aws.clients import client
    from infra.deploy.sealed import Overwritten, everything_sealed

    def put(params: dict[str, Any], **_: Any) -> None:
        events.unregister("before-parameter-build.ssm.PutParameter", put)
        local_aws.client("ssm").put_parameter(Name=params["Name"], Value="theirs", Type="SecureString", Overwrite=True)

    (google,) = (each for each in everything_sealed() if each.place.endswith("/oauth-google"))
    before = _value(google.place)
    events = client("ssm").meta.events
    events.register("before-parameter-build.ssm.PutParameter", put)
    with pytest.raises(Overwritten):
        google.seal_anew()
    history = local_aws.client("ssm").get_parameter_history(Name=google.place, WithDecryption=True)["Parameters"]
    assert [each["Value"] for each in history][-2:] == ["theirs", before]


@pytest.fixture
def one_a_page() -> Iterator[None]:
    from chalicelib.aws.clients import client

    def narrow(params: dict[str, Any], **_: Any) -> None:
        params["MaxResults"] = 1

    events = client("ssm").meta.events
    events.register("before-parameter-build.ssm.DescribeParameters", narrow)
    yield
    events.unregister("before-parameter-build.ssm.DescribeParameters", narrow)


@pytest.mark.usefixtures("one_a_page", "house")
def test_parameters_are_read_to_the_last_page() -> None:
    from infra.deploy.sealed import everything_sealed

    there = {each.place for each in everything_sealed() if each.kind == "parameters"}
    assert there == {
        f"/{PREFIX}/{name}" for name in ("jwt", "pepper", "installation", "oauth-google", "oauth-microsoft")
    }


def test_a_parameter_that_is_not_there_is_said_and_nothing_is_counted(
    house: House, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.config import settings
    from infra.deploy.reseal import main

    monkeypatch.setenv("SECRET_PEPPER", f"/{PREFIX}/elsewhere")
    settings.cache_clear()
    try:
        assert main([]) == 1
    finally:
        monkeypatch.undo()
        settings.cache_clear()
    assert "elsewhere" in capsys.readouterr().err


def _value(name: str) -> str:
    return str(local_aws.client("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])


def _versions() -> dict[str, int]:
    return {each["Name"]: each["Version"] for each in local_aws.client("ssm").describe_parameters()["Parameters"]}


def _row(house: House, prefix: str) -> dict[str, Any]:
    return next(row for row in house.world.aws.rows("core") if row["sk"].startswith(prefix))
