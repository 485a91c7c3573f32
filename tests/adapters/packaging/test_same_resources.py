"""What is deployed is what everything was tried on: the template's tables, queues, key and bucket against those that
the local product makes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from infra.local import aws as local
from infra.local.aws import ACCOUNT, client
from tests.architecture.rules.package import packaged
from tests.fakes.installation import Installation

Shape = dict[str, Any]
Resources = dict[str, Any]


@pytest.fixture
def resources(aws: Installation) -> Resources:
    """As CloudFormation would name them in this installation."""
    text = json.dumps(packaged("prod").template["Resources"])
    named: Resources = json.loads(text.replace("${Prefix}", aws.prefix).replace("${AWS::AccountId}", ACCOUNT))
    return named


def _promised(resources: Resources, kind: str, name: str) -> Iterator[tuple[str, Shape]]:
    for resource in resources.values():
        if resource["Type"] == kind:
            yield resource["Properties"][name]["Fn::Sub"], resource["Properties"]


def test_tables_have_the_same_keys_indexes_and_care(resources: Resources) -> None:
    promised = {
        name: {
            "keys": table["KeySchema"],
            "indexes": [(index["IndexName"], index["KeySchema"], index["Projection"]) for index in _indexes(table)],
            "ends": table["TimeToLiveSpecification"]["AttributeName"],
            "recovers": table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"],
            "pays": table["BillingMode"],
        }
        for name, table in _promised(resources, "AWS::DynamoDB::Table", "TableName")
    }
    assert promised == {name: _standing_table(name) for name in client("dynamodb").list_tables()["TableNames"]}


def _indexes(table: Shape) -> list[Shape]:
    indexes: list[Shape] = table.get("GlobalSecondaryIndexes", [])
    return indexes


def _standing_table(name: str) -> Shape:
    dynamodb = client("dynamodb")
    table = dynamodb.describe_table(TableName=name)["Table"]
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    return {
        "keys": table["KeySchema"],
        "indexes": [(index["IndexName"], index["KeySchema"], index["Projection"]) for index in _indexes(table)],
        "ends": dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["AttributeName"],
        "recovers": backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED",
        "pays": table["BillingModeSummary"]["BillingMode"],
    }


def test_queues_have_the_same_patience_and_lead_to_the_same_dead_letters(resources: Resources) -> None:
    promised = {
        name: (
            queue.get("VisibilityTimeout", 30),
            queue.get("MessageRetentionPeriod", 345600),
            _grave(queue, resources),
        )
        for name, queue in _promised(resources, "AWS::SQS::Queue", "QueueName")
    }
    assert promised == dict(map(_standing_queue, client("sqs").list_queues()["QueueUrls"]))


def _grave(queue: Shape, resources: Resources) -> tuple[str, int] | None:
    if "RedrivePolicy" not in queue:
        return None
    letters = resources[queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]["Properties"]["QueueName"]
    return letters["Fn::Sub"], queue["RedrivePolicy"]["maxReceiveCount"]


def _standing_queue(url: str) -> tuple[str, tuple[int, int, tuple[str, int] | None]]:
    found = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    redrive = json.loads(found.get("RedrivePolicy", "null"))
    grave = (redrive["deadLetterTargetArn"].rpartition(":")[2], int(redrive["maxReceiveCount"])) if redrive else None
    return url.rpartition("/")[2], (int(found["VisibilityTimeout"]), int(found["MessageRetentionPeriod"]), grave)


def test_the_key_and_the_private_bucket_have_the_same_names(resources: Resources) -> None:
    standing_keys = {each["AliasName"] for each in client("kms").list_aliases()["Aliases"]}
    assert {name for name, _ in _promised(resources, "AWS::KMS::Alias", "AliasName")} <= standing_keys
    blobs, _ = next(_promised({"B": resources["BlobsBucket"]}, "AWS::S3::Bucket", "BucketName"))
    assert blobs in {each["Name"] for each in client("s3").list_buckets()["Buckets"]}


def test_all_that_the_local_product_makes_is_deployed_as_it_is() -> None:
    ours = yaml.safe_load(local.TEMPLATE.read_text())["Resources"]
    deployed = packaged("prod").template["Resources"]
    assert [name for name, resource in ours.items() if deployed.get(name) != resource] == []
