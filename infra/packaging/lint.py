"""What is wrong with a template: everything cfn-lint says, and every wildcard in what our functions may do."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cfnlint.api import lint
from cfnlint.config import ManualArgs

from infra.packaging.merge import Template

_POLICIES = frozenset({"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"})


def lint_findings(template: Template) -> list[str]:
    found = lint(json.dumps(template, indent=1), config=ManualArgs(regions=["eu-central-1"]))
    return [
        f"{match.rule.id} {'/'.join(map(str, getattr(match, 'path', None) or []))}: {match.message}" for match in found
    ]


def wildcards(template: Template) -> Iterator[str]:
    """An asterisk anywhere in an action or a resource of a role; policies of keys and buckets are about themselves."""
    for logical_id, resource in template["Resources"].items():
        for statement in _statements(resource):
            texts = json.dumps([statement.get(key) for key in ("Action", "Resource", "NotAction", "NotResource")])
            if statement.get("Effect") == "Allow" and "*" in texts:
                yield f"{logical_id}: {texts}"


def _statements(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    properties = resource.get("Properties", {})
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", []) if isinstance(policy, dict)]
    if resource["Type"] in _POLICIES:
        documents.append(properties["PolicyDocument"])
    for document in documents:
        yield from document["Statement"]
