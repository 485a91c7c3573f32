from __future__ import annotations

import tomllib

import pytest

from app import app
from chalicelib.features.sightings.wiring import witness
from infra.local.gateway import Gateway
from infra.local.sdk_files import SdkFiles
from infra.sdk import DIST
from tests.e2e.sdk.shop import Shop
from tests.e2e.sdk.visitor import Visitor, soon

pytestmark = pytest.mark.e2e

FAULTS = "pushsaas('on', 'error', ({code}) => log.push(code));"
STORE = "caches.open('stand-in-push-service')"
PROJECT = DIST.parents[2] / "pyproject.toml"


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


def test_the_sites_owner_learns_which_version_its_pages_load(visitor: Visitor, shop: Shop) -> None:
    visitor.visits()
    visitor.subscribes()
    seen = witness().of_site(tenant_id=shop.site.tenant_id, site_id=shop.site.id)
    assert seen.version == tomllib.loads(PROJECT.read_text())["project"]["version"]


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


def test_who_was_asked_nothing_has_not_said_no(visitor: Visitor, shop: Shop) -> None:
    """Firefox and Safari answer so at once where nobody has just pressed something."""
    visitor.has("Notification.requestPermission = async () => Notification.permission;")
    shop.says = "for (const name of ['declined', 'error']) pushsaas('on', name, ({code}) => log.push(code ?? name));"
    visitor.visits()
    visitor.clicks("#bell")
    visitor.page.until("!navigator.userActivation.isActive")
    assert visitor.says("subscribe", {"prompt": False}) == {"state": "open"}
    assert visitor.page.evaluate("log") == ["too_early"]


def test_who_turned_from_the_browsers_question_has_said_no(visitor: Visitor) -> None:
    visitor.has("Notification.requestPermission = async () => Notification.permission;")
    visitor.visits()
    visitor.clicks("#bell")
    assert visitor.says("subscribe", {"prompt": False}) == {"state": "declined"}


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


def test_a_no_that_was_long_on_its_way_does_not_end_a_newer_yes(visitor: Visitor, shop: Shop) -> None:
    """Where the browser's push service gives the same endpoint again."""
    visitor.visits()
    visitor.subscribes()
    token, (before,) = visitor.remembers()["token"], shop.active()
    visitor.page.evaluate(
        f"{STORE}.then(async (all) => {{ const [place] = await all.keys();"
        "window.kept = [place.url, await (await all.match(place)).text()]; })"
    )
    visitor.says("unsubscribe")
    no = visitor.page.evaluate("performance.getEntriesByType('resource').at(-1).name")
    visitor.page.evaluate(f"{STORE}.then((all) => all.put(kept[0], new Response(kept[1])))")
    assert visitor.says("subscribe", {"prompt": False}) == {"state": "subscribed", "subscription_id": before["id"]}
    again = f"fetch({no!r}, {{method: 'DELETE', headers: {{'X-Subscription-Token': {token!r}}}}})"
    assert visitor.page.evaluate(f"{again}.then(({{status}}) => status)") == 204
    assert [one["id"] for one in shop.active()] == [before["id"]]


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


def test_a_no_of_a_clock_that_was_ahead_is_none(visitor: Visitor) -> None:
    visitor.visits()
    visitor.clicks("#bell")
    visitor.begins("subscribe")
    visitor.sees_prompt()
    visitor.types("Escape")
    visitor.page.until("window.answer?.state === 'declined'")
    visitor.forgets(declinedAt=visitor.remembers()["declinedAt"] + 400 * 86_400_000)
    assert visitor.state == "open"


def test_who_reset_the_browsers_permission_is_asked_again(visitor: Visitor, shop: Shop) -> None:
    """On a page that was open meanwhile: nobody has said no."""
    visitor.visits()
    visitor.subscribes()
    visitor.page.evaluate("window.answer = undefined")
    visitor.answers("prompt")
    assert visitor.subscribes()["state"] == "subscribed"
    assert "declinedAt" not in visitor.remembers()
    assert len(shop.active()) == 1


@pytest.mark.parametrize("wishes", ["null", "'now'", "{texts: null}"])
def test_wishes_that_say_nothing_are_none(visitor: Visitor, wishes: str) -> None:
    visitor.visits()
    visitor.clicks("#bell")
    visitor.page.evaluate(f"void pushsaas('subscribe', {wishes})")
    assert "Shall we" in visitor.sees_prompt()


def test_the_browsers_no_is_final(visitor: Visitor) -> None:
    visitor.answers("denied")
    visitor.visits()
    visitor.clicks("#bell")
    assert visitor.says("subscribe")["state"] == "blocked"
    assert visitor.says("subscribe", {"prompt": False})["state"] == "blocked"
    assert visitor.sees_no_prompt()
    assert visitor.page.evaluate("window.askedInAClick") is None


@pytest.mark.parametrize(
    "lacks", ["window.PushManager", "Document.prototype.adoptedStyleSheets", "AbortSignal.timeout"]
)
def test_where_there_is_no_push_everything_is_silent(visitor: Visitor, shop: Shop, lacks: str) -> None:
    """Nor where a browser lacks what else is needed: Safari had no style sheets for the prompt before 16.4."""
    visitor.has(f"delete {lacks};")
    shop.says = "pushsaas('tag', 'a'); pushsaas('subscribe'); pushsaas('status', (now) => log.push(now.state));"
    visitor.visits()
    visitor.page.until("log.length === 1")
    assert visitor.page.evaluate("log") == ["unsupported"]
    for command in ("unsubscribe", "untag", "identify", "set"):
        assert visitor.says(command) == {"state": "unsupported"}


def test_where_nothing_may_be_kept_everything_is_silent(visitor: Visitor, shop: Shop) -> None:
    visitor.has("IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };")
    shop.says = "pushsaas('on', 'error', ({code}) => log.push(code)); pushsaas('identify', 'early');"
    visitor.visits()
    visitor.clicks("#bell")
    for words in (["subscribe", {"prompt": False}], ["subscribe"], ["tag", "a"], ["identify"], ["unsubscribe"]):
        assert visitor.says(*words) == {"state": "unsupported"}
    assert visitor.page.evaluate("window.askedInAClick") is None
    assert visitor.sees_no_prompt()
    assert visitor.page.evaluate("log") == []


def test_a_site_without_its_worker_file_is_told(visitor: Visitor, shop: Shop) -> None:
    shop.attributes, shop.says = 'data-worker="/missing.html"', "pushsaas('on', 'error', ({code}) => log.push(code));"
    visitor.visits()
    assert visitor.subscribes()["state"] == "joining"
    assert visitor.page.evaluate("log") == ["worker_failed"]
    visitor.page.complaints.clear()


def test_a_worker_that_is_never_installed_does_not_hold_up_all_tabs(visitor: Visitor, shop: Shop) -> None:
    """On a page whose half minutes are short."""
    short = "const slowly = setTimeout; window.setTimeout = (work, ms, ...words) => slowly(work, ms / 100, ...words);"
    visitor._scripts.append(visitor.page.ask("Page.addScriptToEvaluateOnNewDocument", source=short)["identifier"])
    shop.worker_says = "self.addEventListener('install', (event) => event.waitUntil(new Promise(() => {})));"
    shop.says = FAULTS
    visitor.visits()
    assert visitor.subscribes()["state"] == "joining"
    assert visitor.page.evaluate("log") == ["worker_failed"]
    assert visitor.says("unsubscribe")["state"] == "declined"
    assert visitor.page.evaluate("navigator.locks.query().then(({held, pending}) => held.length + pending.length)") == 0


def test_what_the_browser_finds_wrong_has_no_number_for_a_code(visitor: Visitor, shop: Shop) -> None:
    shop.says = FAULTS
    visitor.visits()
    visitor.subscribes()
    visitor.page.evaluate("(() => { IDBObjectStore.prototype.put = IDBObjectStore.prototype.add; })()")  # it is there
    visitor.says("tag", "a")
    assert visitor.page.evaluate("log") == ["failed"]


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
    assert "No data-site." in visitor.page.complaints.pop()
