from __future__ import annotations

import base64
import json

import pytest

from chalicelib.core.encoding import unb64url
from infra.local.console.exchange import answer_json
from tests.adapters.console.chromium import Browser
from tests.adapters.console.fake_product import an_empty_one
from tests.adapters.console.page import OnStage, click, opened, shows, text
from tests.adapters.console.stage import Stage

pytestmark = pytest.mark.e2e

KEY_IN_BASE64 = base64.b64encode(unb64url(an_empty_one().welcome().vapid_public_key)).decode()
SUBSCRIPTION = {"endpoint": "https://fcm.googleapis.com/fcm/send/x", "keys": {"p256dh": "p", "auth": "a"}}
SUBSCRIBED = {"subscription_id": "sub_" + "0" * 32, "token": "proof"}
ENVELOPE = {
    "web_push": 8030,
    "notification": {
        "title": "Hello",
        "navigate": "https://a.example/x",
        "body": "World",
        "tag": "run_1",
        "actions": [{"action": "go", "title": "Go", "navigate": "https://a.example/go"}],
    },
}
SHOWN = (
    "navigator.serviceWorker.getRegistration('/local/worker.js').then((one) => one.getNotifications())"
    ".then((all) => all.map(({title, body, tag, data}) => ({title, body, tag, data})))"
)


@pytest.fixture
def standing(page: Browser, stage: OnStage) -> Stage:
    """With real pushes, and a person who allows notifications."""
    product = an_empty_one()
    product.is_real_push = True
    standing, _ = opened(page, stage, product=product)
    page.allow("notifications", origin=standing.url)
    return standing


@pytest.fixture
def willing(page: Browser, standing: Stage) -> Browser:
    assert standing.heard == []
    return page


def test_with_real_pushes_the_banner_says_so_and_the_button_works(willing: Browser) -> None:
    assert "REAL_PUSH=1" in text(willing, "#mode")
    assert not willing.evaluate("document.querySelector('#subscribe').disabled")


def test_a_push_service_out_of_reach_is_told(willing: Browser) -> None:
    """Headless, with no names resolved, the browser tries for ever; the page does not, and here it hurries."""
    willing.until(shows("#subscribe-text", "Asks for permission"))
    willing.evaluate("{ const wait = setTimeout; setTimeout = (then, ms) => wait(then, ms / 100); }")
    click(willing, "#subscribe")
    willing.until(shows("#subscribe-text", "push service could not be reached"))
    assert not willing.evaluate("document.querySelector('#subscribe').disabled")


def test_a_subscribed_browser_joins_the_audience_and_may_leave(willing: Browser, standing: Stage) -> None:
    """The browser's push service is played; what the page makes of its answer is not."""
    standing.says = {"POST": answer_json(SUBSCRIBED, status=201), "DELETE": answer_json({})}
    willing.evaluate(f"""{{
        let held = null;
        const key = Uint8Array.from(atob({json.dumps(KEY_IN_BASE64)}), (one) => one.charCodeAt(0)).buffer;
        PushManager.prototype.getSubscription = async () => held;
        PushManager.prototype.subscribe = async () => held = {{
            options: {{applicationServerKey: key}},
            toJSON: () => ({json.dumps(SUBSCRIPTION)}),
            unsubscribe: async () => {{ held = null; return true; }},
        }};
    }}""")
    click(willing, "#subscribe")
    willing.until(shows("#subscribe-text", f"Subscribed as {SUBSCRIBED['subscription_id']}"))
    (joined,) = standing.heard
    assert (joined.method, joined.path) == ("POST", "/v1/sdk/sk_9f2d41c07be84a5e/subscriptions")
    said = json.loads(joined.body)
    assert said["subscription"] == SUBSCRIPTION
    assert said["tags"] == ["console"]
    click(willing, "#subscribe")
    willing.until(shows("#subscribe", "Subscribe this browser"))
    left = standing.heard[-1]
    assert left.path.endswith(f"/subscriptions/{SUBSCRIBED['subscription_id']}")
    assert left.headers["x-subscription-token"] == SUBSCRIBED["token"]


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        (json.dumps(ENVELOPE), "Hello"),
        ("no json", "PushSaaS"),
        ("", "PushSaaS"),
        ("{}", "PushSaaS"),
        ('{"notification": {"title": ""}}', "PushSaaS"),
        ('{"notification": {"title": "x", "actions": 1}}', "PushSaaS"),
        ('{"notification": {"title": "x", "actions": [null]}}', "PushSaaS"),
    ],
)
def test_the_worker_always_shows_something(willing: Browser, raw: str, title: str) -> None:
    willing.evaluate("navigator.serviceWorker.register('/local/worker.js').then(() => true)")
    willing.until(
        "navigator.serviceWorker.getRegistration('/local/worker.js').then((one) => one.active?.state === 'activated')"
    )
    shown, *_ = willing.deliver_push(raw, shown=SHOWN)
    assert shown["title"] == title
    if title == "Hello":
        assert (shown["body"], shown["tag"]) == ("World", "run_1")
        assert shown["data"] == {"navigate": "https://a.example/x", "targets": {"go": "https://a.example/go"}}
