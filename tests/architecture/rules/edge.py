"""What stands between the world and the product: API Gateway's own answers, its log, its brakes, and the SDK's files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from chalicelib.core.errors import Forbidden, NotFound, OverLimit, PushError, Unavailable
from chalicelib.web import problems
from chalicelib.web.body import TooLarge, Unreadable
from chalicelib.web.middleware import SECURITY_HEADERS
from chalicelib.web.problems import Broken, UnsupportedMediaType

Template = Mapping[str, Any]

_LATE = "No answer came in time. It may have been done: send it again with the same Idempotency-Key."
_ANSWERS: dict[str, PushError] = {
    **dict.fromkeys(
        ("MISSING_AUTHENTICATION_TOKEN", "RESOURCE_NOT_FOUND", "ACCESS_DENIED", "EXPIRED_TOKEN", "INVALID_SIGNATURE"),
        NotFound(),
    ),
    "DEFAULT_4XX": NotFound(),
    **dict.fromkeys(("BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS"), Unreadable()),
    "WAF_FILTERED": Forbidden("This request was held back by a firewall."),
    "REQUEST_TOO_LARGE": TooLarge(),
    "UNSUPPORTED_MEDIA_TYPE": UnsupportedMediaType(),
    **dict.fromkeys(("THROTTLED", "QUOTA_EXCEEDED"), OverLimit(retry_after_seconds=1)),
    "DEFAULT_5XX": Broken(),
    **dict.fromkeys(("INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"), Unavailable(_LATE)),
}
_INSTANCE = "$context.requestId"
_LOGGED = {
    *("error.responseType", "httpMethod", "integration.requestId", "integrationLatency", "requestId"),
    *("requestTimeEpoch", "resourcePath", "responseLatency", "responseLength", "status"),
}


def misspoken_answers(template: Template) -> Iterator[str]:
    """API Gateway's answers are problem documents like the app's own: same status, same members, same headers."""
    found = _api(template).get("GatewayResponses", {})
    yield from (f"{kind} answers in API Gateway's own words" for kind in sorted(_ANSWERS.keys() - found.keys()))
    yield from (f"nothing ever answers {kind}" for kind in sorted(found.keys() - _ANSWERS.keys()))
    for kind in sorted(found.keys() & _ANSWERS.keys()):
        yield from (f"{kind}: {fault}" for fault in _misspoken(found[kind], _ANSWERS[kind]))


def _misspoken(response: Mapping[str, Any], error: PushError) -> Iterator[str]:
    expected = problems.answer(error, instance=_INSTANCE)
    if response["StatusCode"] != expected.status_code:
        yield f"answers {response['StatusCode']}, the app {expected.status_code}"
    ((media_type, template),) = response["ResponseTemplates"].items()
    if media_type != "application/json":  # the type that API Gateway chooses when nobody accepts another
        yield f"speaks only to who accepts {media_type}"
    if _read(template) != json.loads(expected.body):
        yield f"says {_read(template)}"
    headers = {**SECURITY_HEADERS, **expected.headers}
    wanted = {name: f"'{value}'" for name, value in headers.items()} | {"X-Request-Id": _INSTANCE.removeprefix("$")}
    if response["ResponseParameters"]["Headers"] != wanted:
        differing = set(response["ResponseParameters"]["Headers"].items()) ^ set(wanted.items())
        yield f"has other headers: {sorted({name for name, _ in differing})}"


def _read(template: Any) -> Any:
    """The page of a problem stands under the public address; the app says so without its scheme and host."""
    return json.loads(template["Fn::Sub"].replace("${PublicUrl}", ""))


def talkative_logs(template: Template) -> Iterator[str]:
    """The access log names routes and figures: no path, no query, no address, and no message that may quote a token."""
    line = _api(template).get("AccessLogSetting", {}).get("Format", "{}")
    asked = set(re.findall(r"\$(?:context\.)?([\w.]+)", line))
    yield from (f"the access log tells {name}" for name in sorted(asked - _LOGGED))
    if sorted(json.loads(line).values()) != sorted(f"$context.{name}" for name in asked):
        yield "the access log is no JSON of one variable each"
    if not asked:
        yield "the API keeps no access log"


def unguarded_stages(template: Template) -> Iterator[str]:
    """One stage, whose every method is throttled, and whose execution is not logged: that would quote headers."""
    api = _api(template)
    if api.get("OpenApiVersion") != "2.0":
        yield "SAM adds a stage of its own, which nobody guards"
    settings = {(each["ResourcePath"], each["HttpMethod"]): each for each in api.get("MethodSettings", [])}
    for_all = settings.get(("/*", "*"), {})
    if min(for_all.get("ThrottlingRateLimit", 0), for_all.get("ThrottlingBurstLimit", 0)) <= 0:
        yield "the API is not throttled"
    for (path, method), each in settings.items():
        if each.get("LoggingLevel", "OFF") != "OFF" or each.get("DataTraceEnabled"):
            yield f"{method} {path} logs its execution"


def _api(template: Template) -> Mapping[str, Any]:
    properties: Mapping[str, Any] = template["Resources"]["RestAPI"]["Properties"]
    return properties


def open_buckets(template: Template) -> Iterator[str]:
    """Nobody reads a bucket past its policy, without TLS, or in the clear."""
    resources = template["Resources"]
    denied = {
        resource["Properties"]["Bucket"]["Ref"]
        for resource in resources.values()
        if resource["Type"] == "AWS::S3::BucketPolicy" and _is_tls_only(resource["Properties"]["PolicyDocument"])
    }
    for name, resource in resources.items():
        if resource["Type"] == "AWS::S3::Bucket":
            yield from (f"{name} {fault}" for fault in _faults(resource["Properties"]))
            if name not in denied:
                yield f"{name} is reached without TLS"


def _faults(bucket: Mapping[str, Any]) -> Iterator[str]:
    closed = bucket.get("PublicAccessBlockConfiguration", {})
    if [closed.get(f"{verb}Public{what}") for verb, what in _PUBLIC] != [True] * len(_PUBLIC):
        yield "may be opened to everyone"
    if "BucketEncryption" not in bucket:
        yield "is not encrypted"
    if bucket.get("VersioningConfiguration") != {"Status": "Enabled"}:
        yield "forgets what is overwritten"


_PUBLIC = (("Block", "Acls"), ("Block", "Policy"), ("Ignore", "Acls"))


def _is_tls_only(policy: Mapping[str, Any]) -> bool:
    return any(
        (each["Effect"], each["Principal"], each["Action"]) == ("Deny", "*", "s3:*")
        and each["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for each in policy["Statement"]
    )


_FOLDER = re.compile(r"\$\{BlobsBucket\.Arn\}(/[a-z]+)+/\*")
_EXPORTS = re.compile(r"\$\{BlobsBucket\.Arn\}/exports/\*")
_FUNCTIONS = (
    ({"Fn::GetAtt": ["AppendLateRole", "Arn"]}, "s3:PutObject", _FOLDER),
    ({"Fn::GetAtt": ["APIHandlerRole", "Arn"]}, "s3:GetObject", _FOLDER),
    ({"Fn::GetAtt": ["EraseRole", "Arn"]}, "s3:DeleteObjectVersion", _EXPORTS),  # and never an anchor
)


def strange_readers(template: Template) -> Iterator[str]:
    """Whom bucket policies let in: the SDK's own distribution, to single files; three functions, each to put, to read or
    to remove in folders of the blobs; and nobody else.
    """
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::S3::BucketPolicy":
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                if statement["Effect"] == "Allow" and not (_is_own_edge(statement) or _is_own_function(statement)):
                    yield f"{name} lets {statement['Principal']} {statement['Action']}"


def _is_own_edge(statement: Mapping[str, Any]) -> bool:
    source = statement.get("Condition", {}).get("StringEquals", {}).get("aws:SourceArn", {}).get("Fn::Sub", "")
    who = (statement["Principal"], statement["Action"])
    return who == ({"Service": "cloudfront.amazonaws.com"}, "s3:GetObject") and source.endswith("/${SdkEdge}")


def _is_own_function(statement: Mapping[str, Any]) -> bool:
    role = statement["Principal"].get("AWS") if isinstance(statement["Principal"], dict) else None
    folders = [each.get("Fn::Sub", "") for each in statement["Resource"] if isinstance(each, dict)]
    return len(folders) == len(statement["Resource"]) and any(
        (role, statement["Action"]) == (who, action) and all(map(reach.fullmatch, folders))
        for who, action, reach in _FUNCTIONS
    )
