from __future__ import annotations

import pytest

from app import app
from infra.local.gateway import Gateway
from infra.local.sdk_files import SdkFiles
from tests.e2e.sdk.shop import Shop
from tests.e2e.sdk.visitor import Visitor, soon

pytestmark = pytest.mark.e2e


def test_a_visitor_subscribes_by_the_soft_prompt_on_a_page_with_the_strictest_policy(
    visitor: Visitor, shop: Shop
) -> None:
    visitor.visits()
    answer = visitor.subscribes()
    assert visitor.page.evaluate("window.askedInAClick") is True
    (known,) = shop.active()
    assert answer == {"state": "subscribed", "subscription_id": known["id"]}
    assert (known["browser"], known["language"]) == ("chrome", visitor.page.evaluate("navigator.language"))
    assert known["timezone"] == visitor.page.evaluate("Intl.DateTimeFormat().resolvedOptions().timeZone")
    assert known["consent"]["text"].startswith("Shall we keep you posted?\n")
    assert visitor.sees_no_prompt()


def test_who_is_subscribed_already_is_not_asked_again(visitor: Visitor, shop: Shop) -> None:
    visitor.visits()
    visitor.subscribes()
    (before,) = shop.active()
    assert visitor.says("subscribe")["state"] == "subscribed"
    assert visitor.says("subscribe", {"prompt": False})["state"] == "subscribed"
    assert visitor.sees_no_prompt()
    assert shop.active() == [before]


@pytest.mark.parametrize(
    "scripts", ["'nonce-bm9uY2U' 'strict-dynamic'", "'unsafe-inline' {}", "'unsafe-inline' {}/sdk/v1/"]
)
def test_other_ways_to_allow_scripts_do_as_well(visitor: Visitor, shop: Shop, scripts: str) -> None:
    shop.scripts = scripts
    visitor.visits()
    assert visitor.subscribes()["state"] == "subscribed"


def test_a_page_that_allows_no_policy_of_ours_is_told(visitor: Visitor, shop: Shop) -> None:
    shop.scripts += "; trusted-types none"
    shop.says = "pushsaas('on', 'error', ({detail}) => log.push(detail));"
    visitor.visits()
    assert visitor.subscribes()["state"] == "joining"
    assert "pushsaas" in visitor.page.evaluate("log[0]")
    visitor.page.complaints.clear()


def test_files_and_product_may_be_at_different_places(visitor: Visitor, shop: Shop) -> None:
    """As in the cloud, where the files come from a CDN's own address."""
    with Gateway(app, sites=[SdkFiles()]) as cdn:
        shop.cdn, shop.attributes = cdn.url, f'data-api="{shop.gateway.url}/"'
        visitor.visits()
        assert visitor.subscribes()["state"] == "subscribed"
    assert len(shop.active()) == 1


def test_a_page_that_asks_in_its_own_words_needs_no_prompt(visitor: Visitor, shop: Shop) -> None:
    visitor.visits()
    visitor.clicks("#bell")
    visitor.begins("subscribe", {"prompt": False})
    visitor.page.until("window.askedInAClick !== null")
    visitor.answers("granted")
    visitor.page.until("window.answer?.state === 'subscribed'")
    assert len(shop.active()) == 1


def test_nobody_is_asked_on_load(visitor: Visitor, shop: Shop) -> None:
    shop.says = "pushsaas('on', 'error', ({code}) => log.push(code)); pushsaas('subscribe');"
    visitor.visits()
    visitor.page.until("log.length === 1")
    assert visitor.page.evaluate("log") == ["too_early"]
    assert visitor.sees_no_prompt()
    assert visitor.page.evaluate("window.askedInAClick") is None


def test_what_was_said_before_the_script_came_is_done_in_order(visitor: Visitor, shop: Shop) -> None:
    shop.says = "pushsaas('tag', 'early', 'bird'); pushsaas('untag', 'bird'); pushsaas('set', {plan: 'gold'});"
    shop.says += "pushsaas('on', 'subscribed', ({subscription_id}) => log.push(subscription_id));"
    visitor.visits()
    answer = visitor.subscribes()
    (known,) = shop.active()
    assert (known["tags"], known["attributes"]) == (["early"], {"plan": "gold"})
    assert visitor.page.evaluate("log") == [answer["subscription_id"]]


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


def test_who_unsubscribes_is_gone_here_and_there(visitor: Visitor, shop: Shop) -> None:
    shop.says = "pushsaas('on', 'unsubscribed', () => log.push('left'));"
    visitor.visits()
    visitor.subscribes()
    assert visitor.says("unsubscribe") == {"state": "declined"}
    assert visitor.page.evaluate("log") == ["left"]
    assert [one["ended_reason"] for one in shop.subscriptions()] == ["unsubscribed"]
    held = "navigator.serviceWorker.getRegistration('/pushsaas/').then((one) => one.pushManager.getSubscription())"
    assert visitor.page.evaluate(held) is None
    assert "token" not in visitor.remembers()


def test_a_no_is_remembered_for_thirty_days(visitor: Visitor) -> None:
    visitor.visits()
    visitor.clicks("#bell")
    visitor.begins("subscribe")
    visitor.sees_prompt()
    visitor.clicks_in_prompt("later")
    visitor.page.until("window.answer?.state === 'declined'")
    visitor.visits("/next")
    visitor.clicks("#bell")
    assert visitor.says("subscribe")["state"] == "declined"
    assert visitor.sees_no_prompt()
    visitor.forgets(declinedAt=visitor.remembers()["declinedAt"] - 30 * 86_400_000)
    visitor.begins("subscribe")
    visitor.sees_prompt()
    visitor.types("Escape")
    soon(visitor.sees_no_prompt)


def test_the_browsers_no_is_final(visitor: Visitor) -> None:
    visitor.answers("denied")
    visitor.visits()
    visitor.clicks("#bell")
    assert visitor.says("subscribe")["state"] == "blocked"
    assert visitor.says("subscribe", {"prompt": False})["state"] == "blocked"
    assert visitor.sees_no_prompt()
    assert visitor.page.evaluate("window.askedInAClick") is None


def test_where_there_is_no_push_everything_is_silent(visitor: Visitor, shop: Shop) -> None:
    silence = visitor.page.ask("Page.addScriptToEvaluateOnNewDocument", source="delete window.PushManager;")
    visitor._scripts.append(silence["identifier"])
    shop.says = "pushsaas('tag', 'a'); pushsaas('subscribe'); pushsaas('status', (now) => log.push(now.state));"
    visitor.visits()
    visitor.page.until("log.length === 1")
    assert visitor.page.evaluate("log") == ["unsupported"]
    for command in ("unsubscribe", "untag", "identify", "set"):
        assert visitor.says(command) == {"state": "unsupported"}


def test_a_site_without_its_worker_file_is_told(visitor: Visitor, shop: Shop) -> None:
    shop.attributes, shop.says = 'data-worker="/missing.html"', "pushsaas('on', 'error', ({code}) => log.push(code));"
    visitor.visits()
    assert visitor.subscribes()["state"] == "joining"
    assert visitor.page.evaluate("log") == ["worker_failed"]
    visitor.page.complaints.clear()


@pytest.mark.parametrize("command", ["constructor", "__proto__", "toString", ""])
def test_a_word_that_is_no_command_is_told_and_harms_nothing(visitor: Visitor, shop: Shop, command: str) -> None:
    shop.says = "pushsaas('on', 'error', ({code}) => log.push(code));"
    visitor.visits()
    assert visitor.says(command) == {"state": "open"}
    assert visitor.page.evaluate("log") == ["unknown_command"]


def test_a_tag_without_its_site_is_told(visitor: Visitor, shop: Shop) -> None:
    visitor.page.ask("Page.navigate", url=f"{shop.origin}/no-site")
    visitor.page.until("document.readyState === 'complete'")
    assert visitor.page.evaluate("window.pushsaas.isReady") is None
    assert "no data-site" in visitor.page.complaints.pop()
