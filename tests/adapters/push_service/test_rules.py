"""Rules: how they are read, refused, matched and used up; and chaos by seed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from infra.local.push_service.chaos import Chaos, RetryAfter, Trouble, share
from infra.local.push_service.exchange import Action
from infra.local.push_service.rules import MOST_RULES, Match, Playbook, Rule, Spoken, parse_rules
from infra.local.push_service.service import STAND_IN_HOST, PushService
from infra.local.push_service.vendors import Fault
from tests.adapters.push_service.sender import Sender

GONE: dict[str, Any] = {"answer": {"status": 410}}


def hits(rules: list[dict[str, Any]], endpoints: list[str], host: str = STAND_IN_HOST) -> list[int]:
    """The indexes of the requests that a rule decided."""
    playbook = Playbook(parse_rules(rules))
    decided = [
        playbook.rule_for(host=host, endpoint=f"https://{host}/{endpoint}", endpoint_id=endpoint)
        for endpoint in endpoints
    ]
    return [index for index, rule in enumerate(decided) if rule is not None]


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ("[]", "must be a list"),
        (7, "must be a list"),
        ({"answer": {"status": 410}}, "must be a list"),
        ([7], "rule 0"),
        ([GONE, {}], "rule 1: .*an answer, an action or both"),
        ([{"answer": {}}], "either a status or a fault"),
        ([{"answer": {"status": 410, "fault": "gone"}}], "either a status or a fault"),
        ([{"answer": {"status": 700}}], r"\$\.answer\.status"),
        ([{"answer": {"status": 100}}], r"\$\.answer\.status"),
        ([{"answer": {"status": "410"}}], r"\$\.answer\.status"),
        ([{"answer": {"status": True}}], r"\$\.answer\.status"),
        ([{"answer": {"fault": "bored"}}], r"\$\.answer\.fault"),
        ([{"answer": {"status": 429, "retry_after": "later"}}], "retry_after"),
        ([{"answer": {"status": 400, "headers": {"a b": "c"}}}], "not a header"),
        ([{"answer": {"status": 400, "headers": {"a": "b\r\nc: d"}}}], "not a header"),
        ([{"answer": {"status": 400, "headers": {"a": 7}}}], "headers"),
        ([{"action": "explode"}], r"\$\.action"),
        ([{"action": "slow", "delay_ms": -1}], "delay_ms"),
        ([{"action": "slow", "delay_ms": 10**9}], "delay_ms"),
        ([{"action": "oversize", "size_bytes": 10**12}], "size_bytes"),
        ([{"action": "reset", "times": 0}], "times"),
        ([{"action": "reset", "tiems": 1}], "tiems"),
        ([{"action": "reset", "match": {"fraction": 1.5}}], "fraction"),
        ([{"action": "reset", "match": {"fraction": float("nan")}}], "fraction"),
        ([{"action": "reset", "match": {"every": 0}}], "every"),
        ([{"action": "reset", "match": {"host": "example.com"}}], "no push service"),
        ([{"action": "reset", "match": {"hots": "x"}}], "hots"),
        ([{"action": "reset", "chaos": {"seed": 1, "rates": {}}}], "or else chaos"),
        ([{"chaos": {"seed": 1, "rates": {"bored": 0.1}}}], "rates"),
        ([{"chaos": {"seed": 1, "rates": {"gone": 0.6, "hang": 0.6}}}], "together at most 1"),
        ([{"chaos": {"seed": 1, "rates": {"gone": -0.1}}}], "between 0 and 1"),
        ([{"chaos": {"seed": 1, "rates": {"gone": float("nan")}}}], "between 0 and 1"),
        ([{"chaos": {"seed": 1, "rates": {}, "retry_after": []}}], "retry_after"),
        ([GONE] * (MOST_RULES + 1), "at most"),
    ],
)
def test_a_wrong_rule_is_refused_by_name(rules: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_rules(rules)


def test_rules_may_be_written_as_json_or_as_objects() -> None:
    written = {
        "match": {"host": "fcm.googleapis.com", "every": 2},
        "answer": {"fault": "gone"},
        "action": "slow",
        "times": 3,
    }
    made = Rule(
        match=Match(host="fcm.googleapis.com", every=2), answer=Spoken(fault=Fault.GONE), action=Action.SLOW, times=3
    )
    assert parse_rules([written]) == parse_rules([made]) == (made,)


def test_a_wrong_rule_leaves_the_old_ones_in_force(service: PushService) -> None:
    service.set_rules([GONE])
    with pytest.raises(ValueError, match="rule 1"):
        service.set_rules([GONE, {"action": "explode"}])
    assert Sender().push(service, service.subscribe()).status == 410
    service.set_rules([])
    assert Sender().push(service, service.subscribe()).status == 201


def test_without_a_match_every_request_is_hit() -> None:
    assert hits([GONE], ["a", "b", "a"]) == [0, 1, 2]


def test_by_endpoint_id_or_url() -> None:
    assert hits([GONE | {"match": {"endpoint": "b"}}], ["a", "b", "c", "b"]) == [1, 3]
    assert hits([GONE | {"match": {"endpoint": f"https://{STAND_IN_HOST}/b"}}], ["a", "b"]) == [1]


@pytest.mark.parametrize(
    ("wanted", "host", "fits"),
    [
        ("fcm.googleapis.com", "fcm.googleapis.com", True),
        ("fcm.googleapis.com", STAND_IN_HOST, False),
        ("*.push.services.mozilla.com", STAND_IN_HOST, True),
        ("*.push.services.mozilla.com", "web.push.apple.com", False),
    ],
)
def test_by_host(wanted: str, host: str, fits: bool) -> None:
    assert hits([GONE | {"match": {"host": wanted}}], ["a"], host) == ([0] if fits else [])


def test_every_third() -> None:
    assert hits([GONE | {"match": {"every": 3}}], list("abcdefgh")) == [2, 5]


def test_every_second_of_one_endpoint() -> None:
    assert hits([GONE | {"match": {"every": 2, "endpoint": "a"}}], list("abababa")) == [2, 6]


def test_an_endpoints_first_two_requests() -> None:
    assert hits([GONE | {"match": {"first": 2}}], list("aabaabb")) == [0, 1, 2, 5]


def test_a_fraction_is_of_endpoints_and_stays() -> None:
    endpoints = [f"{number}" for number in range(1000)]
    hit = hits([GONE | {"match": {"fraction": 0.2}}], endpoints * 2)
    once = [index for index in hit if index < 1000]
    assert 150 < len(once) < 250
    assert [index - 1000 for index in hit if index >= 1000] == once
    assert hits([GONE | {"match": {"fraction": 0}}], endpoints) == []
    assert len(hits([GONE | {"match": {"fraction": 1}}], endpoints)) == 1000


def test_a_rule_is_used_up_and_the_next_one_decides() -> None:
    rules = parse_rules([GONE | {"times": 2}, {"action": "reset", "times": 1}])
    playbook = Playbook(rules)
    decided = [playbook.rule_for(host=STAND_IN_HOST, endpoint="e", endpoint_id="e") for _ in range(4)]
    assert decided == [rules[0], rules[0], rules[1], None]


def test_chaos_is_a_function_of_seed_endpoint_and_attempt() -> None:
    chaos = Chaos(seed=1, rates={Trouble.THROTTLED: 0.3, Trouble.LOSE_ANSWER: 0.2})
    same, other = Chaos(seed=1, rates=chaos.rates), Chaos(seed=2, rates=chaos.rates)
    questions = [(f"{number}", attempt) for number in range(100) for attempt in (1, 2, 3)]
    answers = [chaos.trouble(*question) for question in questions]
    assert answers == [same.trouble(*question) for question in questions]
    assert answers != [other.trouble(*question) for question in questions]
    assert set(answers) == {None, Trouble.THROTTLED, Trouble.LOSE_ANSWER}


def test_chaos_strikes_at_its_rates() -> None:
    chaos = Chaos(seed=3, rates={Trouble.GONE: 0.1, Trouble.UNAVAILABLE: 0.25})
    struck = Counter(chaos.trouble(f"{number}", 1) for number in range(4000))
    assert 320 < struck[Trouble.GONE] < 480
    assert 0.9 * 800 < struck[Trouble.UNAVAILABLE] < 1.1 * 1000


def test_gone_is_for_good_and_nothing_else_is() -> None:
    chaos = Chaos(seed=4, rates={Trouble.GONE: 0.3, Trouble.HANG: 0.3})
    for endpoint in map(str, range(200)):
        lots = {chaos.trouble(endpoint, attempt) for attempt in range(1, 30)}
        assert lots in ({Trouble.GONE}, {None, Trouble.HANG})


def test_certainty_strikes_always() -> None:
    chaos = Chaos(seed=5, rates={Trouble.RESET: 1.0})
    assert {chaos.trouble(f"{number}", 1) for number in range(1000)} == {Trouble.RESET}
    assert all(0 <= share(f"{number}") < 1 for number in range(1000))


def test_chaos_over_the_wire_is_what_was_predicted(service: PushService, sender: Sender) -> None:
    chaos = Chaos(
        seed=6,
        rates={Trouble.GONE: 0.2, Trouble.THROTTLED: 0.3, Trouble.UNAVAILABLE: 0.1, Trouble.LOSE_ANSWER: 0.1},
        retry_after=(RetryAfter.SECONDS, RetryAfter.NONE),
    )
    statuses = {Trouble.GONE: 410, Trouble.THROTTLED: 429, Trouble.UNAVAILABLE: 503, Trouble.LOSE_ANSWER: 0, None: 201}
    service.set_rules([Rule(chaos=chaos)])
    for number in range(20):
        subscription = service.simulated(9, number)
        endpoint_id = subscription["endpoint"].rsplit("/", 1)[-1]
        for attempt in (1, 2):
            assert sender.push(service, subscription).status == statuses[chaos.trouble(endpoint_id, attempt)]


def test_every_trouble_can_be_had_by_its_name(service: PushService) -> None:
    for trouble in Trouble:
        service.set_rules([{"chaos": {"seed": 1, "rates": {trouble.value: 1}}, "delay_ms": 1}])
        service.ledger.clear()
        while not service.ledger.total:
            Sender().push(service, service.subscribe(), timeout_ms=150)
        assert service.ledger.received()[0].misbehaviour in {trouble.value, "answer"}
