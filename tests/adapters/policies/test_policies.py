"""What each function may do is what it does: seen in real journeys against the local AWS, call by call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml

from app import app
from tests.adapters.policies.grants import POLICIES, Grant, granted
from tests.adapters.policies.needs import Need, UnknownCall, needs
from tests.adapters.policies.witness import API, Witness

pytestmark = pytest.mark.slow  # half a minute of walks

FUNCTIONS = sorted({API, *(source.name for source in app.event_sources)})


def ungranted(needed: Iterable[Need], grants: Iterable[Grant]) -> list[str]:
    given = list(grants)
    return sorted({str(need) for need in needed if not any(grant.covers(need) for grant in given)})


def unexercised(grants: Iterable[Grant], needed: Iterable[Need]) -> Iterator[Grant]:
    asked = list(needed)
    return (grant for grant in grants if not any(grant.covers(need) for need in asked))


def _all_grants() -> list[Grant]:
    return [grant for function in FUNCTIONS for grant in granted(function)]


def test_every_function_has_a_policy_and_every_policy_a_function() -> None:
    assert sorted(path.stem for path in POLICIES.iterdir()) == FUNCTIONS


def test_every_function_was_seen_at_work(witness: Witness) -> None:
    assert sorted(witness.needs) == FUNCTIONS
    assert all(witness.needs.values())


def test_every_route_was_seen_to_answer(witness: Witness) -> None:
    assert sorted({(endpoint.method, endpoint.path) for endpoint in app.endpoints} - witness.answered) == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_whatever_a_function_asks_of_aws_is_granted(witness: Witness, function: str) -> None:
    assert ungranted(witness.needs[function], granted(function)) == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_whatever_is_granted_is_used(witness: Witness, function: str) -> None:
    assert [str(grant) for grant in unexercised(granted(function), witness.needs[function])] == []


# --- The test itself, tested: a grant taken away is missed, a grant too many is noticed. ---


def test_every_grant_that_is_used_is_missed_when_it_is_taken_away(witness: Witness) -> None:
    for grant in _all_grants():
        others = [other for other in granted(grant.function) if other != grant]
        assert ungranted(witness.needs[grant.function], others), f"nobody misses this: {grant}"


def test_a_grant_too_many_is_noticed(witness: Witness, tmp_path: Path) -> None:
    statements = yaml.safe_load((POLICIES / "tick.yaml").read_text())
    statements[0]["Action"].append("dynamodb:DeleteTable")
    (tmp_path / "tick.yaml").write_text(yaml.safe_dump(statements))
    (idle,) = unexercised(granted("tick", folder=tmp_path), witness.needs["tick"])
    assert str(idle) == "tick: Calendar grants dynamodb:DeleteTable on table/pushsaas-test-due"


def test_a_resource_too_many_is_noticed(witness: Witness, tmp_path: Path) -> None:
    statements = yaml.safe_load((POLICIES / "tick.yaml").read_text())
    statements[1]["Resource"].append({"Fn::GetAtt": ["MailQueue", "Arn"]})
    (tmp_path / "tick.yaml").write_text(yaml.safe_dump(statements))
    idle = unexercised(granted("tick", folder=tmp_path), witness.needs["tick"])
    assert {grant.action for grant in idle} == {"sqs:GetQueueUrl", "sqs:SendMessage"}


def test_a_wildcard_covers_nothing_here(witness: Witness, tmp_path: Path) -> None:
    statements = yaml.safe_load((POLICIES / "tick.yaml").read_text())
    statements[0]["Resource"] = ["*"]
    (tmp_path / "tick.yaml").write_text(yaml.safe_dump(statements))
    assert "dynamodb:Query on table/pushsaas-test-due" in ungranted(
        witness.needs["tick"], granted("tick", folder=tmp_path)
    )


def test_a_secret_of_a_site_opens_only_in_its_context() -> None:
    opens, opens_parameters = (grant for grant in granted("send") if grant.action == "kms:Decrypt")
    bound = (
        ("kms:EncryptionContext:key", "k"),
        ("kms:EncryptionContext:site", "s"),
        ("kms:EncryptionContext:tenant", "t"),
    )
    assert opens.covers(Need("kms:Decrypt", opens.resource, bound))
    assert not opens.covers(Need("kms:Decrypt", opens.resource, bound[:2]))
    parameter = (("kms:EncryptionContext:PARAMETER_ARN", "p"), ("kms:ViaService", "ssm.eu-central-1.amazonaws.com"))
    assert not opens.covers(Need("kms:Decrypt", opens.resource, parameter))
    assert not opens_parameters.covers(Need("kms:Decrypt", opens.resource, bound))


def _with_keys(function: str, keys: str) -> dict[str, set[tuple[str, str, str]]]:
    """What is granted on each of the installation's keys, with its conditions."""
    found: dict[str, set[tuple[str, str, str]]] = {}
    for grant in granted(function, keys=keys):
        if ":key/" in grant.resource:
            name = grant.resource.rsplit("/", 1)[1]
            found.setdefault(name, set()).add((grant.sid, grant.action, str(grant.conditions)))
    return found


@pytest.mark.parametrize("function", sorted(path.stem for path in POLICIES.glob("*.yaml")))
def test_while_a_key_is_replaced_the_same_is_granted_on_both(function: str) -> None:
    """So what is seen in use with one is all that is granted on the other."""
    usual = _with_keys(function, "first").get("SecretsKey", set())
    both = {"SecretsKey": usual, "SecondSecretsKey": usual} if usual else {}
    assert _with_keys(function, "first") == ({"SecretsKey": usual} if usual else {})
    assert _with_keys(function, "first+second") == _with_keys(function, "second+first") == both
    assert _with_keys(function, "second") == ({"SecondSecretsKey": usual} if usual else {})


def test_a_call_that_nobody_has_thought_of_stops_the_recording() -> None:
    with pytest.raises(UnknownCall, match=r"s3\.PutBucketPolicy"):
        list(needs("s3", "PutBucketPolicy", {"Bucket": "b"}))


def test_a_transaction_needs_what_each_of_its_items_needs() -> None:
    items = [{"Put": {"TableName": "a"}}, {"ConditionCheck": {"TableName": "b"}}, {"Delete": {"TableName": "a"}}]
    asked = {str(need) for need in needs("dynamodb", "TransactWriteItems", {"TransactItems": items})}
    assert asked == {
        "dynamodb:PutItem on table/a", "dynamodb:ConditionCheckItem on table/b", "dynamodb:DeleteItem on table/a",
    }  # fmt: skip
