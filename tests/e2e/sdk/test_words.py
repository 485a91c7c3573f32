"""What a page says of its visitor, and what the product then knows: each word once, and nothing of whom it was before."""

from __future__ import annotations

import json

import pytest

from tests.e2e.sdk.shop import Shop
from tests.e2e.sdk.test_healing import ASKED
from tests.e2e.sdk.visitor import Visitor, soon

pytestmark = pytest.mark.e2e

FAULTS = "pushsaas('on', 'error', ({code}) => log.push(code));"


def test_tags_attributes_and_identity_follow_the_page(visitor: Visitor, shop: Shop) -> None:
    visitor.visits()
    visitor.subscribes()
    visitor.says("tag", "a", "b")
    visitor.says("untag", "a")
    visitor.says("set", {"orders": 3, "vip": True, "gone": "x"})
    visitor.says("set", {"gone": None})
    visitor.says("identify", "user-1", shop.signature("user-1"))
    (known,) = shop.active()
    assert (known["tags"], known["attributes"]) == (["b"], {"orders": 3, "vip": True})
    assert known["external_id"] == "user-1"
    visitor.says("identify")
    assert shop.active()[0]["external_id"] is None


def test_what_the_owner_has_tagged_stays_when_the_page_tags(visitor: Visitor, shop: Shop) -> None:
    visitor.visits()
    subscribed = visitor.subscribes()
    visitor.says("tag", "a", "b")
    shop.owner_tags(subscribed["subscription_id"], "vip")
    visitor.says("untag", "a")
    assert set(shop.active()[0]["tags"]) == {"b", "vip"}


def test_a_tag_that_the_owner_gave_can_be_taken_away_and_one_that_it_took_given(visitor: Visitor, shop: Shop) -> None:
    """Though the page itself has said nothing new: the visitor has ticked what the page shows."""
    visitor.visits()
    subscribed = visitor.subscribes()["subscription_id"]
    visitor.says("tag", "plants")
    for _ in range(2):
        shop.owner_tags(subscribed, "vip", without=("plants",))
        visitor.says("untag", "vip")
        visitor.says("tag", "plants")
        assert shop.active()[0]["tags"] == ["plants"]


def test_what_was_taken_back_makes_room(visitor: Visitor, shop: Shop) -> None:
    visitor.visits()
    visitor.subscribes()
    for n in range(0, 40, 10):
        visitor.says("set", {f"a{one}": 1 for one in range(n, n + 10)})
        visitor.says("set", {f"a{one}": None for one in range(n, n + 10)})
    visitor.says("set", {"plan": "gold"})
    assert shop.active()[0]["attributes"] == {"plan": "gold"}


@pytest.mark.parametrize("name", ["__proto__", "constructor", "a/b", "", "tags/a"])
def test_a_fact_is_called_what_it_is_called(visitor: Visitor, shop: Shop, name: str) -> None:
    shop.says = "pushsaas('on', 'error', ({code}) => log.push(code));"
    visitor.visits()
    visitor.subscribes()
    visitor.page.evaluate(f"pushsaas('set', JSON.parse({json.dumps(json.dumps({name: 'x'}))})).then(() => true)")
    visitor.says("tag", "a/b", "b")
    (known,) = shop.active()
    assert (known["attributes"], known["tags"]) == ({name: "x"} if name else {}, ["a/b", "b"])
    assert visitor.page.evaluate("log") == ([] if name else ["invalid"])
    visitor.page.complaints.clear()


def test_a_wrong_word_costs_nothing_but_itself(visitor: Visitor, shop: Shop) -> None:
    """On the way in and later, and it is said once."""
    shop.says = (
        f"{FAULTS} pushsaas('identify', 'user-1', '{shop.signature('user-1')}'); pushsaas('tag', 'x'.repeat(65));"
    )
    shop.says += "pushsaas('set', {plan: 'gold'});"
    visitor.visits()
    visitor.subscribes()
    (known,) = shop.active()
    assert (known["external_id"], known["tags"], known["attributes"]) == ("user-1", [], {"plan": "gold"})
    assert visitor.page.evaluate("log") == ["invalid"]
    shop.says = FAULTS
    visitor.visits("/next")
    visitor.says("tag", "x" * 65)
    visitor.says("set", {"plan": {"deep": 1}})
    visitor.says("tag", "fine")
    assert visitor.page.evaluate("log") == ["invalid", "invalid"]
    assert shop.active()[0]["tags"] == ["fine"]
    visitor.page.complaints.clear()


def test_a_language_that_the_product_does_not_know_costs_nothing_else(visitor: Visitor, shop: Shop) -> None:
    odd = "Object.defineProperty(Navigator.prototype, 'language', {get: () => 'en-US@posix'});"
    visitor._scripts.append(visitor.page.ask("Page.addScriptToEvaluateOnNewDocument", source=odd)["identifier"])
    shop.says = f"pushsaas('identify', 'user-1', '{shop.signature('user-1')}'); pushsaas('tag', 'news');"
    visitor.visits()
    visitor.subscribes()
    (known,) = shop.active()
    assert (known["external_id"], known["tags"], known["timezone"] is None) == ("user-1", ["news"], False)
    shop.world.clock.advance(minutes=5)
    visitor.forgets(checkedAt=visitor.remembers()["checkedAt"] - 86_400_000)
    visitor.visits("/next")
    soon(lambda: shop.active()[0]["last_seen_at"] > known["last_seen_at"])
    visitor.says("tag", "after that")
    visitor.page.complaints.clear()


def test_who_comes_back_on_the_same_page_is_who_it_was(visitor: Visitor, shop: Shop) -> None:
    shop.says = f"pushsaas('identify', 'user-1', '{shop.signature('user-1')}'); pushsaas('tag', 'news');"
    visitor.visits()
    visitor.subscribes()
    visitor.says("unsubscribe")
    visitor.says("subscribe", {"prompt": False})
    (known,) = shop.active()
    assert (known["external_id"], known["tags"]) == ("user-1", ["news"])


@pytest.mark.parametrize("person", ["user-2", None])
def test_whoever_comes_next_is_told_nothing_of_who_was_before(visitor: Visitor, shop: Shop, person: str | None) -> None:
    shop.says = f"pushsaas('tag', 'anonymous'); pushsaas('identify', 'user-1', '{shop.signature('user-1')}');"
    shop.says += "pushsaas('set', {illness: 'x'});"
    visitor.visits()
    visitor.subscribes()
    (known,) = shop.active()
    assert (known["external_id"], known["tags"], known["attributes"]) == ("user-1", ["anonymous"], {"illness": "x"})
    visitor.says("identify", person, shop.signature(person) if person else None)
    visitor.says("tag", "new")
    kept = visitor.remembers()
    assert [word for word in {**kept["taken"], **kept.get("pending", {})} if "/" in word] == ["tags/new"]
    visitor.says("unsubscribe")
    visitor.says("subscribe", {"prompt": False})
    (known,) = shop.active()
    assert (known["external_id"], known["tags"], known["attributes"]) == (person, ["new"], {})


def test_login_and_logout_in_one_breath_end_as_the_last_was_said(visitor: Visitor, shop: Shop) -> None:
    visitor.visits()
    visitor.subscribes()
    words = [f"pushsaas('identify', 'user-{n}', '{shop.signature(f'user-{n}')}')" for n in range(3)]
    visitor.page.evaluate(f"Promise.all([{words[0]}, {words[1]}, pushsaas('identify'), {words[2]}]).then(() => true)")
    assert shop.active()[0]["external_id"] == "user-2"


def test_a_forged_identity_is_refused_once_and_costs_nothing_else(visitor: Visitor, shop: Shop) -> None:
    shop.says = "pushsaas('on', 'error', ({code}) => log.push(code)); pushsaas('identify', 'user-1', 'forged');"
    visitor.visits()
    assert visitor.subscribes()["state"] == "subscribed"
    visitor.page.until("log.length === 1")
    assert visitor.page.evaluate("log") == ["external_id_unproven"]
    assert shop.active()[0]["external_id"] is None
    visitor.page.complaints[:] = [one for one in visitor.page.complaints if "403" not in one]


UNSENDABLE = ["{n: 10n}", "(() => { const round = {}; round.round = round; return {round}; })()"]


@pytest.mark.parametrize("facts", UNSENDABLE)
def test_what_cannot_be_sent_is_told_and_stands_in_nobodys_way(visitor: Visitor, shop: Shop, facts: str) -> None:
    shop.says = FAULTS
    visitor.visits()
    visitor.subscribes()
    visitor.page.evaluate(f"pushsaas('set', {facts}).then(() => true)")
    visitor.says("tag", "fine")
    assert visitor.page.evaluate("log") == ["failed"]
    visitor.visits("/next")
    visitor.says("tag", "still fine")
    assert visitor.page.evaluate("log") == []
    assert shop.active()[0]["tags"] == ["fine", "still fine"]


@pytest.mark.parametrize("word", [*UNSENDABLE, "{cart: {total: () => 1}, plan: 'gold'}"])
def test_a_word_of_the_wrong_kind_costs_nobody_the_subscription(visitor: Visitor, shop: Shop, word: str) -> None:
    shop.says = f"{FAULTS} pushsaas('set', {word}); pushsaas('tag', Symbol('s')); pushsaas('tag', 'fine');"
    visitor.visits()
    assert visitor.subscribes()["state"] == "subscribed"
    assert shop.active()[0]["tags"] == ["fine"]
    assert len(visitor.page.evaluate("log")) == 2
    visitor.page.complaints.clear()


def test_a_moment_is_a_date_and_said_once(visitor: Visitor, shop: Shop) -> None:
    shop.says = "pushsaas('set', {born: new Date(0)});"
    visitor.visits()
    visitor.subscribes()
    assert shop.active()[0]["attributes"] == {"born": "1970-01-01T00:00:00.000Z"}
    visitor.visits("/next")
    visitor.says("set", {})
    assert visitor.page.evaluate(ASKED) == []
