from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.adapters.console.page import DESKTOP, PHONE
from tests.e2e.sdk.shop import Shop
from tests.e2e.sdk.visitor import Visitor, soon

pytestmark = pytest.mark.e2e

ALLOW = {"en": "Yes, please", "es": "Sí, por favor", "de": "Ja, gern", "fr": "Oui, volontiers", "pt": "Sim, quero"}
ARABIC = {"title": "هل نبقيك على اطلاع؟", "body": "نرسل إشعارًا عند وجود جديد.", "allow": "نعم", "later": "ليس الآن"}


def asked(visitor: Visitor, *wishes: object) -> str:
    visitor.visits()
    visitor.clicks("#bell")
    visitor.begins("subscribe", *wishes)
    return visitor.sees_prompt()


@pytest.mark.parametrize(
    ("lang", "allow"),
    [*ALLOW.items(), ("pt-BR", ALLOW["pt"]), ("ES-419", ALLOW["es"]), ("ja", ALLOW["en"]), ("est", ALLOW["en"])],
)
def test_it_speaks_the_pages_language(visitor: Visitor, shop: Shop, lang: str, allow: str) -> None:
    shop.lang = lang
    assert allow in asked(visitor)


def test_the_tag_may_choose_another_language(visitor: Visitor, shop: Shop) -> None:
    shop.attributes = 'data-lang="fr"'
    assert ALLOW["fr"] in asked(visitor)


def test_a_site_may_say_it_in_its_own_words(visitor: Visitor, shop: Shop) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    text = asked(visitor, {"texts": {"title": "Hear of sales first", "body": hostile}})
    assert "Hear of sales first" in text
    assert hostile in text
    assert ALLOW["en"] in text
    visitor.clicks_in_prompt("allow")
    visitor.answers("granted")
    visitor.page.until("window.answer?.state === 'subscribed'")
    assert shop.active()[0]["consent"]["text"] == f"Hear of sales first\n{hostile}"


@pytest.mark.parametrize("nothing", ["undefined", "null"])
def test_a_text_that_a_site_leaves_open_is_ours(visitor: Visitor, nothing: str) -> None:
    visitor.visits()
    visitor.clicks("#bell")
    visitor.page.evaluate(f"void pushsaas('subscribe', {{texts: {{title: 'Hear of sales', body: {nothing}}}}})")
    text = visitor.sees_prompt()
    assert "Hear of sales" in text
    assert "We send a notification" in text


def test_a_screen_reader_is_told_what_it_is(visitor: Visitor) -> None:
    asked(visitor)
    nodes = visitor.page.ask("Accessibility.getFullAXTree")["nodes"]
    told = [(node["role"]["value"], node["name"]["value"]) for node in nodes if "role" in node and "name" in node]
    (dialog,) = [node for node in nodes if node.get("role", {}).get("value") == "dialog"]
    assert dialog["name"]["value"] == "Shall we keep you posted?"
    assert dialog["description"]["value"].startswith("We send a notification")
    assert {"name": "modal", "value": {"type": "boolean", "value": True}} in dialog["properties"]
    assert ("button", "Not now") in told
    assert ("button", "Yes, please") in told
    assert not [name for role, name in told if role == "button" and name == "Keep me posted"], (
        "what lies behind is inert"
    )


def test_the_keyboard_is_enough(visitor: Visitor) -> None:
    visitor.visits()
    visitor.clicks("#bell")
    assert visitor.page.evaluate("document.activeElement.id") == "bell"
    visitor.begins("subscribe")
    visitor.sees_prompt()
    focus = "root.activeElement.getAttribute('part')"
    seen = [visitor.in_prompt(focus)]
    for _ in range(2):
        visitor.types("Tab")
        seen.append(visitor.in_prompt(focus))
    assert seen == ["dialog", "later", "allow"]
    visitor.types("Enter")
    visitor.page.until("window.askedInAClick === true")
    visitor.answers("granted")
    visitor.page.until("window.answer?.state === 'subscribed'")
    assert visitor.page.evaluate("document.activeElement.id") == "bell"


def test_escape_is_a_no_and_gives_the_focus_back(visitor: Visitor) -> None:
    asked(visitor)
    visitor.types("Escape")
    visitor.page.until("window.answer?.state === 'declined'")
    assert visitor.page.evaluate("document.activeElement.id") == "bell"
    assert visitor.page.evaluate("window.askedInAClick") is None


def test_a_button_pressed_twice_asks_once(visitor: Visitor) -> None:
    visitor.visits()
    visitor.clicks("#bell")
    visitor.begins("subscribe")
    visitor.begins("subscribe")
    visitor.sees_prompt()
    assert visitor.page.evaluate("document.querySelectorAll('pushsaas-prompt').length") == 1


def clicks_beside(visitor: Visitor) -> None:
    """After a look at it."""
    visitor.page.evaluate("new Promise((done) => setTimeout(done, 1100)).then(() => true)")
    presses_beside(visitor)


def presses_beside(visitor: Visitor) -> None:
    for kind in ("mousePressed", "mouseReleased"):
        visitor.page.ask("Input.dispatchMouseEvent", type=kind, x=5, y=500, button="left", clickCount=1)


def test_the_second_of_two_clicks_that_brought_it_up_is_no_answer(visitor: Visitor) -> None:
    """It lands beside the dialog, where the button was."""
    asked(visitor)
    presses_beside(visitor)
    assert "Yes, please" in visitor.sees_prompt()
    assert visitor.page.evaluate("window.answer") is None
    visitor.types("Escape")
    visitor.page.until("window.answer?.state === 'declined'")


def test_a_click_beside_it_is_a_no(visitor: Visitor) -> None:
    asked(visitor)
    clicks_beside(visitor)
    visitor.page.until("window.answer?.state === 'declined'")


@pytest.mark.parametrize("changes_mind", [clicks_beside, lambda visitor: visitor.clicks_in_prompt("later")])
def test_a_yes_stands_whatever_is_clicked_while_the_browser_asks(
    visitor: Visitor, shop: Shop, changes_mind: Callable[[Visitor], None]
) -> None:
    asked(visitor)
    visitor.clicks_in_prompt("allow")
    visitor.page.until("window.askedInAClick === true")
    changes_mind(visitor)
    soon(visitor.sees_no_prompt)
    visitor.answers("granted")
    visitor.page.until("window.answer !== undefined")
    assert visitor.state == "subscribed"
    assert shop.active()[0]["consent"]["text"].startswith("Shall we keep you posted?")


def test_it_stays_when_an_app_exchanges_the_body(visitor: Visitor, shop: Shop) -> None:
    asked(visitor)
    visitor.page.evaluate("void document.body.replaceWith(document.createElement('body'))")
    visitor.sees_prompt()
    visitor.clicks_in_prompt("allow")
    visitor.answers("granted")
    visitor.page.until("window.answer?.state === 'subscribed'")
    assert len(shop.active()) == 1


@pytest.mark.parametrize(
    "takes_away",
    ["document.querySelector('pushsaas-prompt').remove()", "document.documentElement.replaceChildren()"],
)
def test_a_page_that_takes_it_away_may_ask_again(visitor: Visitor, takes_away: str) -> None:
    asked(visitor)
    visitor.page.evaluate(f"void {takes_away}")
    visitor.page.until("window.answer?.state === 'open'")
    visitor.begins("subscribe")
    visitor.sees_prompt()
    assert visitor.page.evaluate("document.querySelectorAll('pushsaas-prompt').length") == 1


def test_the_browsers_block_ends_the_question(visitor: Visitor, shop: Shop) -> None:
    shop.says = "for (const name of ['prompted', 'blocked', 'declined']) pushsaas('on', name, () => log.push(name));"
    asked(visitor)
    visitor.clicks_in_prompt("allow")
    visitor.answers("denied")
    visitor.page.until("window.answer?.state === 'blocked'")
    assert visitor.page.evaluate("log") == ["prompted", "blocked"]
    assert visitor.sees_no_prompt()


def test_on_an_iphone_the_way_to_the_home_screen_is_shown_once(visitor: Visitor) -> None:
    visitor.has("delete window.PushManager; Object.defineProperty(navigator, 'standalone', {value: false});")
    visitor.visits()
    assert visitor.says("status") == {"state": "home_screen"}
    assert "Add to Home Screen" in asked(visitor)
    assert visitor.in_prompt("root.querySelectorAll('li').length") == 3
    visitor.clicks_in_prompt("allow")
    soon(visitor.sees_no_prompt)
    visitor.clicks("#bell")
    visitor.says("subscribe")
    assert visitor.sees_no_prompt()


@pytest.mark.parametrize("lang", [*ALLOW, "ar"])
@pytest.mark.parametrize(("width", "dark"), [(DESKTOP, False), (PHONE, True), (320, False)])
def test_it_fits_every_window(
    visitor: Visitor, shop: Shop, tmp_path: Path, *, width: int, dark: bool, lang: str
) -> None:
    shop.lang, shop.direction = lang, "rtl" if lang == "ar" else "ltr"
    visitor.page.look(width=width, height=700, dark=dark, is_phone=width < DESKTOP)
    asked(visitor, {"texts": ARABIC} if lang == "ar" else {})
    left, right = visitor.in_prompt(
        "(({left, right}) => [left, right])(root.querySelector('dialog').getBoundingClientRect())"
    )
    assert left >= 0
    assert right <= width
    cut = "[...root.querySelectorAll('dialog, h2, p, button')].filter((one) => one.scrollWidth > one.clientWidth + 1).length"
    assert visitor.in_prompt(cut) == 0
    small = "[...root.querySelectorAll('button')].filter((one) => one.getBoundingClientRect().height < 43.9).length"
    assert visitor.in_prompt(small) == 0
    icon, title = ("[part=icon]", "[part=title]") if lang != "ar" else ("[part=title]", "[part=icon]")
    place = "root.querySelector('{}').getBoundingClientRect().left"
    assert visitor.in_prompt(place.format(icon)) < visitor.in_prompt(place.format(title))
    visitor.page.screenshot(tmp_path / "prompt.png", whole=False)


def test_who_wants_no_motion_sees_none(visitor: Visitor) -> None:
    calm = {"name": "prefers-reduced-motion", "value": "reduce"}
    visitor.page.ask("Emulation.setEmulatedMedia", features=[calm])
    asked(visitor)
    assert visitor.in_prompt("root.getAnimations().length") == 0
    assert visitor.in_prompt("getComputedStyle(root.querySelector('dialog')).animationName") == "none"
