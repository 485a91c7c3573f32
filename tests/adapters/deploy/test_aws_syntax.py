from __future__ import annotations

import shlex

import pytest

from tests.fakes.aws_syntax import faults

GOOD = [
    "sts get-caller-identity --output json --region eu-central-1",
    "cloudformation wait stack-update-complete --stack-name x",
    "cloudformation create-change-set --stack-name x --change-set-name y --change-set-type IMPORT --capabilities CAPABILITY_NAMED_IAM CAPABILITY_AUTO_EXPAND",
    "s3api get-object /tmp/z --bucket x --key y",
    "s3api list-object-versions --bucket x --max-items 5",
    'sqs get-queue-attributes --queue-url "$URL" --attribute-names All',
    "ssm put-parameter --cli-input-json file:///tmp/x",
    "dynamodb restore-table-to-point-in-time --source-table-name one --target-table-name two --use-latest-restorable-time",
    "dynamodb update-continuous-backups --table-name one --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true",
    "logs tail /aws/lambda/x --since 1h --follow",
    "lambda get-function-configuration --function-name x --query Environment",
]
BAD = [
    ("sts", "no operation is named"),
    ("nowhere be", "no such service"),
    ("sqs redrive --x 1", "no such operation"),
    ("sqs purge-queue", "--queue-url is missing"),
    ("sqs purge-queue --queue x", "--queue is unknown"),
    ("cloudformation wait stack-better --stack-name x", "no such operation"),
    ("cloudformation wait stack-update-complete --table-name x", "--table-name is unknown"),
    ("cloudformation create-change-set --stack-name x --change-set-name y --change-set-type MAKE", "none of"),
    ("cloudformation create-change-set --stack-name x --change-set-name y --rollback-configuration '{\"Wait\":1}'", "Wait"),
    ("s3api get-object --bucket x --key y", "takes 1 words"),
    ("sts get-caller-identity now", "takes 0 words"),
    ("kms schedule-key-deletion --key-id x --pending-window-in-days soon", "soon"),
    ("logs tail --since 1h", "takes 1 words"),
    ("logs tail x --until 1h", "knows no --until"),
    ("dynamodb restore-table-to-point-in-time --source-table-name one --target-table-name two --use-latest-restorable-time yes", "takes no value"),
    ("dynamodb tag-resource --resource-arn arn:aws:dynamodb:::table/x --tags Name=a,Value=b", "is no Tag"),
]  # fmt: skip


@pytest.mark.parametrize("line", GOOD)
def test_what_the_cli_takes_is_taken(line: str) -> None:
    assert faults(shlex.split(line)) == []


@pytest.mark.parametrize(("line", "says"), BAD)
def test_what_the_cli_refuses_is_refused(line: str, says: str) -> None:
    assert says in " ".join(faults(shlex.split(line)))
