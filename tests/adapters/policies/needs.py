"""What one call to AWS asks of IAM: an action on a resource, in a context. Written from AWS's service authorization
reference; a call that is not in it fails the recording, so that nobody grants by guessing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.local import aws

Context = tuple[tuple[str, str], ...]
Parameters = Mapping[str, Any]

KEY = "SecretsKey"  # the one key; its real id is AWS's own choice
_ONE_ITEM = ("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Scan")
_AT_A_QUEUE = ("SendMessageBatch", "GetQueueAttributes", "ReceiveMessage", "DeleteMessageBatch")
_IN_PARTS = ("PutObject", "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload")
_IN_TRANSACTIONS = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


@dataclass(frozen=True, order=True)
class Need:
    action: str
    resource: str
    context: Context = ()

    def __str__(self) -> str:
        return f"{self.action} on {self.resource.split(':', 5)[-1]}"


class UnknownCall(AssertionError):
    """Say here what it needs, from the service authorization reference."""


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{aws.REGION}:{aws.ACCOUNT}:{resource}"


def needs(service: str, operation: str, parameters: Parameters) -> Iterator[Need]:
    try:
        ask = _ASKS[service, operation]
    except KeyError:
        raise UnknownCall(f"{service}.{operation}") from None
    return ask(operation, parameters)


def _one_item(operation: str, asked: Parameters) -> Iterator[Need]:
    yield Need(f"dynamodb:{operation}", _table(asked["TableName"]))


def _query(_: str, asked: Parameters) -> Iterator[Need]:
    index = f"/index/{asked['IndexName']}" if "IndexName" in asked else ""
    yield Need("dynamodb:Query", _table(asked["TableName"]) + index)


def _batch_get(_: str, asked: Parameters) -> Iterator[Need]:
    yield from (Need("dynamodb:BatchGetItem", _table(name)) for name in asked["RequestItems"])


def _batch_write(_: str, asked: Parameters) -> Iterator[Need]:
    yield from (Need("dynamodb:BatchWriteItem", _table(name)) for name in asked["RequestItems"])


def _transaction(_: str, asked: Parameters) -> Iterator[Need]:
    """A transaction has no action of its own: it needs what its items would need alone."""
    for item in asked["TransactItems"]:
        ((member, write),) = item.items()
        yield Need(f"dynamodb:{_IN_TRANSACTIONS[member]}", _table(write["TableName"]))


def _look_up_queue(_: str, asked: Parameters) -> Iterator[Need]:
    yield Need("sqs:GetQueueUrl", arn("sqs", asked["QueueName"]))


def _at_queue(operation: str, asked: Parameters) -> Iterator[Need]:
    """A batch needs what its single messages would."""
    yield Need(f"sqs:{operation.removesuffix('Batch')}", arn("sqs", asked["QueueUrl"].rsplit("/", 1)[1]))


def _data_key(operation: str, asked: Parameters) -> Iterator[Need]:
    bound = {f"kms:EncryptionContext:{name}": value for name, value in asked.get("EncryptionContext", {}).items()}
    yield Need(f"kms:{operation}", arn("kms", f"key/{KEY}"), tuple(sorted(bound.items())))


def _parameter(_: str, asked: Parameters) -> Iterator[Need]:
    """Systems Manager opens a SecureString in the caller's name, bound to the parameter it belongs to."""
    parameter = arn("ssm", f"parameter{asked['Name']}")
    yield Need("ssm:GetParameter", parameter)
    if asked.get("WithDecryption"):
        bound = {"kms:EncryptionContext:PARAMETER_ARN": parameter, "kms:ViaService": f"ssm.{aws.REGION}.amazonaws.com"}
        yield Need("kms:Decrypt", arn("kms", f"key/{KEY}"), tuple(bound.items()))


def _letter(_: str, asked: Parameters) -> Iterator[Need]:
    """SES looks for the sender's address among the identities, then for its domain; we have it verify the domain."""
    domain = asked["Source"].rsplit("@", 1)[1].rstrip(">")
    yield Need("ses:SendEmail", arn("ses", f"identity/{domain}"))
    yield Need("ses:SendEmail", arn("ses", f"configuration-set/{asked['ConfigurationSetName']}"))


def _object(operation: str, asked: Parameters) -> Iterator[Need]:
    """Parts of an upload need what putting it whole would. Policies name folders: that is what an object is here."""
    folder = "exports" if asked["Key"].startswith("exports/") else "/".join(asked["Key"].split("/")[:2])
    yield Need(f"s3:{operation}", f"arn:aws:s3:::{asked['Bucket']}/{folder}/*")


def _part(_: str, asked: Parameters) -> Iterator[Need]:
    yield from _object("PutObject", asked)


def _listing(_: str, asked: Parameters) -> Iterator[Need]:
    yield Need("s3:ListBucket", f"arn:aws:s3:::{asked['Bucket']}")


def _versions(_: str, asked: Parameters) -> Iterator[Need]:
    yield Need("s3:ListBucketVersions", f"arn:aws:s3:::{asked['Bucket']}")


def _version(_: str, asked: Parameters) -> Iterator[Need]:
    """Only by its version is an object really gone."""
    yield from _object("DeleteObjectVersion" if asked.get("VersionId") else "DeleteObject", asked)


def _table(name: str) -> str:
    return arn("dynamodb", f"table/{name}")


_ASKS: dict[tuple[str, str], Callable[[str, Parameters], Iterator[Need]]] = {
    **{("dynamodb", operation): _one_item for operation in _ONE_ITEM},
    ("dynamodb", "Query"): _query,
    ("dynamodb", "BatchGetItem"): _batch_get,
    ("dynamodb", "BatchWriteItem"): _batch_write,
    ("dynamodb", "TransactWriteItems"): _transaction,
    ("sqs", "GetQueueUrl"): _look_up_queue,
    **{("sqs", operation): _at_queue for operation in _AT_A_QUEUE},
    ("kms", "GenerateDataKey"): _data_key,
    ("kms", "Decrypt"): _data_key,
    ("ssm", "GetParameter"): _parameter,
    ("ses", "SendEmail"): _letter,
    **dict.fromkeys((("s3", operation) for operation in _IN_PARTS), _part),
    ("s3", "ListObjectsV2"): _listing,
    ("s3", "ListObjectVersions"): _versions,
    ("s3", "DeleteObject"): _version,
    ("s3", "GetObject"): _object,
}
