"""The local AWS is the template: everything in it stands, with what moto forgets of it; and the template is sound."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib import config
from infra.local import aws, moto_patch, snapshot

TEMPLATE: dict[str, Any] = yaml.safe_load(aws.TEMPLATE.read_text())
TABLES = {"core", "subs", "sends", "due", "idem", "audit", "events"}
QUEUES = {"plan", "send", "send-small", "send-transactional", "sweep", "mail", "audit", "privacy", "events"}


def of_type(kind: str) -> Mapping[str, dict[str, Any]]:
    return {name: made["Properties"] for name, made in TEMPLATE["Resources"].items() if made["Type"] == kind}


def attributes(queue: str) -> dict[str, str]:
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found: dict[str, str] = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return found


@pytest.mark.slow
def test_the_template_is_clean() -> None:
    lint = Path(sys.executable).with_name("cfn-lint")
    result = subprocess.run([lint, aws.TEMPLATE], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")


def test_exactly_the_tables_of_the_template_stand(resources: str) -> None:
    dynamodb = aws.client("dynamodb")
    assert set(dynamodb.list_tables()["TableNames"]) == {f"test-{name}" for name in TABLES}
    assert len(of_type("AWS::DynamoDB::Table")) == len(TABLES)
    for name in TABLES:
        table = dynamodb.describe_table(TableName=f"test-{name}")["Table"]
        keys = [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]]
        assert keys == [("pk", "HASH"), ("sk", "RANGE")]
        assert table["BillingModeSummary"] == {"BillingMode": "PAY_PER_REQUEST"}
        assert "LatestStreamArn" not in table
        ttl = dynamodb.describe_time_to_live(TableName=f"test-{name}")["TimeToLiveDescription"]
        assert ttl == {"TimeToLiveStatus": "ENABLED", "AttributeName": "ttl"}
        backups = dynamodb.describe_continuous_backups(TableName=f"test-{name}")["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_every_table_is_kept_encrypted_and_recoverable() -> None:
    for name, properties in of_type("AWS::DynamoDB::Table").items():
        resource = TEMPLATE["Resources"][name]
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
        assert properties["SSESpecification"] == {"SSEEnabled": True}


def test_people_are_found_by_a_keys_only_index(resources: str) -> None:
    (index,) = aws.client("dynamodb").describe_table(TableName="test-subs")["Table"]["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "by_person"
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["person", "sk"]


def test_every_queue_has_its_dead_letters_and_its_alarms(resources: str) -> None:
    urls = aws.client("sqs").list_queues()["QueueUrls"]
    names = {url.rsplit("/", 1)[1].removeprefix("test-") for url in urls}
    assert names == QUEUES | {f"{name}-dlq" for name in QUEUES}
    for name in QUEUES:
        live, dead = attributes(f"test-{name}"), attributes(f"test-{name}-dlq")
        assert live["VisibilityTimeout"] == "360"
        assert json.loads(live["RedrivePolicy"]) == {"deadLetterTargetArn": dead["QueueArn"], "maxReceiveCount": 5}
        assert dead["MessageRetentionPeriod"] == str(14 * 86_400)
        assert live["SqsManagedSseEnabled"] == dead["SqsManagedSseEnabled"] == "true"
    watched = sorted(
        (alarm["MetricName"], alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0])
        for alarm in of_type("AWS::CloudWatch::Alarm").values()
    )
    queues = sorted(of_type("AWS::SQS::Queue"))
    live_ones = [("ApproximateAgeOfOldestMessage", name) for name in queues if not name.endswith("Dlq")]
    dead_ones = [("ApproximateNumberOfMessagesVisible", name) for name in queues if name.endswith("Dlq")]
    assert watched == live_ones + dead_ones
    assert len(watched) == 2 * len(QUEUES)


def test_the_key_wraps_data_keys_under_its_alias(resources: str) -> None:
    kms = aws.client("kms")
    fresh = kms.generate_data_key(KeyId="alias/test", KeySpec="AES_256", EncryptionContext={"site": "s"})
    opened = kms.decrypt(CiphertextBlob=fresh["CiphertextBlob"], EncryptionContext={"site": "s"})
    assert opened["Plaintext"] == fresh["Plaintext"]
    with pytest.raises(kms.exceptions.InvalidCiphertextException):
        kms.decrypt(CiphertextBlob=fresh["CiphertextBlob"], EncryptionContext={"site": "another"})
    assert kms.get_key_rotation_status(KeyId=fresh["KeyId"])["KeyRotationEnabled"]
    policy = json.loads(kms.get_key_policy(KeyId=fresh["KeyId"], PolicyName="default")["Policy"])
    assert policy["Statement"][0]["Principal"] == {"AWS": f"arn:aws:iam::{aws.ACCOUNT}:root"}


def test_blobs_are_private_versioned_and_encrypted(resources: str) -> None:
    s3, bucket = aws.client("s3"), f"test-blobs-{aws.ACCOUNT}"
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_secrets_are_put_once(resources: str) -> None:
    for value in ("first", "second"):
        aws.create_resources(resources, secrets={"/test/jwt": value})
    found = aws.client("ssm").get_parameter(Name="/test/jwt", WithDecryption=True)["Parameter"]
    assert (found["Value"], found["Type"]) == ("first", "SecureString")


def test_the_product_can_read_its_environment() -> None:
    settings = config.read(aws.environment(prefix="mine", mail_from="me@example.com", public_url="http://127.0.0.1:1"))
    assert settings.prefix == "mine"
    assert settings.kms_key == "alias/mine"
    assert settings.mail_from == "me@example.com"


def test_two_installations_stand_side_by_side(resources: str) -> None:
    aws.create_resources("other")
    assert len(aws.client("dynamodb").list_tables()["TableNames"]) == 2 * len(TABLES)


def test_a_restored_state_gets_what_the_template_has_gained(
    resources: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = {"pk": {"S": "p"}, "sk": {"S": "s"}}
    aws.client("dynamodb").put_item(TableName="test-core", Item=put)
    grown = json.loads(json.dumps(TEMPLATE))
    dead, live = (json.loads(json.dumps(grown["Resources"][name])) for name in ("MailDlq", "MailQueue"))
    dead["Properties"]["QueueName"] = {"Fn::Sub": "${Prefix}-new-dlq"}
    live["Properties"] |= {
        "QueueName": {"Fn::Sub": "${Prefix}-new"},
        "RedrivePolicy": {"deadLetterTargetArn": {"Fn::GetAtt": ["NewDlq", "Arn"]}, "maxReceiveCount": 5},
    }
    grown["Resources"] |= {"NewDlq": dead, "NewQueue": live}
    grown["Resources"]["SendQueue"]["Properties"]["VisibilityTimeout"] = 30
    del grown["Resources"]["BlobsBucket"]
    (tmp_path / "resources.yaml").write_text(yaml.safe_dump(grown))
    monkeypatch.setattr(aws, "TEMPLATE", tmp_path / "resources.yaml")

    snapshot.restore(snapshot.capture())
    assert aws.create_resources(resources) == ["BlobsBucket", "SendQueue"]  # these stay as they were
    assert attributes("test-new")["RedrivePolicy"]
    assert attributes("test-send")["VisibilityTimeout"] == "360"
    assert aws.client("dynamodb").get_item(TableName="test-core", Key=put)["Item"] == put


def test_nothing_is_left_when_it_ends() -> None:
    with aws.running():
        aws.create_resources("test")
    with aws.running():
        assert aws.client("dynamodb").list_tables()["TableNames"] == []
        assert "QueueUrls" not in aws.client("sqs").list_queues()


def test_another_moto_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moto_patch, "PINNED", "0.0.0")
    with pytest.raises(RuntimeError, match=r"made for moto 0\.0\.0"):
        moto_patch.apply()
