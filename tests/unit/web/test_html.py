"""Elements of HTML: nothing but elements gets in unescaped."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.web.pages.html import Html, el, inline, join, prose
from chalicelib.web.pages.paint import painted


class Reader(HTMLParser):
    """What a browser would make of it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onclick='x",
    "&lt;b&gt;",
    "</p>",
    "<!--",
    "\0",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_stays_text(text: str) -> None:
    page = Reader(el("p", text, title=text))
    assert page.tags == [("p", {"title": text})]
    assert page.text == text


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\0")))
def test_no_text_becomes_an_element(text: str) -> None:
    read = Reader(el("p", text, data_word=text))
    assert [tag for tag, _ in read.tags] == ["p"]
    assert read.tags[0][1] == {"data-word": text}


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\0")))
def test_prose_makes_only_its_own_elements(text: str) -> None:
    tags = {tag for tag, _ in Reader(prose(text)).tags}
    assert tags <= {"p", "h3", "ul", "li", "code", "em", "a"}


def test_children_are_joined_and_nothing_left_out() -> None:
    assert el("p", "a", 1, None, el("b", "c"), ["d", ("e", None)], (el("i", str(n)) for n in range(2))) == (
        "<p>a1<b>c</b>de<i>0</i><i>1</i></p>"
    )
    assert join(["<", Html("<br>")]) == "&lt;<br>"


def test_attributes_are_spelled_as_html_has_them() -> None:
    assert el("a", "x", class_="k", aria_label="l", hidden=True, title=None, disabled=False, tabindex=0) == (
        '<a class="k" aria-label="l" hidden tabindex="0">x</a>'
    )
    assert el("meta", charset="utf-8") == '<meta charset="utf-8">'


def test_prose_knows_paragraphs_headings_lists_code_and_links() -> None:
    text = "One\ntwo `x < y`.\n\n## Three\nfour *five*\n- six\n- [se`v`en](/problems)\n\n\n[eight](https://example.com)"
    assert prose(text) == (
        "<p>One two <code>x &lt; y</code>.</p><h3>Three</h3><p>four <em>five</em></p>"
        '<ul><li>six</li><li><a href="/problems">se<code>v</code>en</a></li></ul>'
        '<p><a href="https://example.com">eight</a></p>'
    )
    assert prose("") == ""


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,x", "http://example.com", '//example.com/"x']
)
def test_a_link_leads_only_to_our_pages_or_to_https(target: str) -> None:
    tags = Reader(inline(f"[x]({target})")).tags
    assert all(str(attributes["href"]).startswith(("/", "https://")) for _, attributes in tags)
    assert "javascript" not in str(tags)


def test_json_is_painted_and_still_reads_the_same() -> None:
    sample = {"a<b": "</code>", "n": -1.5e3, "list": [True, None, 'say "x": 1'], "s": "7 true"}
    page = Reader(el("pre", painted(sample)))
    assert page.text == (
        '{\n  "a<b": "</code>",\n  "n": -1500.0,\n  "list": [\n    true,\n    null,\n    "say \\"x\\": 1"\n  ],\n  "s": "7 true"\n}'
    )
    kinds = [attributes["class"] for tag, attributes in page.tags if tag == "span"]
    assert kinds == ["key", "string", "key", "number", "key", "word", "word", "string", "key", "string"]
