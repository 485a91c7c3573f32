"""The product's own code, in a process of its own, against an AWS that answers over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from chalicelib.core import clock
from chalicelib.core.identity import Scope
from chalicelib.features.identity.wiring import authenticator
from infra.deploy.ground import Ground
from infra.deploy.operator_key import issue_key
from infra.local import aws as local_aws
from infra.packaging.stage import Stage
from tests.adapters.deploy.scene import Prepared, Scene, halted
from tests.conftest import PREFIX
from tests.fakes.installation import Installation

_PARAMETERS = {"PublicUrl": "https://push.shop.io/prod", "MailFrom": "push@shop.io"}


@dataclass(frozen=True)
class Person(Prepared):
    @property
    def is_read(self) -> bool:
        return True

    @property
    def keys(self) -> list[str]:
        return [line.strip() for line in self.told if line.strip().startswith("ps_live_")]


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def ground(aws: Installation, scene: Scene, person: Person) -> Iterator[Ground]:
    with local_aws.serving() as url:
        yield replace(scene.ground(), stage=_stage(url), terminal=person)


def _stage(aws_url: str) -> Stage:
    """Only the product's process is led astray: in this one, clients are kept for the tests that follow."""
    return Stage("test", local_aws.environment(prefix=PREFIX, stage="test") | {"AWS_ENDPOINT_URL": aws_url})


def test_the_key_is_an_operators(ground: Ground, person: Person) -> None:
    issue_key(ground, _PARAMETERS, only_first=True)
    [key] = person.keys
    principal = authenticator().authenticate(key, now=clock.now())
    assert principal.scopes == frozenset({Scope.OPS})
    assert principal.tenant_id == ""


def test_the_first_is_made_once_and_another_on_demand(ground: Ground, person: Person) -> None:
    issue_key(ground, _PARAMETERS, only_first=True)
    issue_key(ground, _PARAMETERS, only_first=True)
    assert len(person.keys) == 1
    issue_key(ground, _PARAMETERS, only_first=False)
    assert len(set(person.keys)) == 2


def test_none_is_made_for_a_log(ground: Ground, aws: Installation) -> None:
    log = Prepared()
    issue_key(replace(ground, terminal=log), _PARAMETERS, only_first=False)
    assert "make operator-key STAGE=test" in log.text
    assert aws.rows("core") == []


def test_an_aws_that_does_not_answer_is_an_ordinary_failure(ground: Ground, capfd: pytest.CaptureFixture[str]) -> None:
    astray = replace(ground, stage=_stage("http://127.0.0.1:9"))
    halt = halted(issue_key, astray, _PARAMETERS, only_first=True)
    assert "could not be made" in str(halt)
    said = capfd.readouterr().err
    assert "AWS did not answer the product" in said
    assert "Traceback" not in said


def test_a_stage_that_is_not_set_right_is_an_ordinary_failure(ground: Ground) -> None:
    halted(issue_key, ground, _PARAMETERS | {"PublicUrl": "nonsense"}, only_first=True)
