"""checkov's findings against those that are explained: each finding needs its explanation, and each explanation its
finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import msgspec


class Explanation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a check does not hold for these resources: `AWS::S3::Bucket.SdkBucket`, where `*` stands for any name."""

    why: str
    of: list[str]


Explained = Mapping[str, Explanation]


@dataclass(frozen=True, order=True)
class Finding:
    check: str
    resource: str
    says: str

    def __str__(self) -> str:
        return f"{self.check} {self.resource}: {self.says}"


@dataclass(frozen=True)
class Report:
    passed: int
    findings: Sequence[Finding]


def read_report(answer: Mapping[str, Any]) -> Report:
    """Raises ValueError for an answer that judges nothing: a template that checkov could not read passes everything."""
    if not answer.get("summary", {}).get("resource_count") or answer["summary"]["parsing_errors"]:
        raise ValueError("checkov read no template")
    failed = answer["results"]["failed_checks"]
    findings = [Finding(each["check_id"], each["resource"], each["check_name"]) for each in failed]
    return Report(answer["summary"]["passed"], sorted(set(findings)))


def unexplained(findings: Iterable[Finding], explained: Explained) -> Iterator[Finding]:
    for finding in findings:
        known = explained.get(finding.check)
        if not known or not any(fnmatchcase(finding.resource, pattern) for pattern in known.of):
            yield finding


def obsolete(explained: Explained, findings: Iterable[Finding]) -> Iterator[str]:
    """Explanations of what is no longer found: the next one would slip in under them."""
    found = list(findings)
    for check, known in explained.items():
        for pattern in known.of:
            if not any(each.check == check and fnmatchcase(each.resource, pattern) for each in found):
                yield f"{check} {pattern}"
