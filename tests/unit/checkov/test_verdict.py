from __future__ import annotations

from typing import Any

import msgspec
import pytest

from infra.checkov.__main__ import read_explained
from infra.checkov.verdict import Explanation, Finding, obsolete, read_report, unexplained

LOGS = Finding("CKV_1", "AWS::S3::Bucket.Sdk", "keep a log")
_TABLE = Finding("CKV_2", "AWS::DynamoDB::Table.Core", "use a key")


def _answer(**summary: int) -> dict[str, Any]:
    failed = {"check_id": "CKV_1", "resource": "AWS::S3::Bucket.Sdk", "check_name": "keep a log"}
    return {
        "summary": {"passed": 5, "resource_count": 2, "parsing_errors": 0, **summary},
        "results": {"failed_checks": [failed, failed]},
    }


def test_a_report_is_read() -> None:
    report = read_report(_answer())
    assert (report.passed, report.findings) == (5, [LOGS])


@pytest.mark.parametrize("answer", [{}, _answer(resource_count=0), _answer(parsing_errors=1)])
def test_a_report_on_nothing_is_no_good_news(answer: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no template"):
        read_report(answer)


def test_what_is_explained_is_not_found_again() -> None:
    explained = {"CKV_1": Explanation("because", ["AWS::S3::Bucket.*"])}
    assert list(unexplained([LOGS, _TABLE], explained)) == [_TABLE]
    assert list(obsolete(explained, [LOGS, _TABLE])) == []


def test_another_resource_needs_an_explanation_of_its_own() -> None:
    explained = {"CKV_1": Explanation("because", ["AWS::S3::Bucket.Blobs"])}
    assert list(unexplained([LOGS], explained)) == [LOGS]
    assert list(obsolete(explained, [LOGS])) == ["CKV_1 AWS::S3::Bucket.Blobs"]


def test_an_explanation_that_nothing_needs_is_noticed() -> None:
    explained = {"CKV_1": Explanation("because", ["AWS::S3::Bucket.*", "AWS::S3::Bucket.Gone"])}
    assert list(obsolete(explained, [LOGS])) == ["CKV_1 AWS::S3::Bucket.Gone"]


def test_every_explanation_of_the_house_says_why_and_of_what() -> None:
    explained = read_explained()
    assert [check for check, each in explained.items() if len(each.why) < 40 or not each.of] == []
    assert not [check for check, each in explained.items() if "*" in {pattern.partition(".")[0] for pattern in each.of}]


def test_an_explanation_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"CKV_1": {"why": "x", "off": []}}, dict[str, Explanation])
