"""A bill shows what it adds up to."""

from __future__ import annotations

import re
from datetime import date

import pytest

from infra.cost.asked import Asked, lines_of
from infra.cost.bill import Bill, Line
from infra.cost.prices import Price, prices
from infra.cost.scales import Weight


def _line(item: str, quantity: float, usd: float) -> Line:
    price = Price(usd=usd, per=1_000, unit="things", source="AWS Pricing", checked_on=date(2026, 1, 1))
    return Line(item, quantity, price)


def test_a_bill_is_the_sum_of_its_lines() -> None:
    bill = Bill("Test", (_line("a", 2_000, 0.10), _line("b", 500, 1.0)))
    assert [line.usd for line in bill.lines] == [pytest.approx(0.20), pytest.approx(0.50)]
    assert bill.usd == pytest.approx(0.70)


def test_the_printed_lines_add_up_to_the_printed_total() -> None:
    bill = Bill("Test", (_line("a", 2_000, 0.10), _line("b", 500, 1.0), _line("c", 3, 0.0001)))
    printed = [float(re.findall(r"\d+\.\d{4}$", row)[0]) for row in bill.text().splitlines()[2:]]
    assert sum(printed[:-1]) == pytest.approx(printed[-1], abs=0.0001)


def test_each_line_says_its_quantity_and_its_list_price() -> None:
    row = Bill("Test", (_line("a", 1_234_567, 0.0000133334),)).text().splitlines()[2]
    assert "1,234,567 things" in row
    assert "0.0000133334 / k" in row


def test_requests_become_units_of_dynamodb_by_reason_and_sums_of_the_rest() -> None:
    asked = [
        Asked("rows", "dynamodb.Query", 10, Weight(reads=3)),
        Asked("rows", "dynamodb.UpdateItem", 5, Weight(writes=2)),
        Asked("wake-ups", "sqs.SendMessageBatch", 7),
        Asked("wake-ups", "sqs.GetQueueUrl", 1),
        Asked("keys", "kms.Decrypt", 4),
    ]
    found = {(line.item, line.price): line.quantity for line in lines_of(asked)}
    assert found == {
        ("DynamoDB: rows", prices()["dynamodb_reads"]): 30,
        ("DynamoDB: rows", prices()["dynamodb_writes"]): 10,
        ("SQS: requests", prices()["sqs_requests"]): 8,
        ("KMS: requests", prices()["kms_requests"]): 4,
        ("SQS: surcharge for fairness between tenants", prices()["sqs_fair_requests"]): 7,
    }


def test_what_is_asked_of_a_service_without_a_price_is_no_silent_nothing() -> None:
    with pytest.raises(KeyError, match="s3"):
        list(lines_of([Asked("blobs", "s3.PutObject", 1)]))
