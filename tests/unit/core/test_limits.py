"""The table of limits, and how buckets and addresses are told apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.core.limits import FREE, PLANS, RULES, SLIDING, Bucket, RouteClass, Rule, network_of, rules_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EVERY = [*(rule for plan in PLANS.values() for rule in rules_of(plan)), *RULES]


@pytest.mark.parametrize("rule", EVERY, ids=lambda rule: rule.name)
def test_every_rule_can_be_kept_and_told(rule: Rule) -> None:
    assert rule.most > 0
    assert rule.each is None or 0 < rule.each <= rule.most
    assert rule.window
    assert 86_400 % rule.window_seconds == 0  # windows begin on the hour, not at some second of it


def test_no_two_rules_share_a_name() -> None:
    for plan in PLANS.values():
        names = [rule.name for rule in (*rules_of(plan), *RULES)]
        assert len(names) == len(set(names))


def test_what_slides_is_few_enough_to_name_each() -> None:
    assert max(rule.most for rule in SLIDING) <= 10


def test_a_window_ends_after_every_instant_in_it() -> None:
    bucket = Bucket(FREE.reads, "ten_a")
    start = int(NOON.timestamp())
    assert bucket.window_end(NOON) == start + 60
    assert bucket.window_end(NOON + timedelta(seconds=59.999)) == start + 60
    assert bucket.window_end(NOON + timedelta(seconds=60)) == start + 120


def test_a_bucket_counts_the_whole_and_who_asks() -> None:
    assert Bucket(FREE.reads, "ten_a", "usr_a").gauges == {"used": 3_000, "used:usr_a": 1_500}
    assert Bucket(FREE.reads, "ten_a").gauges == {"used": 3_000}
    assert Bucket(FREE.subscribes, "site_1", "usr_a").gauges == {"used": 6_000}


def test_scaling_a_rule_scales_all_of_it() -> None:
    scaled = FREE.reads.scaled(10)
    assert (scaled.most, scaled.each, scaled.window_seconds) == (30_000, 15_000, 60)
    assert FREE.subscribes.scaled(2).each is None


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("", ""),
        ("no address", "no address"),
    ],
)
def test_who_stands_behind_an_address(address: str, network: str) -> None:
    assert network_of(address) == network


def test_only_what_costs_or_guards_is_refused_uncounted() -> None:
    refused = {each for each in RouteClass if each.is_refused_uncounted}
    assert refused == {RouteClass.SEND, RouteClass.SIGN_IN, RouteClass.REGISTER}
