from __future__ import annotations

from pathlib import Path

import pytest

from infra.packaging.refusal import Refused
from infra.packaging.services import services_of
from tests.architecture.rules.tree import ROOT


def test_the_product_talks_to_these_services() -> None:
    assert services_of(ROOT / "chalicelib") == {"dynamodb", "kms", "s3", "ses", "sqs", "ssm"}


def test_services_are_read_from_clients_and_from_libraries_that_make_their_own(tmp_path: Path) -> None:
    (tmp_path / "letters.py").write_text('def send():\n    client("ses").send_email()\n    boto3.resource("s3", x=1)\n')
    (tmp_path / "rows.py").write_text("from pynamodb.connection import Connection\n")
    assert services_of(tmp_path) == {"dynamodb", "s3", "ses"}


def test_a_service_without_a_literal_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letters.py").write_text("name = 'ses'\nclient(name)\n")
    with pytest.raises(Refused, match=r"^letters\.py:2: name the AWS service literally"):
        services_of(tmp_path)
