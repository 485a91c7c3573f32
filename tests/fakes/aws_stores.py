"""Everything else of AWS that deploying touches, as the stand-in does it: buckets, secrets, mail, alarms, farewells."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from operator import itemgetter
from pathlib import Path
from typing import Any

from tests.fakes.aws_state import ACCOUNT, Line, Says, State

_CURRENT = "1"
_MOST_DELETED = 1_000
Answer = Callable[[State, Line], Any]


def whoami(state: State, line: Line) -> Any:
    return {"UserId": "AIDA", "Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/ada"}


def head_bucket(state: State, line: Line) -> Any:
    if line.one("bucket") not in state.buckets:
        raise Says("404", "Not Found")
    return {"BucketRegion": state.buckets[line.one("bucket")]["region"]}


def create_bucket(state: State, line: Line) -> Any:
    place = line.json("create-bucket-configuration") or {"LocationConstraint": "us-east-1"}
    state.buckets[line.one("bucket")] = {"region": place["LocationConstraint"], "objects": {}, "settings": []}
    return {"Location": f"/{line.one('bucket')}"}


def note_setting(state: State, line: Line) -> Any:
    settings = _bucket(state, line)["settings"]
    if line.operation not in settings:
        settings.append(line.operation)
    return ""


def head_object(state: State, line: Line) -> Any:
    if line.one("key") not in _bucket(state, line)["objects"]:
        raise Says("404", "Not Found")
    return {"ContentLength": 1}


def put_object(state: State, line: Line) -> Any:
    _put_aside(_bucket(state, line), line.one("key"))
    _bucket(state, line)["objects"][line.one("key")] = Path(line.one("body")).read_bytes().decode("latin-1")
    return {"ETag": "x"}


def get_object(state: State, line: Line) -> Any:
    objects = _bucket(state, line)["objects"]
    if line.one("key") not in objects:
        raise Says("NoSuchKey", "The specified key does not exist.")
    Path(line.words[0]).write_bytes(objects[line.one("key")].encode("latin-1"))
    return {"ContentLength": 1}


def delete_object(state: State, line: Line) -> Any:
    bucket = _bucket(state, line)
    _put_aside(bucket, line.one("key"))
    bucket["objects"].pop(line.one("key"), None)
    if _is_versioned(bucket):
        _put_aside(bucket, line.one("key"), kind="DeleteMarkers")
    return {"DeleteMarker": True}


def list_object_versions(state: State, line: Line) -> Any:
    """`--max-keys` bounds all that is listed; the CLI's `--max-items` bounds versions only, as it does in truth."""
    bucket = _bucket(state, line)
    listed = [("Versions", key, _CURRENT) for key in bucket["objects"]]
    listed += [(kind, key, version) for kind, key, version in bucket.get("older", [])]
    page = sorted(listed, key=itemgetter(1))[: int(line.one("max-keys", str(len(listed))))]
    found: dict[str, Any] = {}
    for kind, key, version in page:
        found.setdefault(kind, []).append({"Key": key, "VersionId": version})
    return found or {"RequestCharged": None}


def delete_objects(state: State, line: Line) -> Any:
    bucket = _bucket(state, line)
    wanted = json.loads(Path(line.one("delete").removeprefix("file://")).read_text())["Objects"]
    if len(wanted) > _MOST_DELETED:
        raise Says("MalformedXML", "The XML you provided was not well-formed or did not validate")
    gone = {(each["Key"], each["VersionId"]) for each in wanted}
    bucket["objects"] = {key: body for key, body in bucket["objects"].items() if (key, _CURRENT) not in gone}
    bucket["older"] = [each for each in bucket.get("older", []) if tuple(each[1:]) not in gone]
    return ""


def delete_bucket(state: State, line: Line) -> Any:
    if _bucket(state, line)["objects"] or _bucket(state, line).get("older"):
        raise Says("BucketNotEmpty", "The bucket you tried to delete is not empty")
    del state.buckets[line.one("bucket")]
    state.gone.append(line.one("bucket"))
    return ""


def get_parameters(state: State, line: Line) -> Any:
    names = line.flags["names"]
    there = [{"Name": name, "Type": "SecureString", "Value": "ciphertext"} for name in names if name in state.secrets]
    return {"Parameters": there, "InvalidParameters": [name for name in names if name not in state.secrets]}


def put_parameter(state: State, line: Line) -> Any:
    wanted = json.loads(Path(line.one("cli-input-json").removeprefix("file://")).read_text())
    if wanted["Name"] in state.secrets and not wanted["Overwrite"]:
        raise Says("ParameterAlreadyExists", "The parameter already exists.")
    state.secrets[wanted["Name"]] = wanted["Value"]
    return {"Version": 1}


def delete_parameters(state: State, line: Line) -> Any:
    for name in line.flags["names"]:
        state.secrets.pop(name, None)
    return {}


def get_email_identity(state: State, line: Line) -> Any:
    if line.one("email-identity") not in state.identities:
        raise Says("NotFoundException", f"Email identity {line.one('email-identity')} does not exist.")
    return {"VerifiedForSendingStatus": False, "DkimAttributes": {"Tokens": ["tok1", "tok2", "tok3"]}}


def create_email_identity(state: State, line: Line) -> Any:
    state.identities.append(line.one("email-identity"))
    return get_email_identity(state, line)


def get_account(state: State, line: Line) -> Any:
    return {"ProductionAccessEnabled": state.has_production_mail}


def describe_alarms(state: State, line: Line) -> Any:
    arn = f"arn:aws:cloudwatch:{state.region}:{ACCOUNT}:alarm"
    return {
        "MetricAlarms": [
            {"AlarmName": name, "AlarmArn": f"{arn}:{name}", "StateValue": "ALARM" if name in state.ringing else "OK"}
            for name in line.flags["alarm-names"]
        ]
    }


def get_account_settings(state: State, line: Line) -> Any:
    return {
        "AccountLimit": {"ConcurrentExecutions": state.concurrency, "UnreservedConcurrentExecutions": state.concurrency}
    }


def scan(state: State, line: Line) -> Any:
    return {"Count": min(state.rows, int(line.one("limit"))), "ScannedCount": 1}


def delete_table(state: State, line: Line) -> Any:
    if line.one("table-name") in state.gone:
        raise Says("ResourceNotFoundException", "Requested resource not found")
    state.gone.append(line.one("table-name"))
    return {"TableDescription": {"TableStatus": "DELETING"}}


def schedule_key_deletion(state: State, line: Line) -> Any:
    if line.one("key-id") in state.gone:
        raise Says("KMSInvalidStateException", "is pending deletion.")
    state.gone.append(line.one("key-id"))
    return {"KeyState": "PendingDeletion"}


def _put_aside(bucket: Any, key: str, *, kind: str = "Versions") -> None:
    """What a versioned bucket keeps of an object that is written over or deleted."""
    older = bucket.setdefault("older", [])
    if _is_versioned(bucket) and (kind != "Versions" or key in bucket["objects"]):
        older.append([kind, key, f"v{len(older) + 1}"])


def _is_versioned(bucket: Any) -> bool:
    return "put-bucket-versioning" in bucket["settings"]


def _bucket(state: State, line: Line) -> Any:
    if line.one("bucket") not in state.buckets:
        raise Says("NoSuchBucket", "The specified bucket does not exist")
    return state.buckets[line.one("bucket")]


_SETTINGS = ("put-public-access-block", "put-bucket-versioning", "put-bucket-encryption", "put-bucket-policy")
_BY_SERVICE: Mapping[str, tuple[Answer, ...]] = {
    "s3api": (
        head_bucket,
        create_bucket,
        head_object,
        put_object,
        get_object,
        delete_object,
        list_object_versions,
        delete_objects,
        delete_bucket,
    ),
    "ssm": (get_parameters, put_parameter, delete_parameters),
    "sesv2": (get_email_identity, create_email_identity, get_account),
    "cloudwatch": (describe_alarms,),
    "lambda": (get_account_settings,),
    "dynamodb": (scan, delete_table),
    "kms": (schedule_key_deletion,),
}
ANSWERS: Mapping[str, Answer] = {
    "sts get-caller-identity": whoami,
    **{f"s3api {operation}": note_setting for operation in _SETTINGS},
    **{
        f"{service} {answer.__name__.replace('_', '-')}": answer
        for service, answers in _BY_SERVICE.items()
        for answer in answers
    },
}
