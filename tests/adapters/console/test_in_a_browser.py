from __future__ import annotations

import json
from pathlib import Path

import pytest

from infra.local.console.exchange import answer_json
from tests.adapters.console.chromium import Browser
from tests.adapters.console.fake_product import FakeProduct, an_empty_one, in_full_swing
from tests.adapters.console.page import DESKTOP, PHONE, OnStage, click, opened, shows, text
from tests.adapters.console.stage import on_stage

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("make", [in_full_swing, an_empty_one])
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [DESKTOP, 1024, PHONE])
def test_the_page_fits_every_window(
    page: Browser, stage: OnStage, tmp_path: Path, *, width: int, dark: bool, make: type[FakeProduct]
) -> None:
    page.look(width=width, height=844, dark=dark, is_phone=width == PHONE)
    opened(page, stage, product=make())
    assert page.evaluate("document.documentElement.scrollWidth") == width
    cut = "[...document.querySelectorAll('button, h2, .sum')].filter((e) => e.scrollWidth > e.clientWidth + 1).length"
    assert page.evaluate(cut) == 0
    page.screenshot(tmp_path / "page.png")
    assert (tmp_path / "page.png").stat().st_size > 10_000


def test_the_system_is_shown_at_work(page: Browser, stage: OnStage) -> None:
    opened(page, stage)
    assert "Simulated pushes only" in text(page, ".top")
    assert "The spring collection is here" in text(page, "#runs")
    assert page.evaluate("[...document.querySelectorAll('.verdict')].every((one) => one.dataset.holds === 'true')")
    assert "send-transactional" in text(page, "#queues")
    assert "every minute" in text(page, "#handlers")
    assert "Linen, light colours" in text(page, "#arrivals")
    assert "message_failed" in text(page, "#log")
    assert "grace@example.com" in text(page, "#outbox")


def test_an_unused_product_says_what_to_do(page: Browser, stage: OnStage) -> None:
    opened(page, stage, product=an_empty_one())
    for panel in ("runs", "arrivals", "outbox", "log"):
        assert text(page, f"#{panel}-empty"), panel


def test_a_campaign_is_sent_by_its_button(page: Browser, stage: OnStage) -> None:
    _, product = opened(page, stage, product=an_empty_one())
    click(page, "#compose")
    page.evaluate("document.querySelector('#campaign input').value = 'From the page'")
    click(page, "#campaign button[type=submit]")
    page.until(shows("#runs", "From the page"))
    page.until(shows("#arrivals", "From the page"))
    assert product.launched[0].body.startswith("Linen")
    assert not page.evaluate("document.querySelector('#campaign').open")


def test_a_refused_campaign_keeps_what_was_written(page: Browser, stage: OnStage) -> None:
    _, product = opened(page, stage, product=an_empty_one())
    product.is_down = True
    click(page, "#compose")
    click(page, "#campaign button[type=submit]")
    page.until(shows("#campaign .fault", "not answering"))
    assert page.evaluate("document.querySelector('#campaign').open")
    page.complaints[:] = [one for one in page.complaints if "503" not in one]


def test_the_clock_is_advanced(page: Browser, stage: OnStage) -> None:
    _, product = opened(page, stage, product=an_empty_one())
    click(page, ".steps button:nth-child(3)")
    page.until(shows("#clock-day", "1\u00a0day ahead"))
    assert product.lead_seconds == 86_400


def test_the_push_service_is_made_to_misbehave_and_to_behave(page: Browser, stage: OnStage) -> None:
    _, product = opened(page, stage)
    click(page, "#presets button:nth-child(2)")
    page.until(shows("#mood-text", "Everything answers 503"))
    assert len(product.rules) == 1
    click(page, "#behave")
    page.until(shows("#mood-text", "Behaves"))
    assert len(product.rules) == 0


def test_an_envelope_that_is_being_read_stays_though_more_arrive(page: Browser, stage: OnStage) -> None:
    _, product = opened(page, stage)
    click(page, ".receivers button")
    reading = text(page, ".receivers li:has(pre:not([hidden])) code")
    count = len(product.received())
    page.until(f"!document.querySelector('.receivers code').innerText.includes({json.dumps(reading)})")
    assert len(product.received()) > count
    assert text(page, ".receivers li:has(pre:not([hidden])) code") == reading
    assert '"web_push": 8030' in text(page, ".receivers pre:not([hidden])")


def test_hostile_texts_stay_texts(page: Browser, stage: OnStage) -> None:
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    product = an_empty_one()
    product.run(hostile, age=product.lead, audience=1, body=hostile)
    product.advance(seconds=10)
    product.mail(hostile, hostile, f"{hostile} http://a.example/?{hostile}")
    product.log("INFO", hostile, hostile, trace=hostile)
    opened(page, stage, product=product)
    page.until(shows("#arrivals", hostile))
    for panel in ("#runs", "#outbox", "#log"):
        assert hostile in text(page, panel)
    assert page.evaluate("document.querySelectorAll('main script, main img[src=x]').length") == 0


def test_a_confirmation_link_opens_its_form_here(page: Browser, stage: OnStage) -> None:
    standing, _ = opened(page, stage)
    click(page, "#outbox a[href*=verify]")
    assert page.evaluate("document.querySelector('#confirm').open")
    assert text(page, "#confirm h2") == "Confirm the address"
    click(page, "#confirm button[type=submit]")
    page.until(shows("#confirm .fault", "nothing here"))
    standing.says = {"POST": answer_json({"tenant": {"name": "Grace Ltd"}, "access_token": "jwt"})}
    page.evaluate("document.querySelector('#confirm input').value = 'correct horse'")
    click(page, "#confirm button[type=submit]")
    page.until(shows("#confirm .granted", "Grace Ltd is open"))
    asked = json.loads(standing.heard[-1].body)
    assert asked == {"token": "vt_3Jf8Qm2Zt7Lr0XcVbNwEa", "password": "correct horse"}
    page.complaints[:] = [one for one in page.complaints if "404" not in one]


def test_a_stopped_product_is_told_plainly_and_welcomed_back(page: Browser, stage: OnStage) -> None:
    standing, _ = opened(page, stage, product=an_empty_one())
    standing.vanish()
    page.until(shows("#alarm", "The local product has stopped; make run starts it again."))
    assert "stopped" in text(page, "#mode")
    click(page, "#compose")
    click(page, "#campaign button[type=submit]")
    page.until(shows("#campaign .fault", "has stopped"))
    with on_stage(lambda _: in_full_swing(), port=int(standing.url.rpartition(":")[2])):
        page.until(shows("#mode", "Simulated pushes only"))
        assert page.evaluate("document.querySelector('#alarm').hidden")
        page.until(shows("#runs", "The spring collection is here"))
    page.complaints[:] = [one for one in page.complaints if "net::ERR" not in one]


def test_a_hidden_page_asks_for_nothing(page: Browser, stage: OnStage) -> None:
    opened(page, stage, product=an_empty_one())
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    asked = "performance.getEntriesByType('resource').filter((one) => one.name.includes('/local/state')).length"
    before = page.evaluate(asked)
    page.evaluate("new Promise((done) => setTimeout(done, 1500))")
    assert page.evaluate(asked) <= before + 1, "one may have been under way"
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: false});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.until(f"{asked} > {before}")


def test_without_real_pushes_this_browser_cannot_subscribe_and_is_told_why(page: Browser, stage: OnStage) -> None:
    opened(page, stage, product=an_empty_one())
    assert page.evaluate("document.querySelector('#subscribe').disabled")
    assert "make run REAL_PUSH=1" in text(page, "#subscribe-text")
