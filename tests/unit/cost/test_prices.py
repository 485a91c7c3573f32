"""Every figure in dollars can be traced to a page of AWS and a day."""

from __future__ import annotations

from datetime import date

import pytest

from infra.cost.prices import Price, prices


@pytest.mark.parametrize("name", sorted(prices()))
def test_a_price_has_a_source_of_aws_a_unit_and_the_day_it_was_checked(name: str) -> None:
    price = prices()[name]
    assert price.source.startswith(("AWS ", "Amazon "))
    assert "Pricing" in price.source
    assert price.unit
    assert date(2025, 1, 1) < price.checked_on
    assert price.usd >= 0
    assert price.per >= 1


def test_a_price_is_asked_for_so_many_units() -> None:
    price = Price(usd=0.20, per=1_000_000, unit="requests", source="AWS Pricing", checked_on=date(2026, 1, 1))
    assert price.of(2_500_000) == pytest.approx(0.50)


@pytest.mark.parametrize(
    ("name", "quantity", "usd"),
    [
        ("lambda_gb_seconds", 1_000_000, 13.3334),
        ("dynamodb_reads", 8_000_000, 1.0),
        ("dynamodb_writes", 8_000_000, 5.0),
        ("sqs_requests", 2_500_000, 1.0),
        ("kms_requests", 10_000, 0.03),
        ("data_out", 100, 9.0),
    ],
)
def test_the_dear_ones_are_what_is_published(name: str, quantity: float, usd: float) -> None:
    assert prices()[name].of(quantity) == pytest.approx(usd)
