"""What is wrong with a package: all that cfn-lint says, every wildcard in what our functions may do, and its size."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.packaging.functions import functions_of
from infra.packaging.merge import Template

MOST_MB = 150  # Lambda's own limit is 250
_REGIONS = ["eu-central-1", "us-east-1"]  # what there is differs between them
_LONGEST_FINDING = 300
_POLICIES = frozenset({"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"})
_WHAT_AND_WHERE = ("Action", "NotAction", "Resource", "NotResource")


@dataclass(frozen=True)
class Verdict:
    functions: int
    unzipped_mb: float | None  # of a template alone nothing is known
    lint: list[str]
    wildcards: list[str]

    @property
    def faults(self) -> list[str]:
        is_large = self.unzipped_mb is not None and self.unzipped_mb > MOST_MB
        size = [f"{self.unzipped_mb} MB unzipped, more than {MOST_MB}"] if is_large else []
        return [*self.lint, *self.wildcards, *size]

    @property
    def figures(self) -> dict[str, Any]:
        return {
            "functions": self.functions,
            "unzipped_mb": self.unzipped_mb,
            "lint_errors": len(self.lint),
            "wildcards": len(self.wildcards),
        }


def judge(template: Template, *, unzipped_mb: float | None) -> Verdict:
    return Verdict(len(functions_of(template)), unzipped_mb, lint_findings(template), list(wildcards(template)))


def lint_findings(template: Template) -> list[str]:
    """Warnings included; an exception is granted where it is due, in the template's own `Metadata`."""
    from cfnlint.api import lint  # three seconds, which a refusal before this point need not wait for
    from cfnlint.config import ManualArgs

    found = lint(json.dumps(template), config=ManualArgs(regions=_REGIONS))
    return [_in_one_line(f"{match.rule.id} {_place(match)}: {match.message}") for match in found]


def wildcards(template: Template) -> Iterator[str]:
    """An asterisk in what a role allows, action or resource. Policies of keys and buckets speak of these alone."""
    for logical_id, resource in template["Resources"].items():
        for statement in _statements(resource):
            said = {key: statement[key] for key in _WHAT_AND_WHERE if key in statement}
            if statement["Effect"] == "Allow" and "*" in json.dumps(said):
                yield _in_one_line(f"{logical_id} allows a wildcard: {json.dumps(said)}")


def _statements(resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    properties = resource.get("Properties", {})
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", ()) if "PolicyDocument" in policy]
    if resource["Type"] in _POLICIES:
        documents.append(properties["PolicyDocument"])
    for document in documents:
        yield from document["Statement"]


def _place(match: Any) -> str:
    return "/".join(map(str, getattr(match, "path", ())))


def _in_one_line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST_FINDING]
