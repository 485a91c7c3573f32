"""What lies sealed under a key of the installation, and under which: secrets in rows of the core table, and parameters.

For `reseal`, inside the product's process. Every secret is told by its mark; none is opened to be counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws.clients import client
from chalicelib.aws.dynamo import Table
from chalicelib.aws.envelope import Tampered, mark, mark_of
from chalicelib.config import settings
from chalicelib.core.errors import NotFound, Unavailable
from chalicelib.features.identity.wiring import identity
from chalicelib.features.sites.wiring import sites

_EXISTS = "attribute_exists(sealed) OR attribute_exists(sealed_secret) OR attribute_exists(identity_secret)"
_FIELDS = "pk, sk, sealed, sealed_secret, identity_secret"


@dataclass(frozen=True)
class Sealed:
    """`key` is its mark: empty where nothing says it. `seal_anew` is False when somebody else has just changed it."""

    kind: str
    place: str
    key: bytes
    seal_anew: Callable[[], bool]


def key_in_use() -> str:
    return str(client("kms").describe_key(KeyId=settings().kms_key)["KeyMetadata"]["Arn"])


def keys_by_mark() -> dict[bytes, str]:
    """All there are in this account and region: a mark is of one of them, or of one that is gone."""
    pages = client("kms").get_paginator("list_keys").paginate()
    return {mark_of(each["KeyArn"]): each["KeyArn"] for page in pages for each in page["Keys"]}


def everything_sealed() -> Iterator[Sealed]:
    """The identity secret of a site last: to who reads the site, it tells of its keys as well."""
    found = [*_in_rows(), *_in_parameters()]
    for kind in KINDS:
        yield from (each for each in found if each.kind == kind)


def _in_rows() -> Iterator[Sealed]:
    pages = (
        client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=Table("core").name,
            ProjectionExpression=_FIELDS,
            FilterExpression=_EXISTS,
            ConsistentRead=True,
        )
    )
    for page in pages:
        yield from map(_in_row, page["Items"])


def _in_row(item: Mapping[str, Any]) -> Sealed:
    pk, sk = item["pk"]["S"], item["sk"]["S"]
    kind, field, seal_anew = _ROWS[sk.partition("#")[0]]
    return Sealed(kind, f"{pk} {sk}", _marked(bytes(item[field]["B"])), partial(seal_anew, pk, sk))


def _marked(sealed: bytes) -> bytes:
    try:
        return mark(sealed)
    except Tampered:
        return b""


def _vapid_key_anew(pk: str, sk: str) -> bool:
    _, site_id, key_id = sk.split("#")
    return sites().seal_key_anew(tenant_id=pk.removeprefix("T#"), site_id=site_id, key_id=key_id)


def _identity_secret_anew(pk: str, sk: str) -> bool:
    return sites().seal_identity_secret_anew(tenant_id=pk.removeprefix("T#"), site_id=sk.removeprefix("SITE#"))


def _second_factor_anew(pk: str, _sk: str) -> bool:
    return identity().second_factors.seal_anew(user_id=pk.removeprefix("USER#"))


def _in_parameters() -> Iterator[Sealed]:
    told = settings()
    names = [told.secret_jwt, told.secret_pepper, told.secret_installation]
    names += [name for name in (told.secret_oauth_google, told.secret_oauth_microsoft) if name]
    there = [{"Key": "Name", "Option": "Equals", "Values": names}]
    pages = client("ssm").get_paginator("describe_parameters").paginate(ParameterFilters=there)
    found = [each for page in pages for each in page["Parameters"]]  # a page may hold fewer than there are, even none
    if missing := {*names} - {each["Name"] for each in found}:
        raise Missing(f"There is no parameter {', '.join(sorted(missing))}.")
    for each in found:
        key = each.get("KeyId", "")  # as it was said: an alias tells no key
        known = mark_of(key) if key.startswith("arn:") and ":key/" in key else b""
        yield Sealed(_PARAMETERS, each["Name"], known, partial(_parameter_anew, each["Name"]))


def _parameter_anew(name: str) -> bool:
    """Systems Manager knows no conditions. What was put between reading and writing is found by the versions."""
    ssm, key = client("ssm"), key_in_use()
    try:
        before = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
        put = ssm.put_parameter(Name=name, Value=before["Value"], Type="SecureString", KeyId=key, Overwrite=True)
    except (ClientError, BotoCoreError) as error:
        raise Unavailable from error
    if put["Version"] != before["Version"] + 1:
        raise Overwritten
    return True


class Overwritten(Unavailable):
    """A parameter was given a new value at the very moment at which the old one was sealed anew."""

    code = "parameter_overwritten"
    title = "It was given a new value meanwhile, which is its last version but one now. Put that value again."


class Missing(NotFound):
    """A parameter that the installation is set up with is not there: whether all is sealed anew cannot be said."""

    code = "parameter_missing"
    title = "A parameter is missing."


_PARAMETERS = "parameters"
_ROWS: Mapping[str, tuple[str, str, Callable[[str, str], bool]]] = {
    "VAPID": ("VAPID keys", "sealed", _vapid_key_anew),
    "TOTP": ("second factors", "sealed_secret", _second_factor_anew),
    "SITE": ("identity secrets", "identity_secret", _identity_secret_anew),
}
KINDS = (*(kind for kind, _, _ in _ROWS.values()), _PARAMETERS)
