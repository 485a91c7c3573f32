"""The sites of all tenants, by name. Only a laptop may look across tenants."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from infra.local import aws
from infra.local.console.product_view import SiteName

_MOST_SHOWN = 500


def sites(*, prefix: str) -> Sequence[SiteName]:
    """By tenant, then by name."""
    rows = list(_rows(f"{prefix}-core"))
    tenants = {row["pk"]["S"]: row["name"]["S"] for row in rows if row["sk"]["S"] == "TENANT"}
    found = [
        SiteName(
            tenant_id=row["pk"]["S"].removeprefix("T#"),
            tenant=tenants.get(row["pk"]["S"], ""),
            id=row["sk"]["S"].removeprefix("SITE#"),
            name=row["name"]["S"],
            url=row["url"]["S"],
        )
        for row in rows
        if row["sk"]["S"].startswith("SITE#")
    ]
    return sorted(found, key=lambda site: (site.tenant.lower(), site.tenant_id, site.name.lower(), site.id))[
        :_MOST_SHOWN
    ]


def _rows(table: str) -> Iterator[Mapping[str, Any]]:
    pages = (
        aws.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=table,
            FilterExpression="begins_with(sk, :site) OR sk = :tenant",
            ExpressionAttributeValues={":site": {"S": "SITE#"}, ":tenant": {"S": "TENANT"}},
        )
    )
    for page in pages:
        yield from page["Items"]
