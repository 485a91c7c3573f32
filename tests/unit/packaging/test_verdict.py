from __future__ import annotations

from typing import Any

import pytest

from infra.packaging.verdict import Verdict, lint_findings, wildcards


def _role(statement: dict[str, Any]) -> dict[str, Any]:
    policy = {"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    return {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [policy]}}}}


@pytest.mark.parametrize(
    "wild",
    [
        {"Action": "sqs:*", "Resource": "a"},
        {"Action": ["sqs:Get*"], "Resource": "a"},
        {"Action": ["sqs:SendMessage"], "Resource": ["a", "*"]},
        {"Action": ["s3:GetObject"], "Resource": [{"Fn::Sub": "${Bucket.Arn}/*"}]},
        {"NotAction": ["iam:*"], "Resource": "a"},
    ],
)
def test_a_wildcard_in_what_a_role_allows_is_found(wild: dict[str, Any]) -> None:
    (finding,) = wildcards(_role({"Effect": "Allow", **wild}))
    assert finding.startswith("R allows a wildcard: ")


@pytest.mark.parametrize("kind", ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"])
def test_a_wildcard_in_a_policy_beside_the_role_is_found(kind: str) -> None:
    document = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "a"}]}
    assert len(list(wildcards({"Resources": {"P": {"Type": kind, "Properties": {"PolicyDocument": document}}}}))) == 1


@pytest.mark.parametrize(
    "tame",
    [
        {"Effect": "Allow", "Action": ["a:B"], "Resource": "c", "Condition": {"StringLike": {"x": "*"}}},
        {"Effect": "Deny", "Action": "*", "Resource": "*"},
    ],
)
def test_denials_and_conditions_may_speak_of_everything(tame: dict[str, Any]) -> None:
    assert list(wildcards(_role(tame))) == []


def test_the_policy_of_a_bucket_speaks_of_the_bucket_alone() -> None:
    document = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}]}
    properties = {"Bucket": "b", "PolicyDocument": document}
    assert list(wildcards({"Resources": {"B": {"Type": "AWS::S3::BucketPolicy", "Properties": properties}}})) == []


def test_the_linter_is_heard_in_one_line_for_each_finding() -> None:
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": "long", "Colour": "red"}}
    findings = lint_findings({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Q": queue}})
    assert sorted(finding.partition(":")[0] for finding in findings) == [
        "E3002 Resources/Q/Properties/Colour",
        "E3012 Resources/Q/Properties/VisibilityTimeout",
    ]


@pytest.mark.parametrize(
    ("megabytes", "faults"), [(None, []), (150.0, []), (150.1, ["150.1 MB unzipped, more than 150"])]
)
def test_a_package_may_weigh_so_much_and_no_more(megabytes: float | None, faults: list[str]) -> None:
    assert Verdict(9, megabytes, [], []).faults == faults


def test_figures_count_what_the_faults_name() -> None:
    verdict = Verdict(functions=9, unzipped_mb=71.5, lint=["E1"], wildcards=["R", "S"])
    assert verdict.faults == ["E1", "R", "S"]
    assert verdict.figures == {"functions": 9, "unzipped_mb": 71.5, "lint_errors": 1, "wildcards": 2}
