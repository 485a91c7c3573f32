"""The reference of a small app, and the problem pages: what is on them, and that nothing hostile is."""

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.core.errors import Conflict, OverLimit
from chalicelib.web.allow import ANYONE, BROWSER
from chalicelib.web.api import Api, Call
from chalicelib.web.explain import explain
from chalicelib.web.openapi.document import document
from chalicelib.web.pages.problem import missing_page, problem_index, problem_page
from chalicelib.web.pages.reference import reference
from chalicelib.web.schema import Nothing
from tests.unit.web.test_html import Reader
from tests.unit.web.toy_app import Thing, Toy


@pytest.fixture
def contract(toy: Toy) -> dict[str, Any]:
    api = Api(__name__, tag="sdk", about="For `browsers` <script>.")

    @api.endpoint("DELETE", "/subs/{subscription_id}", allow=BROWSER, status=204)
    def leave(_call: Call[Nothing]) -> None:
        """Leave <b>. At once."""

    @api.endpoint("GET", "/a/very/long/address/that/does/not/fit/into/one/line/of/the/box", allow=ANYONE, returns=Thing)
    def far(_call: Call[Nothing]) -> None: ...

    toy.app.register_blueprint(api)
    return document(toy.app.endpoints, groups=toy.app.groups, server_url="https://api.example.com")


@pytest.fixture
def page(contract: dict[str, Any]) -> str:
    return reference(contract)


def article(page: str, name: str) -> str:
    return page.partition(f'<article id="{name}">')[2].partition("</article>")[0]


def curl(page: str, name: str) -> str:
    return Reader(article(page, name).split("<figcaption>Request</figcaption>")[1].split("</pre>")[0]).text


def test_every_endpoint_has_its_place_and_its_entry_in_the_contents(page: str, contract: dict[str, Any]) -> None:
    names = [operation["operationId"] for methods in contract["paths"].values() for operation in methods.values()]
    read = Reader(page)
    articles = [attributes["id"] for tag, attributes in read.tags if tag == "article"]
    links = [attributes.get("href") for tag, attributes in read.tags if tag == "a"]
    assert sorted(str(each) for each in articles) == sorted(names)
    assert all(f"#{name}" in links for name in names)


def test_links_within_the_page_lead_somewhere(page: str) -> None:
    read = Reader(page)
    places = {attributes.get("id") for _, attributes in read.tags}
    targets = {str(attributes["href"]) for tag, attributes in read.tags if tag == "a"}
    assert {target[1:] for target in targets if target.startswith("#")} <= places
    assert {target for target in targets if not target.startswith(("#", "/problems/"))} == {
        "/docs",
        "/problems",
        "/openapi.json",
    }


def test_an_example_can_be_pasted(page: str) -> None:
    assert curl(page, "make_thing") == (
        "curl -X POST https://api.example.com/things \\\n"
        '  -H "Authorization: Bearer $TOKEN" \\\n'
        '  -H "Idempotency-Key: $(uuidgen)" \\\n'
        '  -H "Content-Type: application/json" \\\n'
        '  -d \'{\n  "name": "…"\n}\''
    )
    assert curl(page, "read_open") == "curl https://api.example.com/open"
    assert curl(page, "read_site").startswith('curl "https://api.example.com/sites/$SITE_ID" \\\n')
    assert curl(page, "far").startswith("curl \\\n  https://api.example.com/a/very/")
    assert curl(page, "leave") == (
        "curl -X DELETE \\\n"
        '  "https://api.example.com/subs/$SUBSCRIPTION_ID" \\\n'
        '  -H "Origin: https://shop.example" \\\n'
        '  -H "X-Subscription-Token: $SUBSCRIPTION_TOKEN"'
    )


def test_an_apostrophe_in_an_example_does_not_end_it(contract: dict[str, Any]) -> None:
    contract["components"]["examples"]["Thing"]["value"]["name"] = "Ada's"
    assert "\"Ada'\\''s\"" in curl(reference(contract), "make_thing")


def test_who_may_call_is_said(page: str) -> None:
    assert "A signed-in person or an API key with the scope sites:write." in Reader(article(page, "make_thing")).text
    assert "The operator of this installation with the scope ops." in Reader(article(page, "read_ops")).text
    assert "Anyone, without credentials." in Reader(article(page, "read_open")).text


def test_parameters_body_answer_and_errors_are_shown(page: str) -> None:
    text = Reader(article(page, "make_thing").replace("><", "> <")).text
    for words in ("Parameters", "Idempotency-Key", "Body", "name", "required", "201", "Made.", "shown once", "Errors"):
        assert words in text
    assert 'href="/problems/idempotency_key_reused"' in article(page, "make_thing")
    assert "Answer 201" in text
    assert "Parameters" not in article(page, "read_mine")
    assert "(text/plain)" in article(page, "write_letter")


def test_what_the_code_says_is_text_and_no_markup(page: str) -> None:
    read = Reader(page)
    assert "script" not in {tag for tag, _ in read.tags}
    assert "Leave <b>" in read.text
    assert "At once." in read.text
    assert "browsers <script>." in read.text


class Full(Conflict):
    """It is `full`.

    Members:
    - room: how much there is
    """

    code = "full"
    title = "Full <b>."


def test_a_problem_page_says_what_to_do() -> None:
    text = Reader(problem_page(explain(Full))).text
    for words in (
        "409",
        "Full <b>.",
        "It is full.",
        "When it happens",
        "What to do",
        "room",
        "How much there is.",
        '"full"',
    ):
        assert words in text
    assert 'href="/problems/conflict"' in problem_page(explain(Full))
    assert "Retry-After" in problem_page(explain(OverLimit))
    assert "of the kind of" not in problem_page(explain(OverLimit))


def test_the_index_lists_by_status() -> None:
    text = Reader(problem_index([explain(Full), explain(OverLimit), explain(Conflict)])).text
    assert text.index("409 Conflict") < text.index("429 Too Many Requests")
    assert problem_index([explain(Full)]).count('href="/problems/full"') == 1


def test_a_problem_that_is_not_is_said_to_be_none() -> None:
    hostile = missing_page("<script>" * 100)
    assert "script" not in {tag for tag, _ in Reader(hostile).tags}
    assert len(hostile) < 3_000
